"""What one year leaves to the next (OP-46, OP-54): the roll-over of December, and what hospitals are left to owe.

settlement/reference/openings.py says when, and what becomes of it; this is the same on frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from settlement.closing import Closings
from settlement.month import ACCOUNT, NEW_TECHNIQUES
from settlement.policy import Policy
from settlement.readings import CarryYearEnd, NegativeClearing
from settlement.sums import MONTHS, period_text

FIRST_SLOT = 1


@dataclass(frozen=True)
class Openings:
    """What opens a year. Hospitals that are left to owe something are of the province."""

    pools: DataFrame  # POOL and opening_fen, carried into January
    owed: DataFrame  # ACCOUNT and owed_fen, set against the payments; above 0

    def accounts(self) -> DataFrame:
        """`ACCOUNT` of those that owe something, without new techniques."""
        return self.owed.select(*ACCOUNT, *[F.lit(0).cast("bigint").alias(name) for name in NEW_TECHNIQUES])


def openings_of(
    pools: DataFrame,
    years: DataFrame,
    hospitals: DataFrame,
    ended: Mapping[str, Policy],
    policies: Mapping[str, Policy],
) -> Openings:
    """What settled years leave to the years after them.

    Args:
        pools: `POOLS` of years that ended.
        years: `HOSPITAL_YEAR` of years that ended.
        hospitals: `HOSPITALS` of the new year; what hospitals owe that are not there, or in another area, stays a
            receivable.
        ended: policies of the years that ended, by area.
        policies: those of the new year.
    """
    carrying = [area for area, one in policies.items() if one.month_carry_year_end is CarryYearEnd.NEXT_YEAR]
    setting_off = [area for area, one in ended.items() if one.clearing_negative is NegativeClearing.NEXT_PAYMENTS]
    december = F.col("period") == period_text(F.col("year"), F.lit(MONTHS))
    carried = pools.where(december & F.col("area").isin(carrying)).where("carried_or_reserve_fen != 0")
    negative = years.where(F.col("area").isin(setting_off)).where("final_fen < 0")
    known = F.broadcast(hospitals.select("area", "fixmedins_code"))
    next_year = (F.col("year") + 1).alias("year")
    return Openings(
        carried.select("area", "insutype", next_year, F.col("carried_or_reserve_fen").alias("opening_fen")),
        negative.join(known, ["area", "fixmedins_code"], "left_semi").select(
            "area", "fixmedins_code", "insutype", next_year, (-F.col("final_fen")).alias("owed_fen")
        ),
    )


def account_openings(openings: Openings | None, closings: Closings | None) -> DataFrame | None:
    """`ACCOUNT`, owed_fen and `opening_fen`, which is brought into January, below 0; None where there is none.

    It is what January was closed with where it is closed, else what is owed.
    """
    nothing = F.lit(0).cast("bigint")
    owed = None if openings is None else openings.owed.select(*ACCOUNT, "owed_fen", nothing.alias("_closed"))
    if closings is None:
        return owed and owed.select(*ACCOUNT, "owed_fen", (-F.col("owed_fen")).alias("opening_fen"))
    january = F.col("month") == period_text(F.col("year"), F.lit(FIRST_SLOT))
    closed = closings.hospital_month.where(january & (F.col("brought_forward_fen") != 0)).select(
        *ACCOUNT, nothing.alias("owed_fen"), F.col("brought_forward_fen").alias("_closed")
    )
    both = closed if owed is None else owed.unionByName(closed)
    summed = both.groupBy(*ACCOUNT).agg(F.sum("owed_fen").alias("owed_fen"), F.sum("_closed").alias("_closed"))
    opening = F.when(closings.last_slot() >= FIRST_SLOT, F.col("_closed")).otherwise(-F.col("owed_fen"))
    return summed.select(*ACCOUNT, "owed_fen", opening.alias("opening_fen"))
