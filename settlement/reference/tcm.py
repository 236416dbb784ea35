"""TCM share (中治率): cases whose payment standard is raised at the year's end, policy/002 article 12, OP-40."""

from __future__ import annotations

from fractions import Fraction

from settlement.case_rules import CaseRules
from settlement.reference.inputs import Case, Stay


def tcm_share(case: Case, stay: Stay) -> Fraction | None:
    """中治率: TCM cost ÷ total cost (without 特需); None without cost."""
    return Fraction(stay.tcm_cost_fen, case.paid_cost_fen) if case.paid_cost_fen > 0 else None


def tcm_rate(case: Case, stay: Stay, rules: CaseRules) -> Fraction:
    """By how much the points rise in the year's clearing; 0 where the case is not one of those (the bound counts)."""
    share = tcm_share(case, stay)
    if not stay.tcm_place or share is None or rules.tcm_min_share is None or share < Fraction(rules.tcm_min_share):
        return Fraction(0)
    return Fraction(rules.tcm_uplift)
