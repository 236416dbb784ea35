"""One delivered province and one settled lake, shared by the tests of the jobs."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.context import JobContext
from jobs.recalc import recalculate
from lake.policy_files import load_policies
from tests.jobs.lakes import CITIES, SETTINGS, YEAR, deliver, fill, open_lake, small_schemes


@pytest.fixture(scope="session")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("deliveries") / "province"
    deliver(out, SETTINGS, small_schemes(SETTINGS))
    return out


@pytest.fixture(scope="session")
def settled(spark: SparkSession, landing: Path, tmp_path_factory: pytest.TempPathFactory) -> JobContext:
    """A lake with the whole year recalculated in bulk."""
    context = open_lake(spark, tmp_path_factory.mktemp("lake"))
    fill(context, landing, small_schemes(SETTINGS), YEAR)
    recalculate(context, CITIES, YEAR, load_policies(), "tester", "test")
    return context
