"""Pools of an area and insurance type: budget used, point value, amounts (policy/002 articles 31 and 32)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import reduce
from types import MappingProxyType

from settlement.policy import PointValueKind, Policy
from settlement.policy_values import PolicyProblem
from settlement.readings import Residue
from settlement.reference.exact import allocate, round_half_up, to_fen
from settlement.reference.inputs import Province
from settlement.reference.points import PointsExplanation
from settlement.reference.scope import in_pool
from settlement.reference.sums import (
    NO_ITEMS,
    NOTHING,
    ByItem,
    Sums,
    amounts_count,
    items_by,
    shared_by_points,
    sum_by,
)

PoolKey = tuple[str, str]
NO_OPENINGS: Mapping[PoolKey, int] = MappingProxyType({})


@dataclass(frozen=True)
class PoolPeriod:
    """A pool in a month or the year. Money in fen; `value` is V in yuan per point, None without points.

    `items`: what of the hospitals' sums is paid by item. Where nobody is paid by points the residue takes what their
    fund leaves of the budget used, or goes beyond it.
    """

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
    items: Mapping[str, ByItem] = field(default_factory=dict)

    @property
    def by_points(self) -> dict[str, Sums]:
        """The hospitals' sums that points are paid by."""
        return shared_by_points(self.by_hospital, self.items)


def settle_pools(
    province: Province, points: Iterable[PointsExplanation], openings: Mapping[PoolKey, int] = NO_OPENINGS
) -> list[PoolPeriod]:
    """All pools with a budget or a case: twelve months and the year of each.

    `openings`: what last December carried into January (OP-46); fen.
    """
    budgets = {(budget.area, budget.insutype, budget.period): budget.amount_fen for budget in province.budgets}
    cases: dict[PoolKey, list[PointsExplanation]] = {(area, insutype): [] for area, insutype, _ in budgets}
    for one in points:
        policy = province.policies[one.area]
        if in_pool(one.scope, policy) and (one.in_year or amounts_count(one, policy)):
            cases.setdefault((one.area, one.case.insutype), []).append(one)
    settled: list[PoolPeriod] = []
    for (area, insutype), inside in sorted(cases.items()):
        year = province.year or ""
        by_period = {period: amount for (a, i, period), amount in budgets.items() if (a, i) == (area, insutype)}
        policy = province.policies[area]
        opening = openings.get((area, insutype), 0)
        settled += settle_months((area, insutype), year, by_period, inside, policy, opening)
        settled.append(settle_year((area, insutype), year, by_period.get(year, 0), inside, policy))
    return with_common_values(settled, province.policies)


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
    beside: dict[str, list[PointsExplanation]] = defaultdict(list)
    for one in cases:
        if one.in_month:
            by_month[one.pay_month].append(one)
        elif amounts_count(one, policy):
            beside[one.pay_month].append(one)
    months: list[PoolPeriod] = []
    carried = opening
    for month in (f"{year}-{number:02d}" for number in range(1, 13)):
        counted = [(one.case.fixmedins_code, one) for one in by_month[month]]
        by_hospital = _with_amounts(sum_by(counted), beside[month])
        budget = budgets.get(month, 0)
        available = budget + carried
        fund = sum(sums.fund_fen for sums in by_hospital.values())
        reached = fund >= (available if policy.month_carry_before_test else budget)
        used = available if reached else fund
        carried = available - used
        months.append(_settle(pool, month, by_hospital, items_by(counted), budget, used, carried, policy))
    return months


def _with_amounts(by_hospital: Mapping[str, Sums], beside: Iterable[PointsExplanation]) -> dict[str, Sums]:
    """With cost and fund of cases that count in nothing else."""
    sums = dict(by_hospital)
    for one in beside:
        amounts = Sums(cost_fen=one.case.paid_cost_fen, fund_fen=one.case.fund_fen)
        sums[one.case.fixmedins_code] = sums.get(one.case.fixmedins_code, NOTHING).plus(amounts)
    return sums


def settle_year(
    pool: PoolKey, year: str, budget: int, cases: Iterable[PointsExplanation], policy: Policy
) -> PoolPeriod:
    """The year of a pool: the annual budget, less the reserve where it is deducted first (OP-10)."""
    reserve = to_fen(budget * Fraction(policy.reserve_share))
    used = budget - reserve if policy.reserve_deduct_before_points else budget
    counted = [(one.case.fixmedins_code, one) for one in cases if one.in_year]
    by_hospital = sum_by(counted, yearly=True)
    return _settle(pool, year, by_hospital, items_by(counted), budget, used, reserve, policy)


def _settle(
    pool: PoolKey,
    period: str,
    by_hospital: Mapping[str, Sums],
    items: Mapping[str, ByItem],
    budget: int,
    used: int,
    beside: int,
    policy: Policy,
) -> PoolPeriod:
    total = NOTHING
    for sums in by_hospital.values():
        total = total.plus(sums)
    by_points = shared_by_points(by_hospital, items)
    shared = replace(total, cost_fen=sum(sums.cost_fen for sums in by_points.values()))
    fixed = set_value(shared, used, pool[1], policy)
    value = point_value(shared, used, policy.value_dp, fixed)
    booked = policy.rounding_residue is Residue.BOOKED
    amounts = amounts_by_value(by_points, value, used, policy.value_dp, booked or fixed is not None)
    if value is None:  # nobody is paid by points
        amounts = {code: items.get(code, NO_ITEMS).fund_fen for code in by_hospital}
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
        items=items,
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
    by_hospital: Mapping[str, Sums], value: Fraction | None, used_fen: int, places: int | None, one_by_one: bool = False
) -> dict[str, int]:
    """What each hospital is due: allocated to the budget used where V is exact, else rounded one by one (OP-02).

    A value that is set or common does not share out what the pool uses, so its amounts are rounded one by one too, and
    so are all where the residue is booked.
    """
    if value is None:
        return dict.fromkeys(by_hospital, 0)
    exact = {code: amount_fen(sums, value) for code, sums in by_hospital.items()}
    if places is None and not one_by_one:
        return allocate(exact, used_fen)
    return {code: to_fen(amount) for code, amount in exact.items()}


def with_common_values(pools: Iterable[PoolPeriod], policies: Mapping[str, Policy]) -> list[PoolPeriod]:
    """The pools with one value for all insurance types of an area and period, where the area says so (OP-03).

    Budget, roll-over and residue stay with each pool: its residue is what its money pays for the cases of others. The
    money of a pool without points is in no value.
    """
    several = list(pools)
    together: dict[tuple[str, str], tuple[Sums, int]] = defaultdict(lambda: (NOTHING, 0))
    for pool in several:
        if pool.sums.points:
            sums, used = together[pool.area, pool.period]
            shared = reduce(Sums.plus, pool.by_points.values(), sums)
            together[pool.area, pool.period] = shared, used + pool.used_fen

    def valued(pool: PoolPeriod) -> PoolPeriod:
        policy = policies[pool.area]
        if policy.point_value_by_insurance or not pool.sums.points:
            return pool
        sums, used = together[pool.area, pool.period]
        value = point_value(sums, used, policy.value_dp, set_value(sums, used, pool.insutype, policy))
        amounts = amounts_by_value(pool.by_points, value, pool.used_fen, policy.value_dp, one_by_one=True)
        return replace(pool, value=value, amounts_fen=amounts, residue_fen=pool.used_fen - sum(amounts.values()))

    return [valued(pool) for pool in several]
