"""The ledger in the lake: it is published with the other results, only if it closes with them, and people see it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs import settle as settle_job
from jobs.context import JobContext
from jobs.settle import check_closing, check_movements, settle
from jobs.statement import statement_blocks
from lake.errors import ContractBroken, UsageProblem
from lake.parameters import published
from lake.runs import Calculation
from lake.store import Lake
from lake.tables.base import Table
from lake.tables.ledger import LEDGER
from lake.tables.results import HOSPITAL_YEAR
from lake.tables.runs import RUNS
from serving.city_book import write_city_book
from serving.city_year import read_city_year
from serving.statement import hospital_statements, ledger_rows
from serving.terms import yuan
from settlement.reference.ledger_views import balances, hospital_years
from tests.jobs.lakes import CITIES, YEAR

DUE = [Calculation("settle", city, str(YEAR), {}) for city in CITIES]


def outputs(settled: JobContext) -> dict[str, int]:
    run = settled.runs.last("settle", CITIES[0], str(YEAR))
    assert run is not None
    return dict(run.outputs)


def test_the_ledger_of_a_city_says_what_its_tables_say(settled: JobContext, tmp_path: Path) -> None:
    city = read_city_year(settled.runs, CITIES[0], YEAR)
    rows = ledger_rows(city.ledger)
    assert set(city.ledger["run_id"].to_pylist()) == {city.run_id}
    assert sum(balances(rows).values()) == 0
    years = hospital_years(rows)
    table = city.hospital_year.to_pylist()
    assert {(row["fixmedins_code"], row["insutype"]): row["final_fen"] for row in table} == {
        key: figures["final"] for key, figures in years.items()
    }
    write_city_book(tmp_path / "book.xlsx", city, "city")
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    assert {"年度清算单", "核销", "资金分录", "科目余额"} < set(book.sheetnames)
    shown = [row for row in book["核销"].iter_rows(min_row=3, values_only=True) if row[0] != "合计"]
    written_off = {(row["fixmedins_code"], row["insutype"]): row["write_off_fen"] for row in table}
    assert [round(row[-1] * 100) for row in shown] == [written_off[key] for key in sorted(written_off)]
    assert any(written_off.values())
    lines = sum(len(lines) for lines in hospital_statements(rows).values())
    assert book["年度清算单"].max_row == lines + 2
    last = [cell.value for cell in book["科目余额"][book["科目余额"].max_row]]
    assert last == ["合计", 0, 0]


def test_a_hospital_gets_its_statement(settled: JobContext) -> None:
    hospital = settled.registry(YEAR).tables["hospitals"]["fixmedins_code"][0].as_py()
    blocks = statement_blocks(settled, hospital, YEAR)
    years = settled.lake.read(HOSPITAL_YEAR).where(F.col("fixmedins_code") == hospital).orderBy("insutype").collect()
    assert len(blocks) == len(years) > 0
    for block, row in zip(blocks, years, strict=True):
        lines = block.splitlines()
        assert hospital in lines[0]
        end = next(number for number, line in enumerate(lines) if line.startswith("核销（备查"))
        last = next(line for line in lines if line.startswith("最终应拨付"))  # rules of other tests may stand below it
        assert last.split() == ["最终应拨付", "文件002第34条(五)", f"{yuan(row.final_fen):,}"]
        written_off = next(line for line in lines[end + 1 :] if line.startswith("核销"))
        assert written_off.split()[2] == f"{yuan(-row.write_off_fen):,}"
        assert lines[-1].split()[-1] == "0.00"
    with pytest.raises(UsageProblem, match="hospital 'nobody'"):
        statement_blocks(settled, "nobody", YEAR)


@pytest.mark.parametrize(
    ("spoil", "check", "message"),
    [
        ("amount_fen + 1", check_closing, "account cash:.* fen"),
        ("0L", check_movements, "rows move nothing"),
    ],
)
def test_a_spoiled_ledger_is_refused(
    settled: JobContext, monkeypatch: pytest.MonkeyPatch, spoil: str, check: Callable[..., None], message: str
) -> None:
    written = settle_job._written

    def spoiled(lake: Lake, table: Table, *rest: Any) -> DataFrame:
        rows = written(lake, table, *rest)
        paid = F.when(F.col("entry") == "month_paid", F.expr(spoil)).otherwise(F.col("amount_fen"))
        return rows.withColumn("amount_fen", paid) if table is LEDGER else rows

    policies = {area: one.policy for area, one in published(settled.lake, CITIES, YEAR).items()}
    more = (policies,) if check is check_closing else ()
    check(settled.lake, outputs(settled), DUE, YEAR, *more)
    monkeypatch.setattr(settle_job, "_written", spoiled)
    with pytest.raises(ContractBroken, match=message):
        check(settled.lake, outputs(settled), DUE, YEAR, *more)


def test_a_ledger_that_does_not_close_is_not_published(settled: JobContext, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ContractBroken("planted")

    monkeypatch.setattr(settle_job, "check_closing", refuse)
    before = settled.lake.version(RUNS)
    with pytest.raises(ContractBroken, match="planted"):
        settle(JobContext(settled.lake, settled.runs, force=True, quiet=True), CITIES, YEAR)
    assert settled.lake.version(RUNS) == before
