"""Tables of the lake: read at a version, replace a slice, append, extend. The only file that has Spark write Delta.

A write carries a mark of its own in the commit, so that the version it made is known even when others write meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pyarrow as pa
from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame, DataFrameWriter, SparkSession
from pyspark.sql import functions as F

from lake.data_files import AGAIN, NewFile, SliceWrite, write_rows
from lake.disk_tables import append_rows, create_table, read_table, shaped, to_rows, version_marked
from lake.errors import ConcurrentRun, InputProblem
from lake.tables.base import Table

Result = TypeVar("Result")
SIDE_BY_SIDE = 4
TRIED = 5  # a table is made once, so a write fails once because another one made it
_EXTENDS = "dianshu.extend"
_CONFLICT = re.compile(r"DELTA_CONCURRENT|ConcurrentAppend|ConcurrentDelete|ConcurrentTransaction|ConcurrentWrite")
_MADE_MEANWHILE = re.compile(r"ProtocolChanged|MetadataChanged|DELTA_(PROTOCOL_CHANGED|METADATA_CHANGED|PATH_EXISTS)")


def quote(value: str) -> str:
    """A SQL text literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def slice_predicate(slices: Iterable[tuple[str, str]], period: str = "month") -> str:
    """The slices (area, period) that a run replaces or reads, as SQL: exactly these, no more."""
    periods: dict[str, set[str]] = {}
    for area, of in slices:
        periods.setdefault(area, set()).add(of)
    areas: dict[tuple[str, ...], list[str]] = {}
    for area, chosen in sorted(periods.items()):
        areas.setdefault(tuple(sorted(chosen)), []).append(area)
    parts = [f"(area IN ({_texts(of)}) AND {period} IN ({_texts(chosen)}))" for chosen, of in areas.items()]
    return " OR ".join(parts) if parts else "false"


def literal_map(values: Mapping[str, str], key: Column) -> Column:
    """The value of a small mapping for a key column: run ids, scheme versions."""
    pairs = [F.lit(part) for pair in sorted(values.items()) for part in pair]
    return F.element_at(F.create_map(*pairs), key)


def _texts(values: Iterable[str]) -> str:
    return ", ".join(quote(value) for value in values)


class _NotWritten(Exception):
    """A write left nothing, for a reason that has passed when it is tried again."""


