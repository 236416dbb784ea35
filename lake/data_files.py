"""The Parquet files of a table as they lie: those that a version holds, and new ones in the place of a slice's old.

For passes whose workers read and write whole files, so that no row goes through Java. The log is read and written by
delta-rs. Only for lakes on a disk that driver and workers see under the same path (`on_disk`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import time
from urllib.parse import unquote
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction

from lake.disk_tables import open_table
from lake.errors import ConcurrentRun
from lake.store import AGAIN, Lake, local_path, quote
from lake.tables.base import Table

Values = tuple[str, ...]  # of a table's partition columns, in the table's order
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_=./-]*")


@dataclass(frozen=True)
class DataFile:
    """A file of a version; `path` is within the table's folder."""

    path: str
    values: Values
    rows: int
    size: int


@dataclass(frozen=True)
class NewFile:
    """A file that a worker wrote into the table's folder, with the least and greatest of the column that finds rows."""

    path: str
    values: Values
    rows: int
    size: int
    least: str
    greatest: str


def on_disk(lake: Lake) -> bool:
    """Whether the lake's files can be opened by path."""
    return local_path(lake.root) is not None


def folder_of(lake: Lake, table: Table) -> Path:
    """Where the table's files lie. Only for a lake `on_disk`."""
    folder = lake.folder(table)
    if folder is None:
        raise ValueError(f"{lake.root} is no folder of this machine")
    return folder


def files_at(lake: Lake, table: Table, version: int | None = None) -> list[DataFile]:
    """Files of the table at a version (None: the newest), by path."""
    return _files(open_table(folder_of(lake, table), version), table)


def _files(opened: DeltaTable, table: Table) -> list[DataFile]:
    listed = pa.table(opened.get_add_actions(flatten=True))
    columns = ["path", "size_bytes", "num_records", *[f"partition.{name}" for name in table.partition_by]]
    missing = pa.nulls(listed.num_rows)
    cells = [listed[name].to_pylist() if name in listed.column_names else missing.to_pylist() for name in columns]
    found = []
    for coded, size, rows, *values in zip(*cells, strict=True):
        path = unquote(coded)
        if rows is None:  # written without statistics
            rows = pq.read_metadata(Path(unquote(opened.table_uri.removeprefix("file://"))) / path).num_rows
        found.append(DataFile(path, tuple(str(value) for value in values), int(rows), int(size)))
    return sorted(found, key=lambda file: file.path)


@dataclass(frozen=True)
class SliceWrite:
    """A slice of a table that is being replaced: what it held when the work began."""

    lake: Lake
    table: Table
    slices: frozenset[Values]
    before: frozenset[str]

    @classmethod
    def begin(cls, lake: Lake, table: Table, slices: Iterable[Values], note: str) -> SliceWrite:
        """Remember what the slices hold; makes the table, empty, where there is none."""
        wanted = frozenset(slices)
        if not lake.exists(table) or _lacks_columns(lake, table):
            lake.replace(table, lake.rows(table, []), "false", f"{note}: make the table's columns")
        before = frozenset(file.path for file in files_at(lake, table) if file.values in wanted)
        if not all(_PLAIN_PATH.fullmatch(path) for path in before):
            # Spark and delta-rs write such a name in two ways, so that what the one adds the other cannot take away.
            lake.replace(table, lake.rows(table, []), _predicate(table, wanted), f"{note}: clear the slices")
            before = frozenset()
        return cls(lake, table, wanted, before)

    def commit(self, added: Sequence[NewFile], note: str) -> int:
        """Put the new files in the place of those that the slices held; gives the version made.

        Raises:
            ConcurrentRun: another run wrote one of the slices since `begin`; nothing was changed.
        """
        strange = {file.values for file in added} - self.slices
        if strange:
            raise ValueError(f"files outside the slice that is replaced: {sorted(strange)}")
        for _ in range(AGAIN):
            opened = open_table(folder_of(self.lake, self.table))
            old = [file for file in _files(opened, self.table) if file.values in self.slices]
            if {file.path for file in old} != self.before:
                raise ConcurrentRun(
                    f"table {self.table.name}: another run wrote the same slice while this one was running; this one "
                    "wrote nothing there. Run it again when the other has ended."
                )
            mark = uuid4().hex
            if self._try(opened, old, added, f"{note} {mark}"):
                version = self.lake.version_of(self.table, mark)
                if version is not None:
                    return version
        raise ConcurrentRun(
            f"table {self.table.name}: other runs came between {AGAIN} times; nothing was written. Run it again when "
            "they have ended."
        )

    def _try(self, opened: DeltaTable, old: Sequence[DataFile], added: Sequence[NewFile], note: str) -> bool:
        """Commit as the next version of what was opened, or not at all: the check of the slices holds for no other."""
        now = int(time() * 1000)
        names = self.table.partition_by
        removes = [
            RemoveAction(file.path, True, now, size=file.size, partition_values=_named(names, file.values))
            for file in old
        ]
        adds = [
            AddAction(file.path, file.size, _named(names, file.values), now, True, _statistics(self.table, file))
            for file in added
        ]
        properties = CommitProperties({"userMetadata": note, "isBlindAppend": False}, max_commit_retries=0)
        try:
            opened.create_write_transaction(
                [*adds, *removes], "append", opened.schema(), list(names), commit_properties=properties
            )
        except CommitFailedError:
            return False
        return True


def _predicate(table: Table, slices: Iterable[Values]) -> str:
    named = (zip(table.partition_by, values, strict=True) for values in sorted(slices))
    return " OR ".join("(" + " AND ".join(f"{name} = {quote(value)}" for name, value in one) + ")" for one in named)


def _lacks_columns(lake: Lake, table: Table) -> bool:
    there = {field.name for field in open_table(folder_of(lake, table)).schema().fields}
    return not there.issuperset(table.columns)  # written by an older program


def _named(names: Sequence[str], values: Values) -> dict[str, str | None]:
    return dict(zip(names, values, strict=True))


def _statistics(table: Table, file: NewFile) -> str:
    key = table.keys[0]
    held = {"minValues": {key: file.least}, "maxValues": {key: file.greatest}, "nullCount": {key: 0}}
    return json.dumps({"numRecords": file.rows, **held}, ensure_ascii=False)
