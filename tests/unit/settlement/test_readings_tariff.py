"""Readings of coefficients, outliers, special groups and reviews, each in numbers worked by hand (plain voice).

One area: M 10,000 yuan; group GA11 has B 80 and a mean of 8,000 yuan, so a case that costs it has 80 points.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import astuple, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from jobs.why import coefficient_text
from lake.policy_files import load_policies
from settlement.policy import Policy, read_policy
from settlement.reference.bulletin import review_bulletin
from settlement.reference.elements import CoefficientSource, Elements, RulerSource
from settlement.reference.inputs import Case, Element, Hospital, Province, Review, Stay
from settlement.reference.points import CaseClass, PointsExplanation, PointsRules, explain_points
from settlement.reference.review import review_outcomes
from settlement.reference.scope import Places

AREA, DAY = "9901", datetime.date(2025, 3, 3)
HOSPITALS = {level: Hospital(f"H{level}", AREA, level, False, Fraction(1), Fraction(1)) for level in (1, 2, 3)}
ElementRow = tuple[str, str | None, int | str | None, str]
GROUP: tuple[ElementRow, ...] = (
    ("all_mean", None, None, "10000"),
    ("stable", "GA11", None, "1"),
    ("benchmark_points", "GA11", None, "80"),
    ("group_mean", "GA11", None, "8000"),
)
PACKAGED = load_policies()


def policy(**readings: Any) -> Policy:
    """The packaged values with some changed; `coef__combine="multiply"` changes `coef.combine`."""
    values = PACKAGED.values_at("999999", DAY)
    return read_policy({**values, **{name.replace("__", "."): value for name, value in readings.items()}})


def elements(*more: ElementRow) -> tuple[Element, ...]:
    """`GROUP` and more rows of kind, group, level (a number) or hospital (text), value."""
    rows = []
    for kind, drg, place, value in (*GROUP, *more):
        level, hospital = (None, place) if isinstance(place, str) else (place, None)
        rows.append(Element(AREA, kind, drg, level, hospital, Fraction(value)))
    return tuple(rows)


def case(name: str = "S1", cost: str = "8000", level: int = 3, drg: str | None = "GA11", **changes: Any) -> Case:
    fen = int(Fraction(cost) * 100)
    usual = Case(name, f"H{level}", AREA, "310", DAY, DAY, DAY, drg, fen, 0, fen // 2, False, False)
    return replace(usual, **changes)


def province(cases: Sequence[Case], of: Policy, *more: ElementRow, **rows: Any) -> Province:
    hospitals = tuple(HOSPITALS.values())
    return Province(hospitals=hospitals, elements=elements(*more), cases=tuple(cases), policies={AREA: of}, **rows)


def explained(one: Case, of: Policy, *more: ElementRow, others: Sequence[Case] = ()) -> PointsExplanation:
    return explain_points(one, PointsRules.of(province([one, *others], of, *more)))


def outcomes(made: Province) -> dict[str, str]:
    return review_outcomes(made, Places.of(made))


# --- coefficients ------------------------------------------------------------------------------------------------


def k_of(level: int, of: Policy, *more: ElementRow) -> Fraction:
    return Elements.in_force(elements(*more), ()).coefficient(HOSPITALS[level], "GA11", of).value


LOW, HIGH = ("level_coefficient", "GA11", 1, "0.95"), ("level_coefficient", "GA11", 2, "0.7")


def test_op_26_a_missing_level_takes_the_next_higher_the_highest_or_one() -> None:
    """Level 3 has none, level 2 has 0.7, level 1 has 0.95; nothing above `missing_max`; 基层 has its own number."""
    assert k_of(3, policy(), LOW, HIGH) == Fraction("0.7")
    highest = policy(level_coef__missing_rule="highest")
    assert k_of(3, highest, LOW, HIGH) == Fraction("0.95")
    assert k_of(3, highest, ("level_coefficient", "GA11", 2, "1.3")) == 1
    assert k_of(3, highest) == 1
    assert k_of(3, policy(level_coef__missing_rule="one"), LOW, HIGH) == 1
    assert k_of(3, policy(level_coef__missing_rule="one", level_coef__missing_max="0.9"), LOW, HIGH) == Fraction("0.9")
    for rule in ("next_higher", "highest", "one"):
        assert k_of(1, policy(level_coef__missing_rule=rule), HIGH) == Fraction("0.6")


def test_op_26_the_level_that_was_taken_is_told() -> None:
    taken = Elements.in_force(elements(LOW, HIGH), ())
    highest = taken.coefficient(HOSPITALS[3], "GA11", policy(level_coef__missing_rule="highest"))
    assert (highest.source, highest.level) == (CoefficientSource.OTHER_LEVEL, 1)
    assert taken.coefficient(HOSPITALS[3], "GA11", policy()).level == 2


def test_op_28_a_stand_in_is_held_within_the_limits_too() -> None:
    """基层 0.6 below a least of 0.8; a level's own coefficient was held when it was measured."""
    limits = {"level_coef__min": "0.8", "level_coef__max": "1.2"}
    assert k_of(1, policy(**limits)) == Fraction("0.6")
    held = policy(**limits, level_coef__clamp_missing=True)
    assert k_of(1, held) == Fraction("0.8")
    assert k_of(3, held, HIGH) == Fraction("0.8")
    assert k_of(2, held, HIGH) == Fraction("0.7")


