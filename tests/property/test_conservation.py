"""What must hold of the money of every province, over thousands of them, by the plain voice: one law, one test.

The seeds are fixed, so that a failure comes again; it names its province. The laws of single figures are in
test_settlement_laws.py, on seeds of Hypothesis's choice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random

import pytest

from settlement.policy import PointValueKind
from settlement.readings import NegativeMonth, Residue, SurplusTerm
from settlement.reference.inputs import Province
from settlement.reference.ledger import settle_ledger
from settlement.reference.ledger_views import balances
from settlement.reference.month import HospitalMonth
from settlement.reference.pools import PoolPeriod
from settlement.reference.scope import in_pool
from settlement.reference.settle import Settlement, settle_province
from settlement.reference.sums import NOTHING, Sums
from settlement.reference.text import TABLES, table_rows
from settlement.reference.year import HospitalYear
from tests.property.reading_laws import deficit_limit, distributable, policies_by_hospital
from tests.property.settlement_provinces import YEAR, random_order, random_province, shuffled, united

PROVINCES = 2000  # settled once, each with up to `CASES` cases and an order of the year's steps of its own
AGAIN = 400  # of them settled a second time, from other rows
TOGETHER = 20  # of these as one
CASES = 40
Pool = tuple[str, str]


@dataclass(frozen=True)
class Settled:
    """A settled province without its cases; `counted` are sums of the cases by pool and whether they came in time,
    `beside` cost and fund of abnormal data that count in the months of a pool and in nothing else (OP-13).
    """

    seed: int
    province: Province
    pools: tuple[PoolPeriod, ...]
    months: tuple[HospitalMonth, ...]
    years: tuple[HospitalYear, ...]
    settlement: Settlement
    balances: dict[str, int]
    counted: dict[tuple[str, str, bool], Sums]
    beside: dict[Pool, Sums]

    def year_pools(self) -> Iterator[tuple[PoolPeriod, list[HospitalYear]]]:
        """Each pool's year with its hospitals."""
        areas = {one.fixmedins_code: one.area for one in self.province.hospitals}
        for pool in self.pools:
            if pool.period == str(YEAR):
                yield pool, [row for row in self.years if (areas[row.fixmedins_code], row.insutype) == pool_of(pool)]

    def months_of(self, row: HospitalYear) -> list[HospitalMonth]:
        """The months of a hospital's year."""
        return [one for one in self.months if (one.fixmedins_code, one.insutype) == (row.fixmedins_code, row.insutype)]

    def negative_months(self, row: HospitalMonth) -> NegativeMonth:
        """What becomes of a month of the hospital that comes out below 0 (OP-49)."""
        return policies_by_hospital(self.province)[row.fixmedins_code].month_negative

    def standing(self, name: str) -> int:
        """What stands on all accounts of a class together."""
        return sum(balance for account, balance in self.balances.items() if account.split(":")[0] == name)


def pool_of(pool: PoolPeriod) -> Pool:
    return pool.area, pool.insutype


def province_of(seed: int) -> Province:
    """A random province whose areas take the steps of the year in random orders."""
    random = Random(seed)
    made = random_province(seed, seed % (CASES + 1))
    orders = {area: replace(policy, clearing_order=random_order(random)) for area, policy in made.policies.items()}
    return replace(made, policies=orders)


def settled_from(seed: int) -> Settled:
    province = province_of(seed)
    settlement = settle_province(province)
    counted: dict[tuple[str, str, bool], Sums] = defaultdict(lambda: NOTHING)
    beside: dict[Pool, Sums] = defaultdict(lambda: NOTHING)
    for one in settlement.points:
        policy = province.policies[one.area]
        if one.abnormal and in_pool(one.scope, policy) and not policy.abnormal_exclude_amounts:
            amounts = Sums(cost_fen=one.case.paid_cost_fen, fund_fen=one.case.fund_fen)
            beside[one.area, one.case.insutype] = beside[one.area, one.case.insutype].plus(amounts)
        if one.in_year and in_pool(one.scope, policy):
            key = (one.area, one.case.insutype, one.in_month)
            counted[key] = counted[key].plus(Sums(1, one.points, one.case.paid_cost_fen, one.case.fund_fen))
    return Settled(
        seed,
        replace(province, cases=(), history=(), elements=(), elements_given=(), reviews=()),
        settlement.pools,
        settlement.months,
        settlement.years,
        replace(settlement, points=()),
        balances(settle_ledger(province, settlement)),
        dict(counted),
        dict(beside),
    )


