"""What holds when months are closed and inputs change afterwards, on random histories by the reference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.readings import DistributionKey
from settlement.reference.closing import NOTHING_CLOSED, close_months
from settlement.reference.ledger import settle_ledger
from settlement.reference.ledger_views import balances
from settlement.reference.month import Account, MonthTerms
from settlement.reference.pools import PoolPeriod
from settlement.reference.settle import Settlement, settle, settle_province
from settlement.reference.sums import Sums
from settlement.reference.year import HospitalYear
from tests.property.closings import History, random_history
from tests.property.settlement_provinces import YEAR, random_province
from tests.property.test_ledger_laws import check_views, closing

SEEDS = st.integers(0, 2**32)
SIZES = st.integers(0, 60)
# Of a hospital's year, what the months' payments and the deposits that they held decide; nothing else may differ.
PAID = {"paid_fen", "clearing_fen", "final_fen", "lines"}
HELD = {"deposit_held_fen", "deposit_not_returned_fen"}


def settled(history: History) -> tuple[Settlement, Settlement]:
    """With its closings, and as if nothing had ever been closed."""
    return settle_province(history.province, history.closed), settle_province(history.province)


def months_by_account(settlement: Settlement) -> dict[Account, MonthTerms]:
    sums: dict[Account, MonthTerms] = defaultdict(MonthTerms)
    for row in settlement.months:
        key = (row.fixmedins_code, row.insutype)
        sums[key] = sums[key].plus(row.terms)
    return sums


def gone(history: History) -> set[Account]:
    """Who has closed months but no case any more; without closings such an account would not be there at all."""
    return history.closed.accounts - {(case.fixmedins_code, case.insutype) for case in history.province.cases}


def audit_of(history: History, account: Account) -> int:
    return sum(one.amount_fen for one in history.province.audit if (one.fixmedins_code, one.insutype) == account)


@given(SEEDS, SIZES)
def test_closed_rows_stay(seed: int, cases: int) -> None:
    history = random_history(seed, cases)
    now, closed = settle_province(history.province, history.closed), history.closed
    months = {row for row in now.months if closed.holds(history.areas[row.fixmedins_code], row.month)}
    assert months == set(closed.months)
    assert [pool for pool in now.pools if closed.holds(pool.area, pool.period)] == sorted(
        closed.pools, key=lambda pool: (pool.area, pool.insutype, pool.period)
    )
    assert {debt for debt in now.matrix if closed.holds(debt.treating_area, debt.period)} == set(closed.matrix)
    assert set(closed.corrections) <= set(now.corrections)
    for one in now.corrections:
        area = history.areas[one.fixmedins_code]
        assert closed.holds(area, one.month)
        assert one in closed.corrections or one.booked_in == closed.booked_in(area, str(YEAR))


@given(SEEDS, SIZES)
def test_the_months_of_a_year_sum_to_what_they_come_to(seed: int, cases: int) -> None:
    """Closed, open and booked together: every term; what the year takes up where all months are closed besides."""
    history = random_history(seed, cases)
    now, without = settled(history)
    sums, expected = months_by_account(now), months_by_account(without)
    for account in gone(history):
        expected[account] = MonthTerms(audit_fen=audit_of(history, account))
    for one in now.corrections:
        if one.booked_in == str(YEAR):
            key = (one.fixmedins_code, one.insutype)
            sums[key] = sums[key].plus(one.terms)
    for account in {*sums, *expected}:
        rest = sums[account].plus(expected[account], -1)
        assert rest == MonthTerms(sums=Sums(cases=rest.sums.cases)), account


@given(SEEDS, SIZES)
def test_the_year_is_the_same_but_for_what_was_paid(seed: int, cases: int) -> None:
    history = random_history(seed, cases)
    now, without = settled(history)
    years = {(row.fixmedins_code, row.insutype): row for row in now.years}
    others = {(row.fixmedins_code, row.insutype): row for row in without.years}
    for account in others.keys() - years.keys():  # an audit sum of 0 in a month that was closed without a row
        assert others[account] == _empty_year(others[account], 0)
    for account, row in years.items():
        other = others.get(account) or _empty_year(row, audit_of(history, account))
        all_closed = history.all_closed(history.areas[account[0]])
        may = PAID | (HELD | {"write_off_fen"} if all_closed else set())
        if history.province.policies[history.areas[account[0]]].second_distribution_key is DistributionKey.AMOUNT:
            may |= {"second_distribution_fen", "write_off_fen"} if all_closed else set()  # may read what deposits left
        for field in fields(HospitalYear):
            assert field.name in may or getattr(row, field.name) == getattr(other, field.name), (account, field.name)
        kept, kept_else = (
            one.paid_fen + one.final_fen + one.deposit_not_returned_fen - one.second_distribution_fen
            for one in (row, other)
        )
        assert kept == kept_else
        assert row.deposit_held_fen == sum(one.deposit_fen for one in now.months if _account(one) == account)
        assert row.paid_fen == sum(one.paid_fen for one in now.months if _account(one) == account)


def _account(row: object) -> Account:
    return (row.fixmedins_code, row.insutype)  # type: ignore[attr-defined]


def _empty_year(row: HospitalYear, audit: int) -> HospitalYear:
    """Audit sums only: the hospital has nothing any more of what it had in a closed month."""
    zeros = {field.name: 0 for field in fields(HospitalYear) if field.init and field.name.endswith("_fen")}
    return HospitalYear(row.fixmedins_code, row.insutype, Sums(), ratio=None, **{**zeros, "audit_fen": audit})


@given(SEEDS, SIZES)
def test_pools_go_on_from_what_was_closed(seed: int, cases: int) -> None:
    history = random_history(seed, cases)
    now, without = settled(history)
    amounts: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in now.months:
        amounts[history.areas[row.fixmedins_code], row.insutype, row.month] += row.amount_fen
    pools, others = _by_pool(now.pools), _by_pool(without.pools)
    for key, periods in pools.items():
        *months, year = periods
        carried = 0
        for pool in months:
            carried += pool.budget_fen - pool.used_fen
            assert pool.carried_or_reserve_fen == carried
            assert amounts[*key, pool.period] + pool.residue_fen == pool.used_fen
        if key not in others:
            assert (year.used_fen, year.sums) == (0, Sums())
            continue
        assert year == others[key][-1]
        if not history.all_closed(key[0]):
            assert _totals(months) == _totals(others[key][:-1])


def _by_pool(pools: Iterable[PoolPeriod]) -> dict[tuple[str, str], list[PoolPeriod]]:
    found: dict[tuple[str, str], list[PoolPeriod]] = defaultdict(list)
    for pool in pools:
        found[pool.area, pool.insutype].append(pool)
    return found


def _totals(months: list[PoolPeriod]) -> tuple[object, ...]:
    total = Sums()
    for pool in months:
        total = total.plus(pool.sums)
    money = [sum(getattr(pool, name) for pool in months) for name in ("budget_fen", "used_fen", "residue_fen")]
    return (total, *money, months[-1].carried_or_reserve_fen)


@given(SEEDS, SIZES)
def test_the_matrix_keeps_its_year_and_nets_to_zero(seed: int, cases: int) -> None:
    now, without = settled(random_history(seed, cases))
    assert all(now.net.get(area, 0) == without.net.get(area, 0) for area in {*now.net, *without.net})
    assert sum(now.net.values()) == 0
    years = [{debt for debt in one.matrix if debt.period == str(YEAR)} for one in (now, without)]
    assert years[1] <= years[0]
    assert not any(debt.amount_fen or debt.cases for debt in years[0] - years[1])
    left: dict[tuple[str, ...], int] = defaultdict(int)
    for debt in now.matrix:
        left[debt.pair] += debt.amount_fen * (-1 if debt.period == str(YEAR) else 1)
    assert not any(left.values())


@given(SEEDS, SIZES)
def test_the_ledger_closes_with_closed_months(seed: int, cases: int) -> None:
    history = random_history(seed, cases)
    settlement = settle_province(history.province, history.closed)
    rows = settle_ledger(history.province, settlement)
    assert sum(balances(rows).values()) == 0
    check_views(settlement, rows)
    left = closing(rows)
    assert not any(balance for name in ("pool", "deposit", "withheld") for balance in left[name].values())
    years = {(row.fixmedins_code, row.insutype): row for row in settlement.years}
    for name, figure in (("payable", "final_fen"), ("cash", "paid_fen")):
        assert all(left[name].get(key, 0) == getattr(row, figure) for key, row in years.items())
        assert left[name].keys() <= years.keys()


@given(SEEDS, SIZES)
@settings(max_examples=50)
def test_closing_alone_changes_nothing(seed: int, cases: int) -> None:
    """Neither once nor month by month: the same inputs give the same tables, and there is nothing to book."""
    province = random_province(seed, cases)
    areas = {hospital.fixmedins_code: hospital.area for hospital in province.hospitals}
    expected, closed = settle(province), NOTHING_CLOSED
    for month in (1, 2, 6, 12):
        through = dict.fromkeys(areas.values(), f"{YEAR}-{month:02d}")
        closed = close_months(settle_province(province, closed), areas, through, closed)
        assert settle(province, closed) == expected
        assert not settle_province(province, closed).corrections


@given(SEEDS, SIZES)
@settings(max_examples=50)
def test_closing_the_booked_month_keeps_the_corrections(seed: int, cases: int) -> None:
    """A correction is booked once: when its month is closed too, it stays where it was booked."""
    history = random_history(seed, cases)
    now = settle_province(history.province, history.closed)
    through = {
        area: month
        for area in set(history.areas.values())
        if (month := history.closed.booked_in(area, str(YEAR))) != str(YEAR)
    }
    closed = close_months(now, history.areas, through, history.closed)
    again = settle_province(history.province, closed)
    assert set(again.corrections) == set(now.corrections)
    assert (again.months, again.pools, again.years, again.matrix) == (now.months, now.pools, now.years, now.matrix)


def test_histories_take_every_branch() -> None:
    """What the generator never makes, no property above could notice."""
    seen = set()
    for seed in range(160):
        history = random_history(seed, seed % 4 * 15)
        now, without = settled(history)
        own = {(row.fixmedins_code, row.insutype) for row in without.months}
        seen |= {"all closed" if history.all_closed(area) else "open" for area in set(history.areas.values())}
        seen |= {"never closed" for area in set(history.areas.values()) if area not in history.closed.through}
        seen |= {"booked earlier" for one in history.closed.corrections}
        seen |= {"booked in the year" for one in now.corrections if len(one.booked_in) == 4}
        seen |= {f"{name} {len(one.booked_in)}" for one in now.corrections for name in _moved(one.terms)}
        seen |= {"gone" for account in history.closed.accounts if account not in own}
        seen |= {"negative" for row in now.months if row.terms.gross_fen < 0}
        seen |= {"audit of the year" for row in settle_ledger(history.province, now) if row.entry == "year_audit"}
        closed_pools = {(pool.area, pool.insutype) for pool in history.closed.pools}
        seen |= {"pool gone" for key in closed_pools - _by_pool(without.pools).keys()}
        seen |= {"pool new" for key in _by_pool(now.pools).keys() - closed_pools if key[0] in history.closed.through}
        before = {debt.pair for debt in history.closed.matrix}
        seen |= {"pair gone" for pair in before - {debt.pair for debt in without.matrix}}
    names = ("points", "cost_fen", "fund_fen", "amount_fen", "gross_fen", "deposit_fen", "audit_fen")
    assert seen >= {f"{name} {length}" for name in names for length in (4, 7)}
    assert seen >= {"all closed", "open", "never closed", "booked earlier", "booked in the year", "gone", "negative"}
    assert seen >= {"audit of the year", "pool gone", "pool new", "pair gone"}


def _moved(terms: MonthTerms) -> list[str]:
    sums = ("points", "cost_fen", "fund_fen")
    money = ("amount_fen", "gross_fen", "deposit_fen", "audit_fen")
    return [n for n in sums if getattr(terms.sums, n)] + [n for n in money if getattr(terms, n)]


@pytest.mark.parametrize("month", ["2024-12", ""])
def test_closings_of_another_year_say_nothing(month: str) -> None:
    province = random_province(3, 30)
    areas = {hospital.fixmedins_code: hospital.area for hospital in province.hospitals}
    closed = close_months(settle_province(province), areas, dict.fromkeys(areas.values(), month))
    assert settle(province, closed) == settle(province)
