"""The steps of the year (policy/002 articles 9 and 32 to 34), one pure function each, taken in the order of the policy.

A step reads the running amount of each hospital and the terms written before it, and writes one term (fen by hospital).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from settlement.policy import Policy
from settlement.readings import DistributionKey, ExcessTo, OverLimit, SurplusTerm, SuspensionEffect
from settlement.reference.exact import allocate, to_fen
from settlement.reference.inputs import Hospital
from settlement.year_order import TERMS, YearStep

Figures = Mapping[str, int]  # fen by hospital
Terms = Mapping[YearStep, Figures]
NO_LEVELS: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Standing:
    """A hospital before the steps: amount by points, `fund_fen` = F' (OP-72), deposits held."""

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
    """超封顶线: above the cap; of a suspended hospital above F', unless its cap is the usual one (article 34.2, 34.4,
    OP-73). 0 without a positive F'.
    """
    if one.fund_fen <= 0:
        return 0
    to_fund = one.hospital.suspended and policy.suspension_effect is SuspensionEffect.LIMIT_TO_FUND
    return max(amount - (one.fund_fen if to_fund else _limit(one, policy)), 0)


def surplus_not_kept(one: Standing, amount: int, policy: Policy) -> int:
    """结余不留用: of the surplus, the part that may not be kept (article 34.1, OP-69); a suspended hospital keeps none.

    Where the formula adds what is kept (OP-51), the part that is kept, as a negative amount.
    """
    surplus = _surplus(one, amount, policy)
    kept = 0 if one.hospital.suspended else to_fen(surplus * Fraction(policy.surplus_keep_share))
    return -kept if policy.surplus_term is SurplusTerm.PLUS_KEPT else surplus - kept


def _surplus(one: Standing, amount: int, policy: Policy) -> int:
    """What lies between F' and the cap. A suspended hospital that is limited to F' has none there (OP-73)."""
    to_fund = one.hospital.suspended and policy.suspension_effect is SuspensionEffect.LIMIT_TO_FUND
    if one.fund_fen <= 0 or to_fund:
        return 0
    return max(min(amount, _limit(one, policy)) - one.fund_fen, 0)


def deficit_borne(one: Standing, amount: int, policy: Policy) -> int:
    """超支分担 before the limit of the pool (article 34.3)."""
    if one.fund_fen <= 0 or one.hospital.suspended:
        return 0
    return deficit_share(max(one.fund_fen - amount, 0), one.fund_fen, policy)


def assessment_of(hospital: Hospital, policy: Policy) -> Fraction:
    """考核系数 within the limits of the area (article 33, OP-55)."""
    coefficient = hospital.assessment
    if policy.assessment_min is not None:
        coefficient = max(coefficient, Fraction(policy.assessment_min))
    return coefficient if policy.assessment_max is None else min(coefficient, Fraction(policy.assessment_max))


def assessment_adjustment(one: Standing, amount: int, policy: Policy) -> int:
    """考核系数调整资金: amount × (assessment − 1) (article 33)."""
    return to_fen(amount * (assessment_of(one.hospital, policy) - 1))


def neutral_adjustments(pool: PoolYear, running: Figures) -> dict[str, int]:
    """考核系数调整资金 that moves money between hospitals only (OP-53): the sum of the positive amounts, allocated by
    amount × assessment, less the amount. 0 for amounts that are not positive, and for all where the weights are 0.
    """
    nothing = dict.fromkeys(pool.hospitals, 0)
    positive = {code: amount for code, amount in running.items() if amount > 0}
    weights = {code: positive[code] * assessment_of(pool.hospitals[code].hospital, pool.policy) for code in positive}
    money, total = sum(positive.values()), sum(weights.values(), Fraction(0))
    if not total:
        return nothing
    given = allocate({code: weight * money / total for code, weight in weights.items()}, money)
    return nothing | {code: given[code] - positive[code] for code in positive}


def _assessment_adjustments(pool: PoolYear, running: Figures, _: Terms) -> dict[str, int]:
    if pool.policy.assessment_neutral:
        return neutral_adjustments(pool, running)
    return _each(pool, running, assessment_adjustment)


def returned_share(hospital: Hospital, policy: Policy) -> Fraction:
    """Share of the deposits that is returned: by the score of the evaluation where area and hospital have one (OP-56),
    else the share that stands with the hospital. Below the first step nothing is returned.
    """
    if hospital.score is None or not policy.deposit_return_table:
        return hospital.deposit_return
    reached = [step.share for step in policy.deposit_return_table if step.score <= hospital.score]
    return Fraction(reached[-1]) if reached else Fraction(0)


def deposit_not_returned(one: Standing, _: int, policy: Policy) -> int:
    """质量保证金不予返还: of the deposits held; reads no amount (article 32(四))."""
    return to_fen(one.held_fen * (1 - returned_share(one.hospital, policy)))


