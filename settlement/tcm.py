"""TCM share (中治率): cases whose payment standard is raised at the year's end, policy/002 article 12, OP-40.

The standard is points x value (article 16), so its rise is a rise in points. The months are settled by the group as it
is (按月度分组结果预结算); the year's clearing counts the points with their rise, within the year's budget.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from settlement.money import RATE_ONE, divide, integer

RULES = ("tcm_min_share", "tcm_uplift")


def tcm_rate() -> Column:
    """By how much a stay's points rise, at `RATE_PLACES`: `tcm.uplift` where the TCM share is reached, else 0.

    Of cases with `cost_fen` (without 特需), the columns of `STAYS` and the values of `RULES`. Only stays in TCM
    institutions and departments; the bound is inclusive, and tested without division.
    """
    reaches = integer(F.col("tcm_cost_fen")) * RATE_ONE >= integer(F.col("cost_fen")) * F.col("tcm_min_share")
    raised = (F.col("tcm_place") == 1) & (F.col("cost_fen") > 0) & reaches
    return F.coalesce(F.when(raised, F.col("tcm_uplift")), F.lit(0)).cast("bigint")


def raised_by(points: Column, rate: Column, unit: Column) -> Column:
    """`points x rate` rounded to a multiple of `unit`; points and unit are integers at `POINT_PLACES`."""
    rise = divide(integer(points) * integer(rate), integer(unit) * integer(RATE_ONE))
    return (rise * integer(unit)).cast("bigint")
