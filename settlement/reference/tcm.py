"""TCM (中医): payment by effect value, and the share (中治率) that raises a standard, policy/002 article 12.

OP-40 (share) and OP-42 (effect value).
"""

from __future__ import annotations

from fractions import Fraction

from settlement.case_rules import CaseRules
from settlement.policy import Policy
from settlement.reference.inputs import Case, Stay


def effect_standard(drg: str, policy: Policy) -> Fraction | None:
    """Points of each case of a group that is paid by effect value (按疗效价值付费); None where it is not."""
    points = dict(policy.tcm_effect_standard).get(drg)
    return None if points is None else Fraction(points)


def tcm_share(case: Case, stay: Stay) -> Fraction | None:
    """中治率: TCM cost ÷ total cost (without 特需); None without cost."""
    return Fraction(stay.tcm_cost_fen, case.paid_cost_fen) if case.paid_cost_fen > 0 else None


def tcm_rate(case: Case, stay: Stay, rules: CaseRules) -> Fraction:
    """By how much the points rise in the year's clearing; 0 where the case is not one of those (the bound counts)."""
    share = tcm_share(case, stay)
    if not stay.tcm_place or share is None or rules.tcm_min_share is None or share < Fraction(rules.tcm_min_share):
        return Fraction(0)
    return Fraction(rules.tcm_uplift)
