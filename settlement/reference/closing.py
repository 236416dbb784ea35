"""Closed months (月度关账): what was closed stays as it was; what changes later is booked in the first open month.

A month's rows are shown to the hospitals and paid, then the month is closed. A correction that comes later (a case, a
review, an audit sum) is the difference between what the month comes to now and what it was closed at. It is added to
the first open month of the year, term by term, so that the months of a year still sum to what they come to. Where all
months are closed, the annual clearing takes it up: it starts from the year's own sums, less what the months paid
(policy/002 articles 32 and 34(五); policy/000 article 21).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from settlement.reference.clearing import Debt, Pair
from settlement.reference.inputs import Budget, Province
from settlement.reference.month import Account, HospitalMonth, Months, MonthTerms, months_of
from settlement.reference.pools import PoolKey, PoolPeriod
from settlement.reference.sums import NOTHING, Sums

if TYPE_CHECKING:
    from settlement.reference.settle import Settlement

_YEAR_LENGTH = len("YYYY")


@dataclass(frozen=True, slots=True)
class Correction:
    """What a closed month of a hospital comes to now, less what was booked for it before; where that is booked."""

    fixmedins_code: str
    insutype: str
    month: str
    booked_in: str
    terms: MonthTerms


@dataclass(frozen=True)
class ClosedMonths:
    """The closed months of a year and their rows. `through`: area -> its last closed month, YYYY-MM; months are closed
    in order, so all months of the year before it are closed too.
    """

    through: Mapping[str, str] = field(default_factory=dict)
    months: tuple[HospitalMonth, ...] = ()
    pools: tuple[PoolPeriod, ...] = ()
    matrix: tuple[Debt, ...] = ()
    corrections: tuple[Correction, ...] = ()  # those that were booked in a closed month

    @property
    def accounts(self) -> set[Account]:
        """Hospitals and insurances with a row in a closed month."""
        return {(row.fixmedins_code, row.insutype) for row in self.months}

    def holds(self, area: str, period: str) -> bool:
        """Whether a period is a closed month of the area."""
        return len(period) > _YEAR_LENGTH and period <= self.through.get(area, "")

    def booked_in(self, area: str, year: str) -> str:
        """Where corrections of the area are booked: its first open month, or the year where all are closed."""
        return next((month for month in months_of(year) if not self.holds(area, month)), year)


NOTHING_CLOSED = ClosedMonths()


def close_months(
    settlement: Settlement, areas: Mapping[str, str], through: Mapping[str, str], before: ClosedMonths = NOTHING_CLOSED
) -> ClosedMonths:
    """Close the months of a settlement up to `through` (area -> month); what was closed `before` stays as it was.

    `areas`: hospital -> its treating area.
    """
    now = ClosedMonths({**before.through, **through})

    def new(area: str, period: str) -> bool:
        return now.holds(area, period) and not before.holds(area, period)

    months = [row for row in settlement.months if new(areas[row.fixmedins_code], row.month)]
    pools = [pool for pool in settlement.pools if new(pool.area, pool.period)]
    matrix = [debt for debt in settlement.matrix if new(debt.treating_area, debt.period)]
    booked = [one for one in settlement.corrections if new(areas[one.fixmedins_code], one.booked_in)]
    return ClosedMonths(
        now.through,
        (*before.months, *months),
        (*before.pools, *pools),
        (*before.matrix, *matrix),
        (*before.corrections, *booked),
    )


def month_corrections(
    own: Mapping[Account, Months], closed: ClosedMonths, areas: Mapping[str, str], year: str
) -> list[Correction]:
    """All corrections of closed months: those booked in a month that is closed by now, then those that are new.

    Args:
        own: what the months come to now, of all accounts that have terms now or a row in a closed month.
        closed: of the year.
        areas: hospital -> its treating area.
        year: YYYY.
    """
    known: dict[tuple[Account, str], MonthTerms] = defaultdict(MonthTerms)
    for row in closed.months:
        known[(row.fixmedins_code, row.insutype), row.month] = row.terms
    for one in closed.corrections:  # what a closed row holds for another month is that month's
        account = (one.fixmedins_code, one.insutype)
        known[account, one.booked_in] = known[account, one.booked_in].plus(one.terms, -1)
        known[account, one.month] = known[account, one.month].plus(one.terms)
    found = list(closed.corrections)
    for account, months in sorted(own.items()):
        area = areas[account[0]]
        for month in (month for month in months_of(year) if closed.holds(area, month)):
            rest = months.get(month, MonthTerms()).plus(known[account, month], -1)
            if _moves(rest):
                found.append(Correction(*account, month, closed.booked_in(area, year), rest))
    return found


def _moves(terms: MonthTerms) -> bool:
    """Whether there is something to book. A changed number of cases alone is not."""
    sums = terms.sums
    money = (terms.amount_fen, terms.gross_fen, terms.deposit_fen, terms.audit_fen)
    return any((sums.points, sums.cost_fen, sums.fund_fen, *money))


def booked_months(
    own: Mapping[Account, Months], closed: ClosedMonths, corrections: Iterable[Correction], areas: Mapping[str, str]
) -> dict[Account, Months]:
    """The terms of all months: closed ones as they were closed, open ones as they are with what is booked in them."""
    booked: dict[Account, Months] = {
        account: {month: terms for month, terms in months.items() if not closed.holds(areas[account[0]], month)}
        for account, months in own.items()
    }
    for one in corrections:
        area, months = areas[one.fixmedins_code], booked[one.fixmedins_code, one.insutype]
        if len(one.booked_in) > _YEAR_LENGTH and not closed.holds(area, one.booked_in):
            months[one.booked_in] = months.get(one.booked_in, MonthTerms()).plus(one.terms)
    for row in closed.months:
        booked[row.fixmedins_code, row.insutype][row.month] = row.terms
    return booked


def with_closed_pools(province: Province, closed: ClosedMonths) -> Province:
    """The province with a budget of nothing where a pool of a closed month is gone, so that its year is settled too."""
    year = province.year or ""
    known = {(budget.area, budget.insutype) for budget in province.budgets}
    gone = sorted({(pool.area, pool.insutype) for pool in closed.pools} - known)
    return replace(province, budgets=(*province.budgets, *(Budget(*pool, year, 0) for pool in gone)))


def booked_pools(pools: Iterable[PoolPeriod], closed: ClosedMonths) -> list[PoolPeriod]:
    """The pools' periods: closed months as they were closed, their differences added to the first open month.

    Its point value is that of its own cases; `by_hospital` and `amounts_fen` are its own too.
    """
    everything = list(pools)
    left: dict[PoolKey, _PoolTerms] = defaultdict(_PoolTerms)
    for times, rows in ((1, everything), (-1, closed.pools)):
        for pool in rows:
            if closed.holds(pool.area, pool.period):
                key = (pool.area, pool.insutype)
                left[key] = left[key].plus(pool, times)
    booked = list(closed.pools)
    for pool in everything:
        if not closed.holds(pool.area, pool.period):
            here = pool.period == closed.booked_in(pool.area, pool.period[:_YEAR_LENGTH])
            month = here and len(pool.period) > _YEAR_LENGTH
            booked.append(left[pool.area, pool.insutype].added_to(pool) if month else pool)
    return sorted(booked, key=lambda pool: (pool.area, pool.insutype, len(pool.period) == _YEAR_LENGTH, pool.period))


@dataclass(frozen=True, slots=True)
class _PoolTerms:
    """What of a pool's month can be added up; fen."""

    sums: Sums = NOTHING
    budget: int = 0
    used: int = 0
    residue: int = 0

    def plus(self, pool: PoolPeriod, times: int) -> _PoolTerms:
        return _PoolTerms(
            self.sums.plus(pool.sums, times),
            self.budget + times * pool.budget_fen,
            self.used + times * pool.used_fen,
            self.residue + times * pool.residue_fen,
        )

    def added_to(self, pool: PoolPeriod) -> PoolPeriod:
        return replace(
            pool,
            sums=pool.sums.plus(self.sums),
            budget_fen=pool.budget_fen + self.budget,
            used_fen=pool.used_fen + self.used,
            residue_fen=pool.residue_fen + self.residue,
        )


