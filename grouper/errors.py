"""Errors about a scheme: each names file, sheet, row, column, value and what to do."""

from __future__ import annotations


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
    ) -> None:
        """Compose the message from what is known."""
        self.problem, self.file, self.sheet = problem, file, sheet
        self.row, self.column, self.value, self.remedy = row, column, value, remedy
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
        return _restore, (self.problem, self.file, self.sheet, self.row, self.column, self.value, self.remedy)


def _restore(problem: str, file: str, sheet: str, row: int, column: str, value: str, remedy: str) -> SchemeProblem:
    return SchemeProblem(problem, file=file, sheet=sheet, row=row, column=column, value=value, remedy=remedy)
