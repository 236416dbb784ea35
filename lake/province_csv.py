"""Reading one CSV file of a province folder as text columns, with errors that name line, field and remedy.

Fast for a million rows (pyarrow), and exact about where a fault lies: lines are only counted once there is a fault.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
from pyarrow import csv as arrow_csv

from lake.errors import InputProblem

MAX_FAULTS = 20


@dataclass
class Faults:
    """What is wrong in the files of one folder; up to `MAX_FAULTS` are shown, the rest are counted."""

    shown: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, message: str) -> None:
        """Note one fault."""
        self.count += 1
        if len(self.shown) < MAX_FAULTS:
            self.shown.append(message)

    def room(self) -> int:
        """How many more faults are worth describing."""
        return MAX_FAULTS - len(self.shown)

    def raise_if_any(self, folder: Path) -> None:
        """Raise one `InputProblem` with all faults found."""
        if not self.count:
            return
        more = f"\n... and {self.count - len(self.shown)} more" if self.count > len(self.shown) else ""
        found = "1 fault" if self.count == 1 else f"{self.count} faults"
        raise InputProblem(f"{folder}: {found} in the files\n" + "\n".join(self.shown) + more)


@dataclass(frozen=True)
class TextTable:
    """The cells of a CSV file as text; `columns` in the order asked for."""

    name: str
    columns: dict[str, pa.Array]
    source: str

    def lines(self, rows: Sequence[int]) -> list[int]:
        """Line numbers in the file of the given row numbers (0 is the first row after the header)."""
        wanted = set(rows)
        found = {row: line for row, (line, _) in enumerate(_data_rows(self.source)) if row in wanted}
        return [found[row] for row in rows]


def read_text_table(path: Path, columns: Sequence[str], faults: Faults) -> TextTable | None:
    """Read `path` as text cells with exactly these columns, in any order; None if the file has faults (noted)."""
    before = faults.count
    source = _decode(path, faults)
    if source is None:
        return None
    header = next(_rows(path.name, source, faults), (1, []))[1]
    _check_header(path.name, header, columns, faults)
    if faults.count > before:
        return None
    cells = None if '"' in source else _plain_cells(source, header)
    if cells is None:
        cells = _scanned_cells(path.name, source, header, faults)
    if cells is None or faults.count > before:
        return None
    return TextTable(path.name, {name: cells[name] for name in columns}, source)


def _decode(path: Path, faults: Faults) -> str | None:
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise InputProblem(f"{path} cannot be read: {problem.strerror}; give a readable file") from problem
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        shown = data[problem.start : problem.start + 4].hex(" ")
        faults.add(f"{path.name} line {line}: bytes {shown} are not UTF-8; save the file as UTF-8 (it may be GB18030)")
        return None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        faults.add(f"{path.name} line {line}: holds a NUL byte; the file is damaged or not text, export it again")
        return None
    return text


def _check_header(name: str, header: Sequence[str], columns: Sequence[str], faults: Faults) -> None:
    wanted = ",".join(columns)
    if not header:
        faults.add(f"{name}: has no header; the first line must be {wanted} (leave the file out if it has no rows)")
        return
    for column in columns:
        if column not in header:
            faults.add(f"{name} line 1: column {column} is missing; the header must be {wanted}")
    for column in dict.fromkeys(header):
        if column not in columns:
            faults.add(f"{name} line 1: column {column!r} is not known; the header must be {wanted}")
        elif header.count(column) > 1:
            faults.add(f"{name} line 1: column {column} stands {header.count(column)} times; keep one")


def _rows(name: str, source: str, faults: Faults) -> Iterator[tuple[int, list[str]]]:
    """All non-blank rows, header first, each with the line on which it ends; a bad quote is a fault and ends them."""
    reader = csv.reader(io.StringIO(source, newline=""), strict=True)
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as problem:
        faults.add(f'{name} line {reader.line_num}: {problem}; quote cells as in "a""b", or not at all')


def _data_rows(source: str) -> Iterator[tuple[int, list[str]]]:
    rows = _rows("", source, Faults())
    next(rows, None)
    return rows


def _plain_cells(source: str, header: Sequence[str]) -> dict[str, pa.Array] | None:
    """Cells of a file without quotes, read by pyarrow; None where it cannot (ragged rows, very long ones)."""
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(source.encode("utf-8")),
            parse_options=arrow_csv.ParseOptions(quote_char=False),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: pa.string() for name in header}, strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    return {name: table.column(name).combine_chunks() for name in header}


def _scanned_cells(name: str, source: str, header: Sequence[str], faults: Faults) -> dict[str, pa.Array] | None:
    """The same row by row, slowly: for quoted cells, and to say which rows are ragged."""
    rows: list[list[str]] = []
    ragged = False
    for line, row in _rows(name, source, faults):
        rows.append(row)
        if len(row) != len(header):
            ragged = True
            faults.add(f"{name} line {line}: {len(row)} cells where the header has {len(header)}; add or drop commas")
    if ragged:
        return None
    return {column: pa.array([row[at] for row in rows[1:]], pa.string()) for at, column in enumerate(header)}
