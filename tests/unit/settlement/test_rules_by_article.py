"""The rules beside points and clearing, by article: bounds, order, and what they come to in small numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from lake.policy_files import load_policies
from settlement.policy import Policy, read_policy
from settlement.policy_values import PolicyProblem
from settlement.reference.addons import AddOn, add_on_findings, effective_add_ons
from settlement.reference.budget import BudgetInputs, yearly_budgets
from settlement.reference.case_sharing import PricedCase, payment_standard, share_cases
from settlement.reference.growth import FundGrowth, growth_adjustments
from settlement.reference.negotiated_drugs import DrugItem, drug_compensation
from settlement.reference.pools import amounts_by_value, point_value, set_value
from settlement.reference.prepay import (
    Application,
    FundMonth,
    FundTest,
    LastYear,
    Prepayment,
    check_funds,
    months_before,
    pay_applications,
    publish,
    recover,
)
from settlement.reference.sums import Sums
from settlement.reference.weights import GroupWeight, payment_weights
from settlement.rule_policy import RulePolicy, read_rule_policy
from tests.property.settlement_rules import RULE_CHOICES, rule_policy

AREA, YEAR = "9901", 2026
PACKAGED = load_policies()


def packaged(**changes: Any) -> RulePolicy:
    """The packaged values of the demonstration's year, some changed."""
    values = PACKAGED.rule_values_at("999999", date(2025, 6, 30))
    return read_rule_policy({**values, **{name.replace("__", "."): value for name, value in changes.items()}})


# --- prepayment --------------------------------------------------------------------------------------------------


def fund(insutype: str = "310", balance: int = 1200, income: int = 101, spending: int = 100) -> list[FundMonth]:
    """Fourteen equal months up to this February."""
    months = [*months_before(f"{YEAR - 1}-12"), f"{YEAR}-01", f"{YEAR}-02"]
    return [FundMonth(AREA, insutype, month, income, spending, balance) for month in months]


def outcome(rows: list[FundMonth], policy: RulePolicy | None = None, as_of: str = f"{YEAR}-02") -> str:
    (found,) = check_funds(rows, {AREA: policy or packaged()}, YEAR, as_of).values()
    return found.outcome


def test_002_article_24_the_balance_must_cover_twelve_months_and_six() -> None:
    assert outcome(fund("310", 1200)) == "eligible"
    assert outcome(fund("310", 1199)) == "balance"
    assert outcome(fund("390", 600)) == "eligible"
    assert outcome(fund("390", 599)) == "balance"
    assert outcome(fund("999", 10**9)) == "no_rule"


def test_002_article_24_no_deficit_last_year_and_none_foreseen() -> None:
    assert outcome(fund(income=100)) == "eligible"  # balanced is no deficit
    rows = fund(income=100)
    before = [replace(row, income_fen=99) if row.month == f"{YEAR - 1}-01" else row for row in rows]
    assert outcome(before) == "last_year_deficit"
    ahead = [replace(row, income_fen=99) if row.month == f"{YEAR}-02" else row for row in rows]
    assert outcome(ahead) == "forecast_deficit"
    assert outcome(ahead, as_of=f"{YEAR}-01") == "eligible"


def test_op_57_the_months_are_measured_by_the_last_twelve_or_by_last_year() -> None:
    rows = [replace(row, spending_fen=100 if row.month < f"{YEAR}" else 0) for row in fund(balance=1000)]
    assert outcome(rows) == "eligible"  # 1,000 were spent in the last twelve months
    assert outcome(rows, packaged(prepay__months_basis="last_year")) == "balance"
    assert outcome(rows[1:]) == "incomplete"


def paid(applications: list[Application], scale: int | None = None, **changes: Any) -> list[Prepayment]:
    tests: dict[tuple[str, str], FundTest] = check_funds(fund(), {AREA: packaged()}, YEAR, f"{YEAR}-02")
    areas = dict.fromkeys(("H1", "H2", "H3"), AREA)
    last_year = {("H1", "310"): LastYear(12006, 24000), ("H2", "310"): LastYear(1200, 0)}
    scales = {} if scale is None else {(AREA, "310"): scale}
    return pay_applications(applications, areas, last_year, tests, scales, {AREA: packaged(**changes)}, YEAR)


def application(code: str, credit: str = "1") -> Application:
    marks = {"management": Fraction(1), "credit": Fraction(credit), "policy": Fraction(1), "tracing": Fraction(1)}
    return Application(code, "310", marks)


