"""Points of single cases, policy/002 articles 18, 19, 23, 30, 38 and 39; one scoring for all tests of this file."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import SparkSession

from settlement.case_points import score_cases
from tests.spark.settlement.small_province import AREA, case, elements, frame, hospitals, policy

Answer = tuple[str, Decimal, int, int]

MEANS = [("level_mean", "RW15", 3, "9600"), ("level_mean", "RW15", 2, "7200"), ("level_mean", "RW15", 1, "6400")]
COEFFICIENTS = [("level_coefficient", "RW15", level, k) for level, k in ((3, "1.2"), (2, "0.9"), (1, "0.8"))]
BANDED = {"200": "3", "200.0001": "2.5", "300": "2.5", "300.0001": "2", "500": "2", "500.0001": "1.5"}
CLOSED = [
    date(2025, 1, 28),
    date(2025, 1, 29),
    date(2025, 1, 30),
    date(2025, 1, 31),
    date(2025, 2, 3),
    date(2025, 2, 4),
]
WORKING_SATURDAYS = [date(2025, 1, 26), date(2025, 2, 8)]


def group(drg: str, points: str, mean: str, *more: tuple[str, str | None, int | str | None, str]) -> list[Any]:
    return [("stable", drg, None, "1"), ("benchmark_points", drg, None, points), ("group_mean", drg, None, mean), *more]


ROWS = [
    ("all_mean", None, None, "10000"),
    *group("RW15", "80", "8000", *MEANS, *COEFFICIENTS),
    *group("CAP", "80", "8000", ("level_mean", "CAP", 3, "20000"), ("level_coefficient", "CAP", 3, "1.8")),
    ("stable", "UNS", None, "0"),
    ("benchmark_points", "UNS", None, "50"),
    ("level_coefficient", "UNS", 3, "1.2"),
    *group("TCM", "80", "8000", ("level_mean", "TCM", 3, "9600"), ("tcm_advantage", "TCM", None, "1")),
    *group("WHO", "80", "8000", ("level_mean", "WHO", 3, "9600"), ("whole_review", "WHO", None, "1")),
    *group("BAS", "80", "8000", ("base_group", "BAS", None, "1"), ("level_coefficient", "BAS", 3, "1.2")),
    ("add_on", "BAS", "H3", "0.2"),
    *group("ADD", "80", "8000", ("level_coefficient", "ADD", 3, "1.1"), ("add_on", "ADD", "H3", "0.2")),
    *group("ON1", "80", "8000", ("level_coefficient", "ON1", 1, "0.7")),
    *group("ON2", "80", "8000", ("level_coefficient", "ON2", 2, "0.9"), ("level_coefficient", "ON2", 1, "0.7")),
    *group("TOP", "80", "8000", ("level_coefficient", "TOP", 3, "1.7")),
    *[row for b, _ in BANDED.items() for row in group(f"B{b}", b, "20000", ("level_mean", f"B{b}", 3, "10000"))],
    *[("level_coefficient", f"B{b}", 3, "1") for b in BANDED],
]

CASES: dict[str, dict[str, Any]] = {
    "half": {"cost": "4800.00"},
    "above half": {"cost": "4800.01"},
    "between": {"cost": "10000.00"},
    "three": {"cost": "28800.00"},
    "above three": {"cost": "28800.01"},
    "four": {"cost": "38400.00"},
    "capped": {"drg": "CAP", "cost": "10000.00"},
    "unstable dear": {"drg": "UNS", "cost": "999999.99"},
    "unstable cheap": {"drg": "UNS", "cost": "0.01"},
    "blank": {"drg": "NEW", "cost": "7300.00"},
    "tcm dear": {"drg": "TCM", "cost": "99999.00"},
    "tcm cheap": {"drg": "TCM", "cost": "10.00"},
    "whole": {"drg": "WHO", "cost": "7300.00"},
    "base": {"drg": "BAS"},
    "add-on": {"drg": "ADD"},
    "add-on of another": {"drg": "ADD", "fixmedins_code": "H2"},
    "primary without": {"drg": "TOP", "fixmedins_code": "H1"},
    "secondary takes tertiary": {"drg": "TOP", "fixmedins_code": "H2"},
    "secondary takes primary": {"drg": "ON1", "fixmedins_code": "H2"},
    "tertiary takes secondary": {"drg": "ON2"},
    "ruler of means": {"drg": "TOP", "cost": "40800.00"},
    "above ruler of means": {"drg": "TOP", "cost": "40800.01"},
    "recognised": {"cost": "4800.00", "recognition": 1},
    "special": {"cost": "5000.00", "special_cost": "200.00"},
    "new": {"new_tech": 1},
    "new, other province": {"new_tech": 1, "insu_admdvs": "990000"},
    "no group": {"drg": None},
    "fifth working day": {"dscg_date": date(2025, 1, 24), "upload_date": date(2025, 2, 7)},
    "sixth working day": {"dscg_date": date(2025, 1, 24), "upload_date": date(2025, 2, 8)},
    **{f"at {b}": {"drg": f"B{b}", "cost": str(Decimal(k) * 10000)} for b, k in BANDED.items()},
    **{f"over {b}": {"drg": f"B{b}", "cost": str(Decimal(k) * 10000 + Decimal("0.01"))} for b, k in BANDED.items()},
}


@pytest.fixture(scope="module")
def answers(spark: SparkSession) -> dict[str, Answer]:
    """Class, points, in_month, in_year by the name of the case."""
    cases = frame(spark, "cases", [case(number, **given) for number, given in enumerate(CASES.values())])
    places = hospitals(spark, 3, 2, 1)
    calendar = frame(spark, "calendar", [*((d, 0) for d in CLOSED), *((d, 1) for d in WORKING_SATURDAYS)])
    reviews = frame(spark, "reviews", [])
    known = places.select("area").distinct()
    scored = score_cases(cases, places, elements(spark, *ROWS), reviews, calendar, known, {AREA: policy()})
    rows = {row.setl_id: row for row in scored.collect()}
    assert len(rows) == len(CASES)
    found = {name: rows[f"S{number:03d}"] for number, name in enumerate(CASES)}
    return {name: (row["class"], row.points, row.in_month, row.in_year) for name, row in found.items()}


def expect(answers: dict[str, Answer], name: str, kind: str, points: str) -> None:
    assert answers[name][:2] == (kind, Decimal(points)), name


def test_002_article_19_low_cost_bound_is_inclusive(answers: dict[str, Answer]) -> None:
    expect(answers, "half", "low", "48")
    expect(answers, "above half", "normal", "96")
    expect(answers, "between", "normal", "96")


def test_002_article_19_high_cost_bounds_are_strict(answers: dict[str, Answer]) -> None:
    expect(answers, "three", "normal", "96")
    expect(answers, "above three", "high", "96.0001")
    expect(answers, "four", "high", "192")


@pytest.mark.parametrize("points", list(BANDED))
def test_002_article_19_multiple_follows_the_benchmark_points(answers: dict[str, Answer], points: str) -> None:
    assert answers[f"at {points}"][0] == "normal"
    assert answers[f"over {points}"][0] == "high"


def test_002_article_19_low_cost_points_stop_at_the_benchmark_points(answers: dict[str, Answer]) -> None:
    expect(answers, "capped", "low", "80")


def test_002_article_19_unstable_groups_have_no_outliers(answers: dict[str, Answer]) -> None:
    expect(answers, "unstable dear", "unstable", "60")
    expect(answers, "unstable cheap", "unstable", "60")


def test_002_article_19_blank_and_whole_review_groups_go_by_cost(answers: dict[str, Answer]) -> None:
    expect(answers, "blank", "blank", "73")
    expect(answers, "whole", "whole_review", "73")


def test_002_article_19_tcm_advantage_groups_have_no_outliers(answers: dict[str, Answer]) -> None:
    expect(answers, "tcm dear", "normal", "80")
    expect(answers, "tcm cheap", "normal", "80")


def test_002_article_18_base_groups_have_one_coefficient_for_all(answers: dict[str, Answer]) -> None:
    expect(answers, "base", "normal", "64")


def test_002_article_18_an_add_on_raises_the_coefficient_of_its_hospital_only(answers: dict[str, Answer]) -> None:
    expect(answers, "add-on", "normal", "104")
    expect(answers, "add-on of another", "normal", "80")  # takes the tertiary 1.1, at most 1


def test_002_article_18_missing_level_coefficients(answers: dict[str, Answer]) -> None:
    expect(answers, "primary without", "normal", "48")
    expect(answers, "secondary takes tertiary", "normal", "80")
    expect(answers, "secondary takes primary", "normal", "56")
    expect(answers, "tertiary takes secondary", "normal", "72")


def test_without_a_level_mean_group_mean_and_coefficient_are_the_ruler(answers: dict[str, Answer]) -> None:
    """OP-35: 8,000 x 1.7 x 3."""
    expect(answers, "ruler of means", "normal", "136")
    expect(answers, "above ruler of means", "high", "136.0001")


def test_002_article_38_a_recognised_low_case_is_paid_as_normal(answers: dict[str, Answer]) -> None:
    expect(answers, "recognised", "normal", "96")


def test_002_article_39_special_cost_is_not_in_the_cost(answers: dict[str, Answer]) -> None:
    expect(answers, "special", "low", "48")


def test_002_article_23_new_techniques_have_no_points(answers: dict[str, Answer]) -> None:
    assert answers["new"] == ("new_technique", Decimal(0), 0, 0)
    assert answers["new, other province"] == ("fee_for_service", Decimal(0), 0, 0)
    assert answers["no group"] == ("ungrouped", Decimal(0), 0, 0)


def test_002_article_30_late_lists_wait_for_the_year(answers: dict[str, Answer]) -> None:
    """Discharged on Friday 24 January; the 5 working days are 26 and 27 January, 5, 6 and 7 February."""
    assert answers["half"][2:] == (1, 1)
    assert answers["sixth working day"][2:] == (0, 1)
    assert answers["fifth working day"][2:] == (1, 1)