@pytest.fixture(scope="module")
def provinces() -> list[Settled]:
    return [settled_from(seed) for seed in range(PROVINCES)]


def added(sums: Iterable[Sums]) -> Sums:
    total = NOTHING
    for one in sums:
        total = total.plus(one)
    return total


def test_hospitals_and_residue_sum_to_the_budget_used(provinces: list[Settled]) -> None:
    for one in provinces:
        for pool in one.pools:
            assert sum(pool.amounts_fen.values()) + pool.residue_fen == pool.used_fen, one.seed
        for pool, rows in one.year_pools():
            assert sum(row.amount_fen for row in rows) + pool.residue_fen == pool.used_fen, one.seed


def test_an_exact_value_leaves_no_residue(provinces: list[Settled]) -> None:
    seen: Counter[bool] = Counter()
    for one in provinces:
        for pool in one.pools:
            policy = one.province.policies[pool.area]
            floats = policy.value_dp is None and policy.point_value_kind is PointValueKind.FLOATING
            floats = floats and policy.point_value_by_insurance and policy.rounding_residue is Residue.LARGEST_REMAINDER
            seen[bool(pool.residue_fen)] += 1
            assert not (floats and pool.value is not None and pool.residue_fen), one.seed
            by_item = sum(items.fund_fen for items in pool.items.values())  # due also where nothing is paid by points
            assert pool.value is not None or pool.residue_fen == pool.used_fen - by_item, one.seed
    assert min(seen[True], seen[False]) > PROVINCES


def test_residues_are_booked(provinces: list[Settled]) -> None:
    for one in provinces:
        assert one.standing("residue") == sum(pool.residue_fen for pool, _ in one.year_pools()), one.seed


def test_hospitals_sum_to_their_pool(provinces: list[Settled]) -> None:
    """Cases, points, cost and fund; no hospital is in two pools."""
    for one in provinces:
        for pool in one.pools:
            assert added(pool.by_hospital.values()) == pool.sums, one.seed
        for pool, rows in one.year_pools():
            assert added(row.sums for row in rows) == pool.sums, one.seed


def test_months_and_late_cases_sum_to_the_year(provinces: list[Settled]) -> None:
    late = 0
    both_ways: Counter[bool] = Counter()
    for one in provinces:
        months: dict[Pool, Sums] = defaultdict(lambda: NOTHING)
        for pool in one.pools:
            if pool.period != str(YEAR):
                months[pool_of(pool)] = months[pool_of(pool)].plus(pool.sums)
        for pool, _ in one.year_pools():
            after = one.counted.get((*pool_of(pool), False), NOTHING)
            late += after.cases
            in_time, beside = one.counted.get((*pool_of(pool), True), NOTHING), one.beside.get(pool_of(pool), NOTHING)
            assert months[pool_of(pool)] == in_time.plus(beside), one.seed
            assert in_time.plus(after) == pool.sums, one.seed
            both_ways[bool(beside.cost_fen)] += 1
    assert late > PROVINCES
    assert min(both_ways.values()) > PROVINCES // 10


def test_month_budgets_are_used_or_carried(provinces: list[Settled]) -> None:
    for one in provinces:
        rows: dict[Pool, list[PoolPeriod]] = defaultdict(list)
        for pool in one.pools:
            if pool.period != str(YEAR):
                rows[pool_of(pool)].append(pool)
        for of_pool in rows.values():
            months = sorted(of_pool, key=lambda pool: pool.period)
            assert len(months) == 12
            left = months[-1].carried_or_reserve_fen
            assert sum(pool.budget_fen for pool in months) == sum(pool.used_fen for pool in months) + left, one.seed


def test_a_months_amount_is_paid_held_deducted_or_carried(provinces: list[Settled]) -> None:
    for one in provinces:
        for row in one.months:
            gone = row.deposit_fen + row.audit_fen + row.paid_fen + row.carried_forward_fen
            assert row.gross_fen + row.brought_forward_fen == gone + row.deferred_fen, one.seed
            assert row.deferred_fen <= 0, one.seed
            assert not row.deferred_fen or one.negative_months(row) is NegativeMonth.YEAR_END, one.seed


