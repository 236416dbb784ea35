"""Clearing between cities: what insured areas owe treating areas (policy-formulas 13; policy/004 二(四))."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from settlement.reference.exact import to_fen
from settlement.reference.inputs import Province
from settlement.reference.points import PointsExplanation
from settlement.reference.pools import NO_ITEMS, PoolPeriod, Sums, amount_fen, items_by, sum_by
from settlement.reference.scope import Scope, in_pool

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
    months: dict[Pair, dict[str, list[PointsExplanation]]] = defaultdict(lambda: defaultdict(list))
    years: dict[Pair, list[PointsExplanation]] = defaultdict(list)
    for one in points:
        if in_pool(one.scope, province.policies[one.area]):
            continue
        pair = (one.case.insu_admdvs, one.area, one.case.insutype, one.scope)
        by_item = one.scope is Scope.CROSS_PROVINCE
        if one.in_month or by_item:
            months[pair][one.pay_month].append(one)
        if one.in_year or by_item:
            years[pair].append(one)
    debts: list[Debt] = []
    for pair, cases in sorted(years.items()):
        debts += [_debt(pair, month, inside, values) for month, inside in sorted(months[pair].items())]
        debts.append(_debt(pair, str(province.year), cases, values))
    return debts


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


def _debt(
    pair: Pair, period: str, cases: list[PointsExplanation], values: Mapping[tuple[str, str, str], Fraction | None]
) -> Debt:
    """By hospital and rounded: points × V − (cost − fund) with the treating pool's V; by item or without V the fund."""
    counted = [(one.case.fixmedins_code, one) for one in cases]
    by_hospital, items = sum_by(counted, yearly="-" not in period), items_by(counted)
    value = values.get((pair[1], pair[2], period)) if pair[3] is Scope.IN_PROVINCE else None
    owed = sum(_owed(items.get(code, NO_ITEMS).taken_off(sums), value) for code, sums in by_hospital.items())
    return Debt(*pair, period, len(cases), owed)


def _owed(sums: Sums, value: Fraction | None) -> int:
    return sums.fund_fen if value is None else to_fen(amount_fen(sums, value))


def settle_net(year: str | None, debts: Iterable[Debt]) -> dict[str, int]:
    """What each area receives less what it owes for the year, fen; the sum is 0."""
    net: dict[str, int] = defaultdict(int)
    for debt in debts:
        if debt.period == year:
            net[debt.treating_area] += debt.amount_fen
            net[debt.insured_area] -= debt.amount_fen
    return dict(net)
