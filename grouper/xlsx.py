"""Sheets of an .xlsx workbook as rows of text.

Read with the standard library: a national scheme has some 600,000 cells of inline text, on which the usual library
takes more than ten seconds and this a few. Only cell text is taken; styles, formulas and links are not.
"""

from __future__ import annotations

import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import IO
from xml.parsers import expat

from grouper.cells import LARGEST_UNPACKED, OVERSIZED, Row, Sheet, clean
from grouper.errors import Fault, Report, SchemeProblem

MOST_COLUMNS = 1 << 14  # as the program has that writes workbooks
_OLE = bytes.fromhex("D0CF11E0A1B11AE1")  # begins encrypted workbooks, and those of the years before .xlsx


def read_workbook(path: Path, files: Mapping[str, str], needed: tuple[str, ...], report: Report) -> dict[str, Sheet]:
    """Those of the sheets `files` that the workbook has; a sheet may be called by its name or as its csv file.

    Raises:
        SchemeProblem: no workbook that can be read. A sheet that is `needed` and missing, or broken, is reported.
    """
    _check_kind(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return _read_archive(path, archive, files, needed, report)
    except SchemeProblem:
        raise
    except (zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise SchemeProblem(
            f"not a whole .xlsx workbook ({error})",
            file=str(path),
            remedy="The file is cut off, encrypted or of another kind; fetch or save it again as .xlsx.",
        ) from error
    except (expat.ExpatError, KeyError, IndexError, ValueError, StopIteration, RuntimeError) as error:
        raise SchemeProblem(
            f"the workbook is broken inside ({error!r})", file=str(path), remedy="Save the workbook again."
        ) from error


def _check_kind(path: Path) -> None:
    """Refuse what is certainly no workbook."""
    if not path.is_file():
        raise SchemeProblem("no such file or folder", file=str(path), remedy="Give a csv folder or an .xlsx workbook.")
    with path.open("rb") as stream:
        begins = stream.read(len(_OLE))
    if begins == _OLE:
        raise SchemeProblem(
            "the file is protected by a password, or of the old .xls kind",
            file=str(path),
            remedy="Open it, take the password off and save it as .xlsx.",
        )
    if path.suffix.lower() != ".xlsx":
        raise SchemeProblem(
            "not a csv folder and not an .xlsx workbook",
            file=str(path),
            remedy="Save the workbook as .xlsx without macros.",
        )
    if not begins:
        raise SchemeProblem("the file is empty", file=str(path), remedy="Fetch or save it again as .xlsx.")


def _read_archive(
    path: Path, archive: zipfile.ZipFile, files: Mapping[str, str], needed: tuple[str, ...], report: Report
) -> dict[str, Sheet]:
    names = archive.namelist()
    _check_archive(path, archive, names)
    parts = _sheet_parts(archive)
    shared = _shared_strings(archive) if "xl/sharedStrings.xml" in names else []
    found: dict[str, Sheet] = {}
    for name, file in files.items():
        part = parts.get(name.upper()) or parts.get(Path(file).stem.upper())
        if part is not None and part in names:
            try:
                with archive.open(part) as stream:
                    found[name] = Sheet(str(path), name, _SheetReader(str(path), name, shared).read(stream))
            except SchemeProblem as problem:
                report(problem)
        elif part is not None or name in needed:
            report(
                SchemeProblem(
                    "the sheet is missing",
                    file=str(path),
                    sheet=name,
                    remedy=f"The workbook must have the sheets {', '.join(needed or [name])}.",
                    fault=Fault.SHEET,
                )
            )
    return found


def _check_archive(path: Path, archive: zipfile.ZipFile, names: list[str]) -> None:
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise SchemeProblem(
            "the workbook holds macros", file=str(path), remedy="Save it as .xlsx without macros; none is ever run."
        )
    if sum(info.file_size for info in archive.infolist()) > LARGEST_UNPACKED:
        raise SchemeProblem(
            f"the workbook unpacks to more than {LARGEST_UNPACKED >> 20} MiB", file=str(path), remedy=OVERSIZED
        )
    if "xl/workbook.xml" not in names:
        raise SchemeProblem("no workbook in the file", file=str(path), remedy="Save it as .xlsx.")


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Which part of the archive holds which sheet; sheet names in capitals."""
    relations = {
        attributes["Id"]: attributes["Target"]
        for tag, attributes in _elements(archive, "xl/_rels/workbook.xml.rels")
        if tag == "Relationship"
    }
    parts = {}
    for tag, attributes in _elements(archive, "xl/workbook.xml"):
        if tag == "sheet":
            key = next(value for name, value in attributes.items() if name.rpartition(":")[2] == "id")
            target = relations.get(key, "")
            parts[clean(attributes["name"]).upper()] = target[1:] if target.startswith("/") else f"xl/{target}"
    return parts


def _elements(archive: zipfile.ZipFile, part: str) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda tag, attributes: found.append((tag.rpartition(":")[2], attributes))
    parser.Parse(archive.read(part), True)
    return found


class _TextReader(ABC):
    """Collects the text of `t` elements outside phonetic hints (`rPh`)."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.data
        self.pieces: list[str] = []
        self.open = False
        self.phonetic = False

    @abstractmethod
    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element opens."""

    @abstractmethod
    def end(self, tag: str) -> None:
        """An element closes."""

    def data(self, text: str) -> None:
        if self.open:
            self.pieces.append(text)


class _StringsReader(_TextReader):
    """The shared strings of a workbook, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.strings: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "si":
            self.pieces = []
        elif tag == "rPh":
            self.phonetic = True
        self.open = tag == "t" and not self.phonetic

    def end(self, tag: str) -> None:
        tag = tag.rpartition(":")[2]
        self.open = False
        if tag == "rPh":
            self.phonetic = False
        elif tag == "si":
            self.strings.append(clean("".join(self.pieces)))


def _shared_strings(archive: zipfile.ZipFile) -> list[str]:
    reader = _StringsReader()
    with archive.open("xl/sharedStrings.xml") as stream:
        reader.parser.ParseFile(stream)
    return reader.strings


class _SheetReader(_TextReader):
    """The cells of one sheet as text, rows with their numbers."""

    def __init__(self, file: str, sheet: str, shared: list[str]) -> None:
        super().__init__()
        self.file, self.sheet, self.shared = file, sheet, shared
        self.rows: list[Row] = []
        self.cells: list[str] = []
        self.row = 0
        self.column = 0
        self.kind = "n"
        self.formula = False

    def read(self, stream: IO[bytes]) -> list[Row]:
        self.parser.ParseFile(stream)
        return self.rows

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "c" or tag.endswith(":c"):
            place = attributes.get("r")
            self.column = _column_number(place) if place else self.column + 1
            self.kind = attributes.get("t", "n")
            self.pieces = []
            self.formula = False
            return
        tag = tag.rpartition(":")[2]
        if tag in ("t", "v"):
            self.open = not self.phonetic
        elif tag == "f":
            self.formula = True
        elif tag == "rPh":
            self.phonetic = True
        elif tag == "row":
            self.row = int(attributes.get("r", self.row + 1))
            self.cells = []
            self.column = 0

    def end(self, tag: str) -> None:
        self.open = False
        if tag == "c" or tag.endswith(":c"):
            if self.pieces or self.formula:
                self._keep("".join(self.pieces))
            return
        tag = tag.rpartition(":")[2]
        if tag == "rPh":
            self.phonetic = False
        elif tag == "row" and self.cells:
            self.rows.append((self.row, tuple(self.cells)))

    def _keep(self, text: str) -> None:
        if self.kind == "s":
            text = self.shared[int(text)]
        elif self.kind == "n" and text:
            text = _plain_number(text)
        elif self.kind == "e" or (self.formula and not text):
            raise SchemeProblem(
                "the cell holds a formula or an error instead of a value",
                file=self.file,
                sheet=self.sheet,
                row=self.row,
                value=text,
                remedy="Paste the sheet as values and save it again.",
            )
        else:
            text = clean(text)
        if self.column > MOST_COLUMNS:
            raise SchemeProblem(
                f"a cell stands beyond column {MOST_COLUMNS}",
                file=self.file,
                sheet=self.sheet,
                row=self.row,
                remedy=OVERSIZED,
            )
        missing = self.column - len(self.cells)
        if missing > 0:
            self.cells.extend([""] * missing)
        self.cells[self.column - 1] = text


def _column_number(place: str) -> int:
    """`AB12` is column 28."""
    number = 0
    for letter in place:
        if letter.isdigit():
            break
        number = number * 26 + ord(letter) - 64
    return number


def _plain_number(text: str) -> str:
    """A numeric cell as people see it: `1`, not `1.0` or `1E0`."""
    if text.isdigit():
        return text
    number = float(text)
    return str(int(number)) if number.is_integer() else repr(number)
