"""Reading one CSV file of a province folder as text columns, with errors that name line, field and remedy.

Fast for a million rows (pyarrow), and exact about where a fault lies: lines are only counted once there is a fault.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from lake.errors import InputProblem

MAX_FAULTS = 20
UTF8, GB18030 = "utf-8-sig", "gb18030"
CELL_LIMIT = csv.field_size_limit()  # characters; a cell beyond it is most often a quote that nobody closed
_ZIP = b"PK\x03\x04"  # an .xlsx is a zip
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SHOWN = 60  # characters of a cell in a message


def shown(cell: str) -> str:
    """A cell for a message: quoted, and only the beginning of a long one."""
    return repr(cell) if len(cell) <= _SHOWN else f"{cell[:_SHOWN]!r}... ({len(cell):,} characters)"


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


def read_text_table(
    path: Path, columns: Sequence[str], faults: Faults, handed_in: bool = False, may_lack: Sequence[str] = ()
) -> TextTable | None:
    """Read `path` as text cells with exactly these columns, in any order; None if the file has faults (noted).

    Columns of `may_lack` may be there too; where they are not, their cells are empty. A file that people hand in out of
    their spreadsheet (`handed_in`) may be GB18030 as well as UTF-8, and may have further columns, which are not read.
    """
    before = faults.count
    source = _decode(path, (UTF8, GB18030) if handed_in else (UTF8,), faults)
    if source is None:
        return None
    header = next(_rows(path.name, source, faults), (1, []))[1]
    if faults.count == before:
        _check_header(path.name, header, columns, faults, handed_in, may_lack)
    if faults.count > before:
        return None
    plain = '"' not in source and len(set(header)) == len(header)
    cells = _plain_cells(source, header) if plain else None
    if cells is None:
        cells = _scanned_cells(path.name, source, header, faults)
    if cells is None or faults.count > before:
        return None
    found = {name: cells[name] for name in columns}
    nothing = pa.array([""] * len(found[columns[0]]), pa.string())
    return TextTable(path.name, found | {name: cells.get(name, nothing) for name in may_lack}, source)


def _decode(path: Path, encodings: Sequence[str], faults: Faults) -> str | None:
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise InputProblem(f"{path} cannot be read: {problem.strerror}; give a readable file") from problem
    if data.startswith((_ZIP, *_UTF16)):
        kind = "a workbook or zip" if data.startswith(_ZIP) else "UTF-16"
        faults.add(f"{path.name}: this is {kind}, not CSV in UTF-8; save the sheet as CSV (UTF-8)")
        return None
    text = _first_that_fits(path.name, data, encodings, faults)
    if text is not None and "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        faults.add(f"{path.name} line {line}: holds a NUL byte; the file is damaged or not text, export it again")
        return None
    return text


def _first_that_fits(name: str, data: bytes, encodings: Sequence[str], faults: Faults) -> str | None:
    """The text by the first encoding that allows all bytes; where none does, where each fails is noted."""
    bad = []
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as problem:
            line = data.count(b"\n", 0, problem.start) + 1
            found = data[problem.start : problem.start + 4].hex(" ")
            bad.append(f"line {line}: bytes {found} are not {encoding.removesuffix('-sig').upper()}")
    hint = "" if GB18030 in encodings else " (it may be GB18030)"
    faults.add(f"{name} {'; '.join(bad)}; save the file as UTF-8{hint}")
    return None


def _check_header(
    name: str,
    header: Sequence[str],
    columns: Sequence[str],
    faults: Faults,
    others_too: bool,
    may_lack: Sequence[str],
) -> None:
    wanted = ",".join(columns) + (f" (and may have {', '.join(may_lack)})" if may_lack else "")
    if not header:
        faults.add(f"{name}: has no header; the first line must be {wanted} (leave the file out if it has no rows)")
        return
    if not set(header) & set(columns):
        found = f"{shown(header[0])}{_other_separator(header)}"
        faults.add(f"{name} line 1: no column is known, the line begins with {found}; the header must be {wanted}")
        return
    for column in columns:
        if column not in header:
            faults.add(f"{name} line 1: column {column} is missing; the header must be {wanted}")
    for column in dict.fromkeys(header):
        known = column in columns or column in may_lack
        if others_too and not known:
            continue
        if not column.strip():
            place = header.index(column) + 1
            faults.add(f"{name} line 1: column {place} has no name; take the empty column away, with its commas")
        elif not known:
            faults.add(f"{name} line 1: column {shown(column)} is not known; the header must be {wanted}")
        elif header.count(column) > 1:
            faults.add(f"{name} line 1: column {column} stands {header.count(column)} times; keep one")


def _other_separator(header: Sequence[str]) -> str:
    """Words for a header that is one cell because its separator is no comma."""
    names = {";": "semicolons", "\t": "tabs", "，": "full-width commas"}
    said = [word for sign, word in names.items() if len(header) == 1 and sign in header[0]]
    return f" and is separated by {said[0]}: save the file with commas" if said else ""


def _rows(name: str, source: str, faults: Faults) -> Iterator[tuple[int, list[str]]]:
    """All non-blank rows, header first, each with the line on which it ends; a bad quote is a fault and ends them."""
    reader = csv.reader(io.StringIO(source, newline=""), strict=True)
    begins = 1
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
            begins = reader.line_num + 1
    except csv.Error as problem:
        faults.add(f"{name} line {reader.line_num}: {csv_problem(problem, begins)}")


def is_long_cell(problem: csv.Error) -> bool:
    """Whether a cell goes beyond `CELL_LIMIT`."""
    return "field limit" in str(problem)


def csv_problem(problem: csv.Error, begins: int) -> str:
    """What is wrong with a row that begins on a line, and what to do."""
    if is_long_cell(problem):
        return (
            f"a cell of more than {CELL_LIMIT:,} characters in the row that begins on line {begins}; most often a "
            "quote there is not closed: close it, or shorten the cell"
        )
    return f'{problem}; quote cells as in "a""b", or not at all'


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
    cells = {name: table.column(name).combine_chunks() for name in header}
    longest = (pc.max(pc.binary_length(column)).as_py() or 0 for column in cells.values())
    return None if max(longest, default=0) > CELL_LIMIT else cells


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
