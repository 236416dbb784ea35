"""A scheme in and out of the national layout (按病组（DRG）付费3.0版分组方案配置信息): csv folder or .xlsx workbook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from grouper.edition_sheets import code_table_rows, read_code_tables
from grouper.rules.nodes import Rule
from grouper.rules.parse import LEVELS, RuleSyntaxError, parse_rule, sets_of
from grouper.scheme import CcEntry, CodeSet, CodeSystem, Complication, RuleRow, Scheme
from grouper.sheet_table import HEADERS, SheetTable
from grouper.sheets import CODE_FILES, CSV_FILES, read_sheets, write_csv


def read_scheme(path: Path) -> Scheme:
    """Read a scheme from a csv folder (mdc.csv, adrg.csv, ...) or an .xlsx workbook.

    A CC row may name an exclusion table without rows: published schemes do; it excludes nothing. The two tables of
    codes (see `grouper.edition_sheets`) may be there or not.

    Raises:
        SchemeProblem: anything in the file that cannot be a scheme, with file, sheet, row, column, value and remedy.
    """
    tables = {name: SheetTable.of(sheet) for name, sheet in read_sheets(path).items()}
    names: dict[str, str] = {}
    sets = _read_sets(tables["集合"], names)
    mdcs = _read_mdcs(tables["MDC"])
    adrgs = _read_adrgs(tables["ADRG"], mdcs)
    drgs = _read_drgs(tables["DRG"], adrgs)
    for name, rows in (("MDC", mdcs), ("ADRG", adrgs), ("DRG", drgs)):
        _check_rules(tables[name], rows, sets)
    codes = read_code_tables(tables)
    return Scheme(
        mdcs=mdcs,
        adrgs=adrgs,
        drgs=drgs,
        sets=sets,
        complications=_read_complications(tables["CC"], names),
        exclusions=_read_exclusions(tables["排除表"], names),
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
        table.require(number, "code", code)
        rows.append(RuleRow(code, name, rule, "", code, table.sort_number(number, order), number))
    _refuse_duplicates(table, rows)
    if not rows:
        raise table.problem("the sheet has no row", 0, "code", "", "A scheme needs at least one MDC.")
    return tuple(sorted(rows, key=lambda row: row.order))


def _read_adrgs(table: SheetTable, mdcs: tuple[RuleRow, ...]) -> tuple[RuleRow, ...]:
    position = {row.code: place for place, row in enumerate(mdcs)}
    rows = []
    for number, (code, name, rule, mdc, order) in table.cells("code", "name", "rule", "mdc", "order"):
        table.require(number, "code", code)
        if mdc not in position:
            raise table.problem(
                f"ADRG {code} belongs to an MDC that does not exist",
                number,
                "mdc",
                mdc or "(empty)",
                "Add the MDC to sheet MDC or correct the cell.",
            )
        rows.append(RuleRow(code, name, rule, mdc, mdc, table.sort_number(number, order), number))
    _refuse_duplicates(table, rows)
    return tuple(sorted(rows, key=lambda row: (position[row.mdc], row.order)))


def _read_drgs(table: SheetTable, adrgs: tuple[RuleRow, ...]) -> tuple[RuleRow, ...]:
    position = {row.code: place for place, row in enumerate(adrgs)}
    owner: dict[str, str] = {}
    rows = []
    for number, (code, name, rule, adrg, mdc, order) in table.cells("code", "name", "rule", "adrg", "mdc", "order"):
        table.require(number, "code", code)
        if adrg not in position:
            raise table.problem(
                f"DRG {code} belongs to an ADRG that does not exist",
                number,
                "adrg",
                adrg or "(empty)",
                "Add the ADRG to sheet ADRG or correct the cell.",
            )
        expected = adrgs[position[adrg]].mdc
        if mdc != expected:
            raise table.problem(
                f"DRG {code} names another MDC than its ADRG {adrg}, which belongs to {expected}",
                number,
                "mdc",
                mdc or "(empty)",
                f"Write {expected} or correct the ADRG.",
            )
        if owner.setdefault(code, adrg) != adrg:
            raise table.problem(
                f"DRG {code} belongs to two ADRGs, {owner[code]} and {adrg}",
                number,
                "code",
                code,
                "A DRG belongs to one ADRG; delete or rename one row.",
            )
        rows.append(RuleRow(code, name, rule, adrg, mdc, table.sort_number(number, order), number))
    return tuple(sorted(rows, key=lambda row: (position[row.parent], row.order)))


def _read_sets(table: SheetTable, names: dict[str, str]) -> dict[str, CodeSet]:
    members: dict[str, tuple[set[str], set[str]]] = {}
    for number, (name, code, text, kind) in table.cells("set", "code", "name", "kind"):
        table.require(number, "set", name)
        table.require(number, "code", code)
        if name.upper() in LEVELS:
            raise table.problem(
                "a code set may not be called MCC or CC", number, "set", name, "These words are rule keywords; rename."
            )
        try:
            system = CodeSystem(kind.upper())
        except ValueError:
            raise table.problem(
                "no such type", number, "kind", kind or "(empty)", "Write DI (diagnoses) or OP (procedures)."
            ) from None
        members.setdefault(name, (set(), set()))[system is CodeSystem.PROCEDURE].add(code)
        if text:
            names.setdefault(code, text)
    return {name: CodeSet(name, frozenset(both[0]), frozenset(both[1])) for name, both in members.items()}


def _read_complications(table: SheetTable, names: dict[str, str]) -> dict[str, CcEntry]:
    entries: dict[str, CcEntry] = {}
    for number, (code, text, exclusion, level) in table.cells("code", "name", "exclusion", "level"):
        table.require(number, "code", code)
        try:
            entry = CcEntry(Complication(level.upper()), exclusion)
        except ValueError:
            raise table.problem("no such type", number, "level", level or "(empty)", "Write MCC or CC.") from None
        if entries.setdefault(code, entry) != entry:
            raise table.problem(
                f"duplicate code {code} with another type or exclusion table", number, "code", code, "Keep one row."
            )
        if text:
            names.setdefault(code, text)
    return entries


def _read_exclusions(table: SheetTable, names: dict[str, str]) -> dict[str, frozenset[str]]:
    members: dict[str, set[str]] = {}
    for number, (name, code, text) in table.cells("set", "code", "name"):
        table.require(number, "set", name)
        table.require(number, "code", code)
        members.setdefault(name, set()).add(code)
        if text:
            names.setdefault(code, text)
    return {name: frozenset(codes) for name, codes in members.items()}


def _refuse_duplicates(table: SheetTable, rows: Iterable[RuleRow]) -> None:
    first: dict[str, int] = {}
    for row in rows:
        if first.setdefault(row.code, row.row) != row.row:
            raise table.problem(
                f"duplicate code {row.code}, first in row {first[row.code]}",
                row.row,
                "code",
                row.code,
                "Codes are unique; delete or rename one row.",
            )


def _check_rules(table: SheetTable, rows: tuple[RuleRow, ...], sets: Mapping[str, CodeSet]) -> None:
    for row in rows:
        try:
            rule: Rule = parse_rule(row.rule)
        except RuleSyntaxError as error:
            raise table.problem(
                f"the rule of {row.code} cannot be read: {error}", row.row, "rule", row.rule, "Correct the rule."
            ) from error
        for name in sets_of(rule):
            if name not in sets:
                raise table.problem(
                    f"the rule of {row.code} asks for the code set {name}, which has no row in sheet 集合",
                    row.row,
                    "rule",
                    row.rule,
                    "Add the set or correct its number; capitals count.",
                )