@dataclass(frozen=True)
class Lake:
    """A folder of Delta tables and the session that reads and writes them."""

    spark: SparkSession
    root: str

    def path(self, table: Table) -> str:
        """Where the table lies."""
        return f"{self.root.rstrip('/')}/{table.name}"

    def exists(self, table: Table) -> bool:
        """Whether the table has ever been written."""
        log = self._local_log(table)
        return any(log.glob("*.json")) if log else DeltaTable.isDeltaTable(self.spark, self.path(table))

    def version(self, table: Table) -> int:
        """The newest version."""
        log = self._local_log(table)
        if log:
            return max(int(file.stem) for file in log.glob("*.json"))
        return int(DeltaTable.forPath(self.spark, self.path(table)).history(1).select("version").collect()[0][0])

    def read(self, table: Table, version: int | None = None) -> DataFrame:
        """The table, at a version where one is given; columns by name, in the schema's order.

        A column that came to the schema after the table was written is empty there.
        """
        if not self.exists(table):
            raise InputProblem(
                f"table {table.name} is not in the lake {self.root}: run the job that writes it first, or check --lake"
            )
        reader = self.spark.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        stored = reader.load(self.path(table))
        there = set(stored.columns)
        return stored.select(
            *[
                F.col(field.name) if field.name in there else F.lit(None).cast(field.dataType).alias(field.name)
                for field in table.schema
            ]
        )

    def read_or_empty(self, table: Table) -> DataFrame:
        """The newest version of a table, or no rows where it was never written."""
        return self.read(table) if self.exists(table) else self.rows(table, [])

    def replace(self, table: Table, rows: DataFrame, predicate: str | None, note: str) -> int:
        """Replace the slice that `predicate` names (None: the whole table) by `rows`; gives the version made.

        The rows of a table that has no row for each case pass through the driver: for Spark to write them takes longer.
        Raises `ConcurrentRun` when another run changed the same slice meanwhile.
        """
        if self.folder(table) is None or table.per_case or predicate is None:
            return self._replace_by_spark(table, rows, predicate, note)
        begun = self.begin_replace(table, predicate, note)
        return self.end_replace(begun, write_rows(begun.folder, table, to_rows(rows.toArrow(), table)), note)

    def begin_replace(self, table: Table, predicate: str, note: str) -> SliceWrite:
        """Begin to replace a slice by files: what comes between from now on is a conflict. On a disk only."""
        folder = self.folder(table)
        if folder is None:
            raise ValueError(f"{self.root} is no folder of this machine")
        begun = SliceWrite.begin(folder, table, predicate)
        if begun.strange:
            self._replace_by_spark(table, self.rows(table, []), predicate, f"{note}: clear the slice")
            begun = SliceWrite.begin(folder, table, predicate)
        return begun

    def end_replace(self, begun: SliceWrite, files: Sequence[NewFile], note: str) -> int:
        """Put the files in the place of the slice; gives the version made. Raises `ConcurrentRun`."""
        version = begun.commit(files, note)
        if version is None:
            raise ConcurrentRun(
                f"table {begun.table.name}: other runs came between {AGAIN} times; nothing was written. Run it again "
                "when they have ended."
            )
        return version

    def _replace_by_spark(self, table: Table, rows: DataFrame, predicate: str | None, note: str) -> int:
        def write() -> int:
            writer = self._writer(table, rows)
            if not self.exists(table):
                return self._create(table, writer, note)
            writer = writer.mode("overwrite")
            return self._commit(table, writer if predicate is None else writer.option("replaceWhere", predicate), note)

        return _written(write)

    def replace_each(self, frames: Mapping[Table, DataFrame], predicate: str, note: str) -> dict[str, int]:
        """Replace one slice in several tables; gives table -> version made.

        The first table decides between runs that write the slice at once: one that loses it raises `ConcurrentRun` and
        touches no other table. The rest are written side by side, again where another run came between: readers take
        each table at the version its run made, so a write in between does no harm, and of any number of runs one ends.
        """
        first, *others = [partial(self.replace, table, rows, predicate, note) for table, rows in frames.items()]
        versions = [first(), *at_once([partial(insist, write) for write in others])]
        return {table.name: version for table, version in zip(frames, versions, strict=True)}

    def table(self, table: Table, version: int | None = None) -> pa.Table:
        """A small table, whole, in the driver; no rows where it was never written. Times are in UTC."""
        if not self.exists(table):
            return to_rows([], table)
        folder = self.folder(table)
        return read_table(folder, table, version) if folder else shaped(self.read(table, version).toArrow(), table)

    def append(self, table: Table, rows: DataFrame | Sequence[tuple], note: str) -> int:
        """Add rows, whatever others add; gives the version made. A few rows that are at hand take no Spark job."""
        folder = self.folder(table)
        if isinstance(rows, DataFrame):
            frame = rows
        elif folder is None:
            frame = self.rows(table, rows).coalesce(1)
        else:
            return _written(partial(self._append_on_disk, folder, table, to_rows(rows, table), note))
        return _written(lambda: self._commit(table, self._writer(table, frame).mode("append"), note))

    def extend(self, table: Table, more: Callable[[pa.Table], pa.Table | Sequence[tuple]], note: str) -> int | None:
        """Add rows that depend on those already there: the next number, what is missing; as if no one else wrote.

        `more` gets the table and gives the rows to add. Where another run extended the table in between, nothing is
        written and `more` is asked again. Tables that are extended have no other writers. Gives the version that holds
        the rows, None where there are none and the table was never written. Raises `ConcurrentRun` in the end.
        """
        for _ in range(AGAIN):
            version = self.version(table) if self.exists(table) else None
            known = self.table(table, version)
            added = more(known)
            if len(added) == 0:
                return version
            try:
                return self._extend(table, version, known.num_rows, added, note)
            except (ConcurrentRun, _NotWritten):
                continue
        raise ConcurrentRun(
            f"table {table.name}: other runs came between {AGAIN} times, or rows were taken out of it by "
            "hand; nothing was added. Run it again when the others have ended."
        )

    def _extend(
        self, table: Table, version: int | None, known: int, added: pa.Table | Sequence[tuple], note: str
    ) -> int:
        """Add rows to the table as it was at a version (None: not there), with so many rows; or not at all."""
        folder = self.folder(table)
        if folder:
            if version is None:
                create_table(folder, table)  # its first version, or another's: then more has come to it
            return self._append_on_disk(folder, table, to_rows(added, table), note, version or 0)
        writer = self._writer(table, self.rows(table, added).coalesce(1)).mode("append")
        # Delta takes a transaction of this name only with a number above the last one's, so that of those who saw
        # as many rows one gets through. Its number is in the table: no other store, no lock, no clock.
        writer = writer.option("txnAppId", _EXTENDS).option("txnVersion", known + 1)
        return self._commit(table, writer, note)

    def _append_on_disk(self, folder: Path, table: Table, rows: pa.Table, note: str, after: int | None = None) -> int:
        if after is None and not self.exists(table):
            create_table(folder, table)
        mark = uuid4().hex
        version = self.version_of(table, mark) if append_rows(folder, table, rows, f"{note} {mark}", after) else None
        if version is None:
            raise _NotWritten
        return version

    def folder(self, table: Table) -> Path | None:
        """The table's folder where the lake is on this machine, None elsewhere."""
        root = local_path(self.root)
        return root.absolute() / table.name if root else None

    def rows(self, table: Table, values: pa.Table | Sequence[tuple]) -> DataFrame:
        """A small frame of the table's schema from Arrow or Python rows (run records, parameter sets)."""
        return self.spark.createDataFrame(values, table.stored)

    def _writer(self, table: Table, rows: DataFrame) -> DataFrameWriter:
        """A writer that makes the table as it is described, should it not be there yet."""
        described = rows.select(
            *[rows[field.name].alias(field.name, metadata=field.metadata) for field in table.schema]
        )
        # A table of an older program gets the columns that it lacks.
        writer = described.write.format("delta").option("mergeSchema", "true").partitionBy(*table.partition_by)
        if table.found_by:
            writer = writer.option("delta.dataSkippingStatsColumns", ",".join(table.found_by))
        return writer.option("delta.appendOnly", "true") if table.append_only else writer

    def _create(self, table: Table, writer: DataFrameWriter, note: str) -> int:
        """Make the table with its first rows, unless another run has made it meanwhile: its rows are to stay."""
        try:
            return self._commit(table, writer.mode("error"), note)
        except ConcurrentRun as problem:
            raise _NotWritten from problem

    def _commit(self, table: Table, writer: DataFrameWriter, note: str) -> int:
        mark = uuid4().hex
        try:
            writer.option("userMetadata", f"{note} {mark}").save(self.path(table))
        except Exception as problem:
            said = f"{type(problem).__name__} {problem}"
            if _MADE_MEANWHILE.search(said):
                raise _NotWritten from problem
            if _CONFLICT.search(said):
                raise ConcurrentRun(
                    f"table {table.name}: another run wrote the same slice while this one was running; this one wrote "
                    "nothing there. Run it again when the other has ended."
                ) from problem
            raise
        version = self.version_of(table, mark)
        if version is None:
            # Refused as one too many (`extend`); or, on a local disk, two processes made a commit of one number within
            # a moment: renaming a file does not fail there, the later one stands.
            raise _NotWritten(f"table {table.name}: the commit {note!r} is not in its log")
        return version

    def version_of(self, table: Table, mark: str) -> int | None:
        """The version that the commit with this mark made, None where there is none."""
        folder = self.folder(table)
        if folder:
            return version_marked(folder, mark)
        for newest in (20, None):
            history = DeltaTable.forPath(self.spark, self.path(table)).history(newest)
            mine = history.where(history.userMetadata.endswith(mark)).select("version").first()
            if mine:
                return int(mine[0])
        return None

    def _local_log(self, table: Table) -> Path | None:
        """Delta's log folder where the lake is on this machine: reading it takes no Spark job."""
        folder = self.folder(table)
        return folder / "_delta_log" if folder else None


def _written(write: Callable[[], int]) -> int:
    """The version that a write made, tried again where it left nothing for a reason that has passed."""
    for _ in range(TRIED - 1):
        try:
            return write()
        except _NotWritten:
            continue
    return write()


def insist(write: Callable[[], Result]) -> Result:
    """Do a write that is to stand whoever came between. Raises `ConcurrentRun` in the end."""
    for _ in range(AGAIN - 1):
        try:
            return write()
        except ConcurrentRun:
            continue
    return write()


def at_once(actions: Iterable[Callable[[], Result]]) -> list[Result]:
    """Run small writes or reads side by side: most of their time is waiting for Spark's planner and the log."""
    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        return [future.result() for future in [pool.submit(action) for action in actions]]


def local_path(root: str) -> Path | None:
    """The lake's folder on this machine, None where it lies elsewhere (hdfs://, s3://)."""
    if "://" in root and not root.startswith("file://"):
        return None
    return Path(root.removeprefix("file://"))
