"""Own pools of out-of-area cases (异地病例单独点值): policy/002 article 8 (budgets itemised), OP-79, OP-80.

A pool of a treating area, insurance, scope and period, and where the area says so of an insured area. Its money is the
fund of its cases by item, so that V = cost ÷ points: what the insured areas owe together stays what it was by item, and
points share it out among hospitals and insured areas. It has no budget and no residue: the debts are allocated.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from settlement.amounts import amount_above
from settlement.case_points import cross_by_item
from settlement.money import INTEGER, allocate, integer
from settlement.policies import in_areas
from settlement.policy import OutOfAreaPool, Policy
from settlement.readings import ValueKey


def _is_own(policy: Policy) -> bool:
    return policy.out_of_area_pool is OutOfAreaPool.OWN


def in_own_pool(policies: Mapping[str, Policy]) -> Column:
    """Whether out-of-area cases of the row's area and scope are in a pool of their own; those by item are in none."""
    return in_areas(policies, _is_own) & ~cross_by_item(policies)


def with_own_shares(away: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """`away` with `by_points_fen` of the rows in own pools; missing where their pool has no points.

    `away` has a row for a treating area, hospital, insurance, insured area, scope, year and slot, with measures and
    `by_points_fen` of the others.
    """
    if not any(map(_is_own, policies.values())):
        return away
    by_insured = in_areas(policies, lambda policy: policy.point_value_key is ValueKey.INSURED_AREA)
    payer = F.when(by_insured, F.col("insu_admdvs")).otherwise(F.lit(""))
    keyed = away.withColumns({"_own": in_own_pool(policies), "_payer": payer})
    within = ["area", "insutype", "scope", "year", "slot", "_own", "_payer"]
    pool = Window.partitionBy(*within)
    # the pool's money is its fund: cost - fund + fund
    summed = keyed.withColumns(
        {
            "_money": F.sum("cost_fen").over(pool),
            "_points": F.sum("points").over(pool).cast(INTEGER),
            "_fund": F.sum("fund_fen").over(pool),
        }
    )
    valued = F.when(F.col("_own") & (F.col("_points") > 0), F.col("_points"))
    points, cost, fund = F.col("points"), F.col("cost_fen"), F.col("fund_fen")
    shares = summed.withColumns(
        {
            "_above": amount_above(points, cost, fund, integer(F.col("_money")), F.col("_points")),
            "_below": valued,
            "_tie": F.struct("fixmedins_code", "insu_admdvs"),
        }
    )
    given = allocate(shares, within, "_above", "_below", "_fund", "_tie", "_share")
    by_points = F.coalesce(F.col("_share"), F.col("by_points_fen"))
    return given.withColumn("by_points_fen", by_points).select(*away.columns)
