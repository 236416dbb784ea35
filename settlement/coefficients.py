"""Level coefficients (病组级别调整系数) and their stand-ins: policy/002 article 18, OP-25..OP-30."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from settlement.money import RATE_PLACES, divide, integer

_PRIMARY, _SECONDARY, _TERTIARY = 1, 2, 3  # 基层, 二级及以下, 三级: the levels of article 18(一)2(1)
# Where a level lacks a coefficient it takes the first of these that exists (就高相近: the higher, else the nearest).
_NEAREST = {_SECONDARY: (_TERTIARY, _PRIMARY), _TERTIARY: (_SECONDARY, _PRIMARY)}


def _rate_at(rate: Column, places: Column) -> Column:
    """A policy rate (integer at `RATE_PLACES`) as an integer at `places`, half up."""
    return divide(rate, integer(10**RATE_PLACES), places)


def measured_coefficient(
    level: tuple[Column, Column], group: tuple[Column, Column], least: Column, most: Column, places: Column
) -> Column:
    """Level mean ÷ group mean within `least..most`, an integer at `places`; missing where the group mean is 0.

    `level` and `group` are (weight, weighted sum in fen) of the cases it is measured on (OP-20, OP-25). Rounding keeps
    order, so the limits may come after.
    """
    level_count, level_total = level
    group_count, group_total = group
    ratio = divide(integer(level_total) * integer(group_count), integer(level_count) * integer(group_total), places)
    limited = F.greatest(F.least(ratio, _rate_at(most, places)), _rate_at(least, places))
    return F.when((group_total > 0) & (level_count > 0), limited)


def coefficient_of_level(level: Column, known: Column, primary: Column, most: Column, one: Column) -> Column:
    """The coefficient of a level, or its stand-in (policy/002 article 18(一)2(3)).

    Args:
        level: 1, 2 or 3.
        known: map from level to coefficient, any unit.
        primary: what 基层 takes where it has none (`level_coef.missing_primary`), same unit.
        most: largest stand-in of the other levels (`level_coef.missing_max`), same unit.
        one: 1 in that unit, taken where no level has a coefficient.
    """
    branches = F.when(level == _PRIMARY, primary)
    for missing, nearest in _NEAREST.items():
        found = F.coalesce(*[known[F.lit(other)] for other in nearest], one)
        branches = branches.when(level == missing, F.least(found, most))
    return F.coalesce(known[level], branches)
