"""Excel workbooks that a person accepts: Chinese headers, units, widths, frozen header rows, exact numbers.

The same content gives the same bytes: the file holds no clock time.
"""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from lake.errors import InputProblem
from lake.places import check_file_place

_EPOCH = datetime(1980, 1, 1)
_HEAD = PatternFill("solid", fgColor="1F4E78")
_TOTAL = PatternFill("solid", fgColor="DDEBF7")
_LINE = Border(bottom=Side(style="hair", color="9A9A9A"))
# Number formats by kind of column; text cells are never turned into numbers (codes keep their zeros).
FORMATS = {
    "text": "@",
    "count": "#,##0",
    "money": "#,##0.00",
    "points": "#,##0.0000",
    "value": "#,##0.000000",
    "ratio": "0.0000",
    "percent": "0.00%",
}
MAX_ROWS = 1_048_000  # rows of a sheet in Excel, header and notes aside


@dataclass(frozen=True)
class SheetColumn:
    """A column: header in Chinese, key of the row, kind (see FORMATS), width in characters."""

    header: str
    key: str
    kind: str = "text"
    width: int = 14


@dataclass(frozen=True)
class Sheet:
    """A sheet: title, a line of explanation above the header, columns, rows; `total` is a last row in bold."""

    title: str
    note: str
    columns: Sequence[SheetColumn]
    rows: Iterable[Mapping[str, Any]]
    total: Mapping[str, Any] | None = None


def update_workbook(path: Path, sheets: Sequence[Sheet]) -> bool:
    """Write a workbook, whole or not at all; a file that already says this is not touched. Whether it was written."""
    content = workbook_bytes(sheets)
    if path.is_file() and path.read_bytes() == content:
        return False
    _write_whole(path, content)
    return True


def workbook_bytes(sheets: Sequence[Sheet]) -> bytes:
    """The workbook as a file's content; the same sheets give the same bytes."""
    book = Workbook(write_only=True)
    for sheet in sheets:
        _write_sheet(book.create_sheet(sheet.title), sheet)
    book.properties.creator = "点数 Dianshu"
    book.properties.created = book.properties.modified = _EPOCH
    buffer = io.BytesIO()
    book.save(buffer)
    return _without_times(buffer.getvalue())


def _write_whole(path: Path, content: bytes) -> None:
    """A temporary file beside it is renamed. Raises `InputProblem` where it cannot be; nothing is left then."""
    check_file_place(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except OSError as problem:
        raise InputProblem(f"{path} cannot be written: {problem.strerror}. Give a place that can.") from problem
    finally:
        if path.parent.is_dir():
            temporary.unlink(missing_ok=True)


def _write_sheet(page: Worksheet, sheet: Sheet) -> None:
    for index, column in enumerate(sheet.columns, start=1):
        page.column_dimensions[get_column_letter(index)].width = column.width
    page.freeze_panes = "B3"
    page.sheet_view.showGridLines = False
    page.page_setup.orientation = "landscape"
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.print_title_rows = "2:2"
    page.append([_cell(page, sheet.note, "text", Font(name="宋体", italic=True, color="5A5A5A"))])
    head = Font(name="宋体", bold=True, color="FFFFFF")
    page.append([_head(page, column.header, head) for column in sheet.columns])
    plain = Font(name="宋体")
    for row in sheet.rows:
        page.append([_cell(page, row.get(column.key), column.kind, plain) for column in sheet.columns])
    if sheet.total is not None:
        bold = Font(name="宋体", bold=True)
        cells = [_cell(page, sheet.total.get(column.key), column.kind, bold) for column in sheet.columns]
        for cell in cells:
            cell.fill = _TOTAL
        page.append(cells)


def _head(page: Worksheet, text: str, font: Font) -> Cell:
    cell = WriteOnlyCell(page, value=text)
    cell.font, cell.fill = font, _HEAD
    cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
    return cell


def _cell(page: Worksheet, value: Any, kind: str, font: Font) -> Cell:
    if kind == "text" and value is not None:
        value = _harmless(str(value))
    cell = WriteOnlyCell(page, value=value)
    if isinstance(value, Decimal | int) or kind == "text":
        cell.number_format = FORMATS[kind]
    cell.font, cell.border = font, _LINE
    if kind == "text":
        cell.data_type = "s" if value is not None else "n"
    return cell


def _harmless(text: str) -> str:
    """Control characters are no text in a sheet; a text cell is never a formula (its type is set to text)."""
    return "".join(sign for sign in text if sign >= " " or sign in "\n\t")


def _without_times(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "docProps/core.xml":
                data = _fixed_times(data)
            target.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _fixed_times(core: bytes) -> bytes:
    stamp = _EPOCH.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    return re.sub(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(<)", rb"\g<1>" + stamp + rb"\g<2>", core)
