"""Case files in and out as rows of text, in batches: any size, exact about lines, nothing interpreted.

In: CSV with a header, UTF-8 (with or without byte order mark) or GB18030, any line ends, quoted cells with commas and
line ends in them. Lines without any character are skipped. Out: UTF-8, plain line ends, the whole file or none.
"""

from __future__ import annotations

import codecs
import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from lake.errors import InputProblem
from lake.places import check_file_place
from lake.province_csv import csv_problem, is_long_cell

Row = list[str]
ENCODINGS = ("utf-8-sig", "gb18030")
_CHUNK = 1 << 20  # bytes
_ZIP = b"PK\x03\x04"  # an .xlsx is a zip
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class CaseCsv:
    """A file of cases that can be read: its encoding and its header."""

    path: Path
    encoding: str
    header: tuple[str, ...]

    def batches(self, size: int) -> Iterator[list[Row]]:
        """The rows after the header, `size` at a time, each with as many cells as the header.

        Raises:
            InputProblem: a row is ragged, or a quote is wrong; names the line on which the row begins.
        """
        rows = self._rows()
        while batch := list(islice(rows, size)):
            yield batch

    def _rows(self) -> Iterator[Row]:
        numbered = _numbered_rows(self.path, self.encoding)
        next(numbered)
        width = len(self.header)
        for line, row in numbered:
            if len(row) != width:
                raise InputProblem(
                    f"{self.path} line {line}: {len(row)} cell(s) where the header has {width} (the row begins with "
                    f"{row[0][:40]!r}). Add or drop commas; quote a cell that holds one."
                )
            yield row


def open_case_csv(path: Path) -> CaseCsv:
    """Look at a file of cases: one pass for its encoding, and its header.

    Raises:
        InputProblem: it is no file, is empty, is a workbook or no text, or has no header.
    """
    try:
        if not path.is_file():
            kind = "not a file" if path.exists() else "no such file"
            raise InputProblem(f"{path}: {kind}. Give a CSV file of cases.")
        encoding = _encoding(path)
    except OSError as problem:
        raise InputProblem(f"{path} cannot be read: {problem.strerror}. Give a readable file.") from problem
    _, header = next(_numbered_rows(path, encoding), (1, []))
    if not any(header):
        raise InputProblem(f"{path}: the file is empty. Its first line must name the columns.")
    header[0] = header[0].removeprefix("\ufeff")
    return CaseCsv(path, encoding, tuple(header))


def _encoding(path: Path) -> str:
    with path.open("rb") as stream:
        start = stream.read(4)
    if start == _ZIP:
        raise InputProblem(f"{path}: this is a workbook or zip, not a CSV file. Save the sheet as CSV (UTF-8).")
    if start.startswith(_UTF16):
        raise InputProblem(f"{path}: the file is UTF-16. Save it as CSV in UTF-8 or GB18030.")
    bad_lines = {}
    for encoding in ENCODINGS:
        bad_lines[encoding] = _first_bad_line(path, encoding)
        if not bad_lines[encoding]:
            return encoding
    raise InputProblem(
        f"{path} line {bad_lines['utf-8-sig']}: bytes that are not UTF-8, and line {bad_lines['gb18030']}: bytes that "
        "are not GB18030. Save the file as CSV in UTF-8."
    )


def _first_bad_line(path: Path, encoding: str) -> int:
    """The line of the first byte that the encoding does not allow; 0 where there is none."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with path.open("rb") as stream:
        while True:
            chunk = stream.read(_CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as problem:
                return line + problem.object.count(b"\n", 0, problem.start)
            if "\0" in text:
                bad = line + text.count("\n", 0, text.index("\0"))
                raise InputProblem(f"{path} line {bad}: a NUL byte. The file is damaged or no text; export it again.")
            if not chunk:
                return 0
            line += text.count("\n")


def _numbered_rows(path: Path, encoding: str) -> Iterator[tuple[int, Row]]:
    """All rows that are not blank, header first, each with the line on which it begins."""
    with path.open(encoding=encoding, newline="") as stream:
        reader = csv.reader(stream, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as problem:
                raise InputProblem(f"{path}, {_quote_problem(problem, line)}") from problem
            except OSError as problem:
                raise InputProblem(f"{path} cannot be read: {problem.strerror}. Give a readable file.") from problem
            if row:
                yield line, row


def _quote_problem(problem: csv.Error, line: int) -> str:
    if is_long_cell(problem):
        return csv_problem(problem, line)
    return (
        f"the row that begins on line {line}: {problem}. Close every quote, and write a quote inside a quoted cell "
        'twice, as in "a""b".'
    )


class CaseWriter:
    """Writes a CSV file beside its place and names it at the end: readers see the old file or the whole new one."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        """Nothing is written before the writer is entered.

        Raises:
            InputProblem: the place is a folder, or a device or pipe, which a whole file cannot take the place of.
        """
        check_file_place(path)
        self.path, self.header = path, header
        self._part = path.parent / f".{path.name}.{os.getpid()}.part"
        self._stream: IO[str]

    def __enter__(self) -> CaseWriter:
        """Open the file beside its place and write the header."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self._part.open("w", encoding="utf-8", newline="")
        except OSError as problem:
            raise self._problem(problem) from problem
        # Of this dialect both kinds of line end are quoted in cells; `write` makes the row's own a plain one.
        self._writer = csv.writer(self, lineterminator="\r\n")
        self.write_rows([self.header])
        return self

    def write(self, row: str) -> None:
        """One row as text, from the csv module."""
        self._stream.write(row[:-2] + "\n")

    def write_rows(self, rows: Iterable[Sequence[str]]) -> None:
        """Write rows of cells."""
        try:
            self._writer.writerows(rows)
        except OSError as problem:
            raise self._problem(problem) from problem

    def __exit__(self, kind: object, failure: object, trace: object) -> None:
        """Name the file, or leave no trace of it after a failure."""
        try:
            if kind is None:
                self._stream.flush()
                os.fsync(self._stream.fileno())
                self._stream.close()
                self._part.replace(self.path)
            else:
                self._stream.close()
        except OSError as problem:
            raise self._problem(problem) from problem
        finally:
            self._part.unlink(missing_ok=True)

    def _problem(self, problem: OSError) -> InputProblem:
        return InputProblem(f"{self.path} cannot be written: {problem.strerror}. Give a place that can.")
