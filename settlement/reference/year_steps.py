"""The steps of the year (policy/002 articles 9 and 32 to 34), one pure function each, taken in the order of the policy.

A step reads the running amount of each hospital and the terms written before it, and writes one term (fen by hospital).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from settlement.policy import Policy
from settlement.reference.exact import allocate, to_fen
from settlement.reference.inputs import Hospital
from settlement.year_order import TERMS, YearStep

Figures = Mapping[str, int]  # fen by hospital
Terms = Mapping[YearStep, Figures]


@dataclass(frozen=True, slots=True)
class Standing:
    """A hospital before the steps: amount by points, `fund_fen` = F' (net of audit sums), deposits held."""

    hospital: Hospital
    amount_fen: int
    fund_fen: int
    points: Fraction
    held_fen: int


@dataclass(frozen=True)
class PoolYear:
    """What the steps of a pool's year rest on; hospitals by code."""

    hospitals: Mapping[str, Standing]
    budget_fen: int
    reserve_fen: int
    policy: Policy


def take_steps(pool: PoolYear) -> dict[YearStep, Figures]:
    """The terms of all steps. Steps of one entry of `clearing.order` read the amount that the entries before left."""
    running = {code: one.amount_fen for code, one in pool.hospitals.items()}
    written: dict[YearStep, Figures] = {}
    for entry in pool.policy.clearing_order:
        now = {step: STEPS[step](pool, running, written) for step in entry}
        written |= now
        running = {code: running[code] + sum(TERMS[step].sign * now[step][code] for step in entry) for code in running}
    return written


def _each(pool: PoolYear, running: Figures, of_one: Callable[[Standing, int, Policy], int]) -> dict[str, int]:
    return {code: of_one(one, running[code], pool.policy) for code, one in pool.hospitals.items()}


def cap_excess(one: Standing, amount: int, policy: Policy) -> int:
    """超封顶线: above the cap; of a suspended hospital above F' (article 34.2, 34.4). 0 without a positive F'."""
    if one.fund_fen <= 0:
        return 0
    return max(amount - (one.fund_fen if one.hospital.suspended else _limit(one, policy)), 0)


def surplus_not_kept(one: Standing, amount: int, policy: Policy) -> int:
    """结余不留用: of what lies between F' and the cap, the part that may not be kept (article 34.1, OP-69)."""
    if one.fund_fen <= 0 or one.hospital.suspended:
        return 0
    surplus = max(min(amount, _limit(one, policy)) - one.fund_fen, 0)
    return surplus - to_fen(surplus * Fraction(policy.surplus_keep_share))


def deficit_borne(one: Standing, amount: int, policy: Policy) -> int:
    """超支分担 before the limit of the pool (article 34.3)."""
    if one.fund_fen <= 0 or one.hospital.suspended:
        return 0
    return deficit_share(max(one.fund_fen - amount, 0), one.fund_fen, policy)


def assessment_adjustment(one: Standing, amount: int, _: Policy) -> int:
    """考核系数调整资金: amount × (assessment − 1) (article 33)."""
    return to_fen(amount * (one.hospital.assessment - 1))


def deposit_not_returned(one: Standing, _: int, __: Policy) -> int:
    """质量保证金不予返还: of the deposits held; reads no amount (article 32(四))."""
    return to_fen(one.held_fen * (1 - one.hospital.deposit_return))


def _limit(one: Standing, policy: Policy) -> int:
    return to_fen(one.fund_fen * Fraction(dict(policy.cap_level)[one.hospital.level]))


def deficit_share(deficit: int, fund: int, policy: Policy) -> int:
    """The fund's share of a deficit: of the part in each tier `from·F'` to `to·F'` its `fund_share` (OP-70)."""
    borne = Fraction(0)
    for tier in policy.deficit_tiers:
        upper = Fraction(deficit) if tier.end is None else min(Fraction(deficit), Fraction(tier.end) * fund)
        borne += max(upper - Fraction(tier.start) * fund, Fraction(0)) * Fraction(tier.fund_share)
    return to_fen(borne)


def limit_deficits(deficits: Figures, budget: int, reserve: int, policy: Policy) -> dict[str, int]:
    """Shares of a pool, scaled to the share of the budget and the reserve where they exceed it (OP-71)."""
    limit = min(to_fen(budget * Fraction(policy.deficit_max_share_of_budget)), reserve)
    total = sum(deficits.values())
    if total <= limit:
        return dict(deficits)
    return allocate({code: Fraction(deficit * limit, total) for code, deficit in deficits.items()}, limit)


def _deficit_shares(pool: PoolYear, running: Figures, _: Terms) -> dict[str, int]:
    return limit_deficits(_each(pool, running, deficit_borne), pool.budget_fen, pool.reserve_fen, pool.policy)


def second_distribution(pool: PoolYear, _: Figures, written: Terms) -> dict[str, int]:
    """二次分配: the rest of the reserve by points × assessment, not to capped or suspended hospitals (OP-77, OP-78).

    Reads the terms of cap and deficit.
    """
    nobody = dict.fromkeys(pool.hospitals, 0)
    if not pool.policy.second_distribution:
        return nobody
    weights = {
        code: one.points * one.hospital.assessment
        for code, one in pool.hospitals.items()
        if not one.hospital.suspended and not written[YearStep.CAP][code]
    }
    total = sum(weights.values(), Fraction(0))
    if not total:
        return nobody
    left = pool.reserve_fen - sum(written[YearStep.DEFICIT].values())
    return nobody | allocate({code: weight * left / total for code, weight in weights.items()}, left)


STEPS: Mapping[YearStep, Callable[[PoolYear, Figures, Terms], dict[str, int]]] = {
    YearStep.CAP: lambda pool, running, _: _each(pool, running, cap_excess),
    YearStep.SURPLUS: lambda pool, running, _: _each(pool, running, surplus_not_kept),
    YearStep.DEFICIT: _deficit_shares,
    YearStep.ASSESSMENT: lambda pool, running, _: _each(pool, running, assessment_adjustment),
    YearStep.DEPOSIT: lambda pool, running, _: _each(pool, running, deposit_not_returned),
    YearStep.SECOND_DISTRIBUTION: second_distribution,
}
