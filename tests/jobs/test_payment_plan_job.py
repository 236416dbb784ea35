"""Job `payment-plan` on the settled lake: what it pays is what the month pays; the workbook read back."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from pyspark.sql import functions as F

from jobs.context import JobContext
from jobs.payment_plan import plan, published_plan
from lake.errors import MissingParameters
from lake.policy_files import load_policies
from lake.tables.results import HOSPITAL_MONTH
from serving.payment_plan import plan_lines, plan_sheets
from serving.workbook import update_workbook
from tests.jobs.lakes import CITIES, YEAR

MONTH = f"{YEAR}-06"


def test_the_month_is_planned_once_and_pays_what_it_settled(settled: JobContext, tmp_path: Path) -> None:
    assert plan(settled, CITIES, MONTH, load_policies()) == len(CITIES)
    assert plan(settled, CITIES, MONTH, load_policies()) == 0
    rows = published_plan(settled, CITIES, MONTH)
    paid = settled.lake.read(HOSPITAL_MONTH).where(F.col("month") == MONTH).agg(F.sum("paid_fen"), F.count("*")).first()
    assert paid is not None
    assert (sum(row["pay_fen"] for row in rows), len(rows)) == tuple(paid)
    assert paid[0] > 0
    assert {row["declare_by"].isoformat() for row in rows} == {f"{YEAR}-07-10"}
    lines = plan_lines(rows)
    assert len(lines) == len(rows) + 1
    assert lines[0].startswith("统筹区,医疗机构编号,险种,月份,月度预结算费用")
    update_workbook(tmp_path / "plan.xlsx", plan_sheets(rows, MONTH))
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    assert book.sheetnames == [f"支付计划 {area}" for area in CITIES]
    totals = [page.cell(page.max_row, page.max_column).value for page in book]
    assert sum(round(total * 100) for total in totals) == paid[0]


def test_a_month_without_lists_is_named(settled: JobContext) -> None:
    with pytest.raises(MissingParameters, match=f"no lists of {YEAR}-02 of area {CITIES[0]}"):
        plan(settled, CITIES, f"{YEAR}-02", load_policies())
