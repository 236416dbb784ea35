"""The Parquet files of a table as they lie: those that a version holds, and new ones in the place of a slice's old.

For passes whose workers read and write whole files, so that no row goes through Java, and for small tables. The log is
read and written by delta-rs. Only for lakes in a folder that driver and workers see under the same path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from time import time
from urllib.parse import unquote
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction

from lake.disk_tables import ensure_table, open_table, version_marked
from lake.errors import ConcurrentRun
from lake.tables.base import Table

Values = tuple[str, ...]  # of a table's partition columns, in the table's order
AGAIN = 100  # each time at least one of those that write at once gets through, so there may be as many of them
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
    """A file written into the table's folder; `ends`: the least and greatest of the first key, where they are known."""

    path: str
    values: Values
    rows: int
    size: int
    ends: tuple[str, str] | None = None


def files_at(folder: Path, table: Table, version: int | None = None, predicate: str | None = None) -> list[DataFile]:
    """Files of the table at a version (None: the newest), by path; with a predicate only those of its slices."""
    return _files(open_table(folder, version), table, predicate)


def _files(opened: DeltaTable, table: Table, predicate: str | None = None) -> list[DataFile]:
    listed = pa.table(opened.get_add_actions(flatten=True))
    columns = ["path", "size_bytes", "num_records", *[f"partition.{name}" for name in table.partition_by]]
    missing = pa.nulls(listed.num_rows)
    cells = [listed[name].to_pylist() if name in listed.column_names else missing.to_pylist() for name in columns]
    within = None if predicate is None else set(_paths(opened, predicate))
    found = []
    for coded, size, rows, *values in zip(*cells, strict=True):
        path = unquote(coded)
        if within is not None and path not in within:
            continue
        if rows is None:  # written without statistics
            rows = pq.read_metadata(_root(opened) / path).num_rows
        found.append(DataFile(path, tuple(str(value) for value in values), int(rows), int(size)))
    return sorted(found, key=lambda file: file.path)


def _root(opened: DeltaTable) -> Path:
    return Path(unquote(opened.table_uri.removeprefix("file://")))


def _paths(opened: DeltaTable, predicate: str) -> list[str]:
    """Within the table's folder, the files of the slices: a predicate over partition columns picks them exactly."""
    root = f"{_root(opened)}/"
    found = [path.removeprefix("file://") for path in opened.file_uris(file_pruning_predicate=_standard(predicate))]
    elsewhere = [path for path in found if not path.startswith(root)]
    if elsewhere:
        raise ValueError(f"{elsewhere[0]} does not lie in {root}")
    return [path.removeprefix(root) for path in found]


def _standard(predicate: str) -> str:
    """A predicate of `lake.store.quote` in standard SQL, where a quote is doubled and a backslash means itself."""
    return re.sub(r"\\(.)", lambda found: "''" if found[1] == "'" else found[1], predicate)


def write_rows(folder: Path, table: Table, rows: pa.Table) -> list[NewFile]:
    """Write rows as files, one for each combination of the partition columns; no version holds them yet."""
    held = [name for name in table.columns if name not in table.partition_by]
    if not table.partition_by:
        return [_write_file(folder, (), rows)] if rows.num_rows else []
    written = []
    for values in rows.group_by(list(table.partition_by)).aggregate([]).to_pylist():
        mine = [pc.equal(rows[name], pa.scalar(value, rows.schema.field(name).type)) for name, value in values.items()]
        part = rows.filter(reduce(pc.and_, mine)).select(held)
        written.append(_write_file(folder, tuple(str(value) for value in values.values()), part))
    if sum(file.rows for file in written) != rows.num_rows:  # a row without a slice must not get lost
        raise ValueError(
            f"table {table.name}: rows with an empty {' or '.join(table.partition_by)}; nothing was written"
        )
    return written


def _write_file(folder: Path, values: Values, rows: pa.Table) -> NewFile:
    path = new_path(values)
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, target, store_schema=False)
    return NewFile(path, values, rows.num_rows, target.stat().st_size)


def new_path(values: Values) -> str:
    """A name for a new file; only its look depends on the values, for the log says what a file holds."""
    folders = [value if _PLAIN_PATH.fullmatch(value) and "/" not in value else value.encode().hex() for value in values]
    return "/".join([*folders, f"part-{uuid4()}.snappy.parquet"])


@dataclass(frozen=True)
class SliceWrite:
    """A slice of a table (a predicate over its partition columns) that is being replaced, and what it held before."""

    folder: Path
    table: Table
    predicate: str
    before: frozenset[str]

    @classmethod
    def begin(cls, folder: Path, table: Table, predicate: str) -> SliceWrite:
        """Remember what the slice holds; makes the table, and columns that an older program did not know."""
        ensure_table(folder, table)
        return cls(folder, table, predicate, frozenset(_paths(open_table(folder), predicate)))

    @property
    def strange(self) -> bool:
        """Whether the slice has files under names that Spark and delta-rs write in two ways.

        What the one has added the other cannot take away: Spark has to.
        """
        return not all(_PLAIN_PATH.fullmatch(path) for path in self.before)

    def commit(self, added: Sequence[NewFile], note: str) -> int | None:
        """Put the new files in the place of those that the slice held.

        Gives the version made, None where others came between too often.

        Raises:
            ConcurrentRun: another run wrote the slice since `begin`; nothing was changed.
        """
        for _ in range(AGAIN):
            opened = open_table(self.folder)
            old = _files(opened, self.table, self.predicate)
            if {file.path for file in old} != self.before:
                raise ConcurrentRun(
                    f"table {self.table.name}: another run wrote the same slice while this one was running; this one "
                    "wrote nothing there. Run it again when the other has ended."
                )
            mark = uuid4().hex
            if self._try(opened, old, added, f"{note} {mark}"):
                version = version_marked(self.folder, mark)
                if version is not None:
                    return version
        return None

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


def _named(names: Sequence[str], values: Values) -> dict[str, str | None]:
    return dict(zip(names, values, strict=True))


def _statistics(table: Table, file: NewFile) -> str:
    said: dict[str, object] = {"numRecords": file.rows}
    if file.ends:
        least, greatest = file.ends
        key = table.keys[0]
        said |= {"minValues": {key: least}, "maxValues": {key: greatest}, "nullCount": {key: 0}}
    return json.dumps(said, ensure_ascii=False)
