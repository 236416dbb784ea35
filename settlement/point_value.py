"""Kinds of point value (点值): floating, fixed, elastic. Policy/001 article 17, OP-43, OP-44.

Floating (浮动费率): what is there ÷ points, settlement/pools.py. Fixed (固定费率): set before the year. Elastic
(弹性费率): base points at the fixed value, the increment at a floating one with an upper limit. Split by volume, every
hospital has the same share of base points, so the elastic value is the floating one, but at most
`split x fixed + (1 - split) x limit`; without a limit it is the floating one.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from settlement.money import POINT_PLACES, RATE_ONE, RATE_PLACES, integer, power_of_ten, shortest
from settlement.policy import PointValueKind

VALUE_TERMS = (
    "value_dp",
    "rounding_residue",
    "point_value_by_insurance",
    "point_value_kind",
    "point_value_fixed",
    "point_value_elastic_split",
    "point_value_elastic_max",
)
# fen ÷ points at POINT_PLACES is yuan ÷ point after this factor: 10^POINT_PLACES ÷ 100
YUAN_PER_POINT = 10 ** (POINT_PLACES - 2)


def set_value(priced: DataFrame) -> DataFrame:
    """Add `_set` and `_set_places`: the value that is set for a pool's period, as digits ÷ 10^places yuan a point.

    `priced` has insutype, `VALUE_TERMS`, `_money` (cost - fund + used, fen) and `_points` (missing: none). Missing
    where the value floats, and where there are no points. A kind that needs a fixed value and has none for the
    insurance is an error that names it.
    """
    kind = F.col("point_value_kind")
    limited = (kind == PointValueKind.ELASTIC.value) & F.col("point_value_elastic_max").isNotNull()
    units = F.when(kind == PointValueKind.FIXED.value, _fixed() * RATE_ONE).when(limited, _blend())
    digits, places = shortest(F.when(F.col("_points").isNotNull(), units), 2 * RATE_PLACES)
    short = priced.select("*", digits.alias("_digits"), places.alias("_places"))
    binds = F.col("_money") * power_of_ten(F.col("_places")) * YUAN_PER_POINT > F.col("_digits") * F.col("_points")
    applies = (kind == PointValueKind.FIXED.value) | binds
    return short.select(
        "*",
        *[F.when(applies, F.col(f"_{name}")).alias(to) for name, to in (("digits", "_set"), ("places", "_set_places"))],
    )


def _fixed() -> Column:
    lacking = F.concat(F.lit("point_value.fixed of area "), "area", F.lit(" has no value for insutype "), "insutype")
    return integer(F.coalesce(F.col("point_value_fixed")[F.col("insutype")], F.raise_error(lacking).cast("bigint")))


def _blend() -> Column:
    """split x fixed + (1 - split) x limit, an integer at twice `RATE_PLACES`."""
    split = integer(F.col("point_value_elastic_split"))
    return split * _fixed() + (integer(RATE_ONE) - split) * F.col("point_value_elastic_max")
