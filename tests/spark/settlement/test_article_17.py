"""Trimming and stable groups, policy/002 article 17; one measuring for all tests of this file."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from settlement.elements import effective_elements, measure_elements, measurement_detail
from tests.spark.settlement.small_province import fen, frame, policy

POPULATION, SAMPLE, UNTRIMMED = "419001", "419002", "419003"
POLICIES = {POPULATION: policy(), SAMPLE: policy(cv__ddof=1), UNTRIMMED: policy(trim__first="none")}
GROUPS: dict[str, list[int]] = {
    "NEAR": [1000] * 5 + [5500],
    "WIDE": [1000] * 5 + [8000],
    "FIVE": [1000] * 5,
    "N40": [100 * i for i in range(1, 41)],
    "N25": [100 * i for i in range(1, 26)],
    "N24": [100 * i for i in range(1, 25)],
    "CUT": [1000] * 10 + [90000],
    "ZERO": [0] * 7,
}


def history(spark: SparkSession) -> tuple[Any, Any]:
    one = Decimal("1.000000")
    places = frame(spark, "hospitals", [(f"H{area}", area, 3, 0, one, one) for area in POLICIES])
    rows = [
        (f"H{area}", 2024, drg, fen(str(cost + 5)), fen("5"))
        for area in POLICIES
        for drg, costs in GROUPS.items()
        for cost in reversed(costs)
    ]
    return places, frame(spark, "history", rows).repartition(5)


@pytest.fixture(scope="module")
def detail(spark: SparkSession) -> dict[tuple[str, str], Row]:
    found = measurement_detail(*history(spark), POLICIES).collect()
    return {(row.area, row.drg): row for row in found}


def test_002_article_17_the_deviation_decides(detail: dict[tuple[str, str], Row]) -> None:
    assert detail[POPULATION, "NEAR"].stable
    assert not detail[POPULATION, "NEAR"].middle_used
    assert not detail[SAMPLE, "NEAR"].stable


def test_002_article_17_cut_again_and_left_with_five_is_unstable(detail: dict[tuple[str, str], Row]) -> None:
    row = detail[POPULATION, "WIDE"]
    assert (row.stable, row.kept, row.kept_total) == (False, 6, fen("13000"))


def test_002_article_17_cut_again_and_then_stable_on_what_is_left(detail: dict[tuple[str, str], Row]) -> None:
    row = detail[POPULATION, "CUT"]
    assert (row.stable, row.middle_used, row.cases, row.kept, row.trimmed) == (True, True, 11, 10, 1)
    assert (row.kept_total, row.kept_squares) == (fen("10000"), 10 * fen("1000") ** 2)


def test_002_article_17_five_cases_are_never_stable(detail: dict[tuple[str, str], Row]) -> None:
    assert not detail[POPULATION, "FIVE"].stable


def test_costs_of_zero_have_no_variation_and_are_not_stable(detail: dict[tuple[str, str], Row]) -> None:
    assert not detail[POPULATION, "ZERO"].stable


@pytest.mark.parametrize(("drg", "kept", "mean"), [("N40", 38, 2050), ("N25", 23, 1300), ("N24", 24, 1250)])
def test_first_trimming_by_quantiles(detail: dict[tuple[str, str], Row], drg: str, kept: int, mean: int) -> None:
    row = detail[POPULATION, drg]
    assert (row.kept, row.kept_total) == (kept, kept * fen(str(mean)))
    assert row.all_squares == sum(fen(str(cost)) ** 2 for cost in GROUPS[drg])


def test_an_area_may_trim_nothing(detail: dict[tuple[str, str], Row]) -> None:
    assert detail[UNTRIMMED, "N40"].kept == 40


def test_002_article_17_points_from_mean_or_median(spark: SparkSession) -> None:
    """The unstable group takes the median of what the first trimming kept, the stable one its mean."""
    base = frame(spark, "base_groups", [(POPULATION, "NEAR"), (POPULATION, "NONE")])
    rows = measure_elements(*history(spark), base, POLICIES).where(f"area = '{POPULATION}'").collect()
    values = {(row.kind, row.drg): row.value for row in rows if row.level is None}
    costs = [c for drg, all_of in GROUPS.items() for c in (all_of[1:-1] if drg in ("N40", "N25") else all_of)]
    mean = Decimal(sum(costs)) / len(costs)
    assert abs(values["all_mean", None] - mean) <= Decimal("0.00005")
    assert abs(values["benchmark_points", "NEAR"] - Decimal(10500) / 6 / mean * 100) <= Decimal("0.00005")
    assert abs(values["benchmark_points", "WIDE"] - 1000 / mean * 100) <= Decimal("0.00005")
    assert values["base_group", "NEAR"] == 1
    assert ("base_group", "NONE") not in values
    assert ("level_coefficient", "ZERO") not in {(row.kind, row.drg) for row in rows}


def test_002_article_21_a_negotiated_element_goes_over_the_measured_one(spark: SparkSession) -> None:
    key = ("419001", "benchmark_points", "RW15", None, None)
    other = ("419001", "level_coefficient", "RW15", 3, None)
    measured = frame(spark, "elements", [(*key, Decimal(80)), (*other, Decimal("1.2"))])
    given = frame(spark, "elements", [(*key, Decimal(70)), ("419001", "add_on", "RW15", None, "H3", Decimal("0.1"))])
    found = {
        (row.kind, row.level, row.fixmedins_code): row.value for row in effective_elements(measured, given).collect()
    }
    assert found == {
        ("benchmark_points", None, None): 70,
        ("level_coefficient", 3, None): Decimal("1.2"),
        ("add_on", None, "H3"): Decimal("0.1"),
    }
