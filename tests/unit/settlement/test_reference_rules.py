"""The reference rule by rule: published worked examples, bounds, and the trace of a case."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from lake.province_folder import read_province_folder
from lake.province_plain import plain_province
from settlement.policy import Policy, Tier, TrimMethod
from settlement.reference.elements import CoefficientSource, Elements, RulerSource
from settlement.reference.exact import allocate, fixed, round_half_up, yuan
from settlement.reference.inputs import BaseGroup, Case, Element, HistoryCase, Hospital, Province, Review
from settlement.reference.measuring import MeasuredGroup, Stay, keep_between, mean_fen, measure, trim_and_test
from settlement.reference.points import CaseClass, PointsExplanation, PointsRules, explain_points, high_multiple
from settlement.reference.pools import amounts_by_value, point_value, settle_months
from settlement.reference.review import review_outcomes
from settlement.reference.scope import Places
from settlement.reference.sums import Sums
from settlement.reference.working_days import upload_deadline
from settlement.reference.year_steps import (
    Standing,
    cap_excess,
    deficit_borne,
    deficit_share,
    limit_deficits,
    surplus_not_kept,
)

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "provinces"
AREA = "419001"


@pytest.fixture(scope="module")
def worked() -> Province:
    return plain_province(read_province_folder(GOLDEN / "worked"))


@pytest.fixture(scope="module")
def policy(worked: Province) -> Policy:
    return worked.policies[AREA]


# --- numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "places", "text"),
    [
        (Fraction(1, 2), 0, "1"),
        (Fraction(-1, 2), 0, "-1"),
        (Fraction(-49, 100), 0, "0"),
        (Fraction(1, 3), 4, "0.3333"),
        (Fraction(-5, 1000), 2, "-0.01"),
        (Fraction(100005, 10000), 3, "10.001"),
        (Fraction(7), 2, "7.00"),
    ],
)
def test_rounding_is_half_up_away_from_zero(number: Fraction, places: int, text: str) -> None:
    assert fixed(number, places) == text
    assert round_half_up(number, places) == Fraction(text)


def test_yuan() -> None:
    assert [yuan(fen) for fen in (0, 5, -5, 123456)] == ["0.00", "0.05", "-0.05", "1234.56"]


def test_allocation_gives_ties_to_the_smaller_code_and_floors_negatives() -> None:
    assert allocate({"b": Fraction(1, 2), "a": Fraction(1, 2)}, 1) == {"a": 1, "b": 0}
    assert allocate({"a": Fraction(-1, 3), "b": Fraction(4, 3)}, 1) == {"a": 0, "b": 1}
    assert allocate({"a": Fraction(1, 3), "b": Fraction(2, 3)}, 1) == {"a": 0, "b": 1}
    assert allocate({}, 0) == {}
    with pytest.raises(ValueError, match="shares sum to 1/3, not to 1"):
        allocate({"a": Fraction(1, 3)}, 1)


# --- measuring ---------------------------------------------------------------------------------------------------


def stays(*costs: int) -> tuple[Stay, ...]:
    return tuple(Stay(cost * 100, 3) for cost in costs)


@pytest.mark.parametrize(
    ("costs", "kept", "mean"), [(range(100, 4001, 100), 38, 2050), (range(100, 2501, 100), 23, 1300)]
)
def test_quantile_trimming(policy: Policy, costs: range, kept: int, mean: int) -> None:
    group = trim_and_test(stays(*costs), policy)
    assert (len(group.kept_first), mean_fen(group.kept_first)) == (kept, mean * 100)


def test_small_groups_are_not_trimmed_and_bounds_are_kept(policy: Policy) -> None:
    assert len(trim_and_test(stays(*range(100, 2401, 100)), policy).kept_first) == 24
    assert len(keep_between(stays(10, 20, 30), Fraction(0), Fraction(1, 2))) == 2
    none = replace(policy, trim_first=TrimMethod.NONE)
    assert len(trim_and_test(stays(*range(100, 4001, 100)), none).kept_first) == 40


def stable_with(ddof: int, policy: Policy, *costs: int) -> MeasuredGroup:
    return trim_and_test(stays(*costs), replace(policy, cv_ddof=ddof))


def test_the_deviation_decides_stability(policy: Policy) -> None:
    costs = (1000, 1000, 1000, 1000, 1000, 5500)
    assert stable_with(0, policy, *costs).stable
    assert not stable_with(1, policy, *costs).stable
    again = stable_with(0, policy, 1000, 1000, 1000, 1000, 1000, 8000)
    assert (again.stable, len(again.kept)) == (False, 6)
    assert not stable_with(0, policy, 7, 7, 7, 7, 7).stable  # five are never stable
    assert not stable_with(0, policy, 0, 0, 0, 0, 0, 0).stable  # a mean of zero has no CV


def test_a_group_that_passes_after_the_middle_section_is_stable_on_what_is_left(policy: Policy) -> None:
    group = stable_with(0, policy, *[1000] * 19, 90000)
    assert (group.stable, len(group.kept_first), len(group.kept)) == (True, 20, 19)


def test_costs_of_zero_have_no_points_and_no_coefficient(worked: Province) -> None:
    history = [HistoryCase("H41900100001", 2024, "Z", 500, 500), HistoryCase("H41900100002", 2024, None, 100, 0)]
    rows = measure(worked.hospitals, history, [], worked.policies)
    assert (AREA, "level_mean", "Z", "3", "", "0.0000") in rows
    assert (AREA, "all_mean", "", "", "", "0.0000") in rows
    assert not [row for row in rows if row[1] in ("benchmark_points", "level_coefficient", "base_group")]


def test_a_group_of_which_trimming_keeps_nothing_has_no_mean(worked: Province, policy: Policy) -> None:
    """Between the quantiles of two unlike costs there is neither of them; Spark leaves the same rows out."""
    history = [HistoryCase("H41900100001", 2024, "Z", cost, 0) for cost in (100, 200)]
    trimming = {AREA: replace(policy, trim_first=TrimMethod.QUANTILE, trim_min_n=2)}
    rows = measure(worked.hospitals, history, [BaseGroup(AREA, "Z")], trimming)
    assert [(row[1], row[5]) for row in rows] == [("base_group", "1"), ("cases", "2"), ("kept", "0"), ("stable", "0")]
    more = [*history, *[HistoryCase("H41900100001", 2024, "Y", 300, 0)] * 2]
    rows = measure(worked.hospitals, more, [], trimming)
    assert (AREA, "all_mean", "", "", "", "3.0000") in rows
    assert {row[1] for row in rows if row[2] == "Z"} == {"cases", "kept", "stable"}


# --- points ------------------------------------------------------------------------------------------------------


def explained(worked: Province, **change: object) -> PointsExplanation:
    case = replace(worked.cases[0], **change)  # type: ignore[arg-type]
    return explain_points(case, PointsRules.of(worked))


@pytest.mark.parametrize(
    ("cost", "case_class", "points"),
    [
        ("4800.00", CaseClass.LOW, "48.0000"),
        ("4800.01", CaseClass.NORMAL, "96.0000"),
        ("10000", CaseClass.NORMAL, "96.0000"),
        ("28800.00", CaseClass.NORMAL, "96.0000"),
        ("28800.01", CaseClass.HIGH, "96.0001"),
        ("38400", CaseClass.HIGH, "192.0000"),
    ],
)
def test_points_of_the_worked_example(worked: Province, cost: str, case_class: CaseClass, points: str) -> None:
    one = explained(worked, cost_fen=int(Decimal(cost) * 100), drg="RW15")
    assert (one.case_class, fixed(one.points, 4)) == (case_class, points)


def test_the_trace_of_a_high_case(worked: Province) -> None:
    one = explained(worked, cost_fen=3840000, drg="RW15")
    figures = one.figures
    assert one.formula == "80 × 1.2 × (1 + 38400.00 ÷ 9600 − 3)"
    assert one.article == "policy/002 article 19(一)1"
    assert figures.ruler is not None
    assert (figures.ruler.value, figures.ruler.source) == (9600, RulerSource.LEVEL_MEAN)
    assert (figures.multiple, figures.high_bound, figures.low_bound) == (3, 28800, 4800)
    assert figures.coefficient is not None
    assert (figures.coefficient.source, figures.coefficient.level) == (CoefficientSource.OWN_LEVEL, 3)
    assert one.deadline == datetime.date(2025, 3, 11)


def test_the_trace_of_the_others(worked: Province) -> None:
    assert explained(worked, cost_fen=480000, drg="RW15").formula == "min(4800.00 ÷ 10000 × 100, 80)"
    assert explained(worked, cost_fen=730000, drg="RB99").formula == "7300.00 ÷ 10000 × 100"
    assert explained(worked, drg="RW39").formula == "50 × 1.2"
    low_but_recognised = explained(worked, cost_fen=480000, drg="RW15", recognition=True)
    assert (low_but_recognised.case_class, low_but_recognised.formula) == (CaseClass.NORMAL, "80 × 1.2")
    special = explained(worked, cost_fen=490000, special_cost_fen=10000, drg="RW15")
    assert special.case_class is CaseClass.LOW
    outside = explained(worked, drg=None)
    assert (outside.case_class, outside.in_year, outside.deadline) == (CaseClass.UNGROUPED, False, None)


@pytest.mark.parametrize(
    ("benchmark", "multiple"),
    [("200", "3"), ("200.0001", "2.5"), ("300", "2.5"), ("300.0001", "2"), ("500", "2"), ("500.0001", "1.5")],
)
def test_bounds_belong_to_the_lower_band(policy: Policy, benchmark: str, multiple: str) -> None:
    assert high_multiple(Fraction(benchmark), policy) == Fraction(multiple)


def element(kind: str, value: str, level: int | None = None, hospital: str | None = None) -> Element:
    return Element(AREA, kind, "G", level, hospital, Fraction(value))


MISSING_COEFFICIENT = [
    (3, {2: "0.9", 1: "0.5"}, "0.9", CoefficientSource.OTHER_LEVEL),
    (3, {1: "0.5"}, "0.5", CoefficientSource.OTHER_LEVEL),
    (2, {3: "1.3", 1: "0.5"}, "1", CoefficientSource.OTHER_LEVEL),
    (2, {1: "0.5"}, "0.5", CoefficientSource.OTHER_LEVEL),
    (2, {}, "1", CoefficientSource.NO_LEVEL),
    (1, {3: "1.3", 2: "0.9"}, "0.6", CoefficientSource.MISSING_PRIMARY),
    (3, {3: "1.3"}, "1.3", CoefficientSource.OWN_LEVEL),
]


@pytest.mark.parametrize(("level", "known", "value", "source"), MISSING_COEFFICIENT)
def test_missing_coefficients(
    policy: Policy, level: int, known: dict[int, str], value: str, source: CoefficientSource
) -> None:
    hospital = Hospital("H", AREA, level, False, Fraction(1), Fraction(1))
    rows = [element("level_coefficient", text, at) for at, text in known.items()]
    given = [element("add_on", "0.2", hospital="H")]
    found = Elements.in_force(rows, given).coefficient(hospital, "G", policy)
    assert (found.level_part, found.source, found.value) == (Fraction(value), source, Fraction(value) + Fraction("0.2"))
    base = Elements.in_force([*rows, element("base_group", "1")], given).coefficient(hospital, "G", policy)
    assert (base.value, base.source) == (Fraction("0.8"), CoefficientSource.BASE_GROUP)


def test_ruler_without_level_mean_takes_no_add_on(policy: Policy) -> None:
    hospital = Hospital("H", AREA, 2, False, Fraction(1), Fraction(1))
    rows = [element("level_coefficient", "0.5", 1), element("group_mean", "1000"), element("add_on", "0.2", None, "H")]
    elements = Elements.in_force(rows, [])
    coefficient = elements.coefficient(hospital, "G", policy)
    assert elements.ruler(hospital, "G", coefficient, policy).value == 500
    zero = Elements.in_force(rows, [element("group_mean", "0")])
    assert zero.ruler(hospital, "G", coefficient, policy).source is RulerSource.NONE


def test_upload_deadline_counts_working_days_from_the_day_after() -> None:
    friday = datetime.date(2025, 9, 26)
    assert upload_deadline(friday, 5, {}) == datetime.date(2025, 10, 3)
    holiday = {datetime.date(2025, 10, day): False for day in range(1, 9)}
    bridge = {datetime.date(2025, 9, 28): True, datetime.date(2025, 10, 11): True}
    assert upload_deadline(friday, 5, holiday | bridge) == datetime.date(2025, 10, 10)
    assert upload_deadline(friday, 0, {}) == friday


def test_quota_of_reviews_is_by_quarter_in_order_of_date_then_id(worked: Province, policy: Policy) -> None:
    base = replace(worked.cases[0], drg="RW15")
    cases = [replace(base, setl_id=f"C{number}") for number in range(5)]
    cases += [replace(base, setl_id="Q2", setl_date=datetime.date(2025, 4, 1)), replace(base, setl_id="N", drg=None)]
    day = datetime.date(2025, 5, 1)
    reviews = [Review("C3", day, "passed"), Review("C1", day, "refused"), Review("C0", day.replace(day=2), "passed")]
    reviews += [Review("Q2", day, "passed"), Review("N", day.replace(day=1), "passed")]
    policies = {AREA: replace(policy, review_quota=Decimal("0.4"))}
    province = replace(worked, cases=tuple(cases), reviews=tuple(reviews), policies=policies)
    assert review_outcomes(province, Places.of(province)) == {
        "C1": "refused",
        "C3": "passed",
        "C0": "over_quota",
        "Q2": "over_quota",
    }


# --- money -------------------------------------------------------------------------------------------------------

H1 = Sums(1, Fraction(62000), 600000000, 360000000)
H2 = Sums(1, Fraction(31500), 300000000, 200000000)
H3 = Sums(1, Fraction(9000), 100000000, 70000000)


@pytest.mark.parametrize(
    ("places", "amounts", "residue"),
    [
        (None, (346731707, 198097561, 55170732), 0),
        (4, (346731420, 198097415, 55170690), 475),
        (2, (346706000, 198084500, 55167000), 42500),
    ],
)
def test_clearing_of_the_worked_example(places: int | None, amounts: tuple[int, ...], residue: int) -> None:
    hospitals = {"H1": H1, "H2": H2, "H3": H3}
    value = point_value(H1.plus(H2).plus(H3), 600000000, places)
    assert value is not None
    assert fixed(value, 12).startswith("94.63")
    found = amounts_by_value(hospitals, value, 600000000, places)
    assert tuple(found.values()) == amounts
    assert 600000000 - sum(found.values()) == residue


def test_what_a_month_does_not_use_is_carried_and_ends_with_the_year(worked: Province, policy: Policy) -> None:
    one = explained(worked, cost_fen=1000000, fund_fen=700, drg="RW15")
    months = settle_months((AREA, "310"), "2025", {"2025-02": 500, "2025-03": 300}, [one], policy)
    assert [month.used_fen for month in months] == [0, 0, 700, *[0] * 9]
    assert [month.carried_or_reserve_fen for month in months] == [0, 500, *[100] * 10]
    assert months[2].amounts_fen == {one.case.fixmedins_code: 700}


def hospital_of(level: int = 3, suspended: bool = False) -> Hospital:
    return Hospital("H", AREA, level, suspended, Fraction(1), Fraction(1))


@pytest.fixture
def sharing_policy(policy: Policy) -> Policy:
    tiers = (Tier(Decimal("0"), Decimal("0.05"), Decimal("0.6")), Tier(Decimal("0.05"), None, Decimal("0.4")))
    caps = ((1, Decimal("1.10")), (2, Decimal("1.08")), (3, Decimal("1.04")))
    return replace(policy, cap_level=caps, deficit_tiers=tiers, surplus_keep_share=Decimal("0.7"))


def judged(amount: int, fund: int, hospital: Hospital, policy: Policy) -> tuple[int, int, int]:
    """Cap excess, surplus not kept and deficit borne of an amount against F'."""
    standing = Standing(hospital, amount, fund, Fraction(0), 0)
    return tuple(step(standing, amount, policy) for step in (cap_excess, surplus_not_kept, deficit_borne))


