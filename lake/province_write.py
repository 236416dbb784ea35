"""Writing result tables of a province: sorted text, whole files or none."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from lake.errors import InputProblem
from lake.places import check_file_place

Table = tuple[Sequence[str], Iterable[Sequence[str]]]


def table_bytes(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """CSV of the rows sorted as text by their columns from left to right; UTF-8, header, LF."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in sorted(map(tuple, rows)):
        if len(row) != len(columns):
            raise ValueError(f"a row of {len(row)} cells for {len(columns)} columns: {row!r}")
        writer.writerow(row)
    return text.getvalue().encode("utf-8")


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write one table to `path`; a reader sees the old file or the whole new one."""
    write_tables(path.parent, {path.name: (columns, rows)})


def write_tables(folder: Path, tables: Mapping[str, Table]) -> None:
    """Write several tables (file name -> columns, rows) into `folder`: all are complete before the first is named.

    Raises `InputProblem` for a place that cannot take one of them; then none is touched.
    """
    for name in tables:
        check_file_place(folder / name)
    contents = {name: table_bytes(columns, rows) for name, (columns, rows) in tables.items()}
    beside = {name: folder / f".{name}.{os.getpid()}.part" for name in contents}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            _write_through(beside[name], content)
        for name, temporary in beside.items():
            temporary.replace(folder / name)
    except OSError as problem:
        raise InputProblem(f"{folder} cannot be written to: {problem.strerror}; give a folder that can") from problem
    finally:
        if folder.is_dir():
            for temporary in beside.values():
                temporary.unlink(missing_ok=True)


def _write_through(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
