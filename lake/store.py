"""Tables of the lake: read at a version, replace a slice, append. The only file that writes Delta.

A write carries the id of its run in the commit, so that the version it made is known even when others write meanwhile.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame, DataFrameWriter, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructField, StructType

from lake.errors import ConcurrentRun, InputProblem
from lake.tables.base import Table

Result = TypeVar("Result")
SIDE_BY_SIDE = 4
WRITTEN_AGAIN = 5
_CONFLICT = re.compile(r"DELTA_CONCURRENT|ConcurrentAppend|ConcurrentDelete|ConcurrentTransaction|MetadataChanged")


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
        return log.is_dir() if log else DeltaTable.isDeltaTable(self.spark, self.path(table))

    def version(self, table: Table) -> int:
        """The newest version."""
        log = self._local_log(table)
        if log:
            return max(int(file.stem) for file in log.glob("*.json"))
        return int(DeltaTable.forPath(self.spark, self.path(table)).history(1).select("version").collect()[0][0])

    def read(self, table: Table, version: int | None = None) -> DataFrame:
        """The table, at a version where one is given; columns by name, in the schema's order."""
        if not self.exists(table):
            raise InputProblem(
                f"table {table.name} is not in the lake {self.root}: run the job that writes it first, or check --lake"
            )
        reader = self.spark.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        return reader.load(self.path(table)).select(*table.columns)

    def read_or_empty(self, table: Table) -> DataFrame:
        """The newest version of a table, or no rows where it was never written."""
        return self.read(table) if self.exists(table) else self.rows(table, [])

    def replace(self, table: Table, rows: DataFrame, predicate: str | None, note: str) -> int:
        """Replace the slice that `predicate` names (None: the whole table) by `rows`; gives the version made.

        Raises `ConcurrentRun` when another run changed the same slice meanwhile.
        """
        writer = self._writer(table, rows, note).mode("overwrite")
        if predicate is not None and self.exists(table):
            writer = writer.option("replaceWhere", predicate)
        return self._commit(table, writer, note)

    def replace_each(self, frames: Mapping[Table, DataFrame], predicate: str, note: str) -> dict[str, int]:
        """Replace one slice in several tables; gives table -> version made.

        The first table decides between runs that write the slice at once: one that loses it raises `ConcurrentRun` and
        touches no other table. The rest are written side by side, again where another run came between: readers take
        each table at the version its run made, so a write in between does no harm, and of any number of runs one ends.
        """

        def insist(table: Table, rows: DataFrame) -> int:
            for _ in range(WRITTEN_AGAIN):
                try:
                    return self.replace(table, rows, predicate, note)
                except ConcurrentRun:
                    continue
            return self.replace(table, rows, predicate, note)

        first, *others = frames.items()
        versions = [self.replace(*first, predicate, note)]
        versions += at_once([partial(insist, table, rows) for table, rows in others])
        return {table.name: version for table, version in zip(frames, versions, strict=True)}

    def append(self, table: Table, rows: DataFrame, note: str) -> int:
        """Add rows; gives the version made."""
        return self._commit(table, self._writer(table, rows, note).mode("append"), note)

    def rows(self, table: Table, values: list[tuple]) -> DataFrame:
        """A small frame of the table's schema from Python rows (run records, parameter sets)."""
        return self.spark.createDataFrame(values, _stored(table.schema))

    def _writer(self, table: Table, rows: DataFrame, note: str) -> DataFrameWriter:
        """A writer that makes the table as it is described, should it not be there yet."""
        described = rows.select(
            *[rows[field.name].alias(field.name, metadata=field.metadata) for field in table.schema]
        )
        writer = described.write.format("delta").option("userMetadata", note).partitionBy(*table.partition_by)
        # Each file says the least and greatest key it holds, for reading single cases; those of all columns would cost
        # a tenth of a wide write and serve nobody.
        found_by = [key for key in table.keys if key not in table.partition_by]
        writer = writer.option("delta.dataSkippingStatsColumns", ",".join(found_by)) if found_by else writer
        return writer.option("delta.appendOnly", "true") if table.append_only else writer

    def _commit(self, table: Table, writer: DataFrameWriter, note: str) -> int:
        try:
            writer.save(self.path(table))
        except Exception as problem:
            if _CONFLICT.search(f"{type(problem).__name__} {problem}"):
                raise ConcurrentRun(
                    f"table {table.name}: another run wrote the same slice while this one was running; this one wrote "
                    "nothing there. Run it again when the other has ended."
                ) from problem
            raise
        return self._version_of(table, note)

    def _version_of(self, table: Table, note: str) -> int:
        """The version that the commit with this note made: the newest one with it, whoever wrote since."""
        log = self._local_log(table)
        if log:
            for file in sorted(log.glob("*.json"), reverse=True):
                if json.dumps(note) in file.read_text(encoding="utf-8"):
                    return int(file.stem)
        history = DeltaTable.forPath(self.spark, self.path(table)).history(20)
        mine = history.where(history.userMetadata == note).select("version").first()
        return int(mine[0]) if mine else self.version(table)

    def _local_log(self, table: Table) -> Path | None:
        """Delta's log folder where the lake is on this machine: reading it takes no Spark job."""
        root = local_path(self.root)
        return root / table.name / "_delta_log" if root else None


def at_once(actions: Iterable[Callable[[], Result]]) -> list[Result]:
    """Run small writes or reads side by side: most of their time is waiting for Spark's planner and the log."""
    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        return [future.result() for future in [pool.submit(action) for action in actions]]


def _stored(schema: StructType) -> StructType:
    """Everything may be null in storage: what must not be is checked by the contracts, with a message."""
    return StructType([StructField(field.name, field.dataType, True, field.metadata) for field in schema.fields])


def local_path(root: str) -> Path | None:
    """The lake's folder on this machine, None where it lies elsewhere (hdfs://, s3://)."""
    if "://" in root and not root.startswith("file://"):
        return None
    return Path(root.removeprefix("file://"))
