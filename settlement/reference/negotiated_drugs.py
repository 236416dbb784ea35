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


def drug_compensation(items: Iterable[DrugItem], policy: RulePolicy) -> dict[str, tuple[int, int, int]]:
    """Case -> cost of its listed drugs, what is paid for them, and whether that is part of the final amount (1, 0).

    Cases without a listed drug are not there.
    """
    listed: dict[str, int] = defaultdict(int)
    for item in items:
        if item.code in policy.negotiated_drug_list:
            listed[item.setl_id] += item.amount_fen
    ratio = Fraction(policy.negotiated_drug_ratio)
    inside = int(policy.negotiated_drug_in_final)
    return {case: (amount, to_fen(amount * ratio), inside) for case, amount in listed.items()}