def test_deposits_are_returned_or_kept_by_the_fund(provinces: list[Settled]) -> None:
    for one in provinces:
        for row in one.years:
            assert row.deposit_held_fen == sum(month.deposit_fen for month in one.months_of(row)), one.seed
            assert 0 <= row.deposit_not_returned_fen <= row.deposit_held_fen, one.seed
        assert not one.standing("deposit"), one.seed
        assert not one.standing("withheld"), one.seed


def test_deductions_and_payments_of_the_year_are_those_of_its_months(provinces: list[Settled]) -> None:
    """Audit sums of a hospital without a case of the insurance have no month and no year."""
    for one in provinces:
        given: dict[tuple[str, str], int] = defaultdict(int)
        for audit in one.province.audit:
            given[audit.fixmedins_code, audit.insutype] += audit.amount_fen
        for row in one.years:
            months = one.months_of(row)
            assert row.paid_fen == sum(month.paid_fen for month in months), one.seed
            assert row.audit_fen == given[row.fixmedins_code, row.insutype], one.seed
            assert row.audit_fen == sum(month.audit_fen for month in months), one.seed
        accounts = {(row.fixmedins_code, row.insutype) for row in one.years}
        assert {(row.fixmedins_code, row.insutype) for row in one.months} <= accounts, one.seed


def test_the_statement_is_the_sum_of_its_lines(provinces: list[Settled]) -> None:
    """And what a hospital gets in all, months and clearing, is what the terms of the year say."""
    for one in provinces:
        for row in one.years:
            beside = row.new_technique_fen + row.second_distribution_fen
            assert sum(line.amount_fen for line in row.lines) == row.final_fen == row.clearing_fen + beside, one.seed
            kept = row.deposit_not_returned_fen + row.cap_excess_fen + row.surplus_not_kept_fen + row.audit_fen
            given = row.assessment_adjustment_fen + row.deficit_share_fen + beside
            assert row.paid_fen + row.final_fen == row.amount_fen - kept + given, one.seed


def test_what_the_fund_bore_is_with_hospitals_in_the_reserve_or_residue(provinces: list[Settled]) -> None:
    for one in provinces:
        assert not one.standing("pool"), one.seed
        assert sum(one.balances.values()) == 0, one.seed
        paid = sum(row.paid_fen + row.final_fen for row in one.years)
        assert one.standing("cash") + one.standing("payable") == paid, one.seed
        assert -one.standing("fund") == paid + one.standing("reserve") + one.standing("residue"), one.seed


def test_shares_and_second_distribution_come_out_of_the_reserve(provinces: list[Settled]) -> None:
    for one in provinces:
        left = 0
        for pool, rows in one.year_pools():
            policy = one.province.policies[pool.area]
            distributed = sum(row.second_distribution_fen for row in rows)
            to_distribute = distributable(pool.carried_or_reserve_fen, rows, policy)
            assert 0 <= distributed <= to_distribute, one.seed
            shares = sum(row.deficit_share_fen for row in rows)
            assert 0 <= shares <= deficit_limit(pool.budget_fen, pool.carried_or_reserve_fen, policy), one.seed
            left += to_distribute - distributed
        assert one.standing("reserve") == left, one.seed


def test_a_neutral_assessment_moves_money_between_hospitals_only(provinces: list[Settled]) -> None:
    moved = 0
    for one in provinces:
        for pool, rows in one.year_pools():
            if one.province.policies[pool.area].assessment_neutral:
                assert not sum(row.assessment_adjustment_fen for row in rows), one.seed
                moved += any(row.assessment_adjustment_fen for row in rows)
    assert moved > PROVINCES // 100


def test_the_matrix_nets_to_zero(provinces: list[Settled]) -> None:
    for one in provinces:
        owed: dict[str, int] = defaultdict(int)
        for debt in one.settlement.matrix:
            if debt.period == str(YEAR):
                owed[debt.treating_area] += debt.amount_fen
                owed[debt.insured_area] -= debt.amount_fen
        assert {area: amount for area, amount in owed.items() if amount} == {
            area: amount for area, amount in one.settlement.net.items() if amount
        }, one.seed
        assert sum(one.settlement.net.values()) == one.standing("clearing") == 0, one.seed


def test_months_and_adjustments_of_the_matrix_sum_to_its_year(provinces: list[Settled]) -> None:
    for one in provinces:
        sums: dict[tuple[str, ...], int] = defaultdict(int)
        for debt in one.settlement.matrix:
            key = (debt.insured_area, debt.treating_area, debt.insutype, debt.scope)
            sums[key] += debt.amount_fen * (-1 if debt.period == str(YEAR) else 1)
        assert not any(sums.values()), one.seed


