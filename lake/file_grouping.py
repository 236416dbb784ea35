"""Grouping file by file: a worker reads a file of `cases`, groups it and writes the file of `groups` that goes with it.

The same answers as `lake.grouping.group_cases`, without a row in Java: Spark only spreads the files over the workers. A
file of `cases` has one area, so it has one scheme and becomes one file; the rows keep their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from grouper.case import Outcome
from grouper.compile import CompiledScheme
from grouper.rules.nodes import Scalar
from lake.data_files import NewFile, new_path
from lake.grouping import (
    ANSWER_FIELDS,
    ANSWER_PLACES,
    SCALARS,
    LakeScheme,
    all_answers,
    asked_scalars,
    group_numbers,
    to_doubles,
)

_BATCH = 100_000  # cases in memory at once
_PART = 150_000  # cases a task should have: enough to be worth its start, few enough for an even end
_KEPT = ("setl_id", "blocked")
_IDS = ("principal_id", "other_ids", "procedure_ids")
_WRITTEN = pa.schema(
    [
        ("path", pa.string()),
        ("area", pa.string()),
        ("month", pa.string()),
        ("version", pa.string()),
        ("rows", pa.int64()),
        ("size", pa.int64()),
        ("least", pa.string()),
        ("greatest", pa.string()),
        *[(outcome.value, pa.int64()) for outcome in Outcome],
    ]
)
_WRITTEN_DDL = ", ".join(f"`{field.name}` {'bigint' if field.type == pa.int64() else 'string'}" for field in _WRITTEN)


@dataclass(frozen=True)
class CaseFile:
    """A file of `cases`, the scheme version its area takes, and the run that groups it."""

    path: str
    area: str
    month: str
    rows: int
    version: str
    run_id: str


@dataclass(frozen=True)
class GroupedFiles:
    """What was written, and how many cases had which outcome."""

    files: list[NewFile]
    outcomes: dict[str, int]


def group_files(
    spark: SparkSession, files: Iterable[CaseFile], schemes: Mapping[str, LakeScheme], folder: str
) -> GroupedFiles:
    """Group files of `cases` by the schemes (by version) into files under `folder`, which no version holds yet."""
    parts = deal(files)
    if not parts:
        return GroupedFiles([], {})

    def group_part(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for part in batch.column("id").to_pylist():
                written = [_group_file(file, schemes[file.version], folder) for file in parts[part]]
                yield pa.RecordBatch.from_pylist([row for row in written if row["rows"]], _WRITTEN)

    found = spark.range(0, len(parts), 1, len(parts)).mapInArrow(group_part, _WRITTEN_DDL).toArrow().to_pylist()
    written = [
        NewFile(
            row["path"],
            (row["version"], row["area"], row["month"]),
            row["rows"],
            row["size"],
            (row["least"], row["greatest"]),
        )
        for row in sorted(found, key=lambda row: row["path"])
    ]
    counts = {outcome.value: sum(row[outcome.value] for row in found) for outcome in Outcome}
    return GroupedFiles(written, {outcome: count for outcome, count in counts.items() if count})


def deal(files: Iterable[CaseFile]) -> list[list[CaseFile]]:
    """The files in parts of about `_PART` cases; a part has few schemes."""
    parts: list[list[CaseFile]] = []
    held = _PART
    for file in sorted(files, key=lambda file: (file.version, file.path)):
        if held >= _PART:
            parts.append([])
            held = 0
        parts[-1].append(file)
        held += file.rows
    return parts


@dataclass(frozen=True)
class _Answers:
    """The answers of a scheme column by column: a number, or the place of a text among the distinct ones."""

    columns: Mapping[str, tuple[np.ndarray, pa.Array | None]]
    blocked: int  # the answer of a case that a finding blocks
    asked: tuple[Scalar, ...]

    @classmethod
    def of(cls, compiled: CompiledScheme) -> _Answers:
        """The columns of a compiled scheme's answers."""
        answers = all_answers(compiled)
        columns: dict[str, tuple[np.ndarray, pa.Array | None]] = {}
        for name, values in zip(ANSWER_FIELDS, zip(*answers, strict=True), strict=True):
            if name in ANSWER_PLACES:
                columns[name] = (np.array(values, np.int32), None)
            else:
                distinct = sorted(set(values))
                places = [distinct.index(value) for value in values]
                columns[name] = (np.array(places, np.int32), pa.array(distinct, pa.string()))
        return cls(columns, len(answers) - 1, tuple(asked_scalars([compiled])))

    def column(self, name: str, places: np.ndarray) -> pa.Array:
        """A field of the answers at the places."""
        values, texts = self.columns[name]
        taken = pa.array(values[places])
        return taken if texts is None else pa.DictionaryArray.from_arrays(taken, texts)


