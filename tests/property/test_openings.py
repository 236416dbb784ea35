"""What a year starts with (OP-46, OP-54): laws by the reference, and both voices alike."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from lake.province_frames import text_rows
from settlement import openings as on_spark
from settlement.present import settlement_text
from settlement.reference.closing import NOTHING_CLOSED, ClosedMonths, close_months
from settlement.reference.inputs import Province
from settlement.reference.ledger import settle_ledger
from settlement.reference.ledger_views import balances
from settlement.reference.openings import Openings, openings_of
from settlement.reference.settle import Settlement, settle_province
from settlement.reference.text import TABLES, table_rows
from settlement.reference.year import HospitalYear
from settlement.settle import settle_province as settle_on_spark
from tests.property.closings import History, closing_frames, united_closed
from tests.property.ledger_voices import ledger_differences
from tests.property.openings import opening_frames, random_openings, united_openings
from tests.property.settlement_provinces import YEAR, random_policy, random_province, united
from tests.property.test_ledger_laws import check_views
from tests.property.test_settlement_voices import differences, province_frames

SEEDS = st.integers(0, 2**32)
SIZES = st.integers(0, 60)
ONE = settings(max_examples=1, phases=(Phase.explicit, Phase.generate), deadline=None)
Account = tuple[str, str]


def years_of(settlement: Settlement) -> dict[Account, HospitalYear]:
    return {(row.fixmedins_code, row.insutype): row for row in settlement.years}


def check_books(province: Province, settlement: Settlement, openings: Openings) -> None:
    """The ledger nets, its views are the tables, and what was owed is taken over once."""
    rows = settle_ledger(province, settlement)
    left = balances(rows)
    assert sum(left.values()) == 0
    check_views(settlement, rows)
    for key, row in years_of(settlement).items():
        account = (*key, str(YEAR))
        assert left.get(":".join(("payable", *account)), 0) == row.final_fen
        assert left.get(":".join(("cash", *account)), 0) == row.paid_fen
        assert left.get(":".join(("owed_before", *account)), 0) == row.owed_before_fen == openings.owed.get(key, 0)
    assert openings.owed.keys() <= years_of(settlement).keys()


@given(SEEDS, SIZES)
def test_what_was_owed_is_paid_less_once(seed: int, cases: int) -> None:
    """OP-54: the months and the final amount are together less by what was owed, and nothing else changes."""
    province = random_province(seed, cases)
    openings = Openings(owed=random_openings(province, seed).owed)
    now, without = settle_province(province, openings=openings), settle_province(province)
    assert (now.pools, now.matrix, now.net) == (without.pools, without.matrix, without.net)
    others = years_of(without)
    may = {"paid_fen", "clearing_fen", "final_fen", "lines", "owed_before_fen"}
    for key, row in years_of(now).items():
        other, owed = others.get(key), openings.owed.get(key, 0)
        # audit sums of a hospital without a case count where it has an account all the same
        received = other.paid_fen + other.final_fen if other else -row.audit_fen
        assert row.paid_fen + row.final_fen == received - owed
        assert row.final_fen == row.clearing_fen + row.new_technique_fen + row.second_distribution_fen - owed
        for field in fields(HospitalYear):
            assert not other or field.name in may or getattr(row, field.name) == getattr(other, field.name)
    check_books(province, now, openings)


@given(SEEDS, SIZES)
def test_what_december_left_divides_the_months_only(seed: int, cases: int) -> None:
    """OP-46: months use or carry on budget and opening together; amounts of the year are those of before."""
    province = random_province(seed, cases)
    openings = Openings(pools=random_openings(province, seed).pools)
    now, without = settle_province(province, openings=openings), settle_province(province)
    rows: dict[Account, list[tuple[int, int, int]]] = defaultdict(list)
    for pool in now.pools:
        if len(pool.period) > 4:
            rows[pool.area, pool.insutype].append((pool.budget_fen, pool.used_fen, pool.carried_or_reserve_fen))
    for key, months in rows.items():
        opening = openings.pools.get(key, 0)
        assert sum(month[0] for month in months) + opening == sum(month[1] for month in months) + months[-1][2]
    assert [pool for pool in now.pools if len(pool.period) == 4] == [
        pool for pool in without.pools if len(pool.period) == 4
    ]
    for key, row in years_of(now).items():
        other = years_of(without)[key]
        assert (row.amount_fen, row.cap_excess_fen, row.owed_before_fen) == (other.amount_fen, other.cap_excess_fen, 0)
    check_books(province, now, openings)


def opened_history(seed: int, cases: int, prefix: str = "99") -> tuple[History, Openings]:
    """Months closed with some openings, and other openings after that."""
    random = Random(seed)
    province = random_province(seed, cases, prefix)
    areas = {hospital.fixmedins_code: hospital.area for hospital in province.hospitals}
    before = settle_province(province, openings=random_openings(province, seed))
    last = {area: random.choice((0, 1, 3, 12)) for area in sorted(set(areas.values()))}
    through = {area: f"{YEAR}-{month:02d}" for area, month in last.items() if month}
    closed = close_months(before, areas, through, NOTHING_CLOSED)
    return History(province, closed, areas), random_openings(province, seed + 1)


@given(SEEDS, SIZES)
def test_a_closed_january_keeps_its_opening(seed: int, cases: int) -> None:
    """A change of the opening is settled by the year: closed rows stay, and what is owed now is taken over once."""
    history, openings = opened_history(seed, cases)
    now = settle_province(history.province, history.closed, openings=openings)
    rows = {(row.fixmedins_code, row.insutype, row.month): row for row in now.months}
    assert all(rows[row.fixmedins_code, row.insutype, row.month] == row for row in history.closed.months)
    check_books(history.province, now, openings)


def test_openings_come_from_the_year_before() -> None:
    """Only where the policies say so, and nothing twice: what is left over is in the year's own final amount."""
    seen = set()
    for seed in range(30):
        province = random_province(seed, 40)
        areas = {hospital.fixmedins_code: hospital.area for hospital in province.hospitals}
        settled = settle_province(province)
        new = {area: random_policy(Random(seed + 1)) for area in province.policies}
        found = openings_of(settled.pools, settled.years, areas, province.policies, new)
        decembers = {(pool.area, pool.insutype): pool for pool in settled.pools if pool.period == f"{YEAR}-12"}
        assert all(decembers[key].carried_or_reserve_fen == amount > 0 for key, amount in found.pools.items())
        assert all(years_of(settled)[key].final_fen == -amount < 0 for key, amount in found.owed.items())
        for key, pool in decembers.items():
            carries = new[pool.area].month_carry_year_end == "next_year" and pool.carried_or_reserve_fen > 0
            assert carries == (key in found.pools)
            seen.add(f"carried {carries}")
        for key, row in years_of(settled).items():
            owes = province.policies[areas[key[0]]].clearing_negative == "next_payments" and row.final_fen < 0
            assert owes == (key in found.owed)
            seen.add(f"owed {owes}")
    assert len(seen) == 4


