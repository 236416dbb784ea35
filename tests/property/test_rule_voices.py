"""The rules beside points and clearing: Spark and the reference say the same of some hundred random rows each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import astuple
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from settlement import rule_frames as frames
from settlement import rule_ledger
from settlement.addons import LIMITS, add_on_findings, effective_add_ons
from settlement.budget import yearly_budgets
from settlement.bulletin import review_bulletin
from settlement.case_sharing import case_shares
from settlement.growth import growth_adjustments
from settlement.monitoring import hospital_indices
from settlement.negotiated_drugs import drug_compensation
from settlement.reference import addons as plain_addons
from settlement.reference import budget as plain_budget
from settlement.reference import bulletin as plain_bulletin
from settlement.reference import growth as plain_growth
from settlement.reference import negotiated_drugs as plain_drugs
from settlement.reference import weights as plain_weights
from settlement.reference.case_sharing import PricedCase, payment_standard, share_cases
from settlement.reference.exact import round_half_up
from settlement.reference.ledger_views import balances
from settlement.reference.monitoring import (
    GroupFigures,
    case_mix_index,
    cost_index,
    outlier_rates,
    time_index,
)
from settlement.reference.points import CaseClass
from settlement.reference.rule_ledger import hospital_figures, incentive_ledger
from settlement.reference.settle import settle_province
from settlement.results import CASE_POINTS
from settlement.standards import payment_standards
from settlement.weights import payment_weights
from tests.property.ledger_voices import book_differences, figure_rows
from tests.property.published_numbers import CASE_MIX, INDEX, OUTLIERS
from tests.property.settlement_provinces import random_province
from tests.property.settlement_rules import AREAS, GROUPS, INSURANCE, frame, rule_policies, texts

SEEDS = st.integers(0, 2**32)
FEW = settings(max_examples=2, phases=(Phase.explicit, Phase.generate), deadline=None)
YEAR = 2025
POOL_VALUES = "area string, insutype string, year int, slot int, value_above decimal(38,0), value_below decimal(38,0)"


def shown(number: Fraction | None) -> Fraction | None:
    """A share at the six places of the frames."""
    return None if number is None else round_half_up(number, 6)


def fen(random: Random, most: int = 10**7) -> int:
    return random.choice((0, 1, random.randint(0, most), random.randint(0, most)))


def random_cases(random: Random, count: int = 400) -> list[PricedCase]:
    cases = []
    for number in range(count):
        standard, area = fen(random), random.choice(AREAS)
        cost = random.choice((standard, standard * 11 // 10, standard * 2, fen(random)))
        cases.append(
            PricedCase(
                setl_id=f"S{number:04d}",
                area=area,
                insutype=random.choice(INSURANCE),
                fixmedins_code=f"H{area}{random.randint(0, 2)}",
                drg=random.choice(GROUPS),
                case_class=random.choice((*CaseClass, CaseClass.NORMAL, CaseClass.HIGH, CaseClass.LOW)).value,
                cost_fen=cost,
                standard_fen=standard,
                tcm_advantage=random.random() < 0.1,
                base_group=random.random() < 0.1,
            )
        )
    return cases


def case_rows(cases: list[PricedCase]) -> list[tuple[object, ...]]:
    return [tuple(int(cell) if isinstance(cell, bool) else cell for cell in astuple(case)) for case in cases]


@pytest.mark.slow
@given(seed=SEEDS)
@FEW
def test_both_voices_share_cases_alike(spark: SparkSession, seed: int) -> None:
    random = Random(seed)
    policies, cases = rule_policies(random), random_cases(random)
    rows = frame(spark, frames.PRICED_CASES, case_rows(cases))
    shares = share_cases(cases, policies)
    found = case_shares(rows, policies).withColumn("year", F.lit(YEAR)).localCheckpoint()
    assert texts(found.select("setl_id", "given_fen", "aid_fen").collect()) == texts(
        (share.case.setl_id, share.given_fen, share.aid_fen) for share in shares
    )
    hospitals = {(case.area, case.insutype, case.fixmedins_code) for case in cases}
    funds = [
        plain_growth.FundGrowth(*hospital, 3, fen(random, 10**11), random.choice((fen(random, 10**11), 0)))
        for hospital in sorted(hospitals)
    ]
    growth = growth_adjustments(frame(spark, frames.FUND_GROWTH, map(astuple, funds)), policies)
    dated = growth.withColumn("year", F.lit(YEAR)).localCheckpoint()
    booked = incentive_ledger(shares, plain_growth.growth_adjustments(funds, policies), YEAR)
    ledger = rule_ledger.incentive_ledger(found, dated).localCheckpoint()
    assert not book_differences(ledger, booked)
    assert figure_rows(rule_ledger.incentives(ledger)) == {
        (*key, one["aid"], one["balance"], one["given"], one["growth"])
        for key, one in hospital_figures(booked, "incentive").items()
    }
    assert rule_ledger.incentive_differences(ledger, found, dated).isEmpty()
    wrong = dated.withColumn("adjustment_fen", F.col("adjustment_fen") + 1)
    assert not rule_ledger.incentive_differences(ledger, found, wrong).isEmpty()


@given(SEEDS)
@settings(max_examples=30)
def test_the_pool_of_cases_never_pays_more_than_it_was_given(seed: int) -> None:
    random = Random(seed)
    policies, cases = rule_policies(random), random_cases(random, 200)
    given_by: dict[tuple[str, str], int] = defaultdict(int)
    for share in share_cases(cases, policies):
        assert share.aid_fen >= 0
        assert not (share.given_fen and share.aid_fen)
        given_by[share.case.area, share.case.insutype] += share.given_fen - share.aid_fen
    assert all(left >= 0 for left in given_by.values())


@given(SEEDS)
@settings(max_examples=30)
def test_the_ledger_of_incentives_is_what_cases_and_growth_come_to(seed: int) -> None:
    random = Random(seed)
    policies, cases = rule_policies(random), random_cases(random, 200)
    shares = share_cases(cases, policies)
    hospitals = sorted({(case.area, case.insutype, case.fixmedins_code) for case in cases})
    growth = plain_growth.growth_adjustments(
        [plain_growth.FundGrowth(*one, 3, fen(random, 10**11), fen(random, 10**11)) for one in hospitals], policies
    )
    rows = incentive_ledger(shares, growth, YEAR)
    due: dict[tuple[str, str], int] = defaultdict(int)
    for share in shares:
        due[share.case.fixmedins_code, share.case.insutype] += share.aid_fen - share.given_fen
    for one in growth:
        due[one.funds.fixmedins_code, one.funds.insutype] += one.adjustment_fen
    found = hospital_figures(rows, "incentive")
    assert {key: one["balance"] for key, one in found.items() if one["balance"]} == {
        key: amount for key, amount in due.items() if amount
    }
    assert all(one["aid"] - one["given"] + one["growth"] == one["balance"] for one in found.values())
    assert all(left >= 0 for account, left in balances(rows).items() if account.startswith("sharing:"))
    assert sum(balances(rows).values()) == 0
    assert len({row.key for row in rows}) == len(rows)


@pytest.mark.slow
@given(seed=SEEDS)
@FEW
def test_both_voices_adjust_growth_alike(spark: SparkSession, seed: int) -> None:
    random = Random(seed)
    policies = rule_policies(random)
    funds = [
        plain_growth.FundGrowth(
            *(area, insutype, f"H{area}{number}", random.choice((1, 2, 3)), fen(random, 10**11)),
            random.choice((fen(random, 10**11), 0, -5, 10**9)),
        )
        for area in AREAS
        for insutype in INSURANCE
        for number in range(8)
    ]
    found = growth_adjustments(frame(spark, frames.FUND_GROWTH, map(astuple, funds)), policies)
    assert texts(found.collect()) == texts(
        (
            *(one.funds.area, one.funds.insutype, one.funds.fixmedins_code),
            *(shown(one.growth), shown(one.benchmark), one.adjustment_fen),
        )
        for one in plain_growth.growth_adjustments(funds, policies)
    )


@pytest.mark.slow
@given(seed=SEEDS)
@FEW
def test_both_voices_limit_add_ons_alike(spark: SparkSession, seed: int) -> None:
    random = Random(seed)
    policies = rule_policies(random)
    grounds, kinds = zip(*LIMITS, strict=True)
    add_ons = {
        (one.fixmedins_code, one.drg, one.ground): one
        for _ in range(400)
        for area in [random.choice(AREAS)]
        for one in [
            plain_addons.AddOn(
                *(area, f"H{area}{random.randint(0, 2)}", random.choice(GROUPS)),
                *(random.choice(grounds), random.choice(kinds)),
                Fraction(random.choice(("0.05", "0.1", "0.100001", "0.2", "0.3"))),
            )
        ]
    }
    rows = frame(spark, frames.ADD_ONS, map(astuple, add_ons.values()))
    assert texts(add_on_findings(rows, policies).collect()) == texts(
        map(astuple, plain_addons.add_on_findings(add_ons.values(), policies))
    )
    effective = effective_add_ons(rows, policies).select("area", "drg", "fixmedins_code", "value")
    expected = plain_addons.effective_add_ons(add_ons.values(), policies)
    assert texts(effective.collect()) == texts((*key, value) for key, value in expected.items())


@pytest.mark.slow
@given(seed=SEEDS)
@FEW
def test_both_voices_make_budgets_alike(spark: SparkSession, seed: int) -> None:
    random = Random(seed)
    policies = rule_policies(random)
    inputs = [
        plain_budget.BudgetInputs(
            *(area, insutype, year, fen(random, 10**13)),
            *(random.choice((0, random.randint(10**10, 10**13))), fen(random, 10**12)),
            *(fen(random, 10**11), fen(random, 10**11), fen(random, 10**11)),
            Fraction(random.choice(("0.1", "-0.5", "0.033333"))),
            random.choice((None, fen(random, 10**12), 10**12)),
        )
        for area in AREAS
        for insutype in INSURANCE
        for year in range(YEAR, YEAR + 5)
    ]
    found = yearly_budgets(frame(spark, frames.BUDGET_INPUTS, map(astuple, inputs)), policies)
    expected = plain_budget.yearly_budgets(inputs, policies)
    assert texts(found.collect()) == texts(
        (
            *(one.inputs.area, one.inputs.insutype, one.inputs.year, one.wanted_fen, one.base_fen, one.budget_fen),
            *(shown(one.growth), one.outcome),
        )
        for one in expected
    )


@pytest.mark.slow
@given(seed=SEEDS)
@FEW
def test_both_voices_keep_the_total_weight_alike(spark: SparkSession, seed: int) -> None:
    random = Random(seed)
    policies = rule_policies(random)
    weights = ("0.5", "1.234567", "0", "12.5")
    groups = {
        area: [
            plain_weights.GroupWeight(
                f"G{number:02d}",
                Fraction(random.choice(weights)),
                random.choice((None, Fraction(random.choice(weights)))),
                random.choice((0, 1, random.randint(1, 5000))),
            )
            for number in range(random.choice((1, 2, 20)))
        ]
        for area in AREAS
    }
    rows = [(area, *astuple(one)) for area, ones in groups.items() for one in ones]
    for places in (4, 6):
        found = payment_weights(frame(spark, frames.WEIGHTS, rows), policies, places)
        expected = []
        for area, ones in groups.items():
            new, outcome = plain_weights.payment_weights(ones, policies[area], places)
            expected += [(area, drg, weight, outcome) for drg, weight in new.items()]
        assert texts(found.collect()) == texts(expected)


@pytest.mark.slow
@given(seed=SEEDS)
@FEW
def test_both_voices_pay_for_drugs_alike(spark: SparkSession, seed: int) -> None:
    random = Random(seed)
    policies = rule_policies(random)
    cases = [(f"S{i:03d}", random.choice(AREAS)) for i in range(200)]
    items = [
        (case, area, "310", "H1", random.choice(("D1", "D2", "D3")), fen(random))
        for case, area in cases
        for _ in range(random.choice((0, 1, 3)))
    ]
    by_area: dict[str, list[plain_drugs.DrugItem]] = defaultdict(list)
    for case, area, _, _, code, amount in items:
        by_area[area].append(plain_drugs.DrugItem(case, code, amount))
    paid = drug_compensation(frame(spark, frames.DRUG_ITEMS, items), policies)
    expected = [
        (case, *amounts)
        for area, ones in by_area.items()
        for case, amounts in plain_drugs.drug_compensation(ones, policies[area]).items()
    ]
    assert texts(paid.select("setl_id", "drug_fen", "compensation_fen", "in_final").collect()) == texts(expected)


def random_points(random: Random) -> tuple[Fraction, Fraction]:
    """Points of a month, and what the year adds to them."""
    added = Fraction(random.randint(0, 9999), 100)
    return Fraction(random.randint(0, 10**9), 10**4), random.choice((Fraction(0), added))


@pytest.mark.slow
@given(seed=SEEDS)
@FEW
def test_both_voices_price_cases_alike(spark: SparkSession, seed: int) -> None:
    """Points x value, where the pool has one: 002 article 16."""
    random = Random(seed)
    values = {
        (area, insutype): random.choice((None, Fraction(random.randint(1, 10**9), random.randint(1, 10**7))))
        for area in AREAS
        for insutype in INSURANCE
    }
    pools = [
        (*pool, YEAR, slot, None, None)
        if value is None
        else (*pool, YEAR, slot, Decimal(value.numerator + slot), Decimal(value.denominator))
        for pool, value in values.items()
        for slot in (0, 1)
    ]
    points = [
        (f"S{number:03d}", *random.choice(list(values)), *random_points(random), number % 7) for number in range(300)
    ]
    scored = [
        (
            case,
            "local",
            "normal",
            amount,
            1,
            int(in_year > 0),
            None,
            area,
            "H1",
            area,
            insutype,
            YEAR,
            "",
            "G",
            0,
            0,
            uplift,
            None,
        )
        for case, area, insutype, amount, uplift, in_year in points
    ]
    found = payment_standards(frame(spark, CASE_POINTS, scored), spark.createDataFrame(pools, POOL_VALUES))
    assert texts(found.select("setl_id", "standard_fen").collect()) == texts(
        # the pool's value is in fen for 10^-8 of a point
        (case, payment_standard(amount + uplift, value * 10**6))
        for case, area, insutype, amount, uplift, in_year in points
        for value in [values[area, insutype]]
        if in_year and value is not None
    )


def random_figures(random: Random) -> dict[tuple[str, str], list[GroupFigures]]:
    """Hospitals with some groups each; those without a case have no indices."""
    return {
        (area, f"H{area}{number}"): [
            GroupFigures(
                *(drg, Fraction(random.choice(("0.8", "1.234567", "12"))), cases, fen(random, 10**11), cases * 7),
                *(random.randint(0, cases), random.randint(0, cases), cases + random.randint(0, 9999)),
                *(fen(random, 10**13), random.choice((0, random.randint(1, 10**6)))),
            )
            for drg in GROUPS
            for cases in [random.choice((0, 1, random.randint(1, 500)))]
        ]
        for area in AREAS
        for number in range(5)
    }


@pytest.mark.slow
@given(seed=SEEDS)
@FEW
def test_both_voices_monitor_alike(spark: SparkSession, seed: int) -> None:
    """Random hospitals, and the published and derived examples beside them."""
    hospitals = {
        **random_figures(Random(seed)),
        ("0000", "P1"): CASE_MIX,
        ("0000", "P5"): OUTLIERS,
        ("0000", "D"): INDEX,
    }
    rows = [(*key, *astuple(group)) for key, groups in hospitals.items() for group in groups]
    found = hospital_indices(frame(spark, frames.GROUP_FIGURES, rows)).collect()
    assert texts(found) == texts(
        (
            *key,
            *(shown(index(groups)) for index in (case_mix_index, cost_index, time_index)),
            *map(shown, outlier_rates(groups)),
        )
        for key, groups in hospitals.items()
        if sum(group.cases for group in groups)
    )
    by_hospital = {row.fixmedins_code: row for row in found}
    assert by_hospital["P1"].cmi == Decimal("1.34")
    assert (by_hospital["D"].cost_index, by_hospital["D"].time_index) == (Decimal("1.02"), Decimal("0.94"))
    assert (by_hospital["P5"].high_rate, by_hospital["P5"].low_rate) == (Decimal("0.146577"), Decimal("0.137898"))


@pytest.mark.slow
@given(seed=SEEDS)
@FEW
def test_both_voices_announce_reviews_alike(spark: SparkSession, seed: int) -> None:
    points = [
        one
        for number in range(8)
        for one in settle_province(random_province(seed + number, 60, f"{10 + number}")).points
    ]
    rows = [
        (
            *(one.case.setl_id, one.scope.value, one.case_class.value, one.points, int(one.in_month), int(one.in_year)),
            *(one.review or None, one.area, one.case.fixmedins_code, one.case.insu_admdvs, one.case.insutype),
            *(one.case.setl_date.year, one.case.month, one.case.drg, one.case.paid_cost_fen, one.case.fund_fen),
            one.uplift,
            one.pay_month,
        )
        for one in points
    ]
    found = review_bulletin(frame(spark, CASE_POINTS, rows)).drop("period")
    assert texts(found.collect()) == texts(astuple(one)[:-1] for one in plain_bulletin.review_bulletin(points))
