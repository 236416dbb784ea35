"""Cases out of rows of text: the columns of a published scheme's expected.csv."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

from grouper.case import Case, Number

CODE_SEPARATOR = "|"
NUMBER_COLUMNS = ("sex", "age", "age_days", "birth_weight", "los", "discharge_way", "icu_hours")


class CaseProblem(ValueError):
    """A case row that cannot be read; names the case, the column, the value and what to do."""


def case_from_row(row: Mapping[str, str | None]) -> Case:
    """One case; an empty or absent cell is a missing value, codes are split at `|`.

    Raises:
        CaseProblem: a number column holds no number, or sex or discharge way no whole number.
    """
    numbers = {column: _number(row, column) for column in NUMBER_COLUMNS}
    return Case(
        case_id=row.get("case_id") or "",
        sex=_whole(row, "sex", numbers["sex"]),
        age=numbers["age"],
        age_days=numbers["age_days"],
        birth_weight=numbers["birth_weight"],
        los=numbers["los"],
        discharge_way=_whole(row, "discharge_way", numbers["discharge_way"]),
        icu_hours=numbers["icu_hours"],
        principal_diagnosis=row.get("principal_diagnosis") or None,
        other_diagnoses=_codes(row.get("other_diagnoses")),
        procedures=_codes(row.get("procedures")),
    )


def read_cases(path: Path) -> Iterator[tuple[Case, Mapping[str, str]]]:
    """Cases of a csv file with their whole rows, one after the other."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            yield case_from_row(row), row


def _codes(text: str | None) -> tuple[str, ...]:
    return tuple(text.split(CODE_SEPARATOR)) if text else ()


def _number(row: Mapping[str, str | None], column: str) -> Number | None:
    text = (row.get(column) or "").strip()
    if not text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise _problem(row, column, text, "is no number") from None
    if not number.is_finite():
        raise _problem(row, column, text, "is no number")
    return int(number) if number == number.to_integral_value() else number


def _whole(row: Mapping[str, str | None], column: str, number: Number | None) -> int | None:
    if number is not None and not isinstance(number, int):
        raise _problem(row, column, str(number), "is no whole number")
    return number


def _problem(row: Mapping[str, str | None], column: str, text: str, what: str) -> CaseProblem:
    case_id = row.get("case_id") or "(no case_id)"
    return CaseProblem(f"case {case_id}, column {column}: {text!r} {what}. Correct it or leave the cell empty.")
