"""Level coefficients (病组级别调整系数) and their stand-ins: policy/002 article 18, OP-25..OP-30."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from settlement.money import RATE_PLACES, VALUE_PLACES, divide, integer, shortest
from settlement.readings import Combine, MissingRule

_PRIMARY, _SECONDARY, _TERTIARY = 1, 2, 3  # 基层, 二级及以下, 三级: the levels of article 18(一)2(1)
# Where a level lacks a coefficient it takes the first of these that exists (就高相近: the higher, else the nearest).
_NEAREST = {_SECONDARY: (_TERTIARY, _PRIMARY), _TERTIARY: (_SECONDARY, _PRIMARY)}
_ONE = 10**VALUE_PLACES  # 1 as an element value
_TO_VALUE = 10 ** (VALUE_PLACES - RATE_PLACES)  # a policy rate as an element value
# Policy values that stand beside the columns below.
STAND_IN_RULES = (
    "level_coef_missing_rule",
    "level_coef_missing_primary",
    "level_coef_missing_max",
    "level_coef_clamp_missing",
)
LIMITS = ("level_coef_min", "level_coef_max")
COMBINING_RULES = ("coef_combine", "coef_clamp_after_addons")


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


def coefficient_of_level(level: Column, known: Column) -> Column:
    """The coefficient of a level, or its stand-in (policy/002 article 18(一)2(3), OP-26, OP-28), as an element value.

    `level` is 1, 2 or 3, `known` a map from level to coefficient. The policy values of the area stand beside them:
    `STAND_IN_RULES`.
    """
    rule, most, one = F.col("level_coef_missing_rule"), _value_of("level_coef_missing_max"), integer(_ONE)
    stand_in = F.when(level == _PRIMARY, _value_of("level_coef_missing_primary"))
    for missing, nearest in _NEAREST.items():
        of_another = (
            F.when(rule == MissingRule.HIGHEST.value, F.array_max(F.map_values(known)))
            .when(rule == MissingRule.ONE.value, one)
            .otherwise(F.coalesce(*[known[F.lit(other)] for other in nearest]))
        )
        stand_in = stand_in.when(level == missing, F.least(F.coalesce(of_another, one), most))
    held = F.when(F.col("level_coef_clamp_missing"), _within_limits(stand_in, 1)).otherwise(stand_in)
    return F.coalesce(known[level], held)


def with_add_on(of_level: Column, add_on: Column, base: Column) -> tuple[Column, Column]:
    """K of a hospital: its level's coefficient with its add-on (OP-29), as digits and places.

    Both are element values; `base` groups have no add-on, and a coefficient that the limits do not bind (OP-30). The
    policy values of the area stand beside them: `LIMITS`, `COMBINING_RULES`.
    """
    added, one = (of_level + add_on) * integer(_ONE), integer(_ONE)
    multiplied = of_level * (one + add_on)
    exact = F.when(F.col("coef_combine") == Combine.MULTIPLY.value, multiplied).otherwise(added)
    bound = F.col("coef_clamp_after_addons") & ~base
    digits, places = shortest(F.when(bound, _within_limits(exact, _ONE)).otherwise(exact), 2 * VALUE_PLACES)
    return digits, F.when(digits == 0, F.lit(0)).otherwise(places)


def _value_of(name: str) -> Column:
    """A policy rate as an element value."""
    return integer(F.col(name)) * integer(_TO_VALUE)


def _within_limits(value: Column, unit: int) -> Column:
    """A coefficient in `unit`s of an element value within the limits of measured ones."""
    least, most = (_value_of(name) * integer(unit) for name in LIMITS)
    return F.greatest(F.least(value, most), least)
