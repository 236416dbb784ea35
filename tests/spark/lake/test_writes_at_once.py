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
    assert first.result() == 1
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


@dataclass(frozen=True)
class Held(Lake):
    """A lake whose small frames are held when they are written."""

    gate: Gate | None = None

    def rows(self, table: Table, values: pa.Table | list[tuple]) -> DataFrame:  # type: ignore[override]
        frame = super().rows(table, values)
        return self.gate.held(frame) if self.gate and len(values) else frame


def number(lake: Lake, name: str, meanwhile: Callable[[], object] = lambda: None) -> int | None:
    def more(known: DataFrame) -> list[tuple]:
        names = {row.name for row in known.collect()}
        meanwhile()
        return [] if name in names else [(name, len(names) + 1)]

    return lake.extend(NUMBERS, more, f"number {name}")


def numbers(lake: Lake) -> dict[str, int]:
    return {row.name: row.number for row in lake.read(NUMBERS).collect()}


def test_numbers_are_given_once(lake: Lake, gate: Gate, tmp_path: Path) -> None:
    """Whether the other came before the write, in the middle of it, or made the table meanwhile."""
    slow = Held(lake.spark, lake.root, gate)
    assert gate.between(lambda: number(slow, "a"), lambda: number(lake, "b")).result() == 1
    assert numbers(lake) == {"b": 1, "a": 2}
    folder = tmp_path / "another"
    folder.mkdir()
    slow = Held(lake.spark, lake.root, Gate(folder))
    assert slow.gate
    assert slow.gate.between(lambda: number(slow, "c"), lambda: number(lake, "d")).result() == 3
    between = iter(["e", "f"])
    number(lake, "g", lambda: number(lake, next(between, "e")))
    assert numbers(lake) == {"b": 1, "a": 2, "d": 3, "c": 4, "e": 5, "f": 6, "g": 7}
    assert number(lake, "g") == lake.version(NUMBERS) == 6


def test_a_run_that_ends_later_is_dated_later(lake: Lake) -> None:
    """Though the run before was dated by a clock an hour ahead; readers see the later one."""
    ahead = datetime.now(UTC) + timedelta(hours=1)
    row = ("run", "job", "a", "2025", "{}", [], [("slices", 3)], "finished", "code", ahead, ahead)
    lake.append(RUNS, lake.rows(RUNS, [row]), "another machine")
    runs = RunBook(lake)
    later = Calculation("job", "a", "2025", {})
    runs.finish([later], ahead, {}, {"slices": 4})
    for book in (runs, RunBook(lake)):
        last = book.last("job", "a", "2025")
        assert last
        assert (last.run_id, last.outputs) == (later.run_id, {"slices": 4})
        assert last.finished_at > ahead
