"""Statements for people from a settled lake: hospitals' workbooks, reconciliation, both sides of the clearing."""

from __future__ import annotations

import argparse
import csv
from itertools import combinations
from pathlib import Path

import openpyxl
import pytest
from pyspark.sql import functions as F

from jobs import reconcile as reconcile_job
from jobs.clearing_statement import area_statement, statement_lines
from jobs.context import JobContext
from jobs.statements import chosen_hospitals, statement_path, statements
from lake.errors import UsageProblem
from lake.tables.results import CLEARING_MATRIX, HOSPITAL_MONTH, HOSPITAL_YEAR
from serving.city_year import read_beside
from serving.clearing_statement import disagreements
from serving.terms import yuan
from tests.jobs.lakes import CITIES, YEAR


def test_every_hospital_gets_a_workbook_once(settled: JobContext, tmp_path: Path) -> None:
    chosen = chosen_hospitals(settled, CITIES[:1], YEAR, None)
    codes = [row["fixmedins_code"] for row in chosen[CITIES[0]]]
    years = settled.lake.read(HOSPITAL_YEAR).where(F.col("area") == CITIES[0])
    finals = {
        row.fixmedins_code: row.fen
        for row in years.groupBy("fixmedins_code").agg(F.sum("final_fen").alias("fen")).collect()
    }
    beside = {code for code in read_beside(settled.runs, CITIES[0], YEAR)["fixmedins_code"].to_pylist() if code}
    finals = {**dict.fromkeys(beside & set(codes), 0), **finals}  # rules of other tests may have moved money there
    assert set(finals) <= set(codes)  # hospitals without a case and without money get none
    assert statements(settled, chosen, YEAR, tmp_path) == len(finals)
    codes = sorted(finals)
    for code in codes:
        page = openpyxl.load_workbook(statement_path(tmp_path, CITIES[0], code, YEAR))["年度清算单"]
        last = [cell.value for cell in page[page.max_row]]
        assert (last[0], round(last[-1] * 100)) == ("合计", finals[code])
    lost = statement_path(tmp_path, CITIES[0], codes[0], YEAR)
    before = lost.read_bytes()
    lost.unlink()
    assert statements(settled, chosen, YEAR, tmp_path) == 1
    assert lost.read_bytes() == before
    cover = openpyxl.load_workbook(lost)["说明"]
    shown = {row[0]: row[1] for row in cover.iter_rows(min_row=3, values_only=True)}
    for title, job in (("点数计算编号", "points"), ("清算计算编号", "settle")):
        assert shown[title] == settled.runs.required(job, CITIES[0], str(YEAR), "").run_id


def test_hospitals_are_chosen_by_code(settled: JobContext) -> None:
    every = chosen_hospitals(settled, CITIES, YEAR, None)
    code = every[CITIES[1]][0]["fixmedins_code"]
    assert {
        area: [row["fixmedins_code"] for row in of]
        for area, of in chosen_hospitals(settled, CITIES, YEAR, [code]).items()
    } == {CITIES[1]: [code]}
    with pytest.raises(UsageProblem, match=f"--hospital {code}: not in the registry"):
        chosen_hospitals(settled, CITIES[:1], YEAR, [code])


def test_reconciliation_with_the_published_results(
    settled: JobContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was paid, as a bank has it, agrees; one fen, a foreign and a missing line are listed."""
    months = settled.lake.read(HOSPITAL_MONTH).where(F.col("area") == CITIES[0]).where("paid_fen > 0")
    paid = months.orderBy("fixmedins_code", "insutype", "month").collect()
    rows = [[row.fixmedins_code, row.insutype, row.month, "paid", str(yuan(row.paid_fen))] for row in paid]
    monkeypatch.setattr(reconcile_job, "open_context", lambda *_: settled)
    out = tmp_path / "differences.csv"

    def reconciled(lines: list[list[str]]) -> int:
        file = tmp_path / "bank.csv"
        with file.open("w", encoding="utf-8", newline="") as target:
            csv.writer(target).writerows([["fixmedins_code", "insutype", "period", "item", "amount"], *lines])
        parser = argparse.ArgumentParser()
        reconcile_job.add_arguments(parser)
        words = [str(file), "--year", str(YEAR), "--city", CITIES[0], "--out", str(out)]
        return reconcile_job.run(parser.parse_args(words))

    assert reconciled(rows) == 0
    assert "全部对平" in capsys.readouterr().out
    more = [*rows[0][:4], str(yuan(paid[0].paid_fen + 1))]
    assert reconciled([more, *rows[2:], ["nobody", *rows[0][1:]]]) == reconcile_job.DIFFERENT
    with out.open(encoding="utf-8", newline="") as source:
        found = list(csv.DictReader(source))
    assert sorted((row["医疗机构编号"], row["期间"], row["差额"], row["结果"]) for row in found) == sorted(
        [
            (rows[0][0], rows[0][2], "0.01", "金额不符"),
            (rows[1][0], rows[1][2], f"-{rows[1][4]}", "仅系统有"),
            ("nobody", rows[0][2], rows[0][4], "仅对账文件有"),
        ]
    )


def test_both_sides_of_the_clearing_agree(settled: JobContext) -> None:
    """All pairs of areas, also of those outside the province, and every row of the matrix on both sides."""
    matrix = settled.lake.read(CLEARING_MATRIX).select("insured_area", "treating_area").collect()
    areas = sorted({area for row in matrix for area in row})
    assert set(CITIES) < set(areas)
    sides = {area: area_statement(settled, area, YEAR)[0] for area in areas[: len(CITIES) + 2]}
    for one, other in combinations(sides.values(), 2):
        assert disagreements(one, other) == []
    assert sum(len(sides[area].received) for area in CITIES) == len(matrix)
    first, second = (sides[area] for area in CITIES)
    shared = [line for line in first.owed if line.treating_area == second.area]
    assert shared
    assert shared == [line for line in second.received if line.insured_area == first.area]
    assert f"统筹区 {first.area}" in statement_lines(first, [])[0]
    with pytest.raises(UsageProblem, match="--city nowhere"):
        area_statement(settled, "nowhere", YEAR)
