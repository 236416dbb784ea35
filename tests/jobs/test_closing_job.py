"""Closed months in the lake: they stay, corrections are booked in the first open month, people see why."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from jobs import settle as settle_job
from jobs.close import close, closed_table
from jobs.context import JobContext
from jobs.ingest import take_registry
from jobs.settle import settle
from jobs.statements import chosen_hospitals, statement_path, statements
from lake.closings import closed_months
from lake.errors import ConcurrentRun, MissingParameters, UsageProblem
from lake.runs import RunBook, read_published
from lake.store import Lake
from lake.tables.base import Table
from lake.tables.closings import CLOSED_MONTHS, MONTH_CORRECTIONS
from lake.tables.results import CLEARING_MATRIX, HOSPITAL_MONTH, HOSPITAL_YEAR, POOLS
from serving.city_book import write_city_book
from serving.city_year import read_city_year
from serving.terms import INSURANCE
from tests.jobs.lakes import CITIES, YEAR

CITY = CITIES[0]
EARLY = [f"{YEAR}-{number:02d}" for number in range(1, 6)]  # there are cases in January and in June
OPEN = f"{YEAR}-06"
ADDED = 123_456


@pytest.fixture(scope="module")
def context(settled: JobContext, tmp_path_factory: pytest.TempPathFactory) -> JobContext:
    """A settled lake of its own, in another place."""
    root = tmp_path_factory.mktemp("closed") / "lake"
    shutil.copytree(settled.lake.root, root)
    lake = Lake(settled.lake.spark, str(root))
    return JobContext(lake, RunBook(lake), quiet=True)


def rows_of(context: JobContext, table: Table) -> list[dict[str, Any]]:
    """What readers see of the city's year, without the run that wrote it."""
    rows = read_published(context.runs, table, "settle", [(CITY, str(YEAR))], "year").drop("run_id")
    return [row.asDict() for row in rows.orderBy(*table.keys).collect()]


def tables(context: JobContext) -> dict[str, list[dict[str, Any]]]:
    return {table.name: rows_of(context, table) for table in (HOSPITAL_MONTH, HOSPITAL_YEAR, POOLS, CLEARING_MATRIX)}


def closed_of(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row.get("month", row.get("period")) in EARLY]


def key_of(row: dict[str, Any]) -> tuple[str, str]:
    return (row["fixmedins_code"], row["insutype"])


def with_audit(context: JobContext, landing: Path, folder: Path, row: dict[str, Any]) -> JobContext:
    """The registry with more audit sums of a hospital in January; a context that reads it afresh."""
    shutil.copytree(landing / "registry", folder)
    file = folder / "audit.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    key = f"{row['fixmedins_code']},{row['insutype']},{row['month']},"
    others = [line for line in lines if not line.startswith(key)]
    file.write_text("\n".join([*others, f"{key}{(row['audit_fen'] + ADDED) / 100:.2f}", ""]), encoding="utf-8")
    take_registry(context, folder)
    return replace(context, _registries={})


def test_months_close_in_order_and_only_what_is_settled(context: JobContext) -> None:
    with pytest.raises(UsageProblem, match=f"{YEAR}-01 is still open"):
        close(context, CITIES, [OPEN], "tester", "test")
    with pytest.raises(MissingParameters, match=f"nothing is settled in {YEAR}-07 .*with cases is {OPEN}"):
        close(context, CITIES, [*EARLY, OPEN, f"{YEAR}-07"], "tester", "test")
    with pytest.raises(UsageProblem, match="--by"):
        close(context, CITIES, EARLY, "tester", " ")
    with pytest.raises(UsageProblem, match="one clearing year"):
        close(context, CITIES, [f"{YEAR}-01", f"{YEAR + 1}-01"], "tester", "test")
    with pytest.raises(UsageProblem, match="write a month like"):
        close(context, CITIES, [f"{YEAR}-13"], "tester", "test")
    assert not context.lake.exists(CLOSED_MONTHS)