_ANSWERS: dict[str, _Answers] = {}  # by scheme version, once a process


def _answers(scheme: LakeScheme) -> _Answers:
    if scheme.version not in _ANSWERS:
        _ANSWERS[scheme.version] = _Answers.of(scheme.compiled)
    return _ANSWERS[scheme.version]


def _group_file(file: CaseFile, scheme: LakeScheme, folder: str) -> dict[str, str | int]:
    """Read, group and write one file; the row that says what was written."""
    answers = _answers(scheme)
    said: dict[str, str | int] = {"path": "", "area": file.area, "month": file.month, "version": file.version}
    said |= {"rows": 0, "size": 0, "least": "", "greatest": "", **dict.fromkeys((one.value for one in Outcome), 0)}
    grouped = [
        _grouped(batch, scheme, answers, file.run_id) for batch in _batches(file.path, answers) if batch.num_rows
    ]
    if not grouped:
        return said
    table = pa.concat_tables(grouped)
    said["path"] = new_path((file.version, file.area, file.month))
    target = Path(folder) / str(said["path"])
    target.parent.mkdir(parents=True, exist_ok=True)
    texts = [name for name in table.column_names if name != "setl_id"]
    pq.write_table(table, target, use_dictionary=texts, write_statistics=["setl_id"], store_schema=False)
    ends = pc.min_max(table["setl_id"]).as_py()
    said |= {"rows": table.num_rows, "size": target.stat().st_size, "least": ends["min"], "greatest": ends["max"]}
    counts = pc.value_counts(table["outcome"].combine_chunks().cast(pa.string())).to_pylist()
    return said | {one["values"]: one["counts"] for one in counts}


def _batches(path: str, answers: _Answers) -> Iterator[pa.RecordBatch]:
    """The columns that grouping needs; those that a file of an older program lacks are not there."""
    names = [*_KEPT, *_IDS, *[SCALARS[scalar] for scalar in answers.asked]]
    source = pq.ParquetFile(path)
    there = set(source.schema_arrow.names)
    yield from source.iter_batches(_BATCH, columns=[name for name in names if name in there])


def _grouped(batch: pa.RecordBatch, scheme: LakeScheme, answers: _Answers, run_id: str) -> pa.Table:
    """Rows of `groups`, without the columns that the log says, of one batch of cases."""
    held = dict(zip(batch.schema.names, batch.columns, strict=True))
    scalars = [
        to_doubles(held.get(SCALARS[scalar], pa.nulls(batch.num_rows, pa.float64()))) for scalar in answers.asked
    ]
    places = group_numbers(scheme, answers.asked, *[held[name] for name in _IDS], *scalars)
    blocked = pc.fill_null(held["blocked"], "")
    free = pc.equal(blocked, "")
    places = np.where(free.to_numpy(zero_copy_only=False), places, answers.blocked)
    columns: dict[str, pa.Array] = {"setl_id": held["setl_id"]}
    for name in ANSWER_FIELDS:
        columns[name] = answers.column(name, places)
    if pc.any(pc.invert(free)).as_py():
        columns["reason"] = pc.if_else(free, columns["reason"].cast(pa.string()), blocked).dictionary_encode()
    constant = pa.DictionaryArray.from_arrays(np.zeros(batch.num_rows, np.int32), pa.array([run_id], pa.string()))
    return pa.table({**columns, "run_id": constant})
