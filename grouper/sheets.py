"""Rows of text out of a scheme file: a csv folder or an .xlsx workbook, cells cleaned, nothing interpreted."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from grouper.cells import LARGEST_UNPACKED, OVERSIZED, Sheet, clean_row
from grouper.errors import Fault, Report, SchemeProblem, refuse
from grouper.xlsx import read_workbook

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


def read_changed_sheets(path: Path) -> dict[str, Sheet]:
    """Those of the tables that a csv folder or workbook has; one of changes has only the tables that change.

    Raises:
        SchemeProblem: there is no such folder or workbook, or none of the tables in it, or one is broken.
    """
    files = CSV_FILES | CODE_FILES
    if path.is_file():
        found = read_workbook(path, files, (), refuse)
        needs = f"sheets {', '.join(files)}"
    else:
        found, needs = _read_present(path, files, refuse), ", ".join(files.values())
    if not found:
        what = "workbook" if path.is_file() else "folder"
        raise SchemeProblem(
            f"no {what} with changes", file=str(path), remedy=f"It needs one or more of {needs}.", fault=Fault.SHEET
        )
    return found


def read_sheets(path: Path, report: Report = refuse) -> dict[str, Sheet]:
    """The six tables by their names in the national workbook, and the two tables of codes where there are any.

    A table with a problem that was reported is not in the answer.

    Raises:
        SchemeProblem: a file or sheet is missing, broken, holds macros, or is in no known encoding.
    """
    if not path.is_dir():
        return read_workbook(path, CSV_FILES | CODE_FILES, tuple(CSV_FILES), report)
    if not any((path / file).is_file() for file in CSV_FILES.values()):
        remedy = f"It needs {', '.join(CSV_FILES.values())}."
        report(SchemeProblem("no scheme in the folder", file=str(path), remedy=remedy, fault=Fault.SHEET))
        return {}
    for name, file in CSV_FILES.items():
        if not (path / file).is_file():
            report(
                SchemeProblem(
                    "the file is missing",
                    file=str(path / file),
                    sheet=name,
                    remedy=f"Export sheet {name} to it.",
                    fault=Fault.SHEET,
                )
            )
    return _read_present(path, CSV_FILES | CODE_FILES, report)


def _read_present(path: Path, files: Mapping[str, str], report: Report) -> dict[str, Sheet]:
    found: dict[str, Sheet] = {}
    for name, file in files.items():
        if (path / file).is_file():
            try:
                found[name] = read_csv(path / file, name)
            except SchemeProblem as problem:
                report(problem)
    return found


def read_csv(path: Path, name: str) -> Sheet:
    """One sheet out of a csv file in UTF-8 or GB18030.

    Raises:
        SchemeProblem: too large, not well-formed, or in no known encoding.
    """
    if path.stat().st_size > LARGEST_UNPACKED:
        raise SchemeProblem(
            f"the file has more than {LARGEST_UNPACKED >> 20} MiB", file=str(path), sheet=name, remedy=OVERSIZED
        )
    text = _decode(path, name)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        rows = [(number, clean_row(cells)) for number, cells in enumerate(reader, start=1)]
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


def write_csv(path: Path, header: Iterable[str], rows: Iterator[tuple[object, ...]]) -> None:
    """Write one sheet as UTF-8 csv with plain line ends: same rows, same bytes."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(list(header))
        writer.writerows(rows)
