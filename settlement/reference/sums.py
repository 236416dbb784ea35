"""Sums of the cases that count: by hospital, and what of them is paid by item (policy/002 articles 30.3 and 31)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from settlement.policy import Policy
from settlement.reference.points import PointsExplanation


@dataclass(frozen=True, slots=True)
class Sums:
    """Cases, points, cost and fund (fen) of a hospital in a pool and period."""

    cases: int = 0
    points: Fraction = Fraction(0)
    cost_fen: int = 0
    fund_fen: int = 0

    def plus(self, other: Sums, times: int = 1) -> Sums:
        """The sum of two; `times` -1: the difference."""
        return Sums(
            self.cases + times * other.cases,
            self.points + times * other.points,
            self.cost_fen + times * other.cost_fen,
            self.fund_fen + times * other.fund_fen,
        )


NOTHING = Sums()


@dataclass(frozen=True, slots=True)
class ByItem:
    """Cost and fund (fen) of the cases that are paid by item inside the budget: their fund is due (OP-14, OP-63)."""

    cost_fen: int = 0
    fund_fen: int = 0

    def taken_off(self, sums: Sums) -> Sums:
        """The sums by which the rest is paid: V = (cost − fund + used − item cost) ÷ points, and a hospital's amount
        is points × V − (cost − item cost − fund), so that these cases get their fund out of what is used.
        """
        return replace(sums, cost_fen=sums.cost_fen - self.cost_fen)


NO_ITEMS = ByItem()


def sum_by(cases: Iterable[tuple[str, PointsExplanation]], yearly: bool = False) -> dict[str, Sums]:
    """Sums by the key that stands beside each case; `yearly` with what the year's clearing adds to the points."""
    sums: dict[str, Sums] = defaultdict(Sums)
    for key, points in cases:
        case = points.case
        counted = points.points + points.uplift if yearly else points.points
        sums[key] = sums[key].plus(Sums(1, counted, case.paid_cost_fen, case.fund_fen))
    return dict(sums)


def shared_by_points(by_hospital: Mapping[str, Sums], items: Mapping[str, ByItem]) -> dict[str, Sums]:
    """The sums by which points share what cases by item leave."""
    return {code: items.get(code, NO_ITEMS).taken_off(sums) for code, sums in by_hospital.items()}


def items_by(cases: Iterable[tuple[str, PointsExplanation]]) -> dict[str, ByItem]:
    """What is paid by item, by the key that stands beside each case."""
    items: dict[str, ByItem] = defaultdict(ByItem)
    for key, one in cases:
        if one.by_item:
            old = items[key]
            items[key] = ByItem(old.cost_fen + one.case.paid_cost_fen, old.fund_fen + one.case.fund_fen)
    return dict(items)


def amounts_count(one: PointsExplanation, policy: Policy) -> bool:
    """Whether cost and fund of abnormal data count in the sums of the month, though nothing else does (OP-13)."""
    some = one.case.paid_cost_fen or one.case.fund_fen
    return not policy.abnormal_exclude_amounts and one.abnormal and bool(some)