ADDED: tuple[ElementRow, ...] = (("level_coefficient", "GA11", 3, "1.7"), ("add_on", "GA11", "H3", "0.2"))


def test_op_29_an_add_on_is_added_or_multiplied() -> None:
    """1.7 + 0.2 = 1.9; 1.7 × 1.2 = 2.04; 80 × 2.04 = 163.2."""
    assert k_of(3, policy(), *ADDED) == Fraction("1.9")
    multiplied = policy(coef__combine="multiply")
    assert k_of(3, multiplied, *ADDED) == Fraction("2.04")
    found = explained(case(), multiplied, *ADDED)
    assert (found.points, found.formula) == (Fraction("163.2"), "80 × 2.04")
    assert coefficient_text(found.figures.coefficient) == "1.7 × (1 + 0.2)"


def test_op_30_the_limits_bind_the_whole_coefficient() -> None:
    bound = policy(coef__clamp_after_addons=True)
    assert k_of(3, bound, *ADDED) == Fraction("1.8")
    assert coefficient_text(explained(case(), bound, *ADDED).figures.coefficient) == "1.7 + 0.2，限于 0.4～1.8 = 1.8"
    assert k_of(3, policy(coef__clamp_after_addons=True, coef__combine="multiply"), *ADDED) == Fraction("1.8")
    low = policy(coef__clamp_after_addons=True, level_coef__min="0.65")
    assert k_of(1, low) == Fraction("0.65")  # 基层 0.6 without add-on: the whole of it too
    base = policy(coef__clamp_after_addons=True, base_group__coefficient="0.3")
    assert k_of(3, base, *ADDED, ("base_group", "GA11", None, "1")) == Fraction("0.3")


# --- outliers ----------------------------------------------------------------------------------------------------


