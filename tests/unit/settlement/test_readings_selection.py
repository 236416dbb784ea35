"""What is proposed and a person decides: base groups (OP-39), assessment (OP-55); numbers worked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from lake.policy_files import load_policies
from settlement.policy import read_policy
from settlement.policy_values import PolicyProblem
from settlement.reference.assessment import AssessmentProposal, HospitalYears, YearFigures, assessment_proposals
from settlement.reference.base_groups import BaseGroupFinding, base_group_candidates
from settlement.reference.inputs import BaseGroup, HistoryCase, Hospital
from settlement.rule_policy import Indicator, read_rule_policy

AREA = "419001"
BOOK, DAY = load_policies(), date(2025, 6, 30)
HOSPITALS = [Hospital(f"H{level}", AREA, level, False, 1, 1) for level in (1, 2, 3)]


def found(cases: list[tuple[int, int]], listed: bool = False, **changes: Any) -> BaseGroupFinding | None:
    """What is said of one group with these cases (level, cost); `changes` of the rules' values."""
    history = [HistoryCase(f"H{level}", 2024, "G", cost, 0) for level, cost in cases]
    policies = {AREA: read_policy(BOOK.values_at("999999", DAY))}
    values = BOOK.rule_values_at("999999", DAY) | {name.replace("__", "."): value for name, value in changes.items()}
    groups = [BaseGroup(AREA, "G")] if listed else []
    rows = base_group_candidates(HOSPITALS, history, groups, policies, {AREA: read_rule_policy(values)})
    return rows[0] if rows else None


HALF = [*[(1, 100)] * 3, *[(2, 100)] * 2, (3, 100)]


def test_op_39_half_of_the_cases_in_primary_institutions_are_enough() -> None:
    one = found(HALF)
    assert one is not None
    assert (one.finding, one.primary_cases, one.cases, one.article) == ("candidate", 3, 6, "policy/002 article 13")
    assert found([*HALF, (3, 100)]) is None  # three of seven
    assert found([*HALF, (3, 100)], base_group__min_share="0.4") is not None


def test_op_39_a_deviation_at_the_limit_is_enough() -> None:
    """Three of 30 and three of 170: mean 100, deviation 70, CV 0.7."""
    at = [*[(1, 30)] * 3, *[(2, 170)] * 3]
    assert found(at) is not None
    assert found([*[(1, 29)] * 3, *[(2, 171)] * 3]) is None
    assert found(at, base_group__max_cv="0.69") is None


def test_op_39_five_cases_show_no_stable_cost() -> None:
    assert found(HALF[:5]) is None


def test_op_39_a_listed_group_is_told_of_whether_it_qualifies_or_not() -> None:
    kept, dropped, unseen = found(HALF, listed=True), found(HALF[1:], listed=True), found([], listed=True)
    assert [one and one.finding for one in (kept, dropped, unseen)] == ["both", "listed", "listed"]
    assert unseen is not None
    assert (unseen.cases, unseen.share, unseen.cv_squared) == (0, None, None)
    assert found([(1, 0)] * 6) is None  # costs of zero have no deviation


# --- OP-55: the assessment coefficient --------------------------------------------------------------------------

# 120 discharges of 100 persons at 1,000 each, half of it paid by the fund, a third of 120,000 by patients, CMI 1.1.
NOW = YearFigures(120, 120_000, 60_000, Fraction(132), 120, 120, 100, 40_000, 120_000)
# A year before: 100 discharges of 100 persons at 1,250 each, half of it by the fund, a fifth by patients, CMI 1.
BEFORE = YearFigures(100, 125_000, 62_500, Fraction(100), 100, 100, 100, 25_000, 125_000)


def assessed(
    weights: dict[str, str], now: YearFigures = NOW, before: YearFigures = BEFORE, **limits: str
) -> AssessmentProposal:
    values = {**BOOK.values_at("999999", DAY), **{f"assessment.{end}": value for end, value in limits.items()}}
    rules = read_rule_policy({**BOOK.rule_values_at("999999", DAY), "assessment.weights": weights})
    (one,) = assessment_proposals([HospitalYears(AREA, "H3", now, before)], {AREA: read_policy(values)}, {AREA: rules})
    return one


def test_op_55_changes_against_the_year_before() -> None:
    """1.2 against 1; 120 against 100; 1,000 against 1,250; 1/3 against 1/5; 1.1 against 1; 60,000 against 62,500."""
    one = assessed({})
    assert [one.changes[indicator] for indicator in Indicator] == [
        *(Fraction("0.2"), Fraction("0.2"), Fraction("-0.2"), Fraction("0.666667"), Fraction("0.1"), Fraction("-0.04")),
    ]
    assert (one.outcome, one.coefficient) == ("off", None)


def test_op_55_weights_make_the_coefficient() -> None:
    """1 - 0.1 x 0.2 (visits per person) - 0.3 x -0.2 (mean cost) + 0.5 x 0.1 (CMI)."""
    one = assessed({"visits_per_person": "-0.1", "mean_cost": "-0.3", "cmi": "0.5"})
    assert (one.outcome, one.coefficient) == ("proposed", Fraction("1.09"))
    assert assessed({"personal_share": "-0.1"}).coefficient == Fraction("0.933333")


def test_op_55_the_limits_hold_the_coefficient() -> None:
    assert assessed({"cmi": "0.5"}, max="1.02").coefficient == Fraction("1.02")
    assert assessed({"cmi": "-0.5"}, min="0.98").coefficient == Fraction("0.98")
    assert assessed({"cmi": "-50"}).coefficient == 0  # no hospital pays for its assessment more than it is due
    assert "held within 0.98" in assessed({"cmi": "-0.5"}, min="0.98").why


def test_op_55_without_a_year_before_there_is_no_proposal() -> None:
    nothing = YearFigures(0, 0, 0, Fraction(0), 0, 0, 0, 0, 0)
    one = assessed({"cmi": "0.5"}, before=nothing)
    assert (one.outcome, one.coefficient, one.changes[Indicator.CMI]) == ("not_comparable", None, None)


def test_op_55_a_figure_that_is_missing_matters_where_it_has_a_weight() -> None:
    unnamed = replace(NOW, person_visits=0, persons=0)
    assert assessed({"cmi": "0.5"}, now=unnamed).coefficient == Fraction("1.05")
    assert assessed({"cmi": "0.5", "visits_per_person": "-0.1"}, now=unnamed).outcome == "not_comparable"
    assert assessed({"cmi": "0.5", "visits_per_person": "0"}, now=unnamed).coefficient == Fraction("1.05")


def test_op_55_an_indicator_that_article_33_does_not_name_is_refused() -> None:
    with pytest.raises(PolicyProblem, match=r"assessment\.weights = 'beds'"):
        assessed({"beds": "1"})
