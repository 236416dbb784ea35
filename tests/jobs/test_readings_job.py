"""A city of the lake that reads the open points otherwise: cases by item, months of discharge and of arrival."""

from __future__ import annotations

import shutil
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import openpyxl
import pytest
import yaml
from pyspark.sql import functions as F

from jobs.benchmark import benchmark
from jobs.bulletin import bulletin, published_bulletin
from jobs.context import JobContext
from jobs.points import points
from jobs.settle import settle
from jobs.statements import chosen_hospitals, statement_path, statements
from jobs.why import check_voices, money_lines, point_lines
from lake.case_file import read_case_file
from lake.parameters import publish
from lake.tables.case_points import CASE_POINTS
from lake.tables.results import HOSPITAL_MONTH, HOSPITAL_YEAR
from serving.terms import yuan
from settlement.case_points import BY_ITEM
from settlement.reference.exact import fixed
from settlement.reference.text import VALUE_PLACES
from tests.conftest import ROOT
from tests.jobs.lakes import CITIES, YEAR, open_lake
from tests.jobs.test_rule_jobs import first_city_with

CITY = CITIES[0]
READINGS = {
    "abnormal.year_end": "fee_for_service",
    "special_review.pay": "by_item",
    "period.case_date": "discharge",
    "month.no_data": "on_arrival",
}


@pytest.fixture(scope="module")
def read_otherwise(settled: JobContext, tmp_path_factory: pytest.TempPathFactory) -> JobContext:
    """A copy of the settled lake."""
    base = yaml.safe_load((ROOT / "conf" / "policy" / "base.yaml").read_text(encoding="utf-8"))["policies"]
    values = {key: (f'"{base[key]["unit"]}"', value) for key, value in READINGS.items()}
    book = first_city_with(tmp_path_factory.mktemp("readings"), values)
    copied = tmp_path_factory.mktemp("read") / "lake"
    shutil.copytree(settled.lake.root, copied)
    context = open_lake(settled.lake.spark, copied)
    benchmark(context, [CITY], YEAR, book)
    publish(context.lake, [CITY], YEAR, "tester", "readings")
    points(context, [CITY], YEAR)
    settle(context, [CITY], YEAR)
    return context


def test_months_hold_the_cases_of_their_discharge_and_arrival(read_otherwise: JobContext) -> None:
    lake, mine = read_otherwise.lake, F.col("area") == CITY
    rows = lake.read(CASE_POINTS).where(mine).collect()
    moved = [row for row in rows if row.pay_month]
    assert {row.pay_month > row.month for row in moved} == {True, False}  # arrived later, discharged earlier
    assert all(row.pay_month[:4] == str(YEAR) for row in moved)
    counted: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        if row.in_month and row.scope == "local":
            counted[row.fixmedins_code, row.pay_month or row.month] += row.fund_fen
    shown: dict[tuple[str, str], int] = defaultdict(int)
    for row in lake.read(HOSPITAL_MONTH).where(mine).where("fund_fen > 0").collect():
        shown[row.fixmedins_code, row.month] += row.fund_fen
    assert shown == {key: fen for key, fen in counted.items() if fen}


def test_why_tells_of_cases_by_item_and_of_what_they_leave_the_others(read_otherwise: JobContext) -> None:
    scored = read_otherwise.lake.read(CASE_POINTS).where((F.col("area") == CITY) & (F.col("scope") == "local"))
    chosen = [scored.where(F.col("class") == name).orderBy("setl_id").first() for name in (*BY_ITEM, "normal")]
    arrived = scored.where("pay_month > month AND class = 'normal'").orderBy("setl_id").first()
    said = []
    for row in (*chosen, arrived):
        assert row is not None
        file = read_case_file(read_otherwise.runs, read_otherwise.registry, row.setl_id)
        check_voices(file)
        said.append("\n".join([*point_lines(file), *money_lines(file)]))
        if row["class"] in BY_ITEM:
            assert f"从预算中应付统筹基金发生额 {yuan(row.fund_fen)} 元" in said[-1]
            continue
        items, point = sum(file.item_costs.values()), file.value
        assert point is not None
        assert items == point.item_cost_fen > 0
        assert f"− 按项目付费病例 {yuan(items)} − {yuan(point.fund_fen)} + " in said[-1]
        shared = Fraction(point.cost_fen - items - point.fund_fen + point.used_fen, 100)
        assert Decimal(fixed(shared / Fraction(point.points), VALUE_PLACES)) == point.value
    assert "依据 policy/002 article 22" in said[0]
    assert "依据 policy/002 article 30.3" in said[1]
    assert arrived is not None
    assert f"超过时限，清单到达后计入 {arrived.pay_month} 月度结算" in said[3]


def test_statements_show_what_is_paid_by_item(read_otherwise: JobContext, tmp_path: Path) -> None:
    """A hospital's amount is points x value + its cost by item - (cost - fund), to the fen that rounding takes."""
    chosen = chosen_hospitals(read_otherwise, [CITY], YEAR, None)
    assert statements(read_otherwise, chosen, YEAR, tmp_path)
    by_item = 0
    for row in read_otherwise.lake.read(HOSPITAL_YEAR).where(F.col("area") == CITY).collect():
        page = openpyxl.load_workbook(statement_path(tmp_path, CITY, row.fixmedins_code, YEAR))["点数到金额"]
        header, *rows = page.iter_rows(min_row=2, values_only=True)
        for line in (dict(zip(header, cells, strict=True)) for cells in rows[:-1]):
            by_item += line["本院按项目付费病例费用"] > 0
            assert abs(line["舍入"]) < 0.02
    assert by_item


def test_the_bulletin_counts_as_before(settled: JobContext, read_otherwise: JobContext) -> None:
    counts = []
    for context in (settled, read_otherwise):
        bulletin(context, [CITY], YEAR, 1)
        rows = published_bulletin(context, [CITY], YEAR, 1).orderBy("fixmedins_code")
        counts.append([(row.fixmedins_code, row.discharges, row.applied, row.passed) for row in rows.collect()])
    assert counts[0] == counts[1]
