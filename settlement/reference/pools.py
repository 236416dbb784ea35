"""Pools of an area and insurance type: budget used, point value, amounts (policy/002 articles 31 and 32)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from settlement.policy import PointValueKind, Policy
from settlement.policy_values import PolicyProblem
from settlement.reference.exact import allocate, round_half_up, to_fen
from settlement.reference.inputs import Province
from settlement.reference.points import PointsExplanation
from settlement.reference.scope import in_pool

PoolKey = tuple[str, str]
NO_OPENINGS: Mapping[PoolKey, int] = MappingProxyType({})


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


@dataclass(frozen=True)
class PoolPeriod:
    """A pool in a month or the year. Money in fen; `value` is V in yuan per point, None without points."""

    area: str
    insutype: str
    period: str
    sums: Sums
    budget_fen: int
    used_fen: int
    carried_or_reserve_fen: int
    value: Fraction | None
    residue_fen: int
    by_hospital: Mapping[str, Sums]
    amounts_fen: Mapping[str, int]


def sum_by(cases: Iterable[tuple[str, PointsExplanation]], yearly: bool = False) -> dict[str, Sums]:
    """Sums by the key that stands beside each case; `yearly` with what the year's clearing adds to the points."""
    sums: dict[str, Sums] = defaultdict(Sums)
    for key, points in cases:
        case = points.case
        counted = points.points + points.uplift if yearly else points.points
        sums[key] = sums[key].plus(Sums(1, counted, case.paid_cost_fen, case.fund_fen))
    return dict(sums)


def settle_pools(
    province: Province, points: Iterable[PointsExplanation], openings: Mapping[PoolKey, int] = NO_OPENINGS
) -> list[PoolPeriod]:
    """All pools with a budget or a case: twelve months and the year of each.

    `openings`: what last December carried into January (OP-46); fen.
    """
    budgets = {(budget.area, budget.insutype, budget.period): budget.amount_fen for budget in province.budgets}
    cases: dict[PoolKey, list[PointsExplanation]] = {(area, insutype): [] for area, insutype, _ in budgets}
    for one in points:
        if one.in_year and in_pool(one.scope, province.policies[one.area]):
            cases.setdefault((one.area, one.case.insutype), []).append(one)
    settled: list[PoolPeriod] = []
    for (area, insutype), inside in sorted(cases.items()):
        year = province.year or ""
        by_period = {period: amount for (a, i, period), amount in budgets.items() if (a, i) == (area, insutype)}
        policy = province.policies[area]
        opening = openings.get((area, insutype), 0)
        settled += settle_months((area, insutype), year, by_period, inside, policy, opening)
        settled.append(settle_year((area, insutype), year, by_period.get(year, 0), inside, policy))
    return settled


def settle_months(
    pool: PoolKey,
    year: str,
    budgets: Mapping[str, int],
    cases: Iterable[PointsExplanation],
    policy: Policy,
    opening: int = 0,
) -> list[PoolPeriod]:
    """The months of a pool; what a month does not use is carried to the next (OP-45). What December leaves ends with
    it, or is the `opening` of the next January (OP-46).

    With the budget T, the fund F and the roll-over R of the months before, used and carried on are
    - the roll-over enters before the test: T + R and 0 where F >= T + R, else F and T + R - F;
    - it enters after the test: T + R and 0 where F >= T, else F and T - F + R.
    """
    by_month: dict[str, list[PointsExplanation]] = defaultdict(list)
    for one in cases:
        if one.in_month:
            by_month[one.case.month].append(one)
    months: list[PoolPeriod] = []
    carried = opening
    for month in (f"{year}-{number:02d}" for number in range(1, 13)):
        by_hospital = sum_by((one.case.fixmedins_code, one) for one in by_month[month])
        budget = budgets.get(month, 0)
        available = budget + carried
        fund = sum(sums.fund_fen for sums in by_hospital.values())
        reached = fund >= (available if policy.month_carry_before_test else budget)
        used = available if reached else fund
        carried = available - used
        months.append(_settle(pool, month, by_hospital, budget, used, carried, policy))
    return months


