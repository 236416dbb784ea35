"""Landing files: Parquet whose bytes depend on rows and library version alone; a folder appears whole or not."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql.types import ArrayType, DataType, StringType, StructType

from lake.errors import InputProblem

ROWS_PER_GROUP = 65_536


def arrow_type(kind: DataType) -> pa.DataType:
    """Arrow type of a landing column: text, or lists of records of text."""
    if isinstance(kind, StringType):
        return pa.string()
    if isinstance(kind, ArrayType):
        return pa.list_(pa.field("element", arrow_type(kind.elementType), kind.containsNull))
    if isinstance(kind, StructType):
        return pa.struct([pa.field(one.name, arrow_type(one.dataType), one.nullable) for one in kind.fields])
    raise TypeError(f"landing columns hold text, arrays and records only, not {kind.simpleString()}")


def arrow_schema(schema: StructType) -> pa.Schema:
    """Arrow schema of the landing table."""
    return pa.schema([pa.field(one.name, arrow_type(one.dataType), one.nullable) for one in schema.fields])


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write one landing file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", use_dictionary=True, row_group_size=ROWS_PER_GROUP)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def whole_folder(out: Path, mark: str) -> Iterator[Path]:
    """A scratch folder that becomes `out` when the block ends well, and vanishes when it does not.

    `out` may be missing, empty, or hold an earlier result (a file named `mark`), which is then replaced; anything
    else is left alone. What a killed process left beside it is removed by the next one.
    """
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / mark).is_file())):
        raise InputProblem(f"{out} exists and holds no {mark}: it is not a result of this job; give a new folder")
    scratch = out.with_name(f".{out.name}.partial")
    replaced = out.with_name(f".{out.name}.replaced")
    for left in (scratch, replaced):
        shutil.rmtree(left, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        yield scratch
        if out.exists():
            out.rename(replaced)
        scratch.rename(out)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.rmtree(replaced, ignore_errors=True)
