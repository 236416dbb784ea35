"""A scheme in and out of the national layout (按病组（DRG）付费3.0版分组方案配置信息): csv folder or .xlsx workbook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from grouper.edition_sheets import code_table_rows, read_code_tables
from grouper.errors import Fault, SchemeProblem
from grouper.rules.nodes import Rule
from grouper.rules.parse import LEVELS, RuleSyntaxError, parse_rule, sets_of
from grouper.scheme import CcEntry, CodeSet, CodeSystem, Complication, RuleRow, Scheme
from grouper.sheet_table import HEADERS, SheetTable
from grouper.sheets import CODE_FILES, CSV_FILES, read_sheets, write_csv

_SYSTEMS = {system.value: system for system in CodeSystem}


def read_scheme(path: Path) -> Scheme:
    """Read a scheme from a csv folder (mdc.csv, adrg.csv, ...) or an .xlsx workbook.

    A CC row may name an exclusion table without rows: published schemes do; it excludes nothing. The two tables of
    codes (see `grouper.edition_sheets`) may be there or not.

    Raises:
        SchemeProblem: anything in the file that cannot be a scheme, with file, sheet, row, column, value and remedy.
    """
    return _scheme({name: SheetTable.of(sheet) for name, sheet in read_sheets(path).items()})


@dataclass(frozen=True)
class Draft:
    """A scheme as it was read, `problems` and all: as long as there are any, it cannot group.

    `tables` are the sheets that could be read.
    """

    scheme: Scheme
    problems: tuple[SchemeProblem, ...]
    tables: Mapping[str, SheetTable]

    @cached_property
    def rows(self) -> Mapping[tuple[str, str], int]:
        """(sheet, code or number of a set or exclusion table) -> the first row with it."""
        found: dict[tuple[str, str], int] = {}
        for name, table in self.tables.items():
            for meaning in ("code", "set", "clinical"):
                if meaning in table.places:
                    for number, (text,) in table.cells(meaning):
                        found.setdefault((name, text), number)
        return found


def read_draft(path: Path) -> Draft:
    """Read a scheme as far as it can be read, with everything that `read_scheme` would refuse.

    Raises:
        SchemeProblem: there is nothing to be read: no such file, not a workbook, a workbook with macros.
    """
    problems: list[SchemeProblem] = []
    tables: dict[str, SheetTable] = {}
    for name, sheet in read_sheets(path, problems.append).items():
        try:
            tables[name] = SheetTable.of(sheet, report=problems.append)
        except SchemeProblem as problem:
            problems.append(problem)
    scheme = _scheme(tables)
    place = {name: number for number, name in enumerate(CSV_FILES | CODE_FILES)}
    problems.sort(key=lambda one: (place.get(one.sheet, -1), one.row))
    return Draft(scheme, tuple(problems), tables)


def _scheme(tables: Mapping[str, SheetTable]) -> Scheme:
    """The scheme of these tables; a table that is not there was reported before, and is empty."""
    names: dict[str, str] = {}
    sets = _read_sets(tables["集合"], names) if "集合" in tables else {}
    mdcs = _read_mdcs(tables["MDC"]) if "MDC" in tables else ()
    adrgs = _read_adrgs(tables["ADRG"], mdcs if "MDC" in tables else None) if "ADRG" in tables else ()
    drgs = _read_drgs(tables["DRG"], adrgs if "ADRG" in tables else None) if "DRG" in tables else ()
    for name in ("MDC", "ADRG", "DRG"):
        if name in tables:
            _check_rules(tables[name], sets if "集合" in tables else None)
    codes = read_code_tables(tables)
    return Scheme(
        mdcs=mdcs,
        adrgs=adrgs,
        drgs=drgs,
        sets=sets,
        complications=_read_complications(tables["CC"], names) if "CC" in tables else {},
        exclusions=_read_exclusions(tables["排除表"], names) if "排除表" in tables else {},
        code_names=names,
        code_map=codes.code_map,
        grey_codes=codes.grey_codes,
        map_notes=codes.notes,
    )


def write_scheme(scheme: Scheme, folder: Path) -> None:
    """Write a scheme as a csv folder in the layout that `read_scheme` reads; same scheme, same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    names = scheme.code_names
    contents: dict[str, Iterator[tuple[object, ...]]] = {
        "MDC": ((row.code, row.name, row.rule, row.order) for row in scheme.mdcs),
        "ADRG": ((row.code, row.name, row.rule, row.parent, row.order) for row in scheme.adrgs),
        "DRG": ((row.code, row.name, row.rule, row.parent, row.mdc, row.order) for row in scheme.drgs),
        "集合": (
            (name, code, names.get(code, ""), system.value)
            for name in sorted(scheme.sets)
            for system, codes in _members(scheme.sets[name])
            for code in sorted(codes)
        ),
        "CC": (
            (code, names.get(code, ""), entry.exclusion, entry.level.value)
            for code, entry in sorted(scheme.complications.items())
        ),
        "排除表": (
            (name, code, names.get(code, ""))
            for name in sorted(scheme.exclusions)
            for code in sorted(scheme.exclusions[name])
        ),
    }
    for file in CODE_FILES.values():
        (folder / file).unlink(missing_ok=True)  # of another scheme, written there before
    for sheet, rows in (contents | code_table_rows(scheme)).items():
        file = (CSV_FILES | CODE_FILES)[sheet]
        write_csv(folder / file, [variants[0] for variants in HEADERS[sheet].values()], rows)


