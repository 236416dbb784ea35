"""Whole provinces as files: the six tables, cell by cell, as text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from settlement.present import settlement_text
from settlement.settle import Keep, settle_province
from tests.spark.settlement.province_files import assert_same_rows, province_frames, read_policies, text_rows

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
TABLES = ("case_points", "pools", "hospital_month", "hospital_year", "matrix", "net")


@contextmanager
def kept_in_memory() -> Iterator[Keep]:
    kept: list[DataFrame] = []

    def keep(_: str, frame: DataFrame) -> DataFrame:
        kept.append(frame.persist())
        return kept[-1]

    yield keep
    for frame in kept:
        frame.unpersist()


def province_folder(name: str, request: pytest.FixtureRequest) -> Path:
    """The golden copy where there is one; the larger provinces lie outside the project, where they may be absent."""
    kept = [folder for folder in (GOLDEN / name, GOLDEN / "provinces" / name) if folder.is_dir()]
    return kept[0] if kept else request.getfixturevalue("shared") / "provinces" / name


LARGE = [pytest.param(name, marks=pytest.mark.slow) for name in ("p4", "p5")]


@pytest.mark.parametrize("name", ["by_hand", "worked", "p1", "p2", "p3", *LARGE])
def test_a_province_as_files_is_settled_cell_by_cell(
    spark: SparkSession, request: pytest.FixtureRequest, name: str
) -> None:
    folder = province_folder(name, request)
    policies = read_policies(folder)
    with kept_in_memory() as keep:
        tables = settlement_text(settle_province(province_frames(spark, folder), policies, keep))
        assert tuple(tables) == TABLES
        for table, frame in tables.items():
            header, *expected = text_rows(folder / "expected" / f"{table}.csv")
            assert tuple(frame.columns) == header
            assert_same_rows([tuple(row) for row in frame.collect()], expected)
