"""Prepayment: Spark and the reference say the same of many random funds and hospitals; and laws that always hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from settlement import frames, prepay, prepay_frames, rule_ledger
from settlement.reference.ledger_views import balances
from settlement.reference.prepay import (
    Application,
    FundMonth,
    FundTest,
    LastYear,
    Prepayment,
    check_funds,
    pay_applications,
    publish,
    recover,
)
from settlement.reference.rule_ledger import hospital_figures, paid_in_advance, prepay_ledger
from settlement.rule_policy import RULE_KEYS, RulePolicy
from tests.property.ledger_voices import book_differences, figure_rows
from tests.property.settlement_rules import AREAS, INSURANCE, RULE_CHOICES, YEAR, frame, rule_policies, texts

SEEDS = st.integers(0, 2**32)
FEW = settings(max_examples=2, phases=(Phase.explicit, Phase.generate), deadline=None)
AS_OF = f"{YEAR}-02"


@dataclass(frozen=True)
class World:
    """Random inputs of prepayment."""

    policies: Mapping[str, RulePolicy]
    funds: list[FundMonth]
    areas: Mapping[str, str]
    applications: list[Application]
    last_year: Mapping[tuple[str, str], LastYear]
    scales: Mapping[tuple[str, str], int]
    payments: Mapping[tuple[str, str], Mapping[str, int]]


def random_world(seed: int) -> World:
    random = Random(seed)
    funds = [month for area in AREAS for insutype in INSURANCE for month in _fund(random, area, insutype)]
    areas = {f"H{area}{number:02d}": area for area in AREAS for number in range(6)}
    accounts = [(code, insutype) for code in areas for insutype in INSURANCE]
    marks = ("0", "0.5", "0.123456", "1")
    applications = [
        Application(code, insutype, {name: Fraction(random.choice(marks)) for name in prepay_frames.MARKS})
        for code, insutype in accounts
        if random.random() < 0.8
    ]
    return World(
        policies=rule_policies(random),
        funds=funds,
        areas=areas,
        applications=applications,
        last_year={
            account: LastYear(random.choice((0, -5, 7, random.randint(1, 10**9))), random.randint(0, 10**9))
            for account in accounts
            if random.random() < 0.9
        },
        scales={
            (area, insutype): random.choice((0, 1, random.randint(0, 3 * 10**8)))
            for area in AREAS
            for insutype in INSURANCE
            if random.random() < 0.5
        },
        payments={
            account: {
                f"{YEAR}-{month:02d}": random.choice((0, random.randint(0, 5 * 10**7)))
                for month in random.sample(range(1, 13), 8)
            }
            for account in accounts
        },
    )


def _fund(random: Random, area: str, insutype: str) -> list[FundMonth]:
    """Mostly all months from last January to this March; a balance at or next to the limit, or any."""
    spending = random.choice((0, 1_000_000))
    surplus = random.choice((0, 1, 50_000, -1))
    balance = random.choice((12, 6)) * spending + random.choice((-1, 0, 0, 10**9))
    months = [f"{YEAR - 1}-{month:02d}" for month in range(1, 13)] + [f"{YEAR}-{month:02d}" for month in range(1, 4)]
    kept = [month for month in months if random.random() < (0.97 if random.random() < 0.5 else 1)]
    extra = random.choice((0, 0, random.randint(-(10**6), 10**6)))
    return [
        FundMonth(area, insutype, month, spending + surplus + (extra if month > f"{YEAR}" else 0), spending, balance)
        for month in kept
    ]


def reference(world: World) -> tuple[dict[tuple[str, str], FundTest], list[Prepayment]]:
    tests = check_funds(world.funds, world.policies, YEAR, AS_OF)
    return tests, pay_applications(
        world.applications, world.areas, world.last_year, tests, world.scales, world.policies, YEAR
    )


def test_every_rule_value_has_choices() -> None:
    assert set(RULE_CHOICES) == set(RULE_KEYS)


@given(SEEDS)
@settings(max_examples=30)
def test_nothing_is_paid_that_is_not_due_and_all_comes_back(seed: int) -> None:
    world = random_world(seed)
    tests, paid = reference(world)
    by_fund: dict[tuple[str, str], int] = {}
    for one in paid:
        fund = (one.area, one.insutype)
        by_fund[fund] = by_fund.get(fund, 0) + one.paid_fen
        assert 0 <= one.paid_fen <= one.amount_fen
        assert not one.paid_fen or tests[fund].outcome == "eligible"
    assert all(by_fund.get(fund, 0) <= most for fund, most in world.scales.items())
    offsets = recover(paid, world.payments, world.policies, YEAR)
    for line in publish(paid, offsets):
        assert line.paid_fen == line.offset_fen + line.returned_fen
        assert line.returned_fen >= 0
    assert all(offset <= world.payments[code, insutype][month] for code, insutype, month, offset in offsets)


@given(SEEDS)
@settings(max_examples=30)
def test_the_ledger_of_prepayments_holds_what_was_paid_and_closes_when_it_is_back(seed: int) -> None:
    world = random_world(seed)
    _, paid = reference(world)
    offsets = recover(paid, world.payments, world.policies, YEAR)
    back = publish(paid, offsets)
    before, after = prepay_ledger(paid, [], [], YEAR), prepay_ledger(paid, offsets, back, YEAR)
    given_out = {(one.fixmedins_code, one.insutype): one.paid_fen for one in paid if one.paid_fen}
    assert paid_in_advance(before) == given_out
    assert paid_in_advance(after) == dict.fromkeys(given_out, 0)
    assert sum(balances(before).values()) == 0
    assert not any(balances(after).values())
    figures = hospital_figures(after, "advance")
    assert {key: (one["paid"], one["offset"], one["returned"]) for key, one in figures.items()} == {
        (one.fixmedins_code, one.insutype): (one.paid_fen, one.offset_fen, one.returned_fen) for one in back
    }
    assert len({row.key for row in after}) == len(after)
    assert all(row.amount_fen > 0 and row.from_account != row.to_account for row in after)


def test_random_worlds_take_every_branch() -> None:
    outcomes, funds = set(), set()
    for seed in range(15):
        tests, paid = reference(random_world(seed))
        funds |= {one.outcome for one in tests.values()}
        outcomes |= {one.outcome for one in paid}
    assert funds == {"eligible", "incomplete", "no_rule", "balance", "last_year_deficit", "forecast_deficit"}
    assert outcomes >= {"paid", "paid_in_part", "scale_used_up", "no_history", "balance"}


@pytest.mark.slow
@given(seed=SEEDS)
@FEW
def test_both_voices_pay_in_advance_alike(spark: SparkSession, seed: int) -> None:
    world = random_world(seed)
    tests, paid = reference(world)
    offsets = recover(paid, world.payments, world.policies, YEAR)
    policies = world.policies
    hospitals = [(code, area, 3, 0, Fraction(1), Fraction(1), None) for code, area in world.areas.items()]
    rows = [(one.fixmedins_code, one.insutype, *one.marks.values()) for one in world.applications]
    last_year = [(*account, one.settled_fen, one.fund_fen) for account, one in world.last_year.items()]
    payments = [(*account, month, fen) for account, months in world.payments.items() for month, fen in months.items()]
    funds = [
        (one.area, one.insutype, one.month, one.income_fen, one.spending_fen, one.balance_fen) for one in world.funds
    ]
    tested = prepay.prepay_tests(frame(spark, prepay_frames.FUNDS, funds), policies, YEAR, AS_OF).localCheckpoint()
    given_out = prepay.prepayments(
        frame(spark, prepay_frames.APPLICATIONS, rows),
        frame(spark, frames.HOSPITALS, hospitals),
        frame(spark, prepay_frames.LAST_YEAR, last_year),
        tested,
        frame(spark, prepay_frames.SCALES, [(*fund, most) for fund, most in world.scales.items()]),
        policies,
        YEAR,
    ).localCheckpoint()
    back = prepay.recoveries(given_out, frame(spark, prepay_frames.PAYMENTS, payments), policies).localCheckpoint()
    published = prepay.publication(given_out, back)

    assert texts(tested.drop("year", "as_of").collect()) == texts(
        (
            *(one.area, one.insutype, one.balance_fen, one.spending_fen, one.months, one.months_needed),
            *(one.last_year_fen, one.forecast_fen, one.outcome),
        )
        for one in tests.values()
    )
    assert texts(given_out.drop("year").collect()) == texts(
        (
            *(one.area, one.fixmedins_code, one.insutype, one.place, one.score),
            *(one.base_fen, one.amount_fen, one.paid_fen, one.outcome, one.pay_by),
        )
        for one in paid
    )
    assert texts(back.select("fixmedins_code", "insutype", "month", "offset_fen").collect()) == texts(offsets)
    assert texts(published.drop("year").collect()) == texts(
        (one.area, one.fixmedins_code, one.insutype, one.paid_fen, one.offset_fen, one.returned_fen)
        for one in publish(paid, offsets)
    )

    rows = prepay_ledger(paid, offsets, publish(paid, offsets), YEAR)
    ledger = rule_ledger.prepay_ledger(given_out, back, published).localCheckpoint()
    assert not book_differences(ledger, rows)
    figures = hospital_figures(rows, "advance")
    assert figure_rows(rule_ledger.advances(ledger)) == {
        (*key, one["offset"], -one["balance"], one["paid"], one["returned"]) for key, one in figures.items()
    }
    assert rule_ledger.prepay_differences(ledger, given_out, published).isEmpty()
    short = ledger.where("entry != 'prepayment_returned'")
    assert rule_ledger.prepay_differences(short, given_out, published).isEmpty() == (short.count() == ledger.count())