def test_op_34_the_ruler_is_the_levels_mean_of_the_year() -> None:
    """Level 3 costs 9,600 in history; this year 4,800 and 2,400 and, late and of another city, 1,200: a mean of 2,800.

    8,400 is three times that and no more; 1,400 is its half. A case of level 2 and a new technique do not count.
    """
    rows = (("level_mean", "GA11", 3, "9600"), ("level_coefficient", "GA11", 3, "1"))
    late = {"upload_date": datetime.date(2025, 12, 1), "insu_admdvs": "9902"}
    year = [case("A", "4800"), case("B", "2400"), case("C", "1200", **late)]
    aside = [case("D", "99999", level=2), case("E", "99999", new_tech=True), case("F", "99999", drg=None)]
    budgets_of_9902 = replace(HOSPITALS[3], fixmedins_code="HX", area="9902")
    of = policy(outlier__ruler_period="current_year")
    made = province([*year, *aside], of, *rows)
    made = replace(made, hospitals=(*made.hospitals, budgets_of_9902), policies={AREA: of, "9902": of})
    rules = PointsRules.of(made)
    found = {one.setl_id: explain_points(one, rules) for one in made.cases}
    ruler = found["A"].figures.ruler
    assert ruler is not None
    assert (ruler.value, ruler.source) == (2800, RulerSource.YEAR_LEVEL_MEAN)
    assert (found["A"].figures.high_bound, found["A"].figures.low_bound) == (8400, 1400)
    assert [found[name].case_class for name in "ABC"] == [CaseClass.NORMAL, CaseClass.NORMAL, CaseClass.LOW]
    assert explained(case("A", "4800"), policy(), *rows).case_class is CaseClass.LOW  # half of 9,600


def test_op_34_the_mean_of_the_year_is_rounded_at_its_places() -> None:
    """100.00 and 100.01 of 特需-free cost: 100.005, at two places 100.01."""
    of = policy(outlier__ruler_period="current_year", rounding__mean_dp=2)
    others = [case("B", "150.01", special_cost_fen=5000)]
    found = explained(case("A", "100"), of, others=others)
    assert found.figures.ruler is not None
    assert found.figures.ruler.value == Fraction("100.01")


def test_op_34_the_year_has_no_say_where_history_is_the_ruler() -> None:
    given = ("level_mean", "GA11", 3, "9600")
    assert explained(case(cost="28800"), policy(), given, others=[case("B", "10")]).case_class is CaseClass.NORMAL
    assert explained(case(cost="28800.01"), policy(), given, others=[case("B", "10")]).case_class is CaseClass.HIGH


@pytest.mark.parametrize(
    ("rule", "source", "ruler", "case_class", "points"),
    [
        ("mean_times_coefficient", RulerSource.GROUP_MEAN_TIMES_COEFFICIENT, 4800, CaseClass.HIGH, "80"),
        ("group_mean", RulerSource.GROUP_MEAN, 8000, CaseClass.NORMAL, "48"),
        ("no_outliers", RulerSource.NONE, None, CaseClass.NORMAL, "48"),
    ],
)
def test_op_35_what_stands_in_for_a_missing_level_mean(
    rule: str, source: RulerSource, ruler: int | None, case_class: CaseClass, points: str
) -> None:
    """基层, K 0.6, 17,600 yuan: above 3 × 4,800 by 3,200 (48 × (1 + 2/3) = 80), below 3 × 8,000."""
    found = explained(case(cost="17600", level=1), policy(outlier__ruler_missing=rule))
    assert found.figures.ruler is not None
    assert (found.figures.ruler.source, found.figures.ruler.value) == (source, ruler)
    assert (found.case_class, found.points) == (case_class, Fraction(points))


def test_op_36_base_groups_have_no_high_and_no_low_cases() -> None:
    """Without a level mean the ruler of a base group is 8,000 × 0.8 = 6,400."""
    base = ("base_group", "GA11", None, "1")
    dear, cheap = case(cost="19200.01"), case(cost="3200")
    assert [explained(one, policy(), base).case_class for one in (dear, cheap)] == [CaseClass.HIGH, CaseClass.LOW]
    of = policy(outlier__base_groups=False)
    for one in (dear, cheap):
        found = explained(one, of, base)
        assert (found.case_class, found.points) == (CaseClass.NORMAL, 64)
        assert found.figures.high_bound is None
    assert explained(cheap, of).case_class is CaseClass.LOW  # no base group


# --- special groups ----------------------------------------------------------------------------------------------


def test_op_38_listed_groups_are_reviewed_as_a_whole() -> None:
    of = policy(group__whole_review=["GA11", "GX99"])
    found = explained(case(cost="7300"), of)
    assert (found.case_class, found.points) == (CaseClass.WHOLE_REVIEW, 73)
    assert explained(case(cost="7300", drg="GX99"), of).case_class is CaseClass.BLANK