def test_nothing_is_negative_that_must_not_be(provinces: list[Settled]) -> None:
    """Amounts by points, months' rests and final amounts may be; what is held, capped or shared may not, nor what is
    paid, unless the area has a month below 0 paid back.
    """
    for one in provinces:
        for pool in one.pools:
            money = (pool.budget_fen, pool.used_fen, pool.carried_or_reserve_fen)
            assert min(*money, *_measures(pool.sums)) >= 0, one.seed
        for month in one.months:
            assert min(month.deposit_fen, month.audit_fen, *_measures(month.sums)) >= 0, one.seed
            assert month.paid_fen >= 0 or one.negative_months(month) is NegativeMonth.PAID_BACK, one.seed
            assert max(month.brought_forward_fen, month.carried_forward_fen) <= 0, one.seed
            assert not (month.paid_fen and month.carried_forward_fen), one.seed
        for row in one.years:
            policy = policies_by_hospital(one.province)[row.fixmedins_code]
            kept = policy.surplus_term is SurplusTerm.PLUS_KEPT  # is added, so stands there as a negative deduction
            surplus = row.surplus_not_kept_fen * (-1 if kept else 1)
            terms = (row.cap_excess_fen, surplus, row.deficit_share_fen, row.second_distribution_fen)
            held = (row.deposit_held_fen, row.deposit_not_returned_fen, row.audit_fen)
            assert row.paid_fen >= 0 or policy.month_negative is NegativeMonth.PAID_BACK, one.seed
            assert min(*terms, *held, row.new_technique_fen, *_measures(row.sums)) >= 0, one.seed


def _measures(sums: Sums) -> tuple[int, ...]:
    return sums.cases, sums.points.numerator, sums.cost_fen, sums.fund_fen


def test_the_order_of_rows_means_nothing() -> None:
    for seed in range(AGAIN):
        province = province_of(seed)
        assert rows_of(settle_province(shuffled(province, seed))) == rows_of(settle_province(province)), seed


def test_how_provinces_are_put_together_means_nothing() -> None:
    """Many provinces settled as one give what each gives alone."""
    for first in range(0, AGAIN, TOGETHER):
        seeds = range(first, first + TOGETHER)
        parts = [random_province(seed, seed % (CASES + 1), f"{10 + seed - first}") for seed in seeds]
        apart = [rows_of(settle_province(part)) for part in parts]
        together = rows_of(settle_province(united(parts)))
        assert together == [sorted(row for rows in tables for row in rows) for tables in zip(*apart, strict=True)], (
            first
        )


def test_a_case_added_in_one_city_changes_no_other_citys_result() -> None:
    """It changes what its treating area settles, and what insured areas owe to that one, and nothing else."""
    changed = 0
    for seed in range(AGAIN):
        province = province_of(seed)
        for case in province.cases[-1:]:
            (area,) = {one.area for one in province.hospitals if one.fixmedins_code == case.fixmedins_code}
            reviews = tuple(review for review in province.reviews if review.setl_id != case.setl_id)
            before = settle_province(replace(province, cases=province.cases[:-1], reviews=reviews))
            after = settle_province(province)
            assert rows_of(elsewhere(before, province, area)) == rows_of(elsewhere(after, province, area)), seed
            changed += rows_of(replace(before, points=())) != rows_of(replace(after, points=()))
    assert changed > AGAIN // 2


def elsewhere(settled: Settlement, province: Province, area: str) -> Settlement:
    """What other areas settle."""
    own = {hospital.fixmedins_code for hospital in province.hospitals if hospital.area == area}
    return Settlement(
        points=tuple(one for one in settled.points if one.area != area),
        pools=tuple(pool for pool in settled.pools if pool.area != area),
        months=tuple(month for month in settled.months if month.fixmedins_code not in own),
        years=tuple(year for year in settled.years if year.fixmedins_code not in own),
        matrix=tuple(debt for debt in settled.matrix if debt.treating_area != area),
        net={},
    )


def rows_of(settlement: Settlement) -> list[list[tuple[str, ...]]]:
    """All rows of the six tables as sorted text."""
    return [sorted(table_rows(name, settlement)) for name in TABLES]
