"""Growth incentive (增量约束、减量激励): policy/002 article 36, OP-76."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from settlement.frames import RATIO
from settlement.money import RATE_ONE, divide, from_units, integer
from settlement.policies import with_policies
from settlement.rule_frames import GROWTH_RESULTS, WIDE_RATIO, typed
from settlement.rule_policy import RulePolicy


def growth_adjustments(funds: DataFrame, policies: Mapping[str, RulePolicy]) -> DataFrame:
    """What each hospital is rewarded or restrained by, for the growth of its pooled fund.

    Args:
        funds: `FUND_GROWTH` of one year.
        policies: by area.

    Returns `GROWTH_RESULTS`. The fund at the benchmark is last year's x (1 + benchmark); of the difference to it a
    hospital gets `growth.reward` where it is below, and loses `growth.restraint` where it is above, rounded once. The
    benchmark is a set rate, or the growth of all hospitals of the level that have a last year (同级别平均增长率).
    """
    names = ("growth_benchmark", "growth_reward", "growth_restraint")
    ruled = with_policies(funds, policies, *names)
    level = Window.partitionBy("area", "insutype", "level")
    known = F.col("last_fund_fen") > 0
    summed = ruled.select(
        "*",
        known.alias("_known"),
        F.sum(F.when(known, F.col("fund_fen"))).over(level).alias("_funds"),
        F.sum(F.when(known, F.col("last_fund_fen"))).over(level).alias("_lasts"),
    )
    by_rate = F.col("growth_benchmark").isNotNull()
    above = F.when(by_rate, F.col("growth_benchmark") + RATE_ONE).otherwise(F.col("_funds"))
    below = F.when(by_rate, F.lit(RATE_ONE)).otherwise(F.col("_lasts"))
    measured = summed.select(
        "*",
        F.when(F.col("_known"), integer(above)).alias("_above"),
        F.when(F.col("_known"), integer(below)).alias("_below"),
    )
    gap = integer(F.col("last_fund_fen")) * F.col("_above") - integer(F.col("fund_fen")) * F.col("_below")
    rated = measured.withColumn("_gap", gap.cast("decimal(38,0)"))
    rate = F.when(F.col("_gap") > 0, F.col("growth_reward")).otherwise(F.col("growth_restraint"))
    part = (F.col("_gap") * rate).cast("decimal(38,0)")
    adjustment = divide(part, (F.col("_below") * RATE_ONE).cast("decimal(38,0)"))
    last = F.when(F.col("_known"), F.col("last_fund_fen"))
    growth = divide(F.col("fund_fen") - F.col("last_fund_fen"), last, RATIO.scale)
    benchmark = divide(F.col("_above") - F.col("_below"), F.col("_below"), RATIO.scale)
    return typed(
        rated.select(
            "*",
            from_units(growth, RATIO.scale, WIDE_RATIO).alias("growth"),
            from_units(benchmark, RATIO.scale, WIDE_RATIO).alias("benchmark"),
            F.coalesce(adjustment, integer(0)).alias("adjustment_fen"),
        ),
        GROWTH_RESULTS,
    )
