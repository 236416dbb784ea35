"""The two tables of codes as keyed rows, so that an overlay may change them like the tables of the national layout.

The key of a row is (system, code).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from grouper.changes import Key
from grouper.edition import find_fault
from grouper.edition_sheets import CODE_MAP, GREY_CODES
from grouper.errors import SchemeProblem
from grouper.scheme import CodeSystem, Scheme
from grouper.sheet_table import SheetTable


def mapped_rows(scheme: Scheme) -> dict[Key, str]:
    """Key with the clinical code -> insurance code."""
    return {(system.value, code): to for system, codes in scheme.code_map.items() for code, to in codes.items()}


def grey_rows(scheme: Scheme) -> set[Key]:
    """Keys of the grey codes."""
    return {(system.value, code) for system, codes in scheme.grey_codes.items() for code in codes}


def code_map_of(rows: Mapping[Key, str]) -> dict[CodeSystem, dict[str, str]]:
    """The map of its rows."""
    found: dict[CodeSystem, dict[str, str]] = {}
    for (system, code), target in sorted(rows.items()):
        found.setdefault(CodeSystem(system), {})[code] = target
    return found


def grey_codes_of(rows: Iterable[Key]) -> dict[CodeSystem, frozenset[str]]:
    """The grey codes of their rows."""
    found: dict[CodeSystem, set[str]] = {}
    for system, code in sorted(rows):
        found.setdefault(CodeSystem(system), set()).add(code)
    return {system: frozenset(codes) for system, codes in found.items()}


def check_mapped(table: SheetTable, sheet: str, number: int, cell: Mapping[str, str], keep: bool) -> None:
    """Refuse a changed row without its code, or mapped to nothing or to itself. Raises `SchemeProblem`."""
    meaning = "clinical" if sheet == CODE_MAP else "code"
    table.require(number, meaning, cell[meaning])
    if sheet == CODE_MAP and keep:
        table.require(number, "code", cell["code"])
        if cell["code"] == cell["clinical"]:
            raise table.problem("a code is mapped to itself", number, "code", cell["code"], "Delete the row instead.")


def fault_of(scheme: Scheme, file: str) -> SchemeProblem | None:
    """What keeps the scheme's tables of codes from meaning one thing after the changes; None where all is well."""
    fault = find_fault(scheme.code_map, scheme.grey_codes)
    if fault is None:
        return None
    return SchemeProblem(
        f"after the changes {fault.problem}",
        file=file,
        sheet=CODE_MAP if fault.in_map else GREY_CODES,
        value=fault.code,
        remedy=fault.remedy,
    )
