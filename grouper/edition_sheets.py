"""The two tables of codes of a scheme, in and out: sheets 编码映射 (code_map.csv) and 灰码 (grey_codes.csv)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from grouper.edition import find_faults
from grouper.errors import Fault
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
    for fault in find_faults(found.code_map, found.grey_codes):
        rows, sheet = (found.map_rows, CODE_MAP) if fault.in_map else (found.grey_rows, GREY_CODES)
        table, row = tables[sheet], rows[fault.system, fault.code]
        meaning = "clinical" if fault.in_map else "code"
        table.report(table.problem(fault.problem, row, meaning, fault.code, fault.remedy, Fault.CODE_MAP))
    return found


def _read_map(table: SheetTable, found: CodeTables) -> None:
    for number, (kind, code, target, note) in table.cells("kind", "clinical", "code", "note"):
        system = _system(table, number, kind)
        if system is None or not _first_time(table, number, "clinical", (system, code), found.map_rows):
            continue
        if not target:
            message, remedy = f"the code {code} is mapped to nothing", "Fill the cell or delete the row."
            table.report(table.problem(message, number, "code", "(empty)", remedy, Fault.EMPTY))
        elif target != code:
            found.code_map.setdefault(system, {})[code] = target
            if note:
                found.notes[system, code] = note


def _read_grey(table: SheetTable, found: CodeTables) -> None:
    members: dict[CodeSystem, set[str]] = {}
    for number, (kind, code) in table.cells("kind", "code"):
        system = _system(table, number, kind)
        if system is not None and _first_time(table, number, "code", (system, code), found.grey_rows):
            members.setdefault(system, set()).add(code)
    found.grey_codes.update({system: frozenset(codes) for system, codes in members.items()})


def _system(table: SheetTable, number: int, text: str) -> CodeSystem | None:
    try:
        return CodeSystem(text.upper())
    except ValueError:
        remedy = "Write DI (diagnoses) or OP (procedures)."
        table.report(table.problem("no such system of codes", number, "kind", text or "(empty)", remedy))
        return None


def _first_time(table: SheetTable, number: int, meaning: str, place: Place, rows: dict[Place, int]) -> bool:
    """Report a code that is empty or stood before; whether it is neither."""
    system, code = place
    if not table.require(number, meaning, code):
        return False
    first = rows.setdefault(place, number)
    if first != number:
        message = f"duplicate code {code} of {system.value}, first in row {first}"
        table.report(table.problem(message, number, meaning, code, "Keep one row.", Fault.DUPLICATE))
    return first == number


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
