"""Rows of text out of a scheme file: a csv folder or an .xlsx workbook, cells cleaned, nothing interpreted.

The workbook is read with the standard library: a national scheme has some 600,000 cells of inline text, on which the
usual library takes more than ten seconds and this a few. Only cell text is taken; styles, formulas and links are not.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.parsers import expat

from grouper.errors import SchemeProblem

CSV_FILES = {
    "MDC": "mdc.csv",
    "ADRG": "adrg.csv",
    "DRG": "drg.csv",
    "集合": "code_set.csv",
    "CC": "cc.csv",
    "排除表": "exclusion.csv",
}
# Tables that a scheme may have beside those of the national workbook; a workbook's sheets may be called as the files.
CODE_FILES = {"编码映射": "code_map.csv", "灰码": "grey_codes.csv"}
LARGEST_UNPACKED = 1 << 30  # bytes; a national workbook unpacks to 35 MB
_BLANKS = re.compile(r"(?:(?:_x005F)?_x00(?:0[9AaDd]|[Aa]0)_|[\s\u200b\ufeff])+")
_ODD = re.compile(r"_x00|[\s\u200b\ufeff]")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

Row = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table as text. `rows` are (1-based row number, cells); empty cells are ''."""

    file: str
    name: str
    rows: list[Row]


def clean(text: str) -> str:
    """A cell's text: `_x000D_`, line ends, full-width and non-breaking spaces are a space; no space at the ends."""
    return _BLANKS.sub(" ", text).strip() if _ODD.search(text) else text


def read_changed_sheets(path: Path) -> dict[str, Sheet]:
    """Those of the tables that a csv folder has; a folder of changes has only the tables that change.

    Raises:
        SchemeProblem: there is no such folder, or none of the files in it, or one is broken.
    """
    files = CSV_FILES | CODE_FILES
    found = _read_present(path, files)
    if not found:
        raise SchemeProblem(
            "no folder with changes", file=str(path), remedy=f"It needs one or more of {', '.join(files.values())}."
        )
    return found


def read_sheets(path: Path) -> dict[str, Sheet]:
    """The six tables by their names in the national workbook, and the two tables of codes where there are any.

    Raises:
        SchemeProblem: a file or sheet is missing, broken, holds macros, or is in no known encoding.
    """
    if path.is_dir():
        needed = {name: _read_csv(path / file, name) for name, file in CSV_FILES.items()}
        return needed | _read_present(path, CODE_FILES)
    if not path.is_file():
        raise SchemeProblem("no such file or folder", file=str(path), remedy="Give a csv folder or an .xlsx workbook.")
    if path.suffix.lower() != ".xlsx":
        raise SchemeProblem(
            "not a csv folder and not an .xlsx workbook",
            file=str(path),
            remedy="Save the workbook as .xlsx without macros.",
        )
    return _read_workbook(path)


def _read_present(path: Path, files: Mapping[str, str]) -> dict[str, Sheet]:
    return {name: _read_csv(path / file, name) for name, file in files.items() if (path / file).is_file()}


def _read_csv(path: Path, name: str) -> Sheet:
    if not path.is_file():
        raise SchemeProblem("the file is missing", file=str(path), sheet=name, remedy=f"Export sheet {name} to it.")
    text = _decode(path, name)
    try:
        rows = [
            (number, [clean(cell) for cell in cells])
            for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True), start=1)
        ]
    except csv.Error as error:
        raise SchemeProblem(
            f"not a well-formed csv file: {error}", file=str(path), sheet=name, remedy="Export the sheet again."
        ) from error
    return Sheet(str(path), name, rows)


def _decode(path: Path, name: str) -> str:
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
        break
    raise SchemeProblem(
        "the file is in no known encoding", file=str(path), sheet=name, remedy="Save it as UTF-8 or GB18030 csv."
    )


def _read_workbook(path: Path) -> dict[str, Sheet]:
    try:
        with zipfile.ZipFile(path) as archive:
            return _read_archive(path, archive)
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


def _read_archive(path: Path, archive: zipfile.ZipFile) -> dict[str, Sheet]:
    names = archive.namelist()
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise SchemeProblem(
            "the workbook holds macros", file=str(path), remedy="Save it as .xlsx without macros; none is ever run."
        )
    if sum(info.file_size for info in archive.infolist()) > LARGEST_UNPACKED:
        raise SchemeProblem("the workbook unpacks to more than 1 GiB", file=str(path), remedy="Give a real scheme.")
    if "xl/workbook.xml" not in names:
        raise SchemeProblem("no workbook in the file", file=str(path), remedy="Save it as .xlsx.")
    parts = _sheet_parts(archive)
    shared = _shared_strings(archive) if "xl/sharedStrings.xml" in names else []
    found: dict[str, Sheet] = {}
    for name, file in (CSV_FILES | CODE_FILES).items():
        part = parts.get(name.upper()) or parts.get(Path(file).stem.upper())
        if part is None and name in CODE_FILES:
            continue
        if part is None or part not in names:
            raise SchemeProblem(
                "the sheet is missing",
                file=str(path),
                sheet=name,
                remedy=f"The workbook must have the sheets {', '.join(CSV_FILES)}.",
            )
        with archive.open(part) as stream:
            found[name] = Sheet(str(path), name, _SheetReader(str(path), name, shared).read(stream))
    return found


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
            self.rows.append((self.row, self.cells))

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


def write_csv(path: Path, header: Iterable[str], rows: Iterator[tuple[object, ...]]) -> None:
    """Write one sheet as UTF-8 csv with plain line ends: same rows, same bytes."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(list(header))
        writer.writerows(rows)
