"""Codes numbered by several runs at once: ids stay dense, no id is given twice, none changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql.types import StructType

from lake import store
from lake.codes import SYSTEMS, number_new
from lake.errors import ConcurrentRun
from lake.store import Lake
from lake.tables.base import Table

CODES = pa.schema([("system", pa.string()), ("code", pa.string()), ("id", pa.int32())])
NUMBERED = Table("codes", "a code", ("system", "code"), StructType([]))

Seen = set[tuple[str, str]]


def arrow(rows: Sequence[tuple[str, str, int]]) -> pa.Table:
    return pa.table({name: [row[place] for row in rows] for place, name in enumerate(CODES.names)}, schema=CODES)


def seen_table(seen: Seen) -> pa.Table:
    pairs = sorted(seen, reverse=True)
    return pa.table({"system": [one for one, _ in pairs], "code": [code for _, code in pairs]}, schema=CODES.remove(2))


def tuples(rows: pa.Table) -> list[tuple[str, str, int]]:
    return [tuple(row.values()) for row in rows.to_pylist()]


def test_new_codes_are_numbered_on_in_the_order_of_the_text() -> None:
    """By the bytes of the text, not by a language's order."""
    known = arrow([("DI", "B", 1), ("DI", "A", 2), ("OP", "1", 1)])
    seen: Seen = {("DI", "A"), ("DI", "b"), ("DI", "C"), ("DI", "中"), ("OP", "1")}
    assert tuples(number_new(seen_table(seen), known)) == [("DI", "C", 3), ("DI", "b", 4), ("DI", "中", 5)]


def test_first_codes_start_at_one_and_known_ones_get_nothing() -> None:
    """Each system counts for itself."""
    first = number_new(seen_table({("OP", "x"), ("DI", "x")}), arrow([]))
    assert tuples(first) == [("DI", "x", 1), ("OP", "x", 1)]
    assert number_new(seen_table({("DI", "x")}), first).num_rows == 0


@dataclass(frozen=True)
class Rows:
    """What `extend` needs of a frame."""

    rows: pa.Table

    def count(self) -> int:
        return int(self.rows.num_rows)

    def toArrow(self) -> pa.Table:  # noqa: N802
        return self.rows

    def coalesce(self, _: int) -> Rows:
        return self


@dataclass
class Write:
    """What `extend` needs of a writer."""

    rows: pa.Table
    options: dict[str, object] = field(default_factory=dict)

    def mode(self, _: str) -> Write:
        return self

    def option(self, name: str, value: object) -> Write:
        self.options[name] = value
        return self


@dataclass(frozen=True)
class Shared(Lake):
    """A lake of one table that keeps Delta's word: a transaction is taken with a number above the last one's only."""

    versions: list[pa.Table] = field(default_factory=list)
    numbers: list[int] = field(default_factory=lambda: [-1])

    def exists(self, table: Table) -> bool:
        return bool(self.versions)

    def version(self, table: Table) -> int:
        return len(self.versions) - 1

    def read(self, table: Table, version: int | None = None) -> Rows:  # type: ignore[override]
        return Rows(self.versions[self.version(table) if version is None else version])

    def rows(self, table: Table, values: pa.Table | list[tuple]) -> Rows:  # type: ignore[override]
        return Rows(values if isinstance(values, pa.Table) else arrow(values))

    def _writer(self, table: Table, rows: Rows) -> Write:  # type: ignore[override]
        return Write(rows.rows)

    def _commit(self, table: Table, writer: Write, note: str) -> int:  # type: ignore[override]
        number = writer.options["txnVersion"]
        assert isinstance(number, int)
        if number <= self.numbers[-1]:
            raise store._NotWritten
        self.numbers.append(number)
        self.versions.append(pa.concat_tables([*self.versions[-1:], writer.rows]))
        return len(self.versions) - 1


def numbering(lake: Shared, runs: Sequence[Seen]) -> Callable[[Rows], pa.Table]:
    """What the first run adds, while the next one numbers between its reading and its writing, and so on."""

    def more(known: Rows) -> pa.Table:
        if others:
            lake.extend(NUMBERED, numbering(lake, others.pop()), "another")  # type: ignore[arg-type]
        return number_new(seen_table(runs[0]), known.toArrow())

    others = [runs[1:]] if runs[1:] else []
    return more


CODE_SETS = st.sets(st.tuples(st.sampled_from(SYSTEMS), st.sampled_from("abcdef")), max_size=8)


@given(st.lists(CODE_SETS, min_size=1, max_size=5), CODE_SETS)
def test_runs_that_number_at_once_leave_dense_and_single_ids(runs: list[Seen], before: Seen) -> None:
    """However many come between: every code has one id, ids are dense, and those of before have not changed."""
    lake = Shared(None, "")  # type: ignore[arg-type]
    lake.extend(NUMBERED, numbering(lake, [before]), "before")  # type: ignore[arg-type]
    kept = tuples(lake.versions[-1]) if lake.versions else []
    lake.extend(NUMBERED, numbering(lake, runs), "at once")  # type: ignore[arg-type]
    rows = tuples(lake.versions[-1]) if lake.versions else []
    assert rows[: len(kept)] == kept
    assert {(system, code) for system, code, _ in rows} == before.union(*runs)
    for system in SYSTEMS:
        ids = [number for of, _, number in rows if of == system]
        assert sorted(ids) == list(range(1, len(ids) + 1))


def test_nothing_to_add_is_no_write() -> None:
    """The version is that of the table as it was read, None where there is no table."""
    lake = Shared(None, "")  # type: ignore[arg-type]
    assert lake.extend(NUMBERED, lambda known: [], "nothing") is None
    lake.extend(NUMBERED, numbering(lake, [{("DI", "a")}]), "first")  # type: ignore[arg-type]
    assert lake.extend(NUMBERED, lambda known: [], "nothing") == 0
    assert len(lake.versions) == 1


def test_a_table_that_never_takes_more_is_an_error_in_the_end() -> None:
    """As after rows were taken out of it by hand."""
    lake = Shared(None, "", numbers=[1000])  # type: ignore[arg-type]
    with pytest.raises(ConcurrentRun, match="table codes"):
        lake.extend(NUMBERED, numbering(lake, [{("DI", "a")}]), "first")  # type: ignore[arg-type]
    assert not lake.versions
