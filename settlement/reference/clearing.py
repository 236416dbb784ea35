"""Clearing between cities: what insured areas owe treating areas (policy-formulas 13; policy/004 二(四)).

What is not owed by points (by item, or in a pool without a value) is the fund.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from settlement.reference.away_caps import capped
from settlement.reference.exact import to_fen
from settlement.reference.inputs import Province
from settlement.reference.own_pools import in_own_pool, own_shares
from settlement.reference.points import PointsExplanation
from settlement.reference.pools import PoolPeriod, amount_fen
from settlement.reference.scope import Scope, cross_by_item, in_pool
from settlement.reference.sums import NO_ITEMS, Sums, items_by, sum_by

Pair = tuple[str, str, str, Scope]  # insured area, treating area, insurance type, scope
_YEAR_LENGTH = len("YYYY")


@dataclass(frozen=True, slots=True)
class Debt:
    """What an insured area owes a treating area for a period, fen."""

    insured_area: str
    treating_area: str
    insutype: str
    scope: Scope
    period: str
    cases: int
    amount_fen: int

    @property
    def pair(self) -> Pair:
        """Who owes whom, for which insurance and scope."""
        return (self.insured_area, self.treating_area, self.insutype, self.scope)


def settle_matrix(province: Province, points: Iterable[PointsExplanation], pools: Iterable[PoolPeriod]) -> list[Debt]:
    """Months, year and adjustment of every pair of areas with cases; joint pools settle theirs inside."""
    return with_adjustments(settle_debts(province, points, pools))


def settle_debts(province: Province, points: Iterable[PointsExplanation], pools: Iterable[PoolPeriod]) -> list[Debt]:
    """Months and year of every pair of areas with cases, each settled on its own."""
    values = {(pool.area, pool.insutype, pool.period): pool.value for pool in pools}
    hospitals = {hospital.fixmedins_code: hospital for hospital in province.hospitals}
    away = _sums_away(province, points)
    own = own_shares(away, province.policies)
    debts: list[Debt] = []
    for pair, period in sorted(away, key=lambda key: (key[0], len(key[1]) == _YEAR_LENGTH, key[1])):
        by_hospital, policy = away[pair, period], province.policies[pair[1]]
        by_points: Mapping[str, int] = own.get((pair, period), {})
        if not cross_by_item(pair[3], policy) and not in_own_pool(pair[3], policy):
            by_points = _at_value(by_hospital, values.get((pair[1], pair[2], period)))
        if len(period) == _YEAR_LENGTH:
            by_points = capped(by_points, by_hospital, hospitals, policy)
        owed = sum(by_points.get(code, sums.fund_fen) for code, sums in by_hospital.items())
        debts.append(Debt(*pair, period, sum(sums.cases for sums in by_hospital.values()), owed))
    return debts


def _sums_away(province: Province, points: Iterable[PointsExplanation]) -> dict[tuple[Pair, str], dict[str, Sums]]:
    """Sums by hospital of what no pool of a treating area settles inside itself, by pair and period."""
    months: dict[tuple[Pair, str], list[PointsExplanation]] = defaultdict(list)
    years: dict[tuple[Pair, str], list[PointsExplanation]] = defaultdict(list)
    for one in points:
        policy = province.policies[one.area]
        if in_pool(one.scope, policy):
            continue
        pair = (one.case.insu_admdvs, one.area, one.case.insutype, one.scope)
        always = cross_by_item(one.scope, policy)
        if one.in_month or always:
            months[pair, one.pay_month].append(one)
        if one.in_year or always:
            years[pair, str(province.year)].append(one)
    return {
        key: _by_points(cases, yearly)
        for yearly, periods in ((False, months), (True, years))
        for key, cases in periods.items()
    }


def _by_points(cases: list[PointsExplanation], yearly: bool) -> dict[str, Sums]:
    """Sums by hospital that points are paid by: what is paid by item is worth its fund (OP-14, OP-63)."""
    counted = [(one.case.fixmedins_code, one) for one in cases]
    items = items_by(counted)
    return {code: items.get(code, NO_ITEMS).taken_off(sums) for code, sums in sum_by(counted, yearly=yearly).items()}


def _at_value(by_hospital: Mapping[str, Sums], value: Fraction | None) -> dict[str, int]:
    """By hospital and rounded: points × V − (cost − fund) with the treating pool's V; nothing without V."""
    if value is None:
        return {}
    return {code: to_fen(amount_fen(sums, value)) for code, sums in by_hospital.items()}


def with_adjustments(debts: Iterable[Debt]) -> list[Debt]:
    """Each year's adjustment beside it: the year less its months."""
    by_pair: dict[Pair, list[Debt]] = defaultdict(list)
    for debt in debts:
        by_pair[debt.pair].append(debt)
    rows: list[Debt] = []
    for pair, mine in sorted(by_pair.items()):
        (yearly,) = [debt for debt in mine if len(debt.period) == _YEAR_LENGTH]
        rest = 2 * yearly.amount_fen - sum(debt.amount_fen for debt in mine)
        rows += [*mine, Debt(*pair, f"{yearly.period}-adjustment", 0, rest)]
    return rows


def settle_net(year: str | None, debts: Iterable[Debt]) -> dict[str, int]:
    """What each area receives less what it owes for the year, fen; the sum is 0."""
    net: dict[str, int] = defaultdict(int)
    for debt in debts:
        if debt.period == year:
            net[debt.treating_area] += debt.amount_fen
            net[debt.insured_area] -= debt.amount_fen
    return dict(net)
