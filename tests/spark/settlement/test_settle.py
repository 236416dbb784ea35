"""Whole provinces as files: the six tables, cell by cell, as text; and what holds for every province.

Settling costs Spark's planning, whatever the data: the small provinces are settled as one, each with codes of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from settlement.frames import ProvinceFrames
from settlement.policy import Policy
from settlement.present import settlement_text
from settlement.settle import settle_province
from tests.conftest import GOLDEN, SHARED
from tests.spark.settlement.province_files import (
    OWNERS,
    assert_same_rows,
    province_frames,
    read_policies,
    text_rows,
    united_frames,
    united_policies,
)

TABLES = ("case_points", "pools", "hospital_month", "hospital_year", "matrix", "net")
SMALL = ("by_hand", "worked", "p1", "p2", "p3", "p4")
# The golden copy where there is one; the larger provinces lie outside the project, where they may be absent.
PLACES = (GOLDEN, GOLDEN / "provinces", SHARED / "provinces")

Rows = list[tuple[str, ...]]
Printed = dict[str, tuple[tuple[str, ...], Rows]]  # table -> its columns and rows
Tables = dict[str, list[dict[str, str]]]


def folder_of(name: str) -> Path | None:
    return next((place / name for place in PLACES if (place / name).is_dir()), None)


def settled_rows(frames: ProvinceFrames, policies: Mapping[str, Policy]) -> Printed:
    """Columns and rows of each of the six tables."""

    def keep(_: str, frame: DataFrame) -> DataFrame:
        return frame.localCheckpoint()

    tables = settlement_text(settle_province(frames, policies, keep))
    assert tuple(tables) == TABLES
    return {name: (tuple(of.columns), [tuple(row) for row in of.collect()]) for name, of in tables.items()}


@pytest.fixture(scope="module")
def together(spark: SparkSession) -> dict[str, Printed]:
    """Province -> its tables, of one run of all that are there, from inputs in another order, in seven partitions."""
    found = {name: folder for name in SMALL if (folder := folder_of(name))}
    prefixes = {str(number): folder for number, folder in enumerate(found.values(), 1)}
    settled = settled_rows(united_frames(spark, prefixes, 5, 7), united_policies(prefixes))
    parts: dict[str, Printed] = {}
    for prefix, name in zip(prefixes, found, strict=True):
        parts[name] = {table: (columns, own_rows(columns, rows, prefix)) for table, (columns, rows) in settled.items()}
    assert sum(len(rows) for of in parts.values() for _, rows in of.values()) == sum(
        len(rows) for _, rows in settled.values()
    )
    return parts


def own_rows(columns: tuple[str, ...], rows: Rows, prefix: str) -> Rows:
    """The rows of a province, without its prefix."""
    return [
        tuple(cell.removeprefix(prefix) if name in OWNERS else cell for cell, name in zip(row, columns, strict=True))
        for row in rows
        if row[0].startswith(prefix)
    ]


def assert_as_expected(tables: Printed, folder: Path) -> None:
    for table, (columns, rows) in tables.items():
        header, *expected = text_rows(folder / "expected" / f"{table}.csv")
        assert columns == header
        assert_same_rows(rows, expected)


@pytest.mark.parametrize("name", SMALL)
def test_a_province_as_files_is_settled_cell_by_cell(
    together: dict[str, Printed], name: str, request: pytest.FixtureRequest
) -> None:
    """Order, partitions and company of the input mean nothing."""
    folder = folder_of(name) or request.getfixturevalue("shared") / "provinces" / name
    assert_as_expected(together[name], folder)


@pytest.mark.slow
def test_21_areas_are_settled_in_one_run_as_they_were_delivered(spark: SparkSession, shared: Path) -> None:
    folder = shared / "provinces" / "p5"
    policies = read_policies(folder)
    assert len(policies) == 21
    assert_as_expected(settled_rows(province_frames(spark, folder), policies), folder)


@pytest.fixture(scope="module")
def p3(together: dict[str, Printed], shared: Path) -> Tables:
    """It has every kind of pool."""
    assert shared.is_dir()
    return {
        table: [dict(zip(columns, row, strict=True)) for row in rows]
        for table, (columns, rows) in together["p3"].items()
    }


def test_hospitals_sum_to_the_budget_used(p3: Tables) -> None:
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for row in p3["hospital_month"]:
        sums[row["fixmedins_code"][1:7], row["insutype"], row["month"]] += Decimal(row["amount"])
    for row in p3["hospital_year"]:
        sums[row["fixmedins_code"][1:7], row["insutype"], "2025"] += Decimal(row["amount"])
    assert len(p3["pools"]) > 50
    for row in p3["pools"]:
        paid = sums[row["area"], row["insutype"], row["period"]]
        assert paid == Decimal(row["budget_used"]) - Decimal(row["residue"]), row


def test_the_matrix_nets_to_zero_and_its_adjustments_close_the_year(p3: Tables) -> None:
    assert sum(Decimal(row["amount"]) for row in p3["net"]) == 0
    left: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for row in p3["matrix"]:
        key = tuple(row[name] for name in ("insured_area", "treating_area", "insutype", "scope"))
        left[key] += Decimal(row["amount"]) * (1 if row["period"] == "2025" else -1)
    assert left
    assert set(left.values()) == {Decimal(0)}


def test_what_a_hospital_receives_in_all_is_the_sum_of_its_terms(p3: Tables) -> None:
    signs = {"deposit_not_returned": -1, "assessment_adjustment": 1, "cap_excess": -1, "surplus_not_kept": -1}
    signs |= {"deficit_share": 1, "audit": -1, "new_technique": 1, "second_distribution": 1}
    for row in p3["hospital_year"]:
        terms = sum(sign * Decimal(row[name]) for name, sign in signs.items())
        assert Decimal(row["paid"]) + Decimal(row["final"]) == Decimal(row["amount"]) + terms, row
