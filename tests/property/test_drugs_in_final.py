"""Compensation for negotiated drugs in the final amount (policy/002 article 37): laws, and both voices alike."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from serving.beside import DUE, due_statements
from serving.statement import FINAL, hospital_statements
from settlement import rule_ledger
from settlement.reference.inputs import Province
from settlement.reference.ledger import LedgerRow, settle_ledger
from settlement.reference.ledger_views import balances
from settlement.reference.rule_ledger import drug_ledger, hospital_figures
from settlement.reference.settle import settle_province
from settlement.reference.year import HospitalYear
from settlement.rule_frames import DRUG_COMPENSATION
from settlement.settle import settle_province as settle_on_spark
from tests.property.ledger_voices import book_differences, figure_rows, ledger_differences
from tests.property.settlement_provinces import YEAR, random_province, united
from tests.property.settlement_rules import frame
from tests.property.test_settlement_voices import province_frames

SEEDS = st.integers(0, 2**32)
ONE = settings(max_examples=1, phases=(Phase.explicit, Phase.generate), deadline=None)
Paid = list[tuple[str, str, str, str, int]]  # case, area, insurance, hospital, fen


def random_drugs(province: Province, seed: int) -> Paid:
    """Compensation of some of the cases, whatever their class and scope: a hospital may have no other row."""
    random = Random(seed)
    areas = {one.fixmedins_code: one.area for one in province.hospitals}
    return [
        (case.setl_id, areas[case.fixmedins_code], case.insutype, case.fixmedins_code, random.randint(0, 10**6))
        for case in province.cases
        if case.fixmedins_code in areas and random.random() < 0.3
    ]


def by_account(paid: Paid) -> dict[tuple[str, str], int]:
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for _, _, insutype, code, amount in paid:
        sums[code, insutype] += amount
    return dict(sums)


def booked(paid: Paid) -> list[LedgerRow]:
    return drug_ledger([(area, insutype, code, amount) for _, area, insutype, code, amount in paid], YEAR)


@given(SEEDS, st.integers(0, 60))
def test_002_article_37_the_final_amount_has_it_and_nothing_else_changes(seed: int, cases: int) -> None:
    province = random_province(seed, cases)
    paid = random_drugs(province, seed)
    drugs = by_account(paid)
    now, without = settle_province(province, drugs=drugs), settle_province(province)
    assert (now.pools, now.months, now.matrix) == (without.pools, without.months, without.matrix)
    others = {(row.fixmedins_code, row.insutype): row for row in without.years}
    may = {"final_fen", "negotiated_drugs_fen", "lines", "write_off_fen"}
    for row in now.years:
        key = (row.fixmedins_code, row.insutype)
        other = others.get(key)
        assert row.negotiated_drugs_fen == drugs.get(key, 0)
        assert row.final_fen == row.negotiated_drugs_fen + (other.final_fen if other else 0)
        assert other or row.negotiated_drugs_fen == row.final_fen
        for field in fields(HospitalYear):
            assert not other or field.name in may or getattr(row, field.name) == getattr(other, field.name)
    assert sum(row.negotiated_drugs_fen for row in now.years) == sum(drugs.values())


@given(SEEDS, st.integers(0, 60), st.booleans())
def test_what_is_due_is_the_same_inside_and_beside(seed: int, cases: int, inside: bool) -> None:
    """Either the final amount has it, or the line beside: the sum is the same, and no account is left over."""
    province = random_province(seed, cases)
    paid = random_drugs(province, seed)
    drugs = by_account(paid)
    ledger = settle_ledger(province, settle_province(province, drugs=drugs if inside else {}))
    rows = [*ledger, *booked(paid)]
    assert sum(balances(rows).values()) == 0
    figures = hospital_figures(rows, "drugs")
    for key, amount in drugs.items():
        found = figures.get(key, {"balance": 0})["balance"]
        assert found == (0 if inside else amount)
    finals = {key: lines[-1].running_fen for key, lines in hospital_statements(ledger).items()}
    shown = due_statements(rows)
    without = settle_province(province)
    expected = {(row.fixmedins_code, row.insutype): row.final_fen for row in without.years}
    for key, lines in shown.items():
        assert (lines[0].title, lines[-1].title) == (FINAL, DUE)
        assert lines[0].amount_fen == finals.get(key, 0)
        assert lines[-1].running_fen == sum(line.amount_fen or 0 for line in lines)
        assert lines[-1].running_fen == expected.get(key, 0) + drugs.get(key, 0)
    assert {key for key, amount in drugs.items() if amount} <= set(shown)


@pytest.mark.slow
@given(seed=SEEDS)
@ONE
def test_both_voices_take_drugs_in_alike(spark: SparkSession, seed: int) -> None:
    whole = united(random_province(seed + number, number * 15, f"{10 + number}") for number in range(5))
    paid = random_drugs(whole, seed)
    rows = [(case, area, insutype, code, amount, amount, 1) for case, area, insutype, code, amount in paid]
    compensated = frame(spark, DRUG_COMPENSATION, rows).withColumn("year", F.lit(YEAR)).localCheckpoint()
    frames = province_frames(spark, whole)
    settled = settle_on_spark(frames, whole.policies, lambda _, one: one.localCheckpoint(), drugs=compensated)
    drugs = by_account(paid)
    plain = settle_province(whole, drugs=drugs)
    names = ("fixmedins_code", "insutype", "negotiated_drugs_fen", "final_fen", "write_off_fen")
    assert {tuple(row) for row in settled.hospital_year.select(*names).collect()} == {
        tuple(getattr(row, name) for name in names) for row in plain.years
    }
    assert not ledger_differences(settled, whole, drugs=drugs)
    ledger = rule_ledger.drug_ledger(compensated).localCheckpoint()
    assert not book_differences(ledger, booked(paid))
    assert figure_rows(rule_ledger.drugs(ledger)) == {
        (*key, one["balance"], one["cleared"], one["paid"])
        for key, one in hospital_figures(booked(paid), "drugs").items()
    }
    assert rule_ledger.drug_differences(ledger, compensated).isEmpty()
    wrong = compensated.withColumn("compensation_fen", F.col("compensation_fen") + 1)
    assert not rule_ledger.drug_differences(ledger, wrong).isEmpty()