def test_000_article_19_a_month_is_a_twelfth_of_last_years_settled_fund() -> None:
    """12,006 ÷ 12 is 1,000.5 fen, half up; a hospital without a last year has no month."""
    first, second, third = paid([application("H3"), application("H1"), application("H2")])
    assert [(one.fixmedins_code, one.paid_fen, one.outcome) for one in (first, second, third)] == [
        ("H1", 1001, "paid"),
        ("H2", 100, "paid"),
        ("H3", 0, "no_history"),
    ]
    assert first.pay_by == f"{YEAR}-03-31"
    assert first.why == "120.06 ÷ 12 × 1.000000"
    assert paid([application("H1")], prepay__basis="last_year_fund")[0].paid_fen == 2000
    assert paid([application("H1")], prepay__months="2")[0].paid_fen == 2001


def test_004_section_2_2_the_well_kept_come_first_and_only_those_that_apply() -> None:
    ones = paid([application("H1", "0.5"), application("H2")], scale=500)
    assert [(one.fixmedins_code, one.place, one.paid_fen, one.outcome) for one in ones] == [
        ("H2", 1, 100, "paid"),
        ("H1", 2, 400, "paid_in_part"),
    ]
    assert [one.outcome for one in paid([application("H1"), application("H2")], scale=1001)] == [
        "paid",
        "scale_used_up",
    ]
    assert paid([]) == []


def test_000_article_19_what_was_paid_is_set_off_in_the_last_months_or_returned() -> None:
    ones = paid([application("H1")])
    payments = {("H1", "310"): {f"{YEAR}-{month:02d}": 300 for month in range(1, 13)}}
    policies = {AREA: packaged()}
    offsets = recover(ones, payments, policies, YEAR)
    assert offsets == [("H1", "310", f"{YEAR}-{month}", 300) for month in (10, 11, 12)]
    (line,) = publish(ones, offsets)
    assert (line.paid_fen, line.offset_fen, line.returned_fen) == (1001, 900, 101)
    assert recover(ones, payments, {AREA: packaged(prepay__recovery="return")}, YEAR) == []


# --- incentives --------------------------------------------------------------------------------------------------


def case(name: str, cost: int, standard: int = 1000, **more: Any) -> PricedCase:
    return PricedCase(name, AREA, "310", "H1", "G", more.pop("case_class", "normal"), cost, standard, **more)


SHARING: dict[str, Any] = {
    "case_sharing__enabled": True,
    "case_sharing__keep": "0.7",
    "case_sharing__threshold": "0.1",
    "case_sharing__aid": "0.5",
}


def shares(*cases: PricedCase, **changes: Any) -> dict[str, tuple[int, int]]:
    found = share_cases(cases, {AREA: packaged(**{**SHARING, **changes})})
    return {one.case.setl_id: (one.given_fen, one.aid_fen) for one in found}


def test_002_article_35_cases_share_surplus_and_deficit() -> None:
    assert shares(case("a", 0), case("b", 1300), case("c", 1100)) == {"a": (300, 0), "b": (0, 100), "c": (0, 0)}
    # 300 are there, 450 and 150 are asked for
    assert shares(case("a", 0), case("b", 2000), case("c", 1400)) == {"a": (300, 0), "b": (0, 225), "c": (0, 75)}
    assert shares(case("a", 0), case_sharing__enabled=False) == {}


def test_002_article_35_special_payment_stays_outside() -> None:
    outside = [case("r", 0, case_class="reviewed"), case("t", 0, tcm_advantage=True), case("b", 0, base_group=True)]
    assert shares(*outside, case("blank", 0, case_class="blank")) == {}


def test_002_article_16_standard_is_points_times_value() -> None:
    assert payment_standard(Fraction("96.0001"), Fraction("94.6341")) == 908488


def growth(*funds: tuple[str, int, int, int], **changes: Any) -> dict[str, int]:
    policy = packaged(growth__benchmark="0.05", growth__reward="0.1", growth__restraint="0.2", **changes)
    rows = [FundGrowth(AREA, "310", code, level, now, last) for code, level, now, last in funds]
    return {one.funds.fixmedins_code: one.adjustment_fen for one in growth_adjustments(rows, {AREA: policy})}


def test_002_article_36_below_the_benchmark_is_rewarded_above_restrained() -> None:
    found = growth(("below", 3, 1000, 1000), ("at", 3, 1050, 1000), ("above", 3, 1100, 1000), ("new", 3, 500, 0))
    assert found == {"below": 5, "at": 0, "above": -10, "new": 0}


