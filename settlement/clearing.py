"""Clearing between cities (异地就医清算): who owes whom for patients treated elsewhere, OP-79, OP-81.

In-province cases are worth the points of the treating area at its value, or their fund where they are paid by item;
cross-province cases their fund.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from settlement.amounts import amount_above
from settlement.case_points import IN_PROVINCE, LOCAL
from settlement.money import divide
from settlement.sums import ALL_MEASURES, POOL, SUM_KEY, YEAR_SLOT, period_text

DEBT_KEY = ("insured_area", "treating_area", "insutype", "scope")
ADJUSTMENT = "adjustment"


def period_debts(periods: DataFrame, pools: DataFrame) -> DataFrame:
    """What each insured area owes each treating area in each month and the year, each settled on its own.

    Args:
        periods: `period_sums`; local cases, and what a joint pool settles inside itself, have no row.
        pools: `pool_periods`.

    Returns `DEBT_KEY`, year, slot, cases, amount_fen. Amounts are rounded by hospital.
    """
    values = pools.select(*POOL, "slot", "value_above", "value_below")
    away = periods.where(~F.col("pooled") & (F.col("scope") != LOCAL)).groupBy(*SUM_KEY)
    hospitals = away.agg(*[F.sum(name).alias(name) for name in ALL_MEASURES])
    joined = hospitals.join(F.broadcast(values), [*POOL, "slot"], "left")
    names = ("fund_fen", "value_above", "value_below")
    cost = F.col("cost_fen") - F.col("item_cost_fen")
    above = amount_above(F.col("points"), cost, *[F.col(name) for name in names])
    by_points = divide(above, F.col("value_below")).cast("bigint")
    amount = F.coalesce(F.when(F.col("scope") == IN_PROVINCE, by_points), F.col("fund_fen"))
    owed = joined.select(
        F.col("insu_admdvs").alias("insured_area"),
        F.col("area").alias("treating_area"),
        "insutype",
        "scope",
        "year",
        "slot",
        "cases",
        amount.alias("amount_fen"),
    )
    return owed.groupBy(*DEBT_KEY, "year", "slot").agg(
        F.sum("cases").alias("cases"), F.sum("amount_fen").alias("amount_fen")
    )


def clearing_matrix(debts: DataFrame) -> DataFrame:
    """`period_debts` with the adjustment of each year.

    Returns `DEBT_KEY`, period (YYYY-MM, YYYY, or YYYY-adjustment: the year less its months), cases, amount_fen.
    """
    year = F.col("slot") == YEAR_SLOT
    row = F.struct(period_text(F.col("year"), F.col("slot")).alias("period"), "cases", "amount_fen")
    signed = F.when(year, F.col("amount_fen")).otherwise(-F.col("amount_fen"))
    years = debts.groupBy(*DEBT_KEY, "year").agg(F.collect_list(row).alias("_rows"), F.sum(signed).alias("_rest"))
    adjustment = F.struct(
        F.concat_ws("-", F.col("year").cast("string"), F.lit(ADJUSTMENT)).alias("period"),
        F.lit(0).cast("bigint").alias("cases"),
        F.col("_rest").alias("amount_fen"),
    )
    each = years.select(*DEBT_KEY, F.explode(F.concat("_rows", F.array(adjustment))).alias("_row"))
    return each.select(*DEBT_KEY, "_row.*")


def net_positions(matrix: DataFrame) -> DataFrame:
    """What each area receives less what it owes for the years in the matrix: area, amount_fen. They sum to 0."""
    years = matrix.where(F.length("period") == 4)
    sides = F.array(
        F.struct(F.col("treating_area").alias("area"), F.col("amount_fen")),
        F.struct(F.col("insured_area").alias("area"), (-F.col("amount_fen")).alias("amount_fen")),
    )
    each = years.select(F.explode(sides).alias("_side")).select("_side.*")
    return each.groupBy("area").agg(F.sum("amount_fen").alias("amount_fen"))
