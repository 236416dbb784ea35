"""The year's by-disease budget (总额预算): policy/001 article 13, policy/000 article 9, OP-05..08.

The reserve (区域调节金) is a share of what comes out here: `reserve.share`, taken off in settlement/pools.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from settlement.frames import RATIO
from settlement.money import RATE_ONE, allocate, divide, floor_divide, from_units, integer, to_units
from settlement.policies import with_policies
from settlement.rule_frames import BUDGET_RESULTS, WIDE_RATIO, typed
from settlement.rule_policy import BudgetMethod, GrowthBase, GrowthScope, RulePolicy

WITHIN, CAPPED, NO_BASE = "within", "capped", "no_base"
_NAMES = ("method", "growth_cap", "growth_base_first_year", "growth_scope", "include_out_of_area")


def by_ratio(inpatient: Column, last_spending: Column, last_inpatient: Column) -> Column:
    """基金支出比例法: last year's share of by-disease spending, on this year's inpatient total, rounded to the fen."""
    last = F.when(last_inpatient > 0, last_inpatient)
    return F.coalesce(divide(integer(inpatient) * integer(last_spending), last), integer(0)).cast("bigint")


def by_deduction(inpatient: Column, *deductions: Column) -> Column:
    """基金支出扣减法: the inpatient total less reserve, out-of-area and other cost; not below 0."""
    left = inpatient
    for deduction in deductions:
        left = left - deduction
    return F.greatest(left, F.lit(0).cast("bigint"))


def by_trend(last_spending: Column, growth: Column) -> Column:
    """趋势法: last year's spending x (1 + growth); growth is an integer at the places of a ratio."""
    one = integer(10**RATIO.scale)
    return divide(integer(last_spending) * (one + growth), one).cast("bigint")


def yearly_budgets(inputs: DataFrame, policies: Mapping[str, RulePolicy]) -> DataFrame:
    """The budget of each area, insurance and year by the area's method, within the limit of growth.

    Args:
        inputs: `BUDGET_INPUTS`.
        policies: by area.

    Returns `BUDGET_RESULTS`. The largest budget is `floor(base x (1 + budget.growth_cap))`, so the limit itself is
    allowed. With `budget.growth_scope` sum it binds the sum of the insurances, which is then allocated by what was
    wanted. Without a base that is above 0 there is no limit.
    """
    ruled = with_policies(inputs, policies, *[f"budget_{name}" for name in _NAMES])
    first = F.when(
        F.col("budget_growth_base_first_year") == GrowthBase.LAST_YEAR_SPENDING.value, F.col("last_spending_fen")
    )
    base = F.coalesce("last_total_fen", first)
    wanted = ruled.select("*", _wanted().alias("wanted_fen"), F.when(base > 0, base).alias("base_fen"))
    every = Window.partitionBy("area", "year")
    complete = F.count("base_fen").over(every) == F.count(F.lit(1)).over(every)
    summed = wanted.select(
        "*",
        (F.col("budget_growth_scope") == GrowthScope.SUM.value).alias("_by_sum"),
        F.sum("wanted_fen").over(every).alias("_all_wanted"),
        F.when(complete, F.sum("base_fen").over(every)).alias("_all_base"),
    )
    limited = summed.select(
        "*",
        _most(F.col("base_fen")).alias("_own_most"),
        _most(F.col("_all_base")).alias("_all_most"),
    )
    shared = allocate(_cut(limited), ["area", "year"], "_above", "_below", "_all_most", "insutype", "_shared")
    own = F.least("wanted_fen", F.coalesce("_own_most", "wanted_fen"))
    budget = F.when(F.col("_by_sum"), F.coalesce("_shared", "wanted_fen")).otherwise(own)
    settled = shared.withColumn("budget_fen", budget)
    grown = divide(F.col("budget_fen") - F.col("base_fen"), F.col("base_fen"), RATIO.scale)
    no_base = F.when(F.col("_by_sum"), F.col("_all_base").isNull()).otherwise(F.col("base_fen").isNull())
    outcome = F.when(no_base, NO_BASE).when(F.col("budget_fen") < F.col("wanted_fen"), CAPPED).otherwise(WITHIN)
    named = settled.select(
        "*", from_units(grown, RATIO.scale, WIDE_RATIO).alias("growth_rate"), outcome.alias("outcome")
    )
    return typed(named, BUDGET_RESULTS)


def _wanted() -> Column:
    out_of_area = F.when(F.col("budget_include_out_of_area"), 0).otherwise(F.col("out_of_area_fen"))
    method = F.col("budget_method")
    growth = to_units(F.col("growth"), RATIO.scale)
    return (
        F.when(
            method == BudgetMethod.RATIO.value,
            by_ratio(F.col("inpatient_fen"), F.col("last_spending_fen"), F.col("last_inpatient_fen")),
        )
        .when(method == BudgetMethod.TREND.value, by_trend(F.col("last_spending_fen"), growth))
        .otherwise(by_deduction(F.col("inpatient_fen"), F.col("reserve_fen"), out_of_area, F.col("other_fen")))
    )


def _most(base: Column) -> Column:
    return floor_divide(integer(base) * (F.col("budget_growth_cap") + RATE_ONE), integer(RATE_ONE)).cast("bigint")


def _cut(limited: DataFrame) -> DataFrame:
    """What the limit of the sum is allocated by; no denominator where it does not bind."""
    over = F.col("_by_sum") & (F.col("_all_wanted") > F.col("_all_most"))
    return limited.select(
        "*",
        (integer(F.col("wanted_fen")) * F.col("_all_most")).cast("decimal(38,0)").alias("_above"),
        F.when(over, integer(F.col("_all_wanted"))).alias("_below"),
    )
