"""Measuring against the provinces as files: elements.csv from history, cell by cell."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from settlement.elements import measure_elements
from settlement.present import elements_text
from tests.spark.settlement.province_files import assert_same_rows, read_frame, read_policies, text_rows

LARGE = [pytest.param(name, marks=pytest.mark.slow) for name in ("p4", "p5")]


@pytest.mark.parametrize("name", ["p1", "p2", "p3", *LARGE])
def test_elements_of_a_province_as_files(spark: SparkSession, shared: Path, name: str) -> None:
    folder = shared / "provinces" / name
    policies = read_policies(folder)
    inputs = [read_frame(spark, folder, part) for part in ("hospitals", "history", "base_groups")]
    found = elements_text(measure_elements(*inputs, policies), policies)
    assert_same_rows([tuple(row) for row in found.collect()], text_rows(folder / "elements.csv")[1:])
