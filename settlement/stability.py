"""Stable and unstable groups (稳定病组、非稳定病组): policy/002 article 17(一), OP-19."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from settlement.money import integer, power_of_ten


def varies_less(count: Column, total: Column, squares: Column, limit: Column, ddof: Column) -> Column:
    """Whether the coefficient of variation (CV) of a group's costs is below `limit`, without dividing or rooting.

    `count`, `total`, `squares`: number, sum and sum of squares of the costs (fen); `limit` is a struct of
    `digits` and `places`; `ddof` 0 for the population's deviation, 1 for the sample's. With n, S, Q:
    population `n·Q - S² < limit²·S²`, sample `n·(n·Q - S²) < limit²·(n - ddof)·S²`. False where the costs sum to 0.
    """
    spread_side, limit_side = _variation(count, total, squares, limit, ddof)
    return spread_side < limit_side


def varies_no_more(count: Column, total: Column, squares: Column, limit: Column, ddof: Column) -> Column:
    """Whether the CV is `limit` at most; false where the costs sum to 0, which have none. Arguments as above."""
    spread_side, limit_side = _variation(count, total, squares, limit, ddof)
    return (total > 0) & (spread_side <= limit_side)


def _variation(count: Column, total: Column, squares: Column, limit: Column, ddof: Column) -> tuple[Column, Column]:
    """The two sides of the comparison of the CV with a limit."""
    number, total_squared = integer(count), integer(total) * integer(total)
    spread = number * integer(squares) - total_squared
    digits, scale = integer(limit["digits"]), power_of_ten(limit["places"] * 2)
    limit_side = digits * digits * total_squared
    sample = (number * spread * scale, limit_side * (number - integer(ddof)))
    return F.when(ddof == 0, spread * scale).otherwise(sample[0]), F.when(ddof == 0, limit_side).otherwise(sample[1])


def is_stable(count: Column, total: Column, squares: Column, least: Column, limit: Column, ddof: Column) -> Column:
    """More than `least` cases and a CV below `limit`, both strict; false where there are no cases."""
    return F.coalesce((count > least) & varies_less(count, total, squares, limit, ddof), F.lit(False))
