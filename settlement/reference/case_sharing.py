"""Sharing of surplus and deficit case by case (病例结余共享、超支分担): policy/002 articles 16 and 35, OP-75."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from settlement.reference.exact import allocate, to_fen
from settlement.reference.points import ORDINARY
from settlement.rule_policy import RulePolicy


@dataclass(frozen=True, slots=True)
class PricedCase:
    """A case with its payment standard; money in fen."""

    setl_id: str
    area: str
    insutype: str
    fixmedins_code: str
    drg: str
    case_class: str
    cost_fen: int
    standard_fen: int
    tcm_advantage: bool = False
    base_group: bool = False


@dataclass(frozen=True, slots=True)
class CaseShare:
    """What an ordinary case gives to the pool, or gets from it; `wanted_fen` is the aid before the pool's limit."""

    case: PricedCase
    given_fen: int
    wanted_fen: int
    aid_fen: int
    article: str = "policy/002 article 35"


def payment_standard(points: Fraction, value: Fraction) -> int:
    """付费标准 in fen: points x value (yuan a point), policy/002 article 16."""
    return to_fen(points * value * 100)


def is_ordinary(case: PricedCase) -> bool:
    """普通病组病例: no special review, TCM-advantage group, base group or other special payment."""
    return case.case_class in ORDINARY and not case.tcm_advantage and not case.base_group


def share_cases(cases: Iterable[PricedCase], policies: Mapping[str, RulePolicy]) -> list[CaseShare]:
    """The ordinary cases of areas that share, each with what it gives and gets."""
    pools: dict[tuple[str, str], list[PricedCase]] = defaultdict(list)
    for case in cases:
        if is_ordinary(case) and policies[case.area].case_sharing_enabled:
            pools[case.area, case.insutype].append(case)
    return [share for (area, _), ones in sorted(pools.items()) for share in _share_pool(ones, policies[area])]


def _share_pool(cases: Iterable[PricedCase], policy: RulePolicy) -> list[CaseShare]:
    by_id = {case.setl_id: case for case in cases}
    given = {name: _given(case, policy) for name, case in by_id.items()}
    wanted = {name: _wanted(case, policy) for name, case in by_id.items()}
    pool, asked = sum(given.values()), sum(wanted.values())
    aid = wanted
    if asked > pool:
        aid = allocate({name: Fraction(part * pool, asked) for name, part in wanted.items()}, pool)
    return [CaseShare(case, given[name], wanted[name], aid[name]) for name, case in by_id.items()]


def _given(case: PricedCase, policy: RulePolicy) -> int:
    surplus = max(case.standard_fen - case.cost_fen, 0)
    return surplus - to_fen(surplus * Fraction(policy.case_sharing_keep))


def _wanted(case: PricedCase, policy: RulePolicy) -> int:
    line = (1 + Fraction(policy.case_sharing_threshold)) * case.standard_fen
    return to_fen(max(case.cost_fen - line, Fraction(0)) * Fraction(policy.case_sharing_aid))
