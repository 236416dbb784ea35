"""The columns of a case file: where they are, what their cells say, and which cells cannot be read.

The columns are those of a published scheme's expected.csv. Only principal_diagnosis must be there; a column that is
missing is an empty one; further columns are kept as they are. A number that cannot be read is taken as missing, and
the row says so: a case is never lost for one cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from grouper.case_rows import CODE_SEPARATOR, NUMBER_COLUMNS
from lake.case_csv import CaseCsv
from lake.errors import InputProblem

PRINCIPAL = "principal_diagnosis"
CASE_COLUMNS = ("case_id", *NUMBER_COLUMNS, PRINCIPAL, "other_diagnoses", "procedures")
INPUT_PREFIX = "input_"
# Up to 15 digits, so that the number and its float64 are in the same order as all others.
_NUMBER = r"^-?[0-9]{1,9}(\.[0-9]{1,6})?$"
_WHOLE = r"^-?[0-9]{1,9}(\.0{1,6})?$"
_WHOLE_COLUMNS = ("sex", "discharge_way")
_CODES = ("other_diagnoses", "procedures")
_BLANK_SEPARATOR = rf"[\s\p{{Zs}}]*\{CODE_SEPARATOR}[\s\p{{Zs}}]*"
_OTHER_SEPARATOR = "[;；,，、｜]"  # what people write between codes, and no code holds
_LABELS = {
    "sex": "性别",
    "age": "年龄",
    "age_days": "日龄",
    "birth_weight": "出生体重",
    "los": "住院天数",
    "discharge_way": "离院方式",
    "icu_hours": "重症监护小时数",
    "other_diagnoses": "其他诊断",
    "procedures": "手术操作",
}
_SHOWN = 40  # characters of a bad cell


@dataclass(frozen=True)
class Layout:
    """Where the case columns are in the file, and the header of the file that comes out."""

    places: Mapping[str, int]
    header: tuple[str, ...]

    def case_table(self, rows: Sequence[Sequence[str]]) -> pa.Table:
        """The case columns of some rows as text, all of `CASE_COLUMNS`."""
        columns = {}
        for name in CASE_COLUMNS:
            place = self.places.get(name)
            cells = [""] * len(rows) if place is None else [row[place] for row in rows]
            columns[name] = pa.array(cells, pa.string())
        return pa.table(columns)


def lay_out(source: CaseCsv, results: Sequence[str]) -> Layout:
    """Find the case columns by their names; `results` are the columns that come behind those of the file.

    A column of the file that has the name of a result is called `input_` and its name in the file that comes out.

    Raises:
        InputProblem: principal_diagnosis is missing, or a name stands twice.
    """
    names = [name.strip() for name in source.header]
    if PRINCIPAL not in names:
        hint = " Is the separator a comma?" if len(names) == 1 else ""
        raise InputProblem(
            f"{source.path} line 1: column {PRINCIPAL} is missing; found {', '.join(names)[:400]}.{hint} "
            f"The columns that are read are {', '.join(CASE_COLUMNS)}."
        )
    kept = [
        f"{INPUT_PREFIX}{name}" if name in results else cell for name, cell in zip(names, source.header, strict=True)
    ]
    for name in (*CASE_COLUMNS, *(f"{INPUT_PREFIX}{result}" for result in results)):
        if [cell.strip() for cell in kept].count(name) > 1:
            raise InputProblem(f"{source.path} line 1: {_twice(name)}")
    places = {name: names.index(name) for name in CASE_COLUMNS if name in names}
    return Layout(places, (*kept, *results))


def _twice(name: str) -> str:
    if name in CASE_COLUMNS:
        return f"column {name} stands twice. Keep one."
    result = name.removeprefix(INPUT_PREFIX)
    return f"two columns would be called {name} in the result, as column {result} becomes {name}. Drop or rename one."


@dataclass(frozen=True)
class ReadCases:
    """Cases ready to be grouped: text columns that all read, and what is said of each row ('' where all is well)."""

    table: pa.Table
    problems: list[str]


def read_cells(table: pa.Table) -> ReadCases:
    """Blanks around codes and numbers go; a cell that is no number becomes a missing one, in words.

    Codes that are not told apart by the separator stay as they are, in words too.
    """
    problems = [""] * table.num_rows
    columns = {"case_id": table["case_id"].combine_chunks()}
    for name in NUMBER_COLUMNS:
        columns[name] = _numbers(name, table[name].combine_chunks(), problems)
    columns[PRINCIPAL] = pc.utf8_trim_whitespace(table[PRINCIPAL].combine_chunks())
    for name in _CODES:
        trimmed = pc.utf8_trim_whitespace(table[name].combine_chunks())
        columns[name] = pc.replace_substring_regex(trimmed, _BLANK_SEPARATOR, CODE_SEPARATOR)
        _report_separators(name, columns[name], problems)
    return ReadCases(pa.table(columns), problems)


def _report_separators(name: str, cells: pa.Array, problems: list[str]) -> None:
    """Codes that something else than the separator stands between are read as one code, which no scheme knows."""
    for row in pc.indices_nonzero(pc.match_substring_regex(cells, _OTHER_SEPARATOR)).to_pylist():
        shown = cells[row].as_py()[:_SHOWN]
        _say(problems, row, f"{_LABELS[name]}（{name}）“{shown}”不是用“{CODE_SEPARATOR}”分隔的编码，未拆分")


def _say(problems: list[str], row: int, said: str) -> None:
    problems[row] = f"{problems[row]}；{said}" if problems[row] else said


def _numbers(name: str, cells: pa.Array, problems: list[str]) -> pa.Array:
    """The cells that are numbers, '' for the others, which are added to the problems of their rows."""
    whole = name in _WHOLE_COLUMNS
    texts = pc.utf8_trim_whitespace(cells)
    reads = pc.or_(pc.equal(texts, ""), pc.match_substring_regex(texts, _WHOLE if whole else _NUMBER))
    for row in pc.indices_nonzero(pc.invert(reads)).to_pylist():
        kind = "整数" if whole else "数字"
        shown = cells[row].as_py()[:_SHOWN]
        _say(problems, row, f"{_LABELS[name]}（{name}）“{shown}”不是可用的{kind}，按缺失处理")
    return pc.if_else(reads, texts, "")