def test_cap_surplus_and_deficit(sharing_policy: Policy) -> None:
    assert judged(120000, 100000, hospital_of(3), sharing_policy) == (16000, 1200, 0)
    assert judged(120000, 100000, hospital_of(1), sharing_policy)[0] == 10000
    assert judged(100000, 100000, hospital_of(), sharing_policy) == (0, 0, 0)
    assert judged(88000, 100000, hospital_of(), sharing_policy) == (0, 0, 3000 + 2800)


def test_suspended_hospitals_keep_and_are_helped_with_nothing(sharing_policy: Policy) -> None:
    assert judged(120000, 100000, hospital_of(suspended=True), sharing_policy) == (20000, 0, 0)
    assert judged(88000, 100000, hospital_of(suspended=True), sharing_policy) == (0, 0, 0)
    assert judged(88000, 0, hospital_of(), sharing_policy) == (0, 0, 0)
    assert judged(88000, -5, hospital_of(), sharing_policy) == (0, 0, 0)


def test_deficit_shares_are_limited_by_budget_share_and_reserve(sharing_policy: Policy) -> None:
    assert deficit_share(5000, 100000, sharing_policy) == 3000
    shares = {"a": 100, "b": 200, "c": 0}
    assert limit_deficits(shares, 6000, 300, sharing_policy) == shares
    assert limit_deficits(shares, 4000, 300, sharing_policy) == {"a": 67, "b": 133, "c": 0}
    assert limit_deficits(shares, 6000, 100, sharing_policy) == {"a": 33, "b": 67, "c": 0}
    assert limit_deficits(shares, 6000, 0, sharing_policy) == {"a": 0, "b": 0, "c": 0}


def test_several_years_are_refused(worked: Province) -> None:
    later: Case = replace(worked.cases[0], setl_id="L", setl_date=datetime.date(2026, 1, 1))
    with pytest.raises(ValueError, match="2025, 2026"):
        _ = replace(worked, cases=(*worked.cases, later)).year
