"""Compensation for negotiated drugs (国家谈判药品): policy/002 article 37, OP-67."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from settlement.reference.exact import to_fen
from settlement.rule_policy import RulePolicy


@dataclass(frozen=True, slots=True)
class DrugItem:
    """What a case used of a drug, by cost."""

    setl_id: str
    code: str
    amount_fen: int


def drug_compensation(items: Iterable[DrugItem], policy: RulePolicy) -> dict[str, tuple[int, int]]:
    """Case -> cost of its listed drugs, and what is paid for them; cases without one are not there."""
    listed: dict[str, int] = defaultdict(int)
    for item in items:
        if item.code in policy.negotiated_drug_list:
            listed[item.setl_id] += item.amount_fen
    ratio = Fraction(policy.negotiated_drug_ratio)
    return {case: (amount, to_fen(amount * ratio)) for case, amount in listed.items()}
