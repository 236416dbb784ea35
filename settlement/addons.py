"""Add-ons of hospitals (医疗机构调节系数) within their limits: policy/002 article 18(二), OP-31..OP-33."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from settlement.frames import ELEMENTS, RATIO
from settlement.money import RATE_PLACES, from_units, to_units
from settlement.policies import with_policies
from settlement.rule_frames import ADD_ON_FINDINGS, WIDE_RATIO, typed
from settlement.rule_policy import GroupsScope, RulePolicy

NATIONAL, PROVINCIAL, DISCIPLINE, OTHER = "national", "provincial", "discipline", "other"
COEFFICIENT, POINTS = "coefficient", "points"
GROUNDS, KINDS = (NATIONAL, PROVINCIAL, DISCIPLINE, OTHER), (COEFFICIENT, POINTS)
KEY_SPECIALTIES = (NATIONAL, PROVINCIAL)
# The policy value that limits a ground and kind; other pairs are not in the law.
LIMITS = {
    (NATIONAL, COEFFICIENT): "addon_national_max",
    (PROVINCIAL, COEFFICIENT): "addon_provincial_max",
    (DISCIPLINE, COEFFICIENT): "addon_discipline_max",
    (DISCIPLINE, POINTS): "addon_points_max",
    (OTHER, COEFFICIENT): "addon_other_max",
}


def add_on_findings(add_ons: DataFrame, policies: Mapping[str, RulePolicy]) -> DataFrame:
    """What is wrong with add-ons that were applied for; nothing where all may stand.

    `ADD_ONS` -> `ADD_ON_FINDINGS`: over_limit (the value passes the limit of its ground), kind_not_allowed (the law
    knows no such kind for the ground), too_many_groups (more groups with key specialties or regional centres than
    `addon.max_groups`, in all or by rank).
    """
    values = sorted(set(LIMITS.values()))
    ruled = with_policies(add_ons, policies, *values, "addon_max_groups", "addon_max_groups_scope")
    limited = ruled.withColumn("_limit", _limit())
    over = to_units(F.col("value"), RATE_PLACES) > F.col("_limit")
    rule = F.when(F.col("_limit").isNull(), "kind_not_allowed").when(over, "over_limit")
    most = from_units(F.col("_limit"), RATE_PLACES, WIDE_RATIO)
    single = limited.select("*", rule.alias("rule"), most.alias("most")).where("rule is not null")
    return typed(single, ADD_ON_FINDINGS).unionByName(_too_many(ruled))


def _limit() -> Column:
    limits = [
        F.when((F.col("ground") == ground) & (F.col("kind") == kind), F.col(name))
        for (ground, kind), name in LIMITS.items()
    ]
    return F.coalesce(*limits)


def _too_many(ruled: DataFrame) -> DataFrame:
    special = ruled.where(F.col("ground").isin(*KEY_SPECIALTIES))
    by_rank = F.col("addon_max_groups_scope") == GroupsScope.BY_RANK.value
    ranked = special.withColumn("_rank", F.when(by_rank, F.col("ground")))
    counted = ranked.groupBy("area", "fixmedins_code", "_rank", "addon_max_groups").agg(
        F.countDistinct("drg").alias("value")
    )
    return typed(
        counted.where("value > addon_max_groups").select(
            "area",
            "fixmedins_code",
            F.lit(None).alias("drg"),
            F.col("_rank").alias("ground"),
            F.lit("too_many_groups").alias("rule"),
            "value",
            F.col("addon_max_groups").alias("most"),
        ),
        ADD_ON_FINDINGS,
    )


def effective_add_ons(add_ons: DataFrame, policies: Mapping[str, RulePolicy]) -> DataFrame:
    """Add-ons to the coefficient as given `ELEMENTS` of kind add_on.

    Where several meet in a group, the largest counts, or with `addon.stack` their sum (OP-32). Rises of benchmark
    points are not elements of one hospital and stay outside.
    """
    ruled = with_policies(add_ons.where(F.col("kind") == COEFFICIENT), policies, "addon_stack")
    added = ruled.groupBy("area", "drg", "fixmedins_code").agg(
        F.when(F.max("addon_stack"), F.sum("value")).otherwise(F.max("value")).cast(RATIO).alias("value")
    )
    element = added.select("*", F.lit("add_on").alias("kind"), F.lit(None).cast("int").alias("level"))
    return typed(element, ELEMENTS)