def test_op_42_effect_value_is_the_same_everywhere_and_has_no_outliers() -> None:
    """123.45678 points at four places; no coefficient, no history needed, and whole review before it."""
    of = policy(tcm__effect_standard={"GA11": "123.45678", "GX99": "88"})
    for one in (case(cost="1"), case(cost="99999"), case(level=1)):
        found = explained(one, of, *ADDED)
        assert (found.case_class, found.points) == (CaseClass.TCM_EFFECT, Fraction("123.4568"))
        assert (found.article, found.formula) == ("policy/002 article 12", "123.45678")
    assert explained(case(drg="GX99"), of).points == 88
    whole = policy(tcm__effect_standard={"GX99": "88"}, group__whole_review=["GX99"])
    assert explained(case(drg="GX99"), whole).case_class is CaseClass.WHOLE_REVIEW


def test_op_68_a_recognised_low_case_is_paid_as_normal_or_as_low() -> None:
    """Half of 8,000 with K 1 is 4,000; recognised results made it cost 3,000: 30 points."""
    known = ("level_coefficient", "GA11", 3, "1")
    one = case(cost="3000", recognition=True)
    assert explained(one, policy(), known).case_class is CaseClass.NORMAL
    found = explained(one, policy(recognition__pay_as="low"), known)
    assert (found.case_class, found.points) == (CaseClass.LOW, 30)


# --- reviews -----------------------------------------------------------------------------------------------------


def applied(*names: str, refused: str = "") -> tuple[Review, ...]:
    """Applications in this order, a day apart; those of `refused` were."""
    return tuple(
        Review(name, DAY + datetime.timedelta(days=number), "refused" if name in refused else "passed")
        for number, name in enumerate(names)
    )


def test_op_61_the_quota_counts_applications_or_passed_cases() -> None:
    """Half of four cases: of B (refused), A, D, C the first two are heard; or all are, and A and D may pass."""
    cases = [case(name) for name in "ABCD"]
    reviews = applied("B", "A", "D", "C", refused="B")
    of = policy(special_review__quota_drg="0.05")
    half = replace(of, review_quota=Decimal("0.5"))
    assert outcomes(province(cases, half, reviews=reviews)) == {
        "B": "refused",
        "A": "passed",
        "D": "over_quota",
        "C": "over_quota",
    }
    passed = replace(policy(special_review__count="passed"), review_quota=Decimal("0.5"))
    late_refusal = applied("A", "D", "C", "B", refused="B")
    assert outcomes(province(cases, passed, reviews=reviews)) == {
        "B": "refused",
        "A": "passed",
        "D": "passed",
        "C": "over_quota",
    }
    assert outcomes(province(cases, passed, reviews=late_refusal))["B"] == "refused"  # though the quota is full


def test_op_62_the_quota_is_of_the_area_or_of_each_hospital() -> None:
    """Half of the area's four cases is two, of any hospital; half of H3's three is one, of H2's single case none."""
    cases = [case("A"), case("B"), case("C"), case("D", level=2)]
    reviews = applied("D", "A", "B")
    area = replace(policy(), review_quota=Decimal("0.5"))
    assert outcomes(province(cases, area, reviews=reviews)) == {"D": "passed", "A": "passed", "B": "over_quota"}
    own = replace(policy(special_review__unit="hospital"), review_quota=Decimal("0.5"))
    assert outcomes(province(cases, own, reviews=reviews)) == {"D": "over_quota", "A": "passed", "B": "over_quota"}


