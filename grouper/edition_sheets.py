"""The two tables of codes of a scheme, in and out: sheets 编码映射 (code_map.csv) and 灰码 (grey_codes.csv)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from grouper.edition import find_fault
from grouper.scheme import CodeSystem, Scheme
from grouper.sheet_table import SheetTable

CODE_MAP, GREY_CODES = "编码映射", "灰码"
Place = tuple[CodeSystem, str]


@dataclass(frozen=True)
class CodeTables:
    """What the two sheets say; `*_rows` are the rows in which a code stands."""

    code_map: dict[CodeSystem, dict[str, str]] = field(default_factory=dict)
    grey_codes: dict[CodeSystem, frozenset[str]] = field(default_factory=dict)
    notes: dict[Place, str] = field(default_factory=dict)
    map_rows: dict[Place, int] = field(default_factory=dict)
    grey_rows: dict[Place, int] = field(default_factory=dict)


def read_code_tables(tables: Mapping[str, SheetTable]) -> CodeTables:
    """Read those of the two sheets that are there. A row that maps a code to itself says nothing and is left out.

    Raises:
        SchemeProblem: a code stands twice, is mapped to nothing or on and on, or is mapped and grey at once; no such
            system of codes.
    """
    found = CodeTables()
    if CODE_MAP in tables:
        _read_map(tables[CODE_MAP], found)
    if GREY_CODES in tables:
        _read_grey(tables[GREY_CODES], found)
    fault = find_fault(found.code_map, found.grey_codes)
    if fault is not None:
        rows, sheet = (found.map_rows, CODE_MAP) if fault.in_map else (found.grey_rows, GREY_CODES)
        row = rows[fault.system, fault.code]
        raise tables[sheet].problem(
            fault.problem, row, "clinical" if fault.in_map else "code", fault.code, fault.remedy
        )
    return found


def _read_map(table: SheetTable, found: CodeTables) -> None:
    for number, (kind, code, target, note) in table.cells("kind", "clinical", "code", "note"):
        system = _system(table, number, kind)
        _first_time(table, number, "clinical", (system, code), found.map_rows)
        if not target:
            raise table.problem(
                f"the code {code} is mapped to nothing", number, "code", "(empty)", "Fill the cell or delete the row."
            )
        if target != code:
            found.code_map.setdefault(system, {})[code] = target
            if note:
                found.notes[system, code] = note


def _read_grey(table: SheetTable, found: CodeTables) -> None:
    members: dict[CodeSystem, set[str]] = {}
    for number, (kind, code) in table.cells("kind", "code"):
        system = _system(table, number, kind)
        _first_time(table, number, "code", (system, code), found.grey_rows)
        members.setdefault(system, set()).add(code)
    found.grey_codes.update({system: frozenset(codes) for system, codes in members.items()})


def _system(table: SheetTable, number: int, text: str) -> CodeSystem:
    try:
        return CodeSystem(text.upper())
    except ValueError:
        raise table.problem(
            "no such system of codes", number, "kind", text or "(empty)", "Write DI (diagnoses) or OP (procedures)."
        ) from None


def _first_time(table: SheetTable, number: int, meaning: str, place: Place, rows: dict[Place, int]) -> None:
    system, code = place
    table.require(number, meaning, code)
    if rows.setdefault(place, number) != number:
        raise table.problem(
            f"duplicate code {code} of {system.value}, first in row {rows[place]}",
            number,
            meaning,
            code,
            "Keep one row.",
        )


def code_table_rows(scheme: Scheme) -> dict[str, Iterator[tuple[object, ...]]]:
    """Rows of those of the two sheets that the scheme needs, in the columns of `grouper.sheet_table.HEADERS`."""
    rows: dict[str, Iterator[tuple[object, ...]]] = {}
    if any(scheme.code_map.values()):
        rows[CODE_MAP] = (
            (system.value, code, target, scheme.map_notes.get((system, code), ""))
            for system in sorted(scheme.code_map)
            for code, target in sorted(scheme.code_map[system].items())
        )
    if any(scheme.grey_codes.values()):
        rows[GREY_CODES] = (
            (system.value, code) for system in sorted(scheme.grey_codes) for code in sorted(scheme.grey_codes[system])
        )
    return rows
