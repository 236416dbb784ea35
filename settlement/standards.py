"""Payment standard of a case (付费标准): its points at the value of its pool, policy/002 article 16."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from settlement.case_points import in_year_by_points
from settlement.money import POINT_PLACES, divide, to_units
from settlement.sums import POOL, YEAR_SLOT, yearly_points


def payment_standards(scored: DataFrame, pools: DataFrame) -> DataFrame:
    """Add `standard_fen`: the year's points x the year's value of a point, rounded to the fen.

    `CASE_POINTS`, and `pool_periods` -> the cases that count in the year (in_year = 1) of pools with a value. Cases
    that are paid by item have no standard.
    """
    values = pools.where(F.col("slot") == YEAR_SLOT).select(*POOL, "value_above", "value_below")
    joined = scored.where(in_year_by_points()).join(F.broadcast(values.where("value_below is not null")), list(POOL))
    standard = divide(to_units(yearly_points(), POINT_PLACES) * F.col("value_above"), F.col("value_below"))
    return joined.withColumn("standard_fen", standard.cast("bigint")).drop("value_above", "value_below")
