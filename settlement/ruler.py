"""The ruler of the outlier tests (倍率判定标准), which groups have outliers: policy/002 article 19, OP-34..OP-36."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from settlement.benchmark import mean_yuan
from settlement.frames import VALUE
from settlement.money import VALUE_PLACES, from_units, integer, power_of_ten, shortest
from settlement.policies import with_policies
from settlement.policy import Policy
from settlement.readings import RulerMissing, RulerPeriod

RULER_RULES = ("outlier_ruler_missing", "outlier_base_groups")


def with_year_means(elements: DataFrame, cases: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """Effective `ELEMENTS` with the level means of the clearing year where an area tells outliers by them (OP-34).

    Args:
        elements: effective elements.
        cases: all cases of the year that are paid by points: area, drg, level, cost_fen (without 特需 cost).
        policies: by treating area.

    There the level means of history, measured or given, have no say; a level without cases in the year has no mean.
    Where no area does so, the cases are not looked at.
    """
    areas = sorted(area for area, one in policies.items() if one.outlier_ruler_period is RulerPeriod.CURRENT_YEAR)
    if not areas:
        return elements
    theirs = F.col("area").isin(areas)
    sums = (
        cases.where(theirs).groupBy("area", "drg", "level").agg(F.count("*").alias("_n"), F.sum("cost_fen").alias("_c"))
    )
    mean = mean_yuan(F.col("_c"), F.col("_n"), F.col("mean_dp")) * power_of_ten(F.lit(VALUE_PLACES) - F.col("mean_dp"))
    means = {"kind": F.lit("level_mean"), "value": from_units(mean, VALUE_PLACES, VALUE)}
    means |= {"fixmedins_code": F.lit(None).cast("string")}
    of_year = with_policies(sums, policies, "mean_dp").withColumns(means)
    return elements.where(~(theirs & (F.col("kind") == "level_mean"))).unionByName(of_year.select(*elements.columns))


def ruler(level_mean: Column, group_mean: Column, of_level: Column) -> tuple[Column, Column]:
    """同级别本病组平均住院费用, or what stands in for it (OP-35), as digits and places; missing: no outliers.

    Element values: the means in yuan, the level part of K. The policy values of the area, `RULER_RULES`, stand beside
    them.
    """
    rule, instead = F.col("outlier_ruler_missing"), level_mean.isNull()
    times = instead & (rule == RulerMissing.MEAN_TIMES_COEFFICIENT.value)
    stand_in = F.when(rule != RulerMissing.NO_OUTLIERS.value, group_mean)
    mean_n, mean_e = shortest(F.coalesce(level_mean, stand_in), VALUE_PLACES)
    k_n, k_e = shortest(of_level, VALUE_PLACES)
    return mean_n * F.when(times, k_n).otherwise(integer(1)), mean_e + F.when(times, k_e).otherwise(F.lit(0))


def has_outliers() -> Column:
    """Whether a group has high and low cases: a stable one, no TCM-advantage group; base groups by OP-36."""
    return F.col("stable") & ~F.col("tcm_advantage") & (~F.col("base_group") | F.col("outlier_base_groups"))
