"""Exact arithmetic in Spark columns: integers only, one division, one way to allocate.

Every quantity is an integer at a stated number of places: money in fen, rates at `RATE_PLACES`, points at
`POINT_PLACES`. Integers that may pass 64 bits are `decimal(38,0)`; sums, products and remainders of those are exact
or an error, never rounded.

Spark's own divisions are not used for results: `/` picks its own scale, `div` gives a bigint and wraps silently.
`divide` first takes the remainder off, so that the one `/` in this file divides evenly and cannot round
(its quotient keeps 32 digits before the point; a longer one is refused).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DecimalType

INTEGER = DecimalType(38, 0)
RATE_PLACES = 8  # policy rates, multiples, coefficients of hospitals
POINT_PLACES = 8  # points inside the calculation; they are rounded at `rounding.points_dp`, which is 8 at most
VALUE_PLACES = 12  # elements and point values
RATE_ONE = 10**RATE_PLACES


def integer(value: Column | int) -> Column:
    """A whole number as `decimal(38,0)`; an int becomes a literal."""
    if isinstance(value, int):
        small = abs(value) < 2**63
        return F.lit(value if small else str(value)).cast(INTEGER)
    return value.cast(INTEGER)


def power_of_ten(exponent: Column | int) -> Column:
    """10 to a power from 0 to 37, as `decimal(38,0)`; another exponent is an error."""
    if isinstance(exponent, int):
        return integer(10**exponent)
    return F.rpad(F.lit("1"), (exponent + 1).cast("int"), F.lit("0")).cast(INTEGER)


def _even(number: Column, divisor: Column) -> Column:
    """`number / divisor` without the rest: what is left divides evenly, so that `/` has nothing to round."""
    return ((number - number % divisor) / divisor).cast(INTEGER)


def _refused(result: Column, *operands: Column) -> Column:
    """`result`, or an error where it is missing although its operands are there (overflow or zero without ANSI)."""
    refusal = F.raise_error(F.lit("a division by zero, or one that needs more than 38 digits")).cast(INTEGER)
    known = reduce(and_, [operand.isNotNull() for operand in operands])
    return F.coalesce(result, F.when(known, refusal))


def divide(numerator: Column, denominator: Column, places: Column | int = 0) -> Column:
    """`numerator / denominator` as an integer at `places`, half up, away from zero for negatives.

    Both operands are integers (bigint or `decimal(38,0)`) of either sign; a missing operand or
    place gives missing. A zero denominator,
    a quotient of more than 32 digits, or more than 38 digits elsewhere, is an error.
    """
    size = F.abs(integer(numerator)) * (power_of_ten(places) if isinstance(places, Column) else integer(10**places))
    divisor = F.abs(integer(denominator))
    rounded = _even(size * 2 + divisor, divisor * 2)
    sign = F.when((numerator < 0) != (denominator < 0), integer(-1)).otherwise(integer(1))
    operands = (numerator, denominator, *([places] if isinstance(places, Column) else []))
    return _refused((rounded * sign).cast(INTEGER), *operands)


def floor_divide(numerator: Column, denominator: Column) -> Column:
    """The greatest integer not above `numerator / denominator`, for a positive denominator."""
    number, divisor = integer(numerator), integer(denominator)
    below = F.when(number % divisor < 0, integer(1)).otherwise(integer(0))
    return _refused((_even(number, divisor) - below).cast(INTEGER), numerator, denominator)


def divide_exact(numerator: int, denominator: int, places: int = 0) -> int:
    """`divide` in plain Python: the same rule on Python's integers."""
    size, divisor = abs(numerator) * int(10**places), abs(denominator)
    quotient, rest = divmod(size, divisor)
    rounded = quotient + (1 if 2 * rest >= divisor else 0)
    return -rounded if (numerator < 0) != (denominator < 0) else rounded


def to_units(value: Column, places: int) -> Column:
    """A decimal with at most `places` places, below 10^(37 - 2·places), as an integer at `places`; exact."""
    digits = 37 - places  # decimal(digits, places) x decimal(places + 1, 0) is decimal(38, places): nothing is cut
    return (value.cast(DecimalType(digits, places)) * F.lit(10**places).cast(DecimalType(places + 1, 0))).cast(INTEGER)


def from_units(units: Column, places: int, kind: DecimalType) -> Column:
    """An integer at `places` (at most 38 - places digits) as the decimal it means, in type `kind`."""
    unit = F.lit(Decimal(1).scaleb(-places)).cast(DecimalType(places, places)) if places else F.lit(1)
    return (units.cast(DecimalType(37 - places, 0)) * unit).cast(kind)


def rate_units(rate: Decimal) -> int:
    """A policy number as an integer at `RATE_PLACES`; one with more places cannot be held and is an error."""
    units = rate.scaleb(RATE_PLACES)
    if units != units.to_integral_value(ROUND_HALF_UP):
        raise ValueError(f"{rate} has more than {RATE_PLACES} places")
    return int(units)


def shortest(units: Column, places: int) -> tuple[Column, Column]:
    """An integer at `places` without its trailing zeros: (digits, places left). Keeps products within 38 digits."""
    text = integer(units).cast("string")
    zeros = F.length(text) - F.length(F.rtrim(text, F.lit("0")))
    dropped = F.least(zeros, F.lit(places))
    return _even(integer(units), power_of_ten(dropped)), F.lit(places) - dropped


def share_of(amount: Column, rate: Column) -> Column:
    """`amount x rate` rounded to the fen; the rate is an integer at `RATE_PLACES`."""
    return divide(integer(amount) * integer(rate), integer(RATE_ONE))


def allocate(
    shares: DataFrame, within: list[str], numerator: str, denominator: str, total: str, tie: str, amount: str
) -> DataFrame:
    """Add `amount` (fen): exact shares floored, then one fen more to the largest remainders, ties to the smaller `tie`.

    Each row's exact share is `numerator / denominator` (positive, the same within the group of `within`), and the
    shares of a group sum to `total`, so the amounts do too, to the fen (largest remainder, OP-02). Rows whose
    denominator is missing get no amount.
    """
    group = Window.partitionBy(*within)
    largest_first = group.orderBy(F.col("_rest").desc_nulls_last(), F.col(tie).asc())
    floored = shares.withColumn("_floor", floor_divide(F.col(numerator), F.col(denominator)))
    floored = floored.withColumn("_rest", integer(F.col(numerator)) - F.col("_floor") * integer(F.col(denominator)))
    ranked = floored.select(
        "*",
        F.row_number().over(largest_first).alias("_rank"),
        (integer(F.col(total)) - F.sum("_floor").over(group)).alias("_spare"),
    )
    one_more = F.when(F.col("_rank") <= F.col("_spare"), 1).otherwise(0)
    return ranked.withColumn(amount, (F.col("_floor") + one_more).cast("bigint")).drop(
        "_floor", "_rest", "_rank", "_spare"
    )


def conformed(frame: DataFrame, types: dict[str, DataType]) -> DataFrame:
    """The named columns, in this order, in these types."""
    return frame.select(*[F.col(name).cast(kind).alias(name) for name, kind in types.items()])
