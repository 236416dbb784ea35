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
class Shared(Lake):
    """A lake of one table that keeps the store's word: rows are added to the table as it was read, or not at all."""

    versions: list[pa.Table] = field(default_factory=list)
    refuses: bool = False

    def exists(self, table: Table) -> bool:
        return bool(self.versions)

    def version(self, table: Table) -> int:
        return len(self.versions) - 1

    def table(self, table: Table, version: int | None = None) -> pa.Table:
        return arrow([]) if version is None else self.versions[version]

    def _extend(
        self, table: Table, version: int | None, known: int, added: pa.Table | Sequence[tuple], note: str
    ) -> int:
        if self.refuses or version != (self.version(table) if self.versions else None):
            raise store._NotWritten
        self.versions.append(pa.concat_tables([*self.versions[-1:], added]))
        return len(self.versions) - 1


def numbering(lake: Shared, runs: Sequence[Seen]) -> Callable[[pa.Table], pa.Table]:
    """What the first run adds, while the next one numbers between its reading and its writing, and so on."""

    def more(known: pa.Table) -> pa.Table:
        if others:
            lake.extend(NUMBERED, numbering(lake, others.pop()), "another")
        return number_new(seen_table(runs[0]), known)

    others = [runs[1:]] if runs[1:] else []
    return more


CODE_SETS = st.sets(st.tuples(st.sampled_from(SYSTEMS), st.sampled_from("abcdef")), max_size=8)


@given(st.lists(CODE_SETS, min_size=1, max_size=5), CODE_SETS)
def test_runs_that_number_at_once_leave_dense_and_single_ids(runs: list[Seen], before: Seen) -> None:
    """However many come between: every code has one id, ids are dense, and those of before have not changed."""
    lake = Shared(None, "")  # type: ignore[arg-type]
    lake.extend(NUMBERED, numbering(lake, [before]), "before")
    kept = tuples(lake.versions[-1]) if lake.versions else []
    lake.extend(NUMBERED, numbering(lake, runs), "at once")
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
    lake.extend(NUMBERED, numbering(lake, [{("DI", "a")}]), "first")
    assert lake.extend(NUMBERED, lambda known: [], "nothing") == 0
    assert len(lake.versions) == 1


def test_a_table_that_never_takes_more_is_an_error_in_the_end() -> None:
    """As after rows were taken out of it by hand."""
    lake = Shared(None, "", refuses=True)  # type: ignore[arg-type]
    with pytest.raises(ConcurrentRun, match="table codes"):
        lake.extend(NUMBERED, numbering(lake, [{("DI", "a")}]), "first")
    assert not lake.versions