def _limit(one: Standing, policy: Policy) -> int:
    return to_fen(one.fund_fen * Fraction(dict(policy.cap_level)[one.hospital.level]))


def deficit_share(deficit: int, fund: int, policy: Policy) -> int:
    """The fund's share of a deficit: of the part in each tier `from·F'` to `to·F'` its `fund_share` (OP-70)."""
    borne = Fraction(0)
    for tier in policy.deficit_tiers:
        upper = Fraction(deficit) if tier.end is None else min(Fraction(deficit), Fraction(tier.end) * fund)
        borne += max(upper - Fraction(tier.start) * fund, Fraction(0)) * Fraction(tier.fund_share)
    return to_fen(borne)


def limit_deficits(
    deficits: Figures, budget: int, reserve: int, policy: Policy, levels: Mapping[str, int] = NO_LEVELS
) -> dict[str, int]:
    """Shares of a pool where they exceed the share of the budget and, being paid out of it, the reserve (OP-11).

    All are scaled to the limit; or level 1 (by hospital in `levels`) goes first, then 2, then 3: the level that reaches
    the limit is scaled to what is left of it, and later ones get nothing (OP-71).
    """
    limit = to_fen(budget * Fraction(policy.deficit_max_share_of_budget))
    limit = min(limit, reserve) if policy.reserve_single_fund else limit
    turns = levels if policy.deficit_over_limit is OverLimit.PRIMARY_FIRST else NO_LEVELS
    shares: dict[str, int] = {}
    for turn in sorted({turns.get(code, 0) for code in deficits}):
        mine = {code: deficit for code, deficit in deficits.items() if turns.get(code, 0) == turn}
        shares |= _scaled(mine, limit)
        limit -= sum(shares[code] for code in mine)
    return shares


def _scaled(deficits: Figures, limit: int) -> dict[str, int]:
    total = sum(deficits.values())
    if total <= limit:
        return dict(deficits)
    return allocate({code: Fraction(deficit * limit, total) for code, deficit in deficits.items()}, limit)


def _deficit_shares(pool: PoolYear, running: Figures, _: Terms) -> dict[str, int]:
    levels = {code: one.hospital.level for code, one in pool.hospitals.items()}
    borne = _each(pool, running, deficit_borne)
    return limit_deficits(borne, pool.budget_fen, pool.reserve_fen, pool.policy, levels)


def second_distribution(pool: PoolYear, running: Figures, written: Terms) -> dict[str, int]:
    """二次分配: what is left to distribute, by the key of the area (OP-77); not to suspended hospitals, and to capped
    ones only where the area says so (OP-78). Reads the terms of cap and deficit.
    """
    nobody = dict.fromkeys(pool.hospitals, 0)
    if not pool.policy.second_distribution:
        return nobody
    weights = {
        code: _distribution_weight(one, running[code], pool.policy)
        for code, one in pool.hospitals.items()
        if not one.hospital.suspended and (pool.policy.second_distribution_capped or not written[YearStep.CAP][code])
    }
    total = sum(weights.values(), Fraction(0))
    if not total:
        return nobody
    left = left_to_distribute(pool, written)
    return nobody | allocate({code: weight * left / total for code, weight in weights.items()}, left)


def left_to_distribute(pool: PoolYear, written: Terms) -> int:
    """The reserve, less the deficit shares that it pays (OP-11), with the cap excess that goes there (OP-74)."""
    shares = sum(written[YearStep.DEFICIT].values()) if pool.policy.reserve_single_fund else 0
    added = pool.policy.cap_excess_to is ExcessTo.SECOND_DISTRIBUTION
    return pool.reserve_fen - shares + (sum(written[YearStep.CAP].values()) if added else 0)


def _distribution_weight(one: Standing, amount: int, policy: Policy) -> Fraction:
    """Points × assessment, points, or the positive part of the amount that the steps before left (OP-77)."""
    if policy.second_distribution_key is DistributionKey.AMOUNT:
        return Fraction(max(amount, 0))
    assessed = policy.second_distribution_key is DistributionKey.POINTS_ASSESSMENT
    return one.points * (assessment_of(one.hospital, policy) if assessed else 1)


STEPS: Mapping[YearStep, Callable[[PoolYear, Figures, Terms], dict[str, int]]] = {
    YearStep.CAP: lambda pool, running, _: _each(pool, running, cap_excess),
    YearStep.SURPLUS: lambda pool, running, _: _each(pool, running, surplus_not_kept),
    YearStep.DEFICIT: _deficit_shares,
    YearStep.ASSESSMENT: _assessment_adjustments,
    YearStep.DEPOSIT: lambda pool, running, _: _each(pool, running, deposit_not_returned),
    YearStep.SECOND_DISTRIBUTION: second_distribution,
}
