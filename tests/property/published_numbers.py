"""Published and derived numbers of hospitals (worked-examples P1, P5 and 3.5) as `GroupFigures`."""

from __future__ import annotations

from fractions import Fraction

from settlement.reference.monitoring import GroupFigures


def _figures(drg: str, weight: str, cases: int, high: int = 0, low: int = 0) -> GroupFigures:
    return GroupFigures(drg, Fraction(weight), cases, 0, 0, high, low, 0, 0, 0)


# P1: weights 1.2, 0.8, 2.5 with 50, 30, 20 cases.
CASE_MIX = [_figures("A", "1.2", 50), _figures("B", "0.8", 30), _figures("C", "2.5", 20)]
# P5: 1037 cases, 152 high, 143 low.
OUTLIERS = [_figures("A", "1", 1037, 152, 143)]
# 3.5: mean cost (yuan) and days of a hospital beside the region's; the region's days are of two cases.
INDEX = [
    GroupFigures(drg, Fraction(1), cases, cases * cost * 100, cases * days, 0, 0, 2, 2 * region * 100, twice_days)
    for drg, cases, cost, region, days, twice_days in (
        ("A", 50, 9000, 10000, 6, 15),
        ("B", 30, 6600, 6000, 5, 10),
        ("C", 20, 24000, 20000, 12, 20),
    )
]