@pytest.mark.slow
@given(seed=SEEDS)
@ONE
def test_both_voices_open_alike(spark: SparkSession, seed: int) -> None:
    """With closed months beside; then what each voice leaves to the next year."""
    made = [opened_history(seed + number, number % 4 * 15, f"{10 + number}") for number in range(12)]
    histories, openings = [history for history, _ in made], united_openings(one for _, one in made)
    whole, closed = united(history.province for history in histories), united_closed(histories)
    areas = {code: area for history in histories for code, area in history.areas.items()}
    for months in (closed, NOTHING_CLOSED):
        check_voices(spark, whole, months, openings, areas)


def check_voices(
    spark: SparkSession, whole: Province, closed: ClosedMonths, openings: Openings, areas: dict[str, str]
) -> None:
    closings = closing_frames(spark, closed, areas) if closed.through else None
    settled = settle_on_spark(
        province_frames(spark, whole),
        whole.policies,
        lambda _, frame: frame.localCheckpoint(),
        closings=closings,
        openings=opening_frames(spark, openings, whole),
    )
    plain = settle_province(whole, closed, openings=openings)
    texts = settlement_text(settled)
    for name, columns in TABLES.items():
        found = differences(text_rows(texts[name], columns), sorted(table_rows(name, plain)))
        assert not found, "\n".join([name, *found])
    owed = {
        tuple(row) for row in settled.hospital_year.select("fixmedins_code", "insutype", "owed_before_fen").collect()
    }
    assert owed == {(row.fixmedins_code, row.insutype, row.owed_before_fen) for row in plain.years}
    assert not ledger_differences(settled, whole, closed, openings=openings)
    hospitals = province_frames(spark, whole).hospitals
    policies = (whole.policies, whole.policies)
    next_year = on_spark.openings_of(settled.pools, settled.hospital_year, hospitals, *policies)
    expected = openings_of(plain.pools, plain.years, areas, *policies)
    assert {tuple(row) for row in next_year.pools.collect()} == {
        (*key, YEAR + 1, amount) for key, amount in expected.pools.items()
    }
    assert {tuple(row) for row in next_year.owed.collect()} == {
        (areas[code], code, insutype, YEAR + 1, amount) for (code, insutype), amount in expected.owed.items()
    }