def test_002_article_36_the_benchmark_may_be_the_mean_of_the_level() -> None:
    policy = packaged(growth__benchmark="level_mean", growth__reward="1", growth__restraint="1")
    rows = [
        FundGrowth(AREA, "310", code, level, now, 1000)
        for code, level, now in (("a", 3, 900), ("b", 3, 1300), ("c", 1, 2000))
    ]
    found = {
        one.funds.fixmedins_code: (one.benchmark, one.adjustment_fen)
        for one in growth_adjustments(rows, {AREA: policy})
    }
    assert found == {"a": (Fraction("0.1"), 200), "b": (Fraction("0.1"), -200), "c": (1, 0)}


def test_002_article_37_listed_drugs_are_compensated_by_what_was_used() -> None:
    policy = packaged(negotiated_drug__list=["D1", "D2"], negotiated_drug__ratio="0.3")
    items = [DrugItem("a", "D1", 101), DrugItem("a", "D2", 4), DrugItem("a", "D3", 900), DrugItem("b", "D3", 900)]
    assert drug_compensation(items, policy) == {"a": (105, 32, 0)}  # 31.5, half up; beside the final amount
    assert drug_compensation(items, packaged()) == {}


# --- add-ons -----------------------------------------------------------------------------------------------------


def add_on(drg: str, ground: str, value: str, kind: str = "coefficient") -> AddOn:
    return AddOn(AREA, "H1", drg, ground, kind, Fraction(value))


def rules(*add_ons: AddOn, **changes: Any) -> list[tuple[str | None, str | None, str]]:
    return [(one.drg, one.ground, one.rule) for one in add_on_findings(add_ons, {AREA: packaged(**changes)})]


def test_002_article_18_2_add_ons_keep_their_limits() -> None:
    at = [add_on("A", "national", "0.2"), add_on("B", "provincial", "0.1"), add_on("C", "discipline", "0.1", "points")]
    assert rules(*at) == []
    assert rules(add_on("A", "national", "0.200001")) == [("A", "national", "over_limit")]
    assert rules(add_on("A", "provincial", "0.2")) == [("A", "provincial", "over_limit")]
    assert rules(add_on("A", "other", "0.01")) == [("A", "other", "over_limit")]
    assert rules(add_on("A", "national", "0.1", "points")) == [("A", "national", "kind_not_allowed")]


def test_002_article_18_2_at_most_two_groups_of_key_specialties() -> None:
    three = [add_on("A", "national", "0.2"), add_on("B", "provincial", "0.1"), add_on("C", "national", "0.2")]
    assert rules(*three) == [(None, None, "too_many_groups")]
    assert rules(*three, addon__max_groups_scope="by_rank") == []
    assert rules(*three[:2], add_on("C", "discipline", "0.1")) == []


def test_op_32_the_largest_add_on_of_a_group_counts() -> None:
    both = [
        add_on("A", "national", "0.2"),
        add_on("A", "discipline", "0.1"),
        add_on("A", "discipline", "0.1", "points"),
    ]
    assert effective_add_ons(both, {AREA: packaged()}) == {(AREA, "A", "H1"): Fraction("0.2")}
    assert effective_add_ons(both, {AREA: packaged(addon__stack=True)}) == {(AREA, "A", "H1"): Fraction("0.3")}


# --- budgets and weights -----------------------------------------------------------------------------------------

INPUTS = BudgetInputs(AREA, "310", YEAR, 1000, 800, 500, 50, 100, 150, Fraction("0.03"), 650)


def budget(*inputs: BudgetInputs, **changes: Any) -> list[tuple[int, int, str]]:
    found = yearly_budgets(inputs, {AREA: packaged(**changes)})
    return [(one.wanted_fen, one.budget_fen, one.outcome) for one in found]


def test_001_article_13_three_methods() -> None:
    assert budget(INPUTS) == [(700, 700, "within")]
    assert budget(INPUTS, budget__method="ratio") == [(625, 625, "within")]
    assert budget(INPUTS, budget__method="trend") == [(515, 515, "within")]
    assert budget(INPUTS, budget__include_out_of_area=True) == [(800, 715, "capped")]


def test_000_article_9_growth_of_ten_percent_itself_is_allowed() -> None:
    assert budget(replace(INPUTS, last_total_fen=637)) == [(700, 700, "within")]  # 700.7
    assert budget(replace(INPUTS, last_total_fen=636)) == [(700, 699, "capped")]  # 699.6
    first = replace(INPUTS, last_total_fen=None)
    assert budget(first) == [(700, 550, "capped")]
    assert budget(first, budget__growth_base_first_year="none") == [(700, 700, "no_base")]


