"""Bed-day points (床日点数) and day care (日间治疗) inside DRG payment: policy/002 articles 14 and 15, OP-41."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from settlement.money import RATE_PLACES, from_units, integer
from settlement.policies import with_policies
from settlement.results import POINTS
from settlement.rule_frames import BED_DAY_POINTS, DAY_CARE, typed
from settlement.rule_policy import BedDayMethod, RulePolicy


def bed_day_points(stays: DataFrame, policies: Mapping[str, RulePolicy]) -> DataFrame:
    """Points of long stays (医疗康复, 安宁疗护, 精神类) in groups that the area pays by the day.

    `STAYS` -> `BED_DAY_POINTS`, only stays of groups listed in `bed_day.points` where `bed_day.method` is points: the
    sum of the daily points. Other stays go by the rules of their group.
    """
    ruled = with_policies(stays, policies, "bed_day_method", "bed_day_points")
    daily = F.when(F.col("bed_day_method") == BedDayMethod.POINTS.value, F.col("bed_day_points")[F.col("drg")])
    paid = ruled.withColumn("_daily", daily).where("_daily is not null")
    points = from_units(integer(F.col("_daily")) * F.col("days"), RATE_PLACES, POINTS)
    return typed(paid.withColumn("points", points), BED_DAY_POINTS)


def day_care(stays: DataFrame, policies: Mapping[str, RulePolicy]) -> DataFrame:
    """`STAYS` -> `DAY_CARE`: whether a stay is day care inside DRG: a listed group, and at most `day_care.max_days`."""
    ruled = with_policies(stays, policies, "day_care_groups", "day_care_max_days")
    inside = F.array_contains("day_care_groups", F.col("drg")) & (F.col("days") <= F.col("day_care_max_days"))
    return typed(ruled.withColumn("day_care", inside.cast("int")), DAY_CARE)
