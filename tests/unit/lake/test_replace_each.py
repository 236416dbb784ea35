"""Several tables replaced by one run while another run writes the same slice: one decides, the rest are insisted on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from pyspark.sql.types import StructType

from lake.errors import ConcurrentRun
from lake.store import Lake
from lake.tables.base import Table

LEDGER, POOLS, MATRIX = (Table(name, "a row", (), StructType([])) for name in ("ledger", "pools", "matrix"))


@dataclass(frozen=True)
class Contended(Lake):
    """A lake in which the first writes of a table, as many as said, come after another run's."""

    lost: Mapping[str, int] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)

    def replace(self, table: Table, rows: object, predicate: str | None, note: str) -> int:
        """Write down who asked; lose as often as said."""
        self.written.append(table.name)
        if self.written.count(table.name) <= self.lost.get(table.name, 0):
            raise ConcurrentRun(f"table {table.name}")
        return self.written.count(table.name)


def write(lost: Mapping[str, int]) -> tuple[Contended, dict[str, int]]:
    """Replace three tables in a lake where these writes are lost."""
    lake = Contended(None, "", lost)  # type: ignore[arg-type]
    return lake, lake.replace_each(dict.fromkeys((LEDGER, POOLS, MATRIX)), "true", "a run")  # type: ignore[arg-type]


def test_a_run_that_loses_the_first_table_touches_no_other() -> None:
    """So that two runs can never each spoil the other's tables and both give up."""
    lake = Contended(None, "", {"ledger": 1})  # type: ignore[arg-type]
    with pytest.raises(ConcurrentRun, match="ledger"):
        lake.replace_each(dict.fromkeys((LEDGER, POOLS, MATRIX)), "true", "a run")  # type: ignore[arg-type]
    assert lake.written == ["ledger"]


def test_a_run_that_won_the_first_table_writes_the_others_again_until_they_stand() -> None:
    """Its versions are those of its own last writes."""
    lake, versions = write({"pools": 2, "matrix": 1})
    assert versions == {"ledger": 1, "pools": 3, "matrix": 2}
    assert lake.written[0] == "ledger"


def test_it_does_not_insist_for_ever() -> None:
    """A table that can never be written is an error in the end."""
    with pytest.raises(ConcurrentRun, match="matrix"):
        write({"matrix": 1000})
