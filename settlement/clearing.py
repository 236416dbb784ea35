"""Clearing between cities (异地就医清算): who owes whom for patients treated elsewhere, OP-79..OP-82.

In-province cases are worth the points of the treating area at its value, or at that of a pool of their own, and their
fund where they are paid by item; cross-province cases their fund, or the same as in-province ones where the treating
area says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from settlement.amounts import amount_above
from settlement.away_caps import capped
from settlement.case_points import LOCAL, cross_by_item
from settlement.money import divide
from settlement.own_pools import in_own_pool, with_own_shares
from settlement.policy import Policy
from settlement.sums import ALL_MEASURES, POOL, SUM_KEY, YEAR_SLOT, period_text

DEBT_KEY = ("insured_area", "treating_area", "insutype", "scope")
ADJUSTMENT = "adjustment"


def period_debts(
    periods: DataFrame, pools: DataFrame, hospitals: DataFrame, policies: Mapping[str, Policy]
) -> DataFrame:
    """What each insured area owes each treating area in each month and the year, each settled on its own.

    Args:
        periods: `period_sums`; local cases, and what a joint pool settles inside itself, have no row.
        pools: `pool_periods`.
        hospitals: `HOSPITALS`.
        policies: by treating area.

    Returns `DEBT_KEY`, year, slot, cases, amount_fen. Amounts are rounded by hospital, or allocated in an own pool.
    """
    values = pools.select(*POOL, "slot", "value_above", "value_below")
    away = periods.where(~F.col("pooled") & (F.col("scope") != LOCAL)).groupBy(*SUM_KEY)
    by_hospital = away.agg(*[F.sum(name).alias(name) for name in ALL_MEASURES])
    # What is paid by item is worth its fund: points share the rest (OP-14, OP-63).
    by_points = by_hospital.withColumn("cost_fen", F.col("cost_fen") - F.col("item_cost_fen"))
    joined = by_points.join(F.broadcast(values), [*POOL, "slot"], "left")
    names = ("points", "cost_fen", "fund_fen", "value_above", "value_below")
    at_value = divide(amount_above(*[F.col(name) for name in names]), F.col("value_below")).cast("bigint")
    treated = F.when(~cross_by_item(policies) & ~in_own_pool(policies), at_value)
    priced = with_own_shares(joined.withColumn("by_points_fen", treated), policies)
    amount = F.coalesce("by_points_fen", "fund_fen")
    owed = capped(priced, hospitals, policies).select(
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
