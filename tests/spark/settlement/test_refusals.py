"""What the settlement refuses, and that the message names it."""

from __future__ import annotations

from typing import Any

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from settlement.benchmark import history_costs
from settlement.case_points import score_cases
from settlement.policies import with_policies
from settlement.policy_values import PolicyProblem
from tests.spark.settlement.small_province import AREA, case, elements, frame, hospitals, policy

# Raised in an executor, a refusal comes back as either of these, by the kind of stage it happened in.
REFUSALS = (PySparkException, Py4JJavaError)
MEAN = ("all_mean", None, None, "10000")


def scored(spark: SparkSession, rows: list[tuple[Any, ...]], *given: Any) -> DataFrame:
    places = hospitals(spark, 3)
    empty = (frame(spark, "reviews", []), frame(spark, "calendar", []), places.select("area"))
    return score_cases(frame(spark, "cases", rows), places, elements(spark, *given), *empty, {AREA: policy()})


def test_a_case_of_an_unknown_hospital(spark: SparkSession) -> None:
    with pytest.raises(REFUSALS, match="case S007 names hospital H9"):
        scored(spark, [case(7, fixmedins_code="H9")], MEAN).collect()


def test_history_of_an_unknown_hospital(spark: SparkSession) -> None:
    rows = frame(spark, "history", [("H9", 2024, "RW15", 100, 0)])
    with pytest.raises(REFUSALS, match="history names hospital H9"):
        history_costs(rows, hospitals(spark, 3)).collect()


def test_an_area_without_mean_cost_where_a_case_needs_it(spark: SparkSession) -> None:
    with pytest.raises(REFUSALS, match=f"area {AREA} has no all_mean"):
        scored(spark, [case(1)], ("all_mean", None, None, "0")).collect()


def test_an_area_without_policy(spark: SparkSession) -> None:
    with pytest.raises(REFUSALS, match=f"no policy values for area {AREA}"):
        with_policies(hospitals(spark, 3), {"990000": policy()}, "points_dp").collect()


def test_a_policy_number_with_too_many_places(spark: SparkSession) -> None:
    with pytest.raises(PolicyProblem, match=r"deposit\.rate = .0\.123456789.: at most"):
        with_policies(hospitals(spark, 3), {AREA: policy(deposit__rate="0.123456789")}, "deposit_rate")