def settle_year(
    pool: PoolKey, year: str, budget: int, cases: Iterable[PointsExplanation], policy: Policy
) -> PoolPeriod:
    """The year of a pool: the annual budget, less the reserve where it is deducted first (OP-10)."""
    reserve = to_fen(budget * Fraction(policy.reserve_share))
    used = budget - reserve if policy.reserve_deduct_before_points else budget
    by_hospital = sum_by(((one.case.fixmedins_code, one) for one in cases), yearly=True)
    return _settle(pool, year, by_hospital, budget, used, reserve, policy)


def _settle(
    pool: PoolKey, period: str, by_hospital: Mapping[str, Sums], budget: int, used: int, beside: int, policy: Policy
) -> PoolPeriod:
    total = NOTHING
    for sums in by_hospital.values():
        total = total.plus(sums)
    fixed = set_value(total, used, pool[1], policy)
    value = point_value(total, used, policy.value_dp, fixed)
    amounts = amounts_by_value(by_hospital, value, used, policy.value_dp, fixed is not None)
    return PoolPeriod(
        area=pool[0],
        insutype=pool[1],
        period=period,
        sums=total,
        budget_fen=budget,
        used_fen=used,
        carried_or_reserve_fen=beside,
        value=value,
        residue_fen=used - sum(amounts.values()),
        by_hospital=by_hospital,
        amounts_fen=amounts,
    )


def set_value(sums: Sums, used_fen: int, insutype: str, policy: Policy) -> Fraction | None:
    """The value that is set rather than shared out (固定费率, 弹性费率, policy/001 article 17, OP-43, OP-44).

    Elastic, split by volume: the floating value, but at most split × fixed + (1 − split) × limit. None: it floats.
    """
    if policy.point_value_kind is PointValueKind.FLOATING or not sums.points:
        return None
    most = policy.point_value_elastic_max
    if policy.point_value_kind is PointValueKind.ELASTIC and most is None:
        return None
    fixed = dict(policy.point_value_fixed).get(insutype)
    if fixed is None:
        raise PolicyProblem(f"point_value.fixed has no value for insutype {insutype}; give it one")
    if policy.point_value_kind is PointValueKind.FIXED or most is None:
        return Fraction(fixed)
    split = Fraction(policy.point_value_elastic_split or 0)
    blend = split * Fraction(fixed) + (1 - split) * Fraction(most)
    floating = Fraction(sums.cost_fen - sums.fund_fen + used_fen, 100) / sums.points
    return blend if floating > blend else None


def point_value(sums: Sums, used_fen: int, places: int | None, fixed: Fraction | None = None) -> Fraction | None:
    """每点费用 V = (cost − fund + budget used) ÷ points, yuan; None without points; rounded where places are set.

    `fixed`: the value where one is set.
    """
    if not sums.points:
        return None
    value = Fraction(sums.cost_fen - sums.fund_fen + used_fen, 100) / sums.points if fixed is None else fixed
    return value if places is None else round_half_up(value, places)


def amount_fen(sums: Sums, value: Fraction) -> Fraction:
    """points × V − (cost − fund), exact fen (policy/002 articles 31(三), 32(三))."""
    return sums.points * value * 100 - (sums.cost_fen - sums.fund_fen)


def amounts_by_value(
    by_hospital: Mapping[str, Sums], value: Fraction | None, used_fen: int, places: int | None, is_set: bool = False
) -> dict[str, int]:
    """What each hospital is due: allocated to the budget used where V is exact, else rounded one by one (OP-02).

    A value that is set does not share out what is used, so its amounts are rounded one by one too.
    """
    if value is None:
        return dict.fromkeys(by_hospital, 0)
    exact = {code: amount_fen(sums, value) for code, sums in by_hospital.items()}
    if places is None and not is_set:
        return allocate(exact, used_fen)
    return {code: to_fen(amount) for code, amount in exact.items()}