def test_a_correction_is_booked_in_the_first_open_month(
    context: JobContext, landing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An audit sum of January comes after January was closed: June holds it, and everything else stays."""
    before = tables(context)
    assert close(context, [CITY], EARLY, "tester", "five months") == len(EARLY)
    assert close(context, [CITY], EARLY, "somebody", "once more") == 0
    closed = closed_months(context.lake, [CITY], YEAR)
    assert [(one.month, one.who) for one in closed] == [(month, "tester") for month in EARLY]
    assert closed_table(closed).count("five months") == len(EARLY)
    rich = {key_of(row) for row in before["hospital_month"] if row["month"] == OPEN and row["paid_fen"] > ADDED}
    hospital = next(row for row in before["hospital_month"] if row["month"] == EARLY[0] and key_of(row) in rich)

    changed = with_audit(context, landing, tmp_path / "registry", hospital)
    assert settle(changed, CITIES, YEAR) == 1  # the other city is not concerned
    after = tables(changed)
    for name in ("hospital_month", "pools", "clearing_matrix"):
        assert closed_of(after[name]) == closed_of(before[name])
    assert len(closed_of(before["hospital_month"])) > 1
    assert (after["pools"], after["clearing_matrix"]) == (before["pools"], before["clearing_matrix"])

    (booked,) = rows_of(changed, MONTH_CORRECTIONS)
    figures = {name: value for name, value in booked.items() if name.endswith("_fen") and value}
    assert figures == {"audit_fen": ADDED}
    assert {name: booked[name] for name in ("fixmedins_code", "insutype", "month", "booked_in")} == {
        "fixmedins_code": hospital["fixmedins_code"],
        "insutype": hospital["insutype"],
        "month": EARLY[0],
        "booked_in": OPEN,
    }
    account = key_of(hospital)
    june, june_before = (_row(one["hospital_month"], account, month=OPEN) for one in (after, before))
    assert june["audit_fen"] == june_before["audit_fen"] + ADDED
    assert june["paid_fen"] == june_before["paid_fen"] - ADDED > 0
    year, year_before = (_row(one["hospital_year"], account) for one in (after, before))
    assert year["audit_fen"] == year_before["audit_fen"] + ADDED
    assert year["paid_fen"] == year_before["paid_fen"] - ADDED

    assert close(changed, [CITY], [OPEN], "tester", "June") == 1
    check_books(changed, booked, tmp_path)
    now = closed_months(changed.lake, [CITY], YEAR)
    assert [one.month for one in now] == [*EARLY, OPEN]
    monkeypatch.setattr(settle_job, "closed_months", lambda *_: closed)
    with pytest.raises(ConcurrentRun, match="was closed while this run"):
        settle_job.check_none_closed_meanwhile(changed.lake, [CITY], YEAR, now)


def check_books(context: JobContext, booked: dict[str, Any], folder: Path) -> None:
    """The workbooks of city and hospital show the correction: month, where it is booked, fen, run."""
    city = read_city_year(context.runs, CITY, YEAR)
    write_city_book(folder / "city.xlsx", city, "city")
    hospital = booked["fixmedins_code"]
    statements(context, chosen_hospitals(context, [CITY], YEAR, [hospital]), YEAR, folder)
    for path, first in (
        (folder / "city.xlsx", {"医疗机构编号": hospital}),
        (statement_path(folder, CITY, hospital, YEAR), {}),
    ):
        book = openpyxl.load_workbook(path)
        header, *rows = book["月度更正"].iter_rows(min_row=2, values_only=True)
        shown = [dict(zip(header, row, strict=True)) for row in rows]
        zeros = dict.fromkeys(("点数", "医疗总费用", "统筹基金发生额", "预结算金额", "按比例应付", "质量保证金"), 0)
        amounts = {**zeros, "审核扣款": ADDED / 100}
        assert shown[0] == {
            **first,
            "险种": INSURANCE[booked["insutype"]],
            "更正月份": EARLY[0],
            "记入": OPEN,
            **amounts,
            "计算编号": city.run_id,
        }
        assert {name: shown[1][name] for name in amounts} == amounts
        assert len(shown) == 2
    header, *rows = openpyxl.load_workbook(path)["月度"].iter_rows(min_row=2, values_only=True)
    months = [dict(zip(header, row, strict=True)) for row in rows]
    held = {row["月份"]: row["其中：记入的更正"] for row in months if row["险种"] == INSURANCE[booked["insutype"]]}
    assert held[OPEN] == -ADDED / 100
    assert held[EARLY[0]] is None


def _row(rows: list[dict[str, Any]], account: tuple[str, str], **given: str) -> dict[str, Any]:
    key = {"fixmedins_code": account[0], "insutype": account[1], **given}
    (found,) = [row for row in rows if key.items() <= row.items()]
    return found
