"""Real processes: two cities taken in at once into a lake that is empty, as a scheduler starts them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.context import JobContext
from lake.codes import load_codes
from lake.registry import load_registry
from lake.runs import RunBook, read_published
from lake.tables.base import Table
from lake.tables.batches import BATCHES
from lake.tables.cases import CASES
from lake.tables.findings import FINDINGS
from lake.tables.lists import LISTS, LISTS_SUPERSEDED
from tests.conftest import ROOT
from tests.jobs.lakes import CITIES, YEAR, open_lake

MONTH = f"{YEAR}-06"
LIMIT = 900  # seconds
CODED = {"principal_id": "DI", "other_ids": "DI", "procedure_ids": "OP"}


def start_taking_in(landing: Path, lake: Path, city: str) -> subprocess.Popen[str]:
    """`dianshu ingest` of a city's month."""
    command = [sys.executable, "-m", "jobs.cli", "ingest", str(landing), "--lake", str(lake)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([*command, "--city", city, "--month", MONTH], cwd=ROOT, text=True, **pipes)  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def at_once(spark: SparkSession, landing: Path, tmp_path_factory: pytest.TempPathFactory) -> RunBook:
    """Two cities' months, taken in by two processes at once; both end well."""
    root = tmp_path_factory.mktemp("at-once") / "lake"
    processes = [start_taking_in(landing, root, city) for city in CITIES[:2]]
    for process in processes:
        _, said = process.communicate(timeout=LIMIT)
        assert process.returncode == 0, said
    return open_lake(spark, root).runs


def text_of(codes: Mapping[str, pa.Array], name: str, value: object) -> object:
    """A cell of `cases`, with codes for ids."""
    if name not in CODED or value is None:
        return value
    known = codes[CODED[name]]
    if isinstance(value, list):
        return [known[one - 1].as_py() for one in value]
    assert isinstance(value, int)
    return known[value - 1].as_py() if value else None


def published(runs: RunBook, table: Table) -> list[str]:
    """What readers see of the cities' month, ids as the codes that they stand for."""
    codes = load_codes(runs.lake)
    rows = read_published(runs, table, "ingest", [(city, MONTH) for city in CITIES[:2]], "month").collect()
    return sorted(
        str({name: text_of(codes, name, value) for name, value in row.asDict(recursive=True).items()}) for row in rows
    )


def test_every_code_has_one_id(at_once: RunBook) -> None:
    """Dense from 1 in each system (`load_codes` refuses anything else), and no code twice."""
    for system, codes in load_codes(at_once.lake).items():
        assert len(codes) == len(codes.unique()) > 1, system


def test_what_is_published_is_that_of_one_ingest_of_all(at_once: RunBook, settled: JobContext) -> None:
    """Lists, findings, batches, and cases but for the order of the ids: the same bytes, run ids included."""
    in_bulk = settled.runs
    for table in (LISTS, LISTS_SUPERSEDED, FINDINGS, CASES, BATCHES):
        assert published(at_once, table) == published(in_bulk, table), table.name
    assert load_registry(at_once, YEAR).content_mark() == load_registry(in_bulk, YEAR).content_mark()
    hospitals = at_once.lake.read(CASES).groupBy("area").agg(F.count_distinct("fixmedins_code").alias("hospitals"))
    assert {row.area: row.hospitals > 0 for row in hospitals.collect()} == dict.fromkeys(CITIES[:2], True)
