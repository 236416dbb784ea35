"""Errors about a scheme: each names file, sheet, row, column, value and what to do."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Fault(StrEnum):
    """What sort of problem it is, for those who sort them."""

    FILE = "broken_file"
    SHEET = "missing_sheet"
    HEADER = "wrong_header"
    EMPTY = "empty_cell"
    VALUE = "wrong_value"
    DUPLICATE = "duplicate_code"
    PARENT = "wrong_parent"
    SYNTAX = "rule_syntax"
    UNKNOWN_SET = "unknown_set"
    CODE_MAP = "code_map"


class SchemeProblem(ValueError):
    """A scheme cannot be used.

    Attributes:
        problem: what is wrong, one sentence without a full stop.
        file: the file or folder as it was given.
        sheet: the table in it, by its name in the national workbook (集合, 排除表, ...).
        row: 1-based row in the sheet, header included; 0 where no row is to blame.
        column: header text of the column.
        value: the value found.
        remedy: what to do about it.
        fault: of what sort it is.
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str = "",
        sheet: str = "",
        row: int = 0,
        column: str = "",
        value: str = "",
        remedy: str = "",
        fault: Fault = Fault.FILE,
    ) -> None:
        """Compose the message from what is known."""
        self.problem, self.file, self.sheet = problem, file, sheet
        self.row, self.column, self.value, self.remedy, self.fault = row, column, value, remedy, fault
        super().__init__(self._message())

    def _message(self) -> str:
        places = [self.file]
        places += [f"sheet {self.sheet}"] if self.sheet else []
        places += [f"row {self.row}"] if self.row else []
        places += [f"column {self.column}"] if self.column else []
        message = f"{', '.join(place for place in places if place)}: {self.problem}" if any(places) else self.problem
        if self.value:
            message += f" (value {self.value[:200]!r})"
        return f"{message}. {self.remedy}" if self.remedy else message

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the parts when an error crosses a process border."""
        place = (self.file, self.sheet, self.row, self.column, self.value)
        return _restore, (self.problem, *place, self.remedy, self.fault)


def _restore(
    problem: str, file: str, sheet: str, row: int, column: str, value: str, remedy: str, fault: Fault
) -> SchemeProblem:
    return SchemeProblem(
        problem, file=file, sheet=sheet, row=row, column=column, value=value, remedy=remedy, fault=fault
    )


Report = Callable[[SchemeProblem], None]


def refuse(problem: SchemeProblem) -> None:
    """Be strict: the first problem ends the reading. What reads leniently collects them instead."""
    raise problem