def _members(members: CodeSet) -> tuple[tuple[CodeSystem, frozenset[str]], ...]:
    return (CodeSystem.DIAGNOSIS, members.diagnoses), (CodeSystem.PROCEDURE, members.procedures)


def _read_mdcs(table: SheetTable) -> tuple[RuleRow, ...]:
    rows = []
    for number, (code, name, rule, order) in table.cells("code", "name", "rule", "order"):
        if table.require(number, "code", code):
            rows.append(RuleRow(code, name, rule, "", code, table.sort_number(number, order), number))
    _refuse_duplicates(table, rows)
    if not rows:
        message, remedy = "the sheet has no row", "A scheme needs at least one MDC."
        table.report(table.problem(message, 0, "code", "", remedy, Fault.EMPTY))
    return tuple(sorted(rows, key=lambda row: row.order))


def _read_adrgs(table: SheetTable, mdcs: tuple[RuleRow, ...] | None) -> tuple[RuleRow, ...]:
    """ADRGs in their order; `mdcs` is None where the MDCs are not known."""
    position = {row.code: place for place, row in enumerate(mdcs or ())}
    rows = []
    for number, (code, name, rule, mdc, order) in table.cells("code", "name", "rule", "mdc", "order"):
        if not table.require(number, "code", code):
            continue
        if mdcs is not None and mdc not in position:
            message = f"ADRG {code} belongs to an MDC that does not exist"
            _refuse_parent(table, number, "mdc", mdc, message, "Add the MDC to sheet MDC or correct the cell.")
        rows.append(RuleRow(code, name, rule, mdc, mdc, table.sort_number(number, order), number))
    _refuse_duplicates(table, rows)
    return tuple(sorted(rows, key=lambda row: (position.get(row.mdc, 0), row.order)))


def _read_drgs(table: SheetTable, adrgs: tuple[RuleRow, ...] | None) -> tuple[RuleRow, ...]:
    """DRGs in their order; `adrgs` is None where the ADRGs are not known."""
    position = {row.code: place for place, row in enumerate(adrgs or ())}
    owner: dict[str, str] = {}
    rows = []
    for number, (code, name, rule, adrg, mdc, order) in table.cells("code", "name", "rule", "adrg", "mdc", "order"):
        if not table.require(number, "code", code):
            continue
        if adrgs is not None:
            _check_parents(table, number, code, adrg, mdc, adrgs[position[adrg]].mdc if adrg in position else None)
        if owner.setdefault(code, adrg) != adrg:
            message = f"DRG {code} belongs to two ADRGs, {owner[code]} and {adrg}"
            remedy = "A DRG belongs to one ADRG; delete or rename one row."
            table.report(table.problem(message, number, "code", code, remedy, Fault.DUPLICATE))
        rows.append(RuleRow(code, name, rule, adrg, mdc, table.sort_number(number, order), number))
    return tuple(sorted(rows, key=lambda row: (position.get(row.parent, 0), row.order)))


