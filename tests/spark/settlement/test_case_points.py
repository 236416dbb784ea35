"""Points of every case of the provinces as files, cell by cell."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from settlement.case_points import known_areas, score_cases
from settlement.elements import effective_elements
from settlement.present import case_points_text
from tests.spark.settlement.province_files import assert_same_rows, read_frame, read_policies, text_rows


@pytest.mark.parametrize("name", ["worked", "p1", "p2", "p3", "p4", "p5"])
def test_case_points_of_a_province_as_files(spark: SparkSession, shared: Path, name: str) -> None:
    folder = shared / "provinces" / name
    policies = read_policies(folder)
    names = ("cases", "hospitals", "elements", "elements_given", "reviews", "calendar", "budgets")
    cases, hospitals, elements, given, reviews, calendar, budgets = (read_frame(spark, folder, part) for part in names)
    effective = effective_elements(elements, given)
    known = known_areas(hospitals, budgets)
    scored = score_cases(cases, hospitals, effective, reviews, calendar, known, policies)
    found = case_points_text(scored)
    assert_same_rows([tuple(row) for row in found.collect()], text_rows(folder / "expected" / "case_points.csv")[1:])
