"""TCM share (中治率): cases whose payment standard is raised at the year's end, policy/002 article 12, OP-40."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from settlement.frames import RATIO
from settlement.money import RATE_ONE, divide, from_units, integer, share_of
from settlement.policies import with_policies
from settlement.rule_frames import TCM_UPLIFTS, WIDE_RATIO, typed
from settlement.rule_policy import RulePolicy


def tcm_uplifts(cases: DataFrame, policies: Mapping[str, RulePolicy]) -> DataFrame:
    """Cases of TCM institutions and departments whose TCM cost is at least `tcm.min_share` of the total.

    `PRICED_CASES` -> `TCM_UPLIFTS`: standard x `tcm.uplift`, rounded by case. The bound is inclusive, and tested
    without division. The months are settled by the group as it is; this is paid once, at annual clearing.
    """
    ruled = with_policies(cases.where("tcm_place = 1 and cost_fen > 0"), policies, "tcm_min_share", "tcm_uplift")
    reaches = integer(F.col("tcm_cost_fen")) * RATE_ONE >= integer(F.col("cost_fen")) * F.col("tcm_min_share")
    share = from_units(divide(F.col("tcm_cost_fen"), F.col("cost_fen"), RATIO.scale), RATIO.scale, WIDE_RATIO)
    uplift = share_of(F.col("standard_fen"), F.col("tcm_uplift"))
    raised = ruled.where(reaches).select("*", share.alias("tcm_share"), uplift.alias("uplift_fen"))
    return typed(raised, TCM_UPLIFTS)