def _check_parents(table: SheetTable, number: int, code: str, adrg: str, mdc: str, expected: str | None) -> None:
    """`expected` is the MDC of the ADRG, None where there is no such ADRG."""
    if expected is None:
        message = f"DRG {code} belongs to an ADRG that does not exist"
        _refuse_parent(table, number, "adrg", adrg, message, "Add the ADRG to sheet ADRG or correct the cell.")
    elif mdc != expected:
        message = f"DRG {code} names another MDC than its ADRG {adrg}, which belongs to {expected}"
        _refuse_parent(table, number, "mdc", mdc, message, f"Write {expected} or correct the ADRG.")


def _refuse_parent(table: SheetTable, number: int, meaning: str, value: str, message: str, remedy: str) -> None:
    table.report(table.problem(message, number, meaning, value or "(empty)", remedy, Fault.PARENT))


def _read_sets(table: SheetTable, names: dict[str, str]) -> dict[str, CodeSet]:
    members: dict[str, tuple[set[str], set[str]]] = {}
    for number, (name, code, text, kind) in table.cells("set", "code", "name", "kind"):
        if not table.require(number, "set", name):
            continue
        both = members.get(name)
        if both is None:
            both = members[name] = (set(), set())
            if name.upper() in LEVELS:
                message, remedy = "a code set may not be called MCC or CC", "These words are rule keywords; rename."
                table.report(table.problem(message, number, "set", name, remedy))
        system = _SYSTEMS.get(kind.upper())
        if system is None:
            remedy = "Write DI (diagnoses) or OP (procedures)."
            table.report(table.problem("no such type", number, "kind", kind or "(empty)", remedy))
        if table.require(number, "code", code):
            both[system is CodeSystem.PROCEDURE].add(code)
        if text:
            names.setdefault(code, text)
    return {name: CodeSet(name, frozenset(both[0]), frozenset(both[1])) for name, both in members.items()}


def _read_complications(table: SheetTable, names: dict[str, str]) -> dict[str, CcEntry]:
    entries: dict[str, CcEntry] = {}
    known: dict[tuple[str, str], CcEntry] = {}
    for number, (code, text, exclusion, level) in table.cells("code", "name", "exclusion", "level"):
        if not table.require(number, "code", code):
            continue
        entry = known.get((level, exclusion))
        if entry is None:
            try:
                entry = known[level, exclusion] = CcEntry(Complication(level.upper()), exclusion)
            except ValueError:
                table.report(table.problem("no such type", number, "level", level or "(empty)", "Write MCC or CC."))
                continue
        if entries.setdefault(code, entry) != entry:
            message = f"duplicate code {code} with another type or exclusion table"
            table.report(table.problem(message, number, "code", code, "Keep one row.", Fault.DUPLICATE))
        if text:
            names.setdefault(code, text)
    return entries


def _read_exclusions(table: SheetTable, names: dict[str, str]) -> dict[str, frozenset[str]]:
    members: dict[str, set[str]] = {}
    for number, (name, code, text) in table.cells("set", "code", "name"):
        if table.require(number, "set", name) and table.require(number, "code", code):
            members.setdefault(name, set()).add(code)
            if text:
                names.setdefault(code, text)
    return {name: frozenset(codes) for name, codes in members.items()}


def _refuse_duplicates(table: SheetTable, rows: Iterable[RuleRow]) -> None:
    first: dict[str, int] = {}
    for row in rows:
        if first.setdefault(row.code, row.row) != row.row:
            message = f"duplicate code {row.code}, first in row {first[row.code]}"
            remedy = "Codes are unique; delete or rename one row."
            table.report(table.problem(message, row.row, "code", row.code, remedy, Fault.DUPLICATE))


def _check_rules(table: SheetTable, sets: Mapping[str, CodeSet] | None) -> None:
    """Read the rules of all rows; `sets` is None where the code sets are not known."""
    for number, (code, text) in table.cells("code", "rule"):
        try:
            rule: Rule = parse_rule(text)
        except RuleSyntaxError as error:
            message = f"the rule of {code} cannot be read: {error}"
            table.report(table.problem(message, number, "rule", text, "Correct the rule.", Fault.SYNTAX))
            continue
        for name in dict.fromkeys(sets_of(rule)):
            if sets is not None and name not in sets:
                message = f"the rule of {code} asks for the code set {name}, which has no row in sheet 集合"
                remedy = "Add the set or correct its number; capitals count."
                table.report(table.problem(message, number, "rule", text, remedy, Fault.UNKNOWN_SET))
