"""Bed-day points (床日点数) and day care (日间治疗) inside DRG payment: policy/002 articles 14 and 15, OP-41.

Of cases with `drg`, the columns of `STAYS` and the values of `RULES`.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from settlement.money import POINT_PLACES, RATE_PLACES, divide, integer

RULES = ("bed_day_points", "day_care_groups", "day_care_max_days")


def bed_day_points(unit: Column) -> Column:
    """The sum of a stay's daily points, rounded to a multiple of `unit`; both are integers at `POINT_PLACES`.

    Missing where the area does not pay the group by the day, and where the days are not known: such a stay goes by the
    rules of its group.
    """
    daily = F.try_element_at("bed_day_points", F.col("drg"))
    points = integer(daily) * integer(F.when(F.col("days") >= 0, F.col("days")))
    rounded = divide(points, integer(unit) * integer(10 ** (RATE_PLACES - POINT_PLACES)))
    return (rounded * integer(unit)).cast("bigint")


def outside_day_care() -> Column:
    """Whether a stay was delivered as day care, and is none of those that the area has inside DRG payment.

    Inside are listed groups, for at most `day_care.max_days`; where none is listed all stays are inside.
    """
    listed = F.array_contains("day_care_groups", F.col("drg")) & (F.col("days") <= F.col("day_care_max_days"))
    decided = (F.size("day_care_groups") > 0) & (F.col("day_care") == 1)
    return F.coalesce(decided & ~F.coalesce(listed, F.lit(False)), F.lit(False))
