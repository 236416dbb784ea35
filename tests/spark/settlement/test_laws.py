"""What holds for every province: sums, and that order and partitions of the input mean nothing."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from settlement.frames import ProvinceFrames
from settlement.present import settlement_text
from settlement.settle import settle_province
from tests.spark.settlement.province_files import assert_same_rows, province_frames, read_policies, text_rows
from tests.spark.settlement.test_settle import kept_in_memory

Table = list[dict[str, str]]


@pytest.fixture(scope="module")
def shuffled(spark: SparkSession, shared: Path) -> dict[str, Table]:
    """p3, which has every kind of pool, settled from inputs in another order and in seven partitions."""
    folder = shared / "provinces" / "p3"
    given = province_frames(spark, folder)
    mixed = ProvinceFrames(
        **{f.name: getattr(given, f.name).orderBy(F.rand(5)).repartition(7) for f in fields(ProvinceFrames)}
    )
    with kept_in_memory() as keep:
        tables = settlement_text(settle_province(mixed, read_policies(folder), keep))
        return {name: [row.asDict() for row in table.collect()] for name, table in tables.items()}


def test_order_and_partitions_of_the_input_mean_nothing(shuffled: dict[str, Table], shared: Path) -> None:
    for name, rows in shuffled.items():
        expected = text_rows(shared / "provinces" / "p3" / "expected" / f"{name}.csv")[1:]
        assert_same_rows([tuple(row.values()) for row in rows], expected)


def test_hospitals_sum_to_the_budget_used(shuffled: dict[str, Table]) -> None:
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for row in shuffled["hospital_month"]:
        sums[row["fixmedins_code"][1:7], row["insutype"], row["month"]] += Decimal(row["amount"])
    for row in shuffled["hospital_year"]:
        sums[row["fixmedins_code"][1:7], row["insutype"], "2025"] += Decimal(row["amount"])
    assert len(shuffled["pools"]) > 50
    for row in shuffled["pools"]:
        paid = sums[row["area"], row["insutype"], row["period"]]
        assert paid == Decimal(row["budget_used"]) - Decimal(row["residue"]), row


def test_the_matrix_nets_to_zero_and_its_adjustments_close_the_year(shuffled: dict[str, Table]) -> None:
    assert sum(Decimal(row["amount"]) for row in shuffled["net"]) == 0
    left: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for row in shuffled["matrix"]:
        key = tuple(row[name] for name in ("insured_area", "treating_area", "insutype", "scope"))
        left[key] += Decimal(row["amount"]) * (1 if row["period"] == "2025" else -1)
    assert left
    assert set(left.values()) == {Decimal(0)}


def test_what_a_hospital_receives_in_all_is_the_sum_of_its_terms(shuffled: dict[str, Table]) -> None:
    signs = {"deposit_not_returned": -1, "assessment_adjustment": 1, "cap_excess": -1, "surplus_not_kept": -1}
    signs |= {"deficit_share": 1, "audit": -1, "new_technique": 1, "second_distribution": 1}
    for row in shuffled["hospital_year"]:
        terms = sum(sign * Decimal(row[name]) for name, sign in signs.items())
        assert Decimal(row["paid"]) + Decimal(row["final"]) == Decimal(row["amount"]) + terms, row