def booked_debts(debts: Iterable[Debt], closed: ClosedMonths) -> list[Debt]:
    """Months and years of the matrix: closed months as they were closed, their differences in the first open month.

    Where all months are closed, the adjustment of the year takes the differences up, being the year less its months.
    """
    rows: dict[tuple[Pair, str], Debt] = {}
    left: dict[Pair, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for debt in debts:
        if closed.holds(debt.treating_area, debt.period):
            left[debt.pair] = _plus(left[debt.pair], debt, 1)
        else:
            rows[debt.pair, debt.period] = debt
    for debt in closed.matrix:
        left[debt.pair] = _plus(left[debt.pair], debt, -1)
        rows[debt.pair, debt.period] = debt
        year = debt.period[:_YEAR_LENGTH]
        rows.setdefault((debt.pair, year), Debt(*debt.pair, year, 0, 0))
    for pair, (cases, amount) in left.items():
        year = next(period for mine, period in rows if mine == pair and len(period) == _YEAR_LENGTH)
        month = closed.booked_in(pair[1], year)
        if (cases or amount) and month != year:
            own = rows.get((pair, month), Debt(*pair, month, 0, 0))
            rows[pair, month] = replace(own, cases=own.cases + cases, amount_fen=own.amount_fen + amount)
    return [rows[key] for key in sorted(rows, key=lambda key: (key[0], len(key[1]) == _YEAR_LENGTH, key[1]))]


def _plus(total: tuple[int, int], debt: Debt, times: int) -> tuple[int, int]:
    return total[0] + times * debt.cases, total[1] + times * debt.amount_fen