def test_op_07_the_limit_may_bind_the_sum_of_the_insurances() -> None:
    other = replace(INPUTS, insutype="390", inpatient_fen=400, last_total_fen=200)  # wants 100
    assert budget(INPUTS, other, budget__growth_scope="sum") == [(700, 700, "within"), (100, 100, "within")]
    tight = replace(other, last_total_fen=50)
    assert budget(INPUTS, tight, budget__growth_scope="sum") == [(700, 674, "capped"), (100, 96, "capped")]


def test_001_article_16_negotiated_weights_keep_the_total() -> None:
    groups = [
        GroupWeight("A", Fraction(1), Fraction(2), 100),
        GroupWeight("B", Fraction(3), None, 100),
    ]
    assert payment_weights(groups, packaged(), 4) == ({"A": Fraction("1.6"), "B": Fraction("2.4")}, "kept")
    rest = packaged(weights__rescale_scope="not_negotiated")
    assert payment_weights(groups, rest, 4) == ({"A": Fraction(2), "B": Fraction(2)}, "kept")
    greedy = [replace(groups[0], proposed=Fraction(5)), groups[1]]
    assert payment_weights(greedy, rest, 4) == ({"A": None, "B": None}, "impossible")
    uneven = [replace(groups[0], cases=7), groups[1]]
    assert payment_weights(uneven, packaged(), 4)[1] == "off_total"
    assert payment_weights(uneven, packaged(weights__total_tolerance="0.0001"), 4)[1] == "kept"


# --- point values ------------------------------------------------------------------------------------------------


def policy_of(**changes: Any) -> Policy:
    values = PACKAGED.values_at("999999", date(2025, 6, 30))
    return read_policy({**values, **{name.replace("__", "."): value for name, value in changes.items()}})


def priced(**changes: Any) -> tuple[Fraction | None, int, int]:
    """Value, amounts and residue of a year with 100 points, cost 100 yuan, fund 60, budget 80: it floats at 1.2."""
    policy = policy_of(**changes)
    sums = Sums(1, Fraction(100), 10000, 6000)
    fixed = set_value(sums, 8000, "310", policy)
    value = point_value(sums, 8000, policy.value_dp, fixed)
    amounts = amounts_by_value({"H1": sums}, value, 8000, policy.value_dp, fixed is not None)
    return value, amounts["H1"], 8000 - amounts["H1"]


FIXED = {"point_value__fixed": {"310": "1.1"}}


def test_001_article_17_a_floating_value_shares_out_the_budget() -> None:
    assert priced() == (Fraction("1.2"), 8000, 0)
    assert priced(point_value__fixed={"310": "7"}) == (Fraction("1.2"), 8000, 0)


def test_001_article_17_a_fixed_value_leaves_a_residue() -> None:
    assert priced(point_value__kind="fixed", **FIXED) == (Fraction("1.1"), 7000, 1000)
    with pytest.raises(PolicyProblem, match="no value for insutype 310"):
        priced(point_value__kind="fixed", point_value__fixed={"390": "1"})


def test_001_article_17_an_elastic_value_floats_up_to_its_limit() -> None:
    """0.8 of the points at 1.1, the rest at up to 1.3: 1.14 at most, below the floating 1.2."""
    elastic = {"point_value__kind": "elastic", **FIXED}
    assert priced(**elastic) == (Fraction("1.2"), 8000, 0)
    assert priced(**elastic, point_value__elastic_max="1.3") == (Fraction("1.14"), 7400, 600)
    assert priced(**elastic, point_value__elastic_max="1.6") == (Fraction("1.2"), 8000, 0)  # 1.2 is just reached
    assert priced(**elastic, point_value__elastic_max="1.3", point_value__elastic_split="0.5")[0] == Fraction("1.2")
    with pytest.raises(PolicyProblem, match="needs a share"):
        policy_of(point_value__kind="elastic", point_value__elastic_split="1")


# --- values ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("prepay.min_months", "12", "write a number for each code"),
        ("prepay.pay_by", "31 March", "write month and day"),
        ("prepay.basis", "guess", "known are last_year_settled, last_year_fund"),
        ("negotiated_drug.list", "D1", "write a list of codes"),
        ("growth.benchmark", "mean", "is not a number"),
    ],
)
def test_ill_formed_values_are_named(key: str, value: str, said: str) -> None:
    values = {name: choices[0] for name, choices in RULE_CHOICES.items()}
    with pytest.raises(PolicyProblem, match=said) as caught:
        read_rule_policy({**values, key: value})
    assert key in str(caught.value)


def test_the_usual_values_of_the_tests_can_be_read() -> None:
    assert rule_policy(growth__reward="0.2").growth_reward == Decimal("0.2")
