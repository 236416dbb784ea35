"""Negotiated weights with the total kept (总权重不变): policy/001 articles 16 and 46, OP-23, OP-24."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from settlement.reference.exact import round_half_up
from settlement.rule_policy import RescaleScope, RulePolicy


@dataclass(frozen=True, slots=True)
class GroupWeight:
    """A group's measured weight, what was negotiated (None: nothing), and its cases."""

    drg: str
    weight: Fraction
    proposed: Fraction | None
    cases: int


def payment_weights(
    groups: Iterable[GroupWeight], policy: RulePolicy, places: int
) -> tuple[dict[str, Fraction | None], str]:
    """Payment weights of one area's groups, and kept, off_total or impossible; None where impossible."""
    rows = list(groups)
    everything = policy.weights_rescale_scope is RescaleScope.ALL
    asked = {row.drg: row.weight if row.proposed is None else row.proposed for row in rows}
    moving = [row for row in rows if everything or row.proposed is None]
    total = sum((row.weight * row.cases for row in rows), Fraction(0))
    scaled = sum((asked[row.drg] * row.cases for row in moving), Fraction(0))
    left = total - (sum((asked[row.drg] * row.cases for row in rows), Fraction(0)) - scaled)
    if left < 0 or (left > 0 and scaled <= 0):
        return dict.fromkeys(asked), "impossible"
    factor = left / scaled if scaled > 0 else Fraction(1)
    moved = {row.drg for row in moving}
    new = {drg: round_half_up(weight * factor if drg in moved else weight, places) for drg, weight in asked.items()}
    apart = abs(sum((new[row.drg] * row.cases for row in rows), Fraction(0)) - total)
    kept = apart <= total * Fraction(policy.weights_total_tolerance)
    return dict(new), "kept" if kept else "off_total"
