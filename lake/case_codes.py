"""The codes of a case file as the scheme reads them, in columns beside those that were written."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from grouper.case_rows import CODE_SEPARATOR
from grouper.edition import changed_codes
from grouper.scheme import CodeSystem, Scheme

MAPPED_COLUMNS = ("mapped_principal", "mapped_others", "mapped_procedures")
_SOURCES = (
    ("principal_diagnosis", CodeSystem.DIAGNOSIS),
    ("other_diagnoses", CodeSystem.DIAGNOSIS),
    ("procedures", CodeSystem.PROCEDURE),
)


def mapped_cells(scheme: Scheme) -> Callable[[pa.Table], list[list[str]]]:
    """A function from a table as `lake.case_columns.read_cells` gives it to the cells of `MAPPED_COLUMNS`.

    Each code stands in its place, mapped where the scheme maps it; the place of a grey code is empty.
    """
    codes = {
        system: {code: "" if grey else mapped for code, (mapped, grey) in changed_codes(scheme, system).items()}
        for system in CodeSystem
    }

    def cell(text: str, system: CodeSystem) -> str:
        changed = codes[system]
        return CODE_SEPARATOR.join(changed.get(code, code) for code in text.split(CODE_SEPARATOR))

    return lambda table: [[cell(text, system) for text in table[name].to_pylist()] for name, system in _SOURCES]
