"""What a cell of a province file may hold, and its exact value: money to fen, dates, codes, ratios.

Whole columns are tested and converted at once. Nothing passes through a float.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

MONEY = pa.decimal128(16, 2)


@dataclass(frozen=True)
class Cell:
    """A kind of cell: the pattern its text must match, its value, a further test on the value, and the remedy."""

    pattern: str
    convert: Callable[[pa.Array], pa.Array]
    remedy: str
    accept: Callable[[pa.Array], pa.Array] | None = None


def _keep(texts: pa.Array) -> pa.Array:
    return texts


def _fen(texts: pa.Array) -> pa.Array:
    yuan = pc.cast(texts, MONEY)
    return pc.cast(pc.multiply(yuan, pa.scalar(Decimal(100))), pa.int64())


def _integer(texts: pa.Array) -> pa.Array:
    return pc.cast(texts, pa.int32())


def _decimal(precision: int, scale: int) -> Callable[[pa.Array], pa.Array]:
    return lambda texts: pc.cast(texts, pa.decimal128(precision, scale))


def _date(texts: pa.Array) -> pa.Array:
    """Days; a day that no calendar has (30 February) becomes null, which the caller reports."""
    year, month, day = (
        pc.cast(pc.utf8_slice_codeunits(texts, at, to), pa.int32()) for at, to in ((0, 4), (5, 7), (8, 10))
    )
    century = pc.or_(pc.not_equal(pc.subtract(year, pc.multiply(pc.divide(year, 100), 100)), 0), _divides(year, 400))
    leap = pc.and_(_divides(year, 4), century)
    short = pc.is_in(month, value_set=pa.array([4, 6, 9, 11], pa.int32()))
    february = pc.if_else(leap, 29, 28)
    last = pc.if_else(pc.equal(month, 2), february, pc.if_else(short, 30, 31))
    return pc.cast(pc.if_else(pc.less_equal(day, last), texts, None), pa.date32())


def _divides(number: pa.Array, by: int) -> pa.Array:
    return pc.equal(pc.multiply(pc.divide(number, by), by), number)


def _at_least_zero(values: pa.Array) -> pa.Array:
    return pc.greater_equal(values, pa.scalar(0, pa.int64()) if pa.types.is_integer(values.type) else Decimal(0))


def _share(values: pa.Array) -> pa.Array:
    return pc.and_(_at_least_zero(values), pc.less_equal(values, Decimal(1)))


_YUAN = r"[+-]?[0-9]{1,12}(\.[0-9]{1,2})?"
_YUAN_REMEDY = "yuan with at most 2 decimals and 12 digits before the point, like 1234.50; no exponent, no separators"

CODE = Cell(r"\S(.*\S)?", _keep, "a code without spaces around it; it must not be empty")
MONEY_ANY = Cell(_YUAN, _fen, _YUAN_REMEDY)
MONEY_POSITIVE = Cell(_YUAN, _fen, _YUAN_REMEDY + "; not negative", _at_least_zero)
LEVEL = Cell(r"[123]", _integer, "3 (三级), 2 (二级及以下) or 1 (基层)")
FLAG = Cell(r"[01]", _integer, "0 or 1")
RATIO = Cell(
    r"[+-]?[0-9]{1,12}(\.[0-9]{1,6})?",
    _decimal(18, 6),
    "a number with at most 6 decimals, not negative",
    _at_least_zero,
)
SHARE = Cell(r"[+-]?[0-9]{1,12}(\.[0-9]{1,6})?", _decimal(18, 6), "a share from 0 to 1, at most 6 decimals", _share)
POINTS = Cell(
    r"[+-]?[0-9]{1,10}(\.[0-9]{1,8})?", _decimal(18, 8), "points with at most 8 decimals, not negative", _at_least_zero
)
VALUE = Cell(r"[+-]?[0-9]{1,26}(\.[0-9]{1,12})?", _decimal(38, 12), "a number with at most 12 decimals")
_MONTH_AND_DAY = r"-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
# Working days are counted from a day, so it lies well within the calendar; a list that never came is of 9999-12-31.
DAY = Cell(
    rf"(19|2[0-9])[0-9]{{2}}{_MONTH_AND_DAY}", _date, "a day of the calendar from the year 1900 on, written YYYY-MM-DD"
)
DAY_OR_NEVER = Cell(
    rf"(19|[2-9][0-9])[0-9]{{2}}{_MONTH_AND_DAY}",
    _date,
    "a day of the calendar from the year 1900 on, written YYYY-MM-DD; 9999-12-31 where there is none",
)
MONTH = Cell(r"[0-9]{4}-(0[1-9]|1[0-2])", _keep, "a month written YYYY-MM")
PERIOD = Cell(r"[0-9]{4}(-(0[1-9]|1[0-2]))?", _keep, "a month written YYYY-MM or a year written YYYY")
YEAR = Cell(r"[0-9]{4}", _integer, "a year written YYYY")


def one_of(*words: str) -> Cell:
    """A cell that holds one of these words."""
    return Cell("(" + "|".join(words) + ")", _keep, "one of " + ", ".join(words))


def convert(texts: pa.Array, cell: Cell, optional: bool) -> tuple[pa.Array, pa.Array]:
    """Text cells -> (values, faulty): values are null where the text is empty or faulty; faulty is a boolean mask."""
    empty = pc.equal(texts, "")
    fits = pc.match_substring_regex(texts, rf"\A(?:{cell.pattern})\z")
    values = cell.convert(pc.if_else(fits, texts, None))
    good = pc.and_(fits, pc.is_valid(values))
    if cell.accept is not None:
        good = pc.and_(good, pc.fill_null(cell.accept(values), False))
    faulty = pc.invert(pc.or_(good, empty)) if optional else pc.invert(good)
    return values, faulty
