"""Payment plan (基金支付计划, policy/002 article 30.2): both voices, the money of the months, the days by hand."""

from __future__ import annotations

import datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from settlement.frames import CALENDAR
from settlement.payment_plan import PAYMENT_PLAN, month_deadlines, payment_plan
from settlement.prepay_frames import RECOVERIES
from settlement.reference import payment_plan as plain
from settlement.reference.month import HospitalMonth
from settlement.reference.sums import NOTHING
from settlement.results import HOSPITAL_MONTH
from tests.property.settlement_rules import AREAS, INSURANCE, frame, rule_policies, rule_policy, texts

SEEDS = st.integers(0, 2**32)
FEW = settings(max_examples=2, phases=(Phase.explicit, Phase.generate), deadline=None)
MONTHS = ("2025-11", "2025-12", "2026-01")
HOLIDAYS = {datetime.date(2026, 1, 1): False, datetime.date(2026, 1, 4): True, datetime.date(2026, 2, 17): False}
CONFIRMED = datetime.date(2026, 1, 15)


def random_months(random: Random) -> tuple[list[HospitalMonth], dict[str, str]]:
    areas = {f"H{number}": random.choice(AREAS) for number in range(30)}
    months = [
        HospitalMonth(code, insutype, month, NOTHING, *[random.randint(-(10**6), 10**9) for _ in range(7)])
        for code in areas
        for insutype in INSURANCE
        for month in MONTHS
        if random.random() < 0.7
    ]
    return months, areas


def random_offsets(random: Random, months: list[HospitalMonth]) -> dict[tuple[str, str, str], int]:
    some = [one for one in months if random.random() < 0.4]
    return {(one.fixmedins_code, one.insutype, one.month): random.randint(0, max(one.paid_fen, 0)) for one in some}


def plain_row(one: plain.Payment, area: str) -> tuple[Any, ...]:
    month, days = one.month, one.deadlines
    money = (month.amount_fen, month.gross_fen, month.deposit_fen, month.audit_fen)
    rests = (month.brought_forward_fen, month.carried_forward_fen)
    key = (area, month.fixmedins_code, month.insutype, int(month.month[:4]), month.month)
    paid = (month.paid_fen, one.offset_fen, one.pay_fen)
    return (*key, *money, *rests, *paid, days.declare_by, days.presettle_by, days.pay_by)


@pytest.mark.spark
@given(seed=SEEDS)
@FEW
def test_both_voices_plan_alike(spark: SparkSession, seed: int) -> None:
    random = Random(seed)
    months, areas = random_months(random)
    offsets, policies = random_offsets(random, months), rule_policies(random)
    confirmed = random.choice((None, CONFIRMED))
    days = {
        (area, month): plain.month_deadlines(month, policies[area], HOLIDAYS, confirmed)
        for area in AREAS
        for month in MONTHS
    }
    planned = plain.plan_payments(months, offsets, days, areas)
    names = ("amount_fen", "gross_fen", "deposit_fen", "audit_fen", "brought_forward_fen", "paid_fen")
    rows = [
        {"area": areas[one.fixmedins_code], "year": int(one.month[:4]), "points": Decimal(0), "cases": 0}
        | {name: getattr(one, name) for name in (*names, "carried_forward_fen", "fixmedins_code", "insutype", "month")}
        for one in months
    ]
    given_months = frame(spark, HOSPITAL_MONTH, [[row.get(name, 0) for name in HOSPITAL_MONTH.names] for row in rows])
    given_offsets = frame(
        spark,
        RECOVERIES,
        [(areas[code], code, kind, 2025, month, 0, fen) for (code, kind, month), fen in offsets.items()],
    )
    calendar = frame(spark, CALENDAR, [(day, int(works)) for day, works in HOLIDAYS.items()])
    places = given_months.select("area", "month").distinct()
    found = payment_plan(given_months, given_offsets, month_deadlines(places, calendar, policies, confirmed))
    assert found.columns == PAYMENT_PLAN.names
    assert texts(found.collect()) == texts(plain_row(one, areas[one.month.fixmedins_code]) for one in planned)


@given(seed=SEEDS)
@settings(max_examples=30)
def test_the_plan_pays_what_the_months_pay_less_what_is_set_against_it(seed: int) -> None:
    random = Random(seed)
    months, areas = random_months(random)
    offsets = random_offsets(random, months)
    days = dict.fromkeys(
        [(area, month) for area in AREAS for month in MONTHS], plain.Deadlines(CONFIRMED, None, CONFIRMED)
    )
    planned = plain.plan_payments(months, offsets, days, areas)
    assert len(planned) == len(months)
    assert sum(one.pay_fen for one in planned) == sum(one.paid_fen for one in months) - sum(offsets.values())


def test_days_of_december_by_hand() -> None:
    """Declared until 10 January 2026 (a Saturday); the second working day after it is Tuesday the 13th."""
    policy = rule_policy(month__declare_day=10, month__pay_within=2, month__presettle_within=3)
    found = plain.month_deadlines("2025-12", policy, {}, datetime.date(2026, 1, 9))
    assert found.declare_by == datetime.date(2026, 1, 10)
    assert found.pay_by == datetime.date(2026, 1, 13)
    assert found.presettle_by == datetime.date(2026, 1, 14)  # Monday 12, Tuesday 13, Wednesday 14


def test_a_holiday_puts_the_payment_off() -> None:
    policy = rule_policy(month__declare_day=10, month__pay_within=2)
    special = {datetime.date(2026, 1, 12): False, datetime.date(2026, 1, 11): True}  # a Sunday that is worked
    assert plain.month_deadlines("2025-12", policy, special).pay_by == datetime.date(2026, 1, 13)
    assert plain.month_deadlines("2025-12", policy, {datetime.date(2026, 1, 12): False}).pay_by == datetime.date(
        2026, 1, 14
    )
