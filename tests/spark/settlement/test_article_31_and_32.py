"""Budgets, point values and amounts, policy/002 articles 31 and 32: worked numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import DecimalType, IntegerType, LongType, StringType, StructField, StructType

from settlement.amounts import hospital_amounts, pools_with_residue
from settlement.pools import pool_periods
from tests.spark.settlement.small_province import fen, frame, policy

SUMS = StructType(
    [StructField(name, StringType()) for name in ("area", "insutype")]
    + [StructField(name, IntegerType()) for name in ("year", "slot")]
    + [StructField("fixmedins_code", StringType()), StructField("cases", LongType())]
    + [StructField("points", DecimalType(38, 0)), StructField("cost_fen", LongType())]
    + [StructField(name, LongType()) for name in ("fund_fen", "item_cost_fen", "item_fund_fen")]
)
HOSPITALS = [
    ("H1", 62000, "6000000", "3600000"),
    ("H2", 31500, "3000000", "2000000"),
    ("H3", 9000, "1000000", "700000"),
]
EXACT, FOUR, TWO = "419001", "419002", "419003"
POLICIES = {EXACT: policy(), FOUR: policy(rounding__value_dp=4), TWO: policy(rounding__value_dp=2)}


def hospital_rows(spark: SparkSession, rows: list[tuple[Any, ...]]) -> DataFrame:
    """Rows of area, slot, hospital, points, cost, fund (yuan); nothing is paid by item."""
    typed = [
        (area, "310", 2025, slot, code, 1, Decimal(points * 10**8), fen(cost), fen(fund), 0, 0)
        for area, slot, code, points, cost, fund in rows
    ]
    return spark.createDataFrame(typed, SUMS)


@pytest.mark.parametrize(
    ("area", "value", "amounts", "residue"),
    [
        (EXACT, "94.634146341463", ("3467317.07", "1980975.61", "551707.32"), "0.00"),
        (FOUR, "94.6341", ("3467314.20", "1980974.15", "551706.90"), "4.75"),
        (TWO, "94.63", ("3467060.00", "1980845.00", "551670.00"), "425.00"),
    ],
)
def test_002_article_32_amounts_by_points(
    spark: SparkSession, area: str, value: str, amounts: tuple[str, ...], residue: str
) -> None:
    hospitals = hospital_rows(spark, [(area, 0, *row) for row in HOSPITALS])
    budgets = frame(spark, "budgets", [(area, "310", "2025", fen("6000000"))])
    pools = pool_periods(hospitals, budgets, POLICIES)
    settled = hospital_amounts(hospitals, pools)
    year = pools_with_residue(pools, settled).where("slot = 0").collect()
    assert [Decimal(int(row.value)).scaleb(-12) for row in year] == [Decimal(value)]
    assert [row.residue_fen for row in year] == [fen(residue)]
    paid = {row.fixmedins_code: row.amount_fen for row in settled.collect()}
    assert paid == {f"H{number}": fen(amount) for number, amount in enumerate(amounts, start=1)}


def test_002_article_31_what_the_fund_leaves_rolls_into_the_next_month(spark: SparkSession) -> None:
    """Budgets of 100, in February 110; the fund uses 70, 150 and 100, then nobody is treated."""
    funds = {1: "70", 2: "150", 3: "100"}
    hospitals = hospital_rows(spark, [(EXACT, slot, "H1", 10, fund, fund) for slot, fund in funds.items()])
    amounts = {"01": "100", "02": "110", "03": "100", "04": "100", "05": "100"}
    rows = [(EXACT, "310", f"2025-{month}", fen(amount)) for month, amount in amounts.items()]
    found = pool_periods(hospitals, frame(spark, "budgets", rows), POLICIES).orderBy("slot").collect()
    assert [row.slot for row in found] == list(range(13))
    used = {row.slot: (row.used_fen, row.carried_fen) for row in found}
    assert used[1] == (fen("70"), fen("30"))
    assert used[2] == (fen("140"), 0)
    assert used[3] == (fen("100"), 0)
    assert used[4] == (0, fen("100"))
    assert used[12] == (0, fen("200"))
    assert found[4].value is None


def test_a_month_without_points_pays_nobody_and_keeps_its_budget(spark: SparkSession) -> None:
    hospitals = hospital_rows(spark, [(EXACT, 1, "H1", 0, "50", "30")])
    budgets = frame(spark, "budgets", [(EXACT, "310", "2025-01", fen("20"))])
    pools = pool_periods(hospitals, budgets, POLICIES)
    settled = hospital_amounts(hospitals, pools)
    assert [row.amount_fen for row in settled.collect()] == [0]
    january = pools_with_residue(pools, settled).where("slot = 1").collect()
    assert [(row.value, row.used_fen, row.residue_fen) for row in january] == [(None, fen("20"), fen("20"))]


def test_years_do_not_meet(spark: SparkSession) -> None:
    """OP-46: what December leaves over ends there; both years come out of one run."""
    rows = [(EXACT, "310", period, fen("100")) for period in ("2024-12", "2025-01")]
    pools = pool_periods(hospital_rows(spark, []), frame(spark, "budgets", rows), POLICIES)
    carried = {(row.year, row.slot): row.carried_fen for row in pools.collect()}
    assert len(carried) == 26
    assert (carried[2024, 12], carried[2025, 1], carried[2025, 12]) == (fen("100"), fen("100"), fen("100"))
