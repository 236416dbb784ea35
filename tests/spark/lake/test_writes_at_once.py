"""Writers of one table at once, on Delta itself: one is held in the middle of its write until the other has ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import IntegerType, StringType, StructType

from lake.errors import ConcurrentRun
from lake.runs import Calculation, RunBook
from lake.store import Lake
from lake.tables.base import Table, column
from lake.tables.runs import RUNS

SLICES = Table(
    name="slices",
    grain="a row of an area and year",
    keys=("said",),
    schema=StructType(
        [
            column("said", StringType(), "by whom"),
            column("area", StringType(), "area"),
            column("year", IntegerType(), "year"),
        ]
    ),
    partition_by=("area", "year"),
)
NUMBERS = Table(
    name="numbers",
    grain="a name and its number",
    keys=("name",),
    schema=StructType([column("name", StringType(), "name"), column("number", IntegerType(), "dense from 1")]),
    append_only=True,
)
PATIENCE = 120  # seconds


def until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.01)


@dataclass(frozen=True)
class Gate:
    """Holds whoever evaluates a frame, from its first row on, until it is opened."""

    folder: Path

    def held(self, frame: DataFrame) -> DataFrame:
        reached, opened = str(self.folder / "reached"), str(self.folder / "opened")

        def wait(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            Path(reached).touch()
            while not Path(opened).exists():
                time.sleep(0.01)
            yield from batches

        return frame.coalesce(1).mapInArrow(wait, frame.schema)

    def between(self, held: Callable[[], object], other: Callable[[], object]) -> Future[object]:
        """Start the one; when it is held do the other, whole; then let the one go on."""
        with ThreadPoolExecutor(max_workers=1) as pool:
            running = pool.submit(held)
            try:
                until(lambda: (self.folder / "reached").exists() or running.done())
                other()
            finally:
                (self.folder / "opened").touch()
        return running


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    folder = tmp_path / "gate"
    folder.mkdir()
    return Gate(folder)


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    return Lake(spark, str(tmp_path / "lake"))


def said(lake: Lake) -> list[tuple[str, str]]:
    return sorted((row.area, row.said) for row in lake.read(SLICES).collect())


def write(lake: Lake, area: str, by: str, through: Gate | None = None) -> int:
    rows = lake.rows(SLICES, [(by, area, 2025)])
    predicate = f"area IN ('{area}') AND year IN ('2025')"
    return lake.replace(SLICES, through.held(rows) if through else rows, predicate, by)


def test_two_that_make_the_table_at_once_both_stay(lake: Lake, gate: Gate) -> None:
    """Neither takes the other's slice for its own table's leavings."""
    first = gate.between(lambda: write(lake, "a", "first", gate), lambda: write(lake, "b", "second"))
    assert first.result() == lake.version(SLICES)
    assert said(lake) == [("a", "first"), ("b", "second")]


def test_other_slices_do_not_meet_and_the_same_slice_has_one_winner(lake: Lake, gate: Gate, tmp_path: Path) -> None:
    """The table is there already."""
    write(lake, "a", "before")
    gate.between(lambda: write(lake, "a", "first", gate), lambda: write(lake, "b", "second")).result()
    assert said(lake) == [("a", "first"), ("b", "second")]
    another = Gate(tmp_path)
    lost = another.between(lambda: write(lake, "a", "loser", another), lambda: write(lake, "a", "winner"))
    assert isinstance(lost.exception(), ConcurrentRun)
    assert said(lake) == [("a", "winner"), ("b", "second")]


def number(lake: Lake, name: str, meanwhile: Callable[[], object] = lambda: None) -> int | None:
    def more(known: pa.Table) -> list[tuple]:
        names = set(known["name"].to_pylist())
        meanwhile()
        return [] if name in names else [(name, len(names) + 1)]

    return lake.extend(NUMBERS, more, f"number {name}")


def numbers(lake: Lake) -> dict[str, int]:
    return {row.name: row.number for row in lake.read(NUMBERS).collect()}


class Elsewhere(Lake):
    """A lake that is treated as one on no disk of this machine: Spark reads and writes all of it."""

    def folder(self, table: Table) -> None:
        return None


@pytest.mark.parametrize("kind", [Lake, Elsewhere])
def test_numbers_are_given_once(spark: SparkSession, tmp_path: Path, kind: type[Lake]) -> None:
    """Whether the other came before there was a table, or between reading and writing, once or twice."""
    lake = kind(spark, str(tmp_path / "lake"))
    number(lake, "a", lambda: number(lake, "b") if not lake.exists(NUMBERS) else None)
    assert numbers(lake) == {"b": 1, "a": 2}
    between = iter(["e", "f"])
    number(lake, "g", lambda: number(lake, next(between, "e")))
    assert numbers(lake) == {"b": 1, "a": 2, "e": 3, "f": 4, "g": 5}
    assert number(lake, "g") == lake.version(NUMBERS)


def test_many_at_once_number_densely(lake: Lake) -> None:
    """Real threads, real commits."""
    names = [f"n{place}" for place in range(12)]
    with ThreadPoolExecutor(max_workers=6) as pool:
        list(pool.map(lambda name: number(lake, name), names))
    found = numbers(lake)
    assert sorted(found) == sorted(names)
    assert sorted(found.values()) == list(range(1, len(names) + 1))


def test_a_run_that_ends_later_is_dated_later(lake: Lake) -> None:
    """Though the run before was dated by a clock an hour ahead; readers see the later one."""
    ahead = datetime.now(UTC) + timedelta(hours=1)
    row = ("run", "job", "a", "2025", "{}", [], [("slices", 3)], "finished", "code", ahead, ahead)
    lake.append(RUNS, [row], "another machine")
    runs = RunBook(lake)
    later = Calculation("job", "a", "2025", {})
    runs.finish([later], ahead, {}, {"slices": 4})
    for book in (runs, RunBook(lake)):
        last = book.last("job", "a", "2025")
        assert last
        assert (last.run_id, last.outputs) == (later.run_id, {"slices": 4})
        assert last.finished_at > ahead
