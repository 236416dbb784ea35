"""Caps on out-of-area cases (异地病例封顶): policy/002 article 34.2 and 34.4 between areas, OP-82."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from settlement.money import share_of
from settlement.policies import in_areas, with_policies
from settlement.policy import Policy
from settlement.sums import YEAR_SLOT


def _applies(policy: Policy) -> bool:
    return policy.out_of_area_apply_caps


def capped(away: DataFrame, hospitals: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """`away` with the year's `by_points_fen` of a hospital and insured area limited, where the treating area caps it.

    The limit is the cap of the hospital's level x the fund of these cases, rounded; the fund itself where the hospital
    is suspended. Without a fund above 0 there is none. What is owed by item has no cap, and months have none: the
    year's adjustment takes the difference.

    `away` has area, fixmedins_code, slot, fund_fen and `by_points_fen` (missing: by item).
    """
    if not any(map(_applies, policies.values())):
        return away
    marks = hospitals.select("fixmedins_code", "level", (F.col("suspended") == 1).alias("_suspended"))
    marked = with_policies(away.join(F.broadcast(marks), "fixmedins_code", "left"), policies, "cap_level")
    cap = share_of(F.col("fund_fen"), F.col("cap_level")[F.col("level")]).cast("bigint")
    limit = F.when(F.col("_suspended"), F.col("fund_fen")).otherwise(cap)
    judged = in_areas(policies, _applies) & (F.col("slot") == YEAR_SLOT) & (F.col("fund_fen") > 0)
    owed = F.when(judged, F.least("by_points_fen", limit)).otherwise(F.col("by_points_fen"))
    known = F.when(F.col("by_points_fen").isNotNull(), owed)  # least() passes over what is missing
    return marked.withColumn("by_points_fen", known).select(*away.columns)
