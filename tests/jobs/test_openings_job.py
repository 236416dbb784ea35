"""What `settle` takes in of the year before (OP-46, OP-54): where policies say so, and named by the calculation."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

import jobs.settle as settle_job
from jobs.context import JobContext
from jobs.settle_openings import YearBefore, read_openings, year_before
from jobs.slices import publish_slices
from lake.parameters import draft, publish, published, write_drafts
from lake.policy_files import load_policies
from lake.runs import Calculation
from lake.tables.base import Table
from lake.tables.results import HOSPITAL_YEAR, POOLS
from settlement.frames import HOSPITALS
from tests.jobs.lakes import open_lake

AREA, OTHER, YEAR = "999001", "999002", 2025


class Registered:
    """A registry whose rows never change."""

    def fingerprint(self, name: str, area: str) -> str:
        return f"{name} of {area}"


@pytest.fixture
def context(spark: SparkSession, tmp_path: Path) -> JobContext:
    """A lake in which 2024 was settled in one of two areas."""
    made = open_lake(spark, tmp_path / "lake")
    done = Calculation("settle", AREA, str(YEAR - 1), {})
    frames = {
        POOLS: [
            {"period": f"{YEAR - 1}-11", "carried_or_reserve_fen": 7},
            {"period": f"{YEAR - 1}-12", "carried_or_reserve_fen": 40},
            {"period": str(YEAR - 1), "carried_or_reserve_fen": 9},
        ],
        HOSPITAL_YEAR: [
            {"fixmedins_code": "H1", "final_fen": -25},
            {"fixmedins_code": "H2", "final_fen": 30},
            {"fixmedins_code": "H3", "final_fen": -1},
        ],
    }
    given = {table: made.lake.rows(table, [row_of(table, row) for row in rows]) for table, rows in frames.items()}
    publish_slices(made, [done], given, made.now())
    for area in (AREA, OTHER):
        made.runs.finish([Calculation("points", area, str(YEAR), {})], made.now(), {}, {})
    return made


def row_of(table: Table, known: dict[str, Any]) -> tuple[Any, ...]:
    row = {"area": AREA, "insutype": "310", "year": YEAR - 1, "points": Decimal(0), **known}
    return tuple(row.get(name) for name in table.columns)


def with_policy(context: JobContext, area: str, year: int, **changes: Any) -> None:
    values = {**load_policies().values_at("999999", date(year, 6, 30)), **changes}
    set_id, row = draft(area, year, [], values, "scheme")
    write_drafts(context.lake, {set_id: (row, [])}, {set_id: "run"})
    publish(context.lake, [area], year, "tester", "test")


def found(context: JobContext) -> YearBefore:
    return year_before(context, published(context.lake, [AREA, OTHER], YEAR), YEAR)


def calculation(context: JobContext, before: YearBefore) -> Calculation:
    chosen = published(context.lake, [AREA], YEAR)[AREA]
    return settle_job._calculation(context, Registered(), chosen, [], {}, before, YEAR)  # type: ignore[arg-type]


def test_a_year_is_opened_where_its_policies_say_so(context: JobContext, spark: SparkSession) -> None:
    for area, year in ((AREA, YEAR - 1), (AREA, YEAR), (OTHER, YEAR)):
        with_policy(context, area, year)
    assert found(context) == YearBefore()
    usual = calculation(context, YearBefore())
    assert "opening" not in usual.determined_by
    hospitals = spark.createDataFrame(
        [
            (code, area, 2, 0, Decimal(1), Decimal(1), None)
            for code, area in (("H1", AREA), ("H2", AREA), ("H3", OTHER))
        ],
        HOSPITALS,
    )

    def opened() -> tuple[list[tuple], list[tuple]]:
        policies = {area: one.policy for area, one in published(context.lake, [AREA, OTHER], YEAR).items()}
        openings = read_openings(context, found(context), [AREA, OTHER], hospitals, policies, YEAR)
        assert openings is not None
        return [tuple(row) for row in openings.pools.collect()], [tuple(row) for row in openings.owed.collect()]

    with_policy(context, AREA, YEAR - 1, **{"clearing.negative": "next_payments"})
    assert opened() == ([], [(AREA, "H1", "310", YEAR, 25)])  # H3 has gone to another area
    with_policy(context, AREA, YEAR, **{"month.carry_year_end": "next_year"})
    assert opened()[0] == [(AREA, "310", YEAR, 40)]
    before = found(context)
    settled = context.runs.required("settle", AREA, str(YEAR - 1), "")
    assert (before.runs, set(before.policies)) == ({AREA: settled.run_id}, {AREA})
    assert calculation(context, before).determined_by["opening"] == settled.run_id
    policies = {OTHER: published(context.lake, [OTHER], YEAR)[OTHER].policy}
    assert read_openings(context, before, [OTHER], hospitals, policies, YEAR) is None