@pytest.mark.parametrize(
    ("period", "passed"), [("month", "ACDE"), ("quarter", "ABDE"), ("half_year", "ABCE"), ("year", "ABCD")]
)
def test_op_62_the_quota_is_of_a_period(period: str, passed: str) -> None:
    """Half of the cases of January 3, March 2, May 2 and September 2: 1 each.

    Of quarters 5, 2 and 2: 2, 1 and 1; of halves 7 and 2: 3 and 1; of the year's 9: 4.
    """
    months = {"A": 1, "B": 1, "v": 1, "C": 3, "w": 3, "D": 5, "x": 5, "E": 9, "y": 9}
    cases = [case(name, setl_date=datetime.date(2025, month, 15)) for name, month in months.items()]
    of = replace(policy(special_review__period=period), review_quota=Decimal("0.5"))
    found = outcomes(province(cases, of, reviews=applied(*"ABCDE")))
    assert "".join(sorted(name for name, outcome in found.items() if outcome == "passed")) == passed


def test_op_64_a_cost_above_the_multiple_of_the_payment_standard_is_a_ground() -> None:
    """80 points × K 1.2 = 96, in yuan 96 × 10,000 ÷ 100 = 9,600; twice that is no ground, a fen more is."""
    known = ("level_coefficient", "GA11", 3, "1.2")
    cases = [case("A", "19200"), case("B", "19200.01"), case("C", "1", drg="GX99")]
    of = replace(policy(special_review__cost_multiple="2"), review_quota=Decimal("0.7"))
    found = outcomes(province(cases, of, known, reviews=applied("A", "B", "C")))
    assert found == {"A": "no_ground", "B": "passed", "C": "passed"}  # C: a blank group; two of three within 0.7
    whole = replace(of, whole_review_groups=("GA11",))
    assert outcomes(province(cases, whole, known, reviews=applied("A"))) == {"A": "passed"}
    effect = replace(of, tcm_effect_standard=(("GA11", Decimal("95.99995")),))  # paid as 96.0000
    assert outcomes(province(cases, effect, known, reviews=applied("A", "B")))["A"] == "no_ground"


def test_op_64_a_long_stay_is_a_ground() -> None:
    """One and a half times 8.2 days is 12.3: 12 days are no ground, 13 are; unknown days are none."""
    cases = [case(name, "100") for name in "ABCD"]
    stays = tuple(Stay(name, days, 0, False, False) for name, days in (("A", 12), ("B", 13), ("C", None)))
    of = replace(policy(special_review__los_multiple="1.5"), review_quota=Decimal(1))
    mean_days = ("mean_days", "GA11", None, "8.2")
    made = province(cases, of, mean_days, reviews=applied(*"ABCD"), stays=stays)
    assert outcomes(made) == {"A": "no_ground", "B": "passed", "C": "no_ground", "D": "no_ground"}
    assert outcomes(province(cases, of, reviews=applied("B"), stays=stays)) == {"B": "no_ground"}  # no mean given
    both = replace(of, review_cost_multiple=Decimal(2))
    dear = [*cases[1:], case("A", "99999")]
    assert outcomes(province(dear, both, mean_days, reviews=applied("A"), stays=stays)) == {"A": "passed"}


def test_op_64_no_ground_takes_nothing_of_the_quota_and_goes_by_the_normal_rule() -> None:
    """A quota of one of two: A, the first to apply, has no ground, so B is heard; the bulletin counts both."""
    known = ("level_coefficient", "GA11", 3, "1")
    of = replace(policy(special_review__cost_multiple="2"), review_quota=Decimal("0.5"))
    made = province([case("A"), case("B", "16000.01")], of, known, reviews=applied("A", "B"))
    rules = PointsRules.of(made)
    first, second = (explain_points(one, rules) for one in made.cases)
    assert (first.review, first.case_class, first.points) == ("no_ground", CaseClass.NORMAL, 80)
    assert (second.review, second.case_class) == ("passed", CaseClass.REVIEWED)
    (line,) = review_bulletin([first, second])
    assert astuple(line)[4:10] == (2, 2, 1, 0, 0, 1)  # discharges, applied, passed, refused, over quota, no ground
    assert (line.applied_share, line.passed_share) == (1, Fraction(1, 2))
