"""Small tables in a folder of this machine, read and added to by delta-rs.

That takes hundredths of a second where a Spark job takes a second. Either reads what the other wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.fs as fs
from deltalake import CommitProperties, DeltaTable, Schema, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError
from pyspark.sql.pandas.types import to_arrow_schema

from lake.tables.base import Table


def open_table(folder: Path, version: int | None = None) -> DeltaTable:
    """A table's log at a version (None: the newest)."""
    return DeltaTable(str(folder), version=version)


def read_table(folder: Path, table: Table, version: int | None = None) -> pa.Table:
    """All rows at a version; columns as the table describes them, empty where an older program wrote none."""
    # By Arrow's own file system: delta-rs' calls Python from Arrow's threads, and one that does so while the
    # interpreter ends takes the process down, after its work is done.
    files = fs.SubTreeFileSystem(str(folder), fs.LocalFileSystem())
    return shaped(open_table(folder, version).to_pyarrow_table(filesystem=files), table)


def shaped(rows: pa.Table, table: Table) -> pa.Table:
    """Rows with the columns and types that the table describes; times are in UTC."""
    columns = [
        rows[field.name].cast(field.type) if field.name in rows.column_names else pa.nulls(rows.num_rows, field.type)
        for field in arrow_schema(table)
    ]
    return pa.table(columns, arrow_schema(table))


def to_rows(values: pa.Table | Sequence[tuple], table: Table) -> pa.Table:
    """Rows of the table from Arrow or Python ones."""
    if isinstance(values, pa.Table):
        return shaped(values, table)
    schema = arrow_schema(table)
    columns = zip(*values, strict=True) if values else [()] * len(schema)
    cells = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.table(cells, schema)


def arrow_schema(table: Table) -> pa.Schema:
    """The table's columns as Arrow knows them."""
    described = to_arrow_schema(table.stored, timezone="UTC")
    return pa.schema([pa.field(field.name, field.type) for field in described])


def create_table(folder: Path, table: Table) -> None:
    """Make the table, empty; nothing where another run has made it."""
    if DeltaTable.is_deltatable(str(folder)):
        return
    settings: dict[str, str | None] = {"delta.appendOnly": "true"} if table.append_only else {}
    if table.found_by:
        settings["delta.dataSkippingStatsColumns"] = ",".join(table.found_by)
    described = Schema.from_json(table.stored.json())
    try:
        DeltaTable.create(str(folder), described, "error", list(table.partition_by), configuration=settings)
    except DeltaError:
        if not DeltaTable.is_deltatable(str(folder)):
            raise


def ensure_table(folder: Path, table: Table) -> None:
    """Make the table where it is not there, and the columns that an older program did not know."""
    create_table(folder, table)
    opened = open_table(folder)
    there = {field.name for field in opened.schema().fields}
    lacking = [field for field in Schema.from_json(table.stored.json()).fields if field.name not in there]
    if lacking:
        opened.alter.add_columns(lacking)


def version_marked(folder: Path, mark: str) -> int | None:
    """The version that the commit with this mark made, None where there is none.

    On a local disk two processes may make a commit of one number within a moment: where Spark renames a file that does
    not fail, the later one stands.
    """
    newest_first = sorted((folder / "_delta_log").glob("*.json"), reverse=True)
    return next((int(file.stem) for file in newest_first if mark in file.read_text(encoding="utf-8")), None)


def append_rows(folder: Path, table: Table, rows: pa.Table, note: str, after: int | None = None) -> bool:
    """Add rows: whatever others add meanwhile, or (`after`) only as the version that follows the one given.

    Gives whether they were written.
    """
    opened = open_table(folder, after)
    lacking = {field.name for field in opened.schema().fields}.symmetric_difference(table.columns)
    properties = CommitProperties({"userMetadata": note}, max_commit_retries=None if after is None else 0)
    try:
        write_deltalake(
            opened, rows, mode="append", schema_mode="merge" if lacking else None, commit_properties=properties
        )
    except CommitFailedError:
        if after is None:
            raise
        return False
    return True
