"""Special-case review (特例单议): which applications count within the quota, policy/002 article 22, OP-61, OP-62."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from settlement.money import RATE_ONE, floor_divide, integer
from settlement.policies import with_policies
from settlement.policy import Policy
from settlement.readings import ReviewCount, ReviewPeriod, ReviewUnit

PASSED, REFUSED, OVER_QUOTA, NO_GROUND = "passed", "refused", "over_quota", "no_ground"
_RULES = ("review_unit", "review_period", "review_count")
_USUAL = (ReviewUnit.AREA, ReviewPeriod.QUARTER, ReviewCount.APPLICATIONS)
_GROUP = ["area", "_unit", "_year", "_period"]


def decided_reviews(
    payable: DataFrame, reviews: DataFrame, policies: Mapping[str, Policy], groundless: DataFrame | None = None
) -> DataFrame:
    """What becomes of each application.

    Args:
        payable: cases paid by points: setl_id, area, setl_date, and fixmedins_code where an area's readings are not
            the usual ones.
        reviews: `REVIEWS`; applications of other cases are left out.
        policies: by area.
        groundless: setl_id of cases that have no ground for an application (`cases_without_ground`), if any are asked.

    Of the applications of a unit (area or hospital) in a period (by settlement date), in order of applied_on and
    setl_id, the first `floor(special_review.quota_drg x N)` get their decision, N being the unit's cases paid by points
    in that period; the others are over the quota. Where passed cases are counted, all applications are decided, and
    those that pass after so many are over the quota. Applications without ground are not counted and not decided.
    Returns setl_id, `review` (passed, refused, over_quota, no_ground).
    """
    cases = _in_units_and_periods(payable, policies)
    counted = with_policies(cases.groupBy(*_GROUP).agg(F.count("*").alias("_cases")), policies, "review_quota")
    quota = floor_divide(integer(F.col("review_quota")) * F.col("_cases"), integer(RATE_ONE))
    # Applications are few beside the cases (the quota sees to it), so they travel to the cases, not the cases to them.
    applied = _with_ground(cases.join(F.broadcast(reviews), "setl_id"), groundless)
    only_passed = (F.col("review_count") == ReviewCount.PASSED.value) & (F.col("decision") != PASSED)
    in_turn = Window.partitionBy(*_GROUP, "_counts").orderBy("applied_on", "setl_id")
    ranked = applied.withColumn("_counts", F.col("_ground") & ~only_passed).withColumn(
        "_turn", F.row_number().over(in_turn)
    )
    within = ranked.join(F.broadcast(counted.select(*_GROUP, quota.alias("_quota"))), _GROUP)
    decision = (
        F.when(~F.col("_ground"), NO_GROUND)
        .when(F.col("_counts") & (F.col("_turn") > F.col("_quota")), OVER_QUOTA)
        .otherwise(F.col("decision"))
    )
    return within.select("setl_id", decision.alias("review"))


def _in_units_and_periods(payable: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """setl_id, the quota that a case belongs to (`_GROUP`), and what that quota counts."""
    if all((one.review_unit, one.review_period, one.review_count) == _USUAL for one in policies.values()):
        usual, unit, period = payable, F.lit(""), F.quarter("setl_date")
        count = F.lit(ReviewCount.APPLICATIONS.value)
    else:
        usual = with_policies(payable, policies, *_RULES)
        of_hospital = F.col("review_unit") == ReviewUnit.HOSPITAL.value
        unit, period = F.when(of_hospital, F.col("fixmedins_code")).otherwise(""), _period()
        count = F.col("review_count")
    year = F.year("setl_date").alias("_year")
    return usual.select(
        "setl_id", "area", unit.alias("_unit"), year, period.alias("_period"), count.alias("review_count")
    )


def _period() -> Column:
    """The number of the period in its year, by the settlement date."""
    month = F.month("setl_date")
    half = F.when(month <= 6, 1).otherwise(2)
    lengths = {ReviewPeriod.MONTH: month, ReviewPeriod.QUARTER: F.quarter("setl_date"), ReviewPeriod.HALF_YEAR: half}
    number = F.lit(None).cast("int")
    for length, of_year in lengths.items():
        number = F.when(F.col("review_period") == length.value, of_year).otherwise(number)
    return F.coalesce(number, F.lit(0))


def _with_ground(applied: DataFrame, groundless: DataFrame | None) -> DataFrame:
    if groundless is None:
        return applied.withColumn("_ground", F.lit(True))
    without = groundless.select("setl_id", F.lit(False).alias("_without"))
    joined = applied.join(F.broadcast(without), "setl_id", "left")
    return joined.withColumn("_ground", F.coalesce("_without", F.lit(True))).drop("_without")
