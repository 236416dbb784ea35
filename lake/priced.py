"""Scored cases with their payment standard, and the fund of two years: what the incentives of the year's end read."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from settlement.case_points import IN_PROVINCE, LOCAL
from settlement.money import POINT_PLACES, VALUE_PLACES, integer, to_units
from settlement.rule_frames import FUND_GROWTH, PRICED_CASES, typed
from settlement.standards import payment_standards
from settlement.sums import POOL, YEAR_SLOT

_FLAGS = ("tcm_advantage", "base_group")
_FEN_PER_UNIT = 10 ** (VALUE_PLACES + POINT_PLACES - 2)  # yuan a point at VALUE_PLACES as fen a point at POINT_PLACES
_YEAR_LENGTH = 4


def cases_with_standards(scored: DataFrame, pools: DataFrame, elements: DataFrame, joint: Sequence[str]) -> DataFrame:
    """The cases of the year's pools as `PRICED_CASES`, by the value of a point as published (12 places).

    Args:
        scored: scored cases of the year.
        pools: table `pools`.
        elements: effective elements of the areas.
        joint: areas whose in-province cases share the pool.
    """
    yearly = pools.where(F.length("period") == _YEAR_LENGTH)
    values = yearly.select(
        *POOL,
        F.lit(YEAR_SLOT).alias("slot"),
        to_units(F.col("value"), VALUE_PLACES).alias("value_above"),
        F.when(F.col("value").isNotNull(), integer(_FEN_PER_UNIT)).alias("value_below"),
    )
    inside = (F.col("scope") == LOCAL) | ((F.col("scope") == IN_PROVINCE) & F.col("area").isin(list(joint)))
    flags = elements.where(F.col("kind").isin(*_FLAGS)).groupBy("area", "drg")
    marked = flags.agg(
        *[F.max(F.when((F.col("kind") == flag) & (F.col("value") == 1), 1)).alias(flag) for flag in _FLAGS]
    )
    priced = payment_standards(scored.where(inside), values).join(F.broadcast(marked), ["area", "drg"], "left")
    return typed(priced.withColumns({flag: F.coalesce(flag, F.lit(0)) for flag in _FLAGS}), PRICED_CASES)


def fund_growth(cases: DataFrame, hospitals: DataFrame, year: int) -> DataFrame:
    """`住院统筹基金支出` of each hospital and insurance in the year and the one before, as `FUND_GROWTH`.

    `cases`: table `cases` of both years, all inpatients. `hospitals`: of the year; a hospital that is not in it is left
    out.
    """
    of = F.substring("month", 1, 4).cast("int")
    summed = cases.groupBy("area", "fixmedins_code", F.coalesce("insutype", F.lit("")).alias("insutype")).agg(
        F.coalesce(F.sum(F.when(of == year, F.col("fund_fen"))), F.lit(0)).alias("fund_fen"),
        F.coalesce(F.sum(F.when(of == year - 1, F.col("fund_fen"))), F.lit(0)).alias("last_fund_fen"),
    )
    levels = hospitals.select("area", "fixmedins_code", "level")
    return typed(summed.join(F.broadcast(levels), ["area", "fixmedins_code"]), FUND_GROWTH)
