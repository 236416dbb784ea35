"""TCM share (中治率): cases whose payment standard is raised, policy/002 article 12, OP-40."""

from __future__ import annotations

from fractions import Fraction

from settlement.reference.case_sharing import PricedCase
from settlement.reference.exact import to_fen
from settlement.rule_policy import RulePolicy


def tcm_share(case: PricedCase) -> Fraction | None:
    """中治率: TCM cost ÷ total cost; None without cost."""
    return Fraction(case.tcm_cost_fen, case.cost_fen) if case.cost_fen > 0 else None


def tcm_uplift(case: PricedCase, policy: RulePolicy) -> int | None:
    """By how many fen the standard is raised; None where the case is not one of those (the bound is inclusive)."""
    share = tcm_share(case)
    if not case.tcm_place or share is None or share < Fraction(policy.tcm_min_share):
        return None
    return to_fen(case.standard_fen * Fraction(policy.tcm_uplift))
