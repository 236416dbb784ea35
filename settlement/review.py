"""Special-case review (特例单议): which applications count within the quota, policy/002 article 22, OP-61..OP-63."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from settlement.money import RATE_ONE, floor_divide, integer
from settlement.policies import with_policies
from settlement.policy import Policy

PASSED, REFUSED, OVER_QUOTA = "passed", "refused", "over_quota"


def decided_reviews(payable: DataFrame, reviews: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """What becomes of each application.

    Args:
        payable: cases paid by points: setl_id, area, setl_date.
        reviews: `REVIEWS`; applications of other cases are left out.
        policies: by area.

    Of an area's applications in a quarter (by settlement date), in order of applied_on and setl_id, the first
    `floor(special_review.quota_drg x N)` get their decision, N being the area's cases paid by points in that quarter;
    the others are over the quota. Returns setl_id, `review` (passed, refused, over_quota).
    """
    quarter = [F.year("setl_date").alias("_year"), F.quarter("setl_date").alias("_quarter")]
    group = ["area", "_year", "_quarter"]
    cases = payable.select("setl_id", "area", *quarter)
    counted = with_policies(cases.groupBy(*group).agg(F.count("*").alias("_cases")), policies, "review_quota")
    quota = floor_divide(integer(F.col("review_quota")) * F.col("_cases"), integer(RATE_ONE))
    in_turn = Window.partitionBy(*group).orderBy("applied_on", "setl_id")
    # Applications are few beside the cases (the quota sees to it), so they travel to the cases, not the cases to them.
    ranked = cases.join(F.broadcast(reviews), "setl_id").withColumn("_turn", F.row_number().over(in_turn))
    within = ranked.join(F.broadcast(counted.select(*group, quota.alias("_quota"))), group)
    decision = F.when(F.col("_turn") <= F.col("_quota"), F.col("decision")).otherwise(F.lit(OVER_QUOTA))
    return within.select("setl_id", decision.alias("review"))
