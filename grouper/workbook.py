"""A scheme in and out of the national layout (按病组（DRG）付费3.0版分组方案配置信息): csv folder or .xlsx workbook.

Columns are found by their header text, never by position; headers vary a little between editions.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from grouper.errors import SchemeProblem
from grouper.rules.nodes import Rule
from grouper.rules.parse import LEVELS, RuleSyntaxError, parse_rule, sets_of
from grouper.scheme import CcEntry, CodeSet, CodeSystem, Complication, RuleRow, Scheme
from grouper.sheets import CSV_FILES, Row, Sheet, read_sheets, write_csv

HEADERS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "MDC": {
        "code": ("MDC编码", "MDC"),
        "name": ("MDC名称",),
        "rule": ("MDC规则",),
        "order": ("排序", "MDC排序"),
    },
    "ADRG": {
        "code": ("ADRG编码", "ADRG"),
        "name": ("ADRG名称",),
        "rule": ("ADRG规则",),
        "mdc": ("所属MDC编码", "所属MDC"),
        "order": ("MDC内排序", "排序"),
    },
    "DRG": {
        "code": ("DRG编码", "DRG"),
        "name": ("DRG名称",),
        "rule": ("DRG规则",),
        "adrg": ("所属ADRG编码", "所属ADRG"),
        "mdc": ("所属MDC编码", "所属MDC"),
        "order": ("排序", "ADRG内排序"),
    },
    "集合": {
        "set": ("集合编号",),
        "code": ("ICD编码", "疾病编码"),
        "name": ("ICD名称", "疾病名称"),
        "kind": ("类型编号", "类型"),
    },
    "CC": {
        "code": ("疾病编码", "ICD编码"),
        "name": ("疾病名称", "ICD名称"),
        "exclusion": ("排除表",),
        "level": ("类型", "类型编号"),
    },
    "排除表": {
        "set": ("集合编号", "排除表"),
        "code": ("ICD编码", "疾病编码"),
        "name": ("ICD名称", "疾病名称"),
    },
}
OPTIONAL = frozenset({"name"})
_HEADER_ROWS = 10  # a header stands in one of the first rows; before it only titles
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.0*)?")


def read_scheme(path: Path) -> Scheme:
    """Read a scheme from a csv folder (mdc.csv, adrg.csv, ...) or an .xlsx workbook.

    A CC row may name an exclusion table without rows: published schemes do; it excludes nothing.

    Raises:
        SchemeProblem: anything in the file that cannot be a scheme, with file, sheet, row, column, value and remedy.
    """
    tables = {name: _Table.of(sheet) for name, sheet in read_sheets(path).items()}
    names: dict[str, str] = {}
    sets = _read_sets(tables["集合"], names)
    mdcs = _read_mdcs(tables["MDC"])
    adrgs = _read_adrgs(tables["ADRG"], mdcs)
    drgs = _read_drgs(tables["DRG"], adrgs)
    for name, rows in (("MDC", mdcs), ("ADRG", adrgs), ("DRG", drgs)):
        _check_rules(tables[name], rows, sets)
    return Scheme(
        mdcs=mdcs,
        adrgs=adrgs,
        drgs=drgs,
        sets=sets,
        complications=_read_complications(tables["CC"], names),
        exclusions=_read_exclusions(tables["排除表"], names),
        code_names=names,
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
    for sheet, rows in contents.items():
        write_csv(folder / CSV_FILES[sheet], [variants[0] for variants in HEADERS[sheet].values()], rows)


def _members(members: CodeSet) -> tuple[tuple[CodeSystem, frozenset[str]], ...]:
    return (CodeSystem.DIAGNOSIS, members.diagnoses), (CodeSystem.PROCEDURE, members.procedures)


@dataclass(frozen=True, slots=True)
class _Table:
    """A sheet whose columns are known: `places` gives the position of each meaning."""

    sheet: Sheet
    places: Mapping[str, int]
    headers: Mapping[str, str]
    body: list[Row]

    @classmethod
    def of(cls, sheet: Sheet) -> _Table:
        wanted = HEADERS[sheet.name]
        best: tuple[int, list[str]] = (0, list(wanted))
        for index, (number, cells) in enumerate(sheet.rows[:_HEADER_ROWS]):
            places, headers = _find_columns(sheet, number, cells, wanted)
            missing = [meaning for meaning in wanted if meaning not in places and meaning not in OPTIONAL]
            if not missing:
                return cls(sheet, places, headers, [row for row in sheet.rows[index + 1 :] if any(row[1])])
            if len(missing) < len(best[1]):
                best = (number, missing)
        number, missing = best
        raise SchemeProblem(
            f"no column with the header {' or '.join(wanted[missing[0]])}",
            file=sheet.file,
            sheet=sheet.name,
            row=number,
            remedy=f"The sheet needs the headers {', '.join(variants[0] for variants in wanted.values())}; "
            "if they look garbled, save the file as UTF-8.",
        )

    def cells(self, *meanings: str) -> Iterator[tuple[int, list[str]]]:
        """(row number, cells of these columns); a row too short has empty cells."""
        places = [self.places.get(meaning, -1) for meaning in meanings]
        for number, cells in self.body:
            width = len(cells)
            yield number, [cells[place] if 0 <= place < width else "" for place in places]

    def problem(self, message: str, row: int, meaning: str, value: str, remedy: str) -> SchemeProblem:
        header = self.headers.get(meaning, "")
        return SchemeProblem(
            message, file=self.sheet.file, sheet=self.sheet.name, row=row, column=header, value=value, remedy=remedy
        )


def _find_columns(
    sheet: Sheet, number: int, cells: list[str], wanted: Mapping[str, tuple[str, ...]]
) -> tuple[dict[str, int], dict[str, str]]:
    texts = ["".join(unicodedata.normalize("NFKC", cell).split()).upper() for cell in cells]
    places: dict[str, int] = {}
    headers: dict[str, str] = {}
    for meaning, variants in wanted.items():
        for variant in variants:
            count = texts.count(variant.upper())
            if count > 1:
                raise SchemeProblem(
                    f"the header {variant} stands {count} times",
                    file=sheet.file,
                    sheet=sheet.name,
                    row=number,
                    remedy="Delete the column that is not meant.",
                )
            if count:
                places[meaning] = texts.index(variant.upper())
                headers[meaning] = variant
                break
    return places, headers


def _read_mdcs(table: _Table) -> tuple[RuleRow, ...]:
    rows = []
    for number, (code, name, rule, order) in table.cells("code", "name", "rule", "order"):
        _require(table, number, "code", code)
        rows.append(RuleRow(code, name, rule, "", code, _order(table, number, order), number))
    _refuse_duplicates(table, rows)
    if not rows:
        raise table.problem("the sheet has no row", 0, "code", "", "A scheme needs at least one MDC.")
    return tuple(sorted(rows, key=lambda row: row.order))


def _read_adrgs(table: _Table, mdcs: tuple[RuleRow, ...]) -> tuple[RuleRow, ...]:
    position = {row.code: place for place, row in enumerate(mdcs)}
    rows = []
    for number, (code, name, rule, mdc, order) in table.cells("code", "name", "rule", "mdc", "order"):
        _require(table, number, "code", code)
        if mdc not in position:
            raise table.problem(
                f"ADRG {code} belongs to an MDC that does not exist",
                number,
                "mdc",
                mdc or "(empty)",
                "Add the MDC to sheet MDC or correct the cell.",
            )
        rows.append(RuleRow(code, name, rule, mdc, mdc, _order(table, number, order), number))
    _refuse_duplicates(table, rows)
    return tuple(sorted(rows, key=lambda row: (position[row.mdc], row.order)))


def _read_drgs(table: _Table, adrgs: tuple[RuleRow, ...]) -> tuple[RuleRow, ...]:
    position = {row.code: place for place, row in enumerate(adrgs)}
    owner: dict[str, str] = {}
    rows = []
    for number, (code, name, rule, adrg, mdc, order) in table.cells("code", "name", "rule", "adrg", "mdc", "order"):
        _require(table, number, "code", code)
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
        rows.append(RuleRow(code, name, rule, adrg, mdc, _order(table, number, order), number))
    return tuple(sorted(rows, key=lambda row: (position[row.parent], row.order)))


def _read_sets(table: _Table, names: dict[str, str]) -> dict[str, CodeSet]:
    members: dict[str, tuple[set[str], set[str]]] = {}
    for number, (name, code, text, kind) in table.cells("set", "code", "name", "kind"):
        _require(table, number, "set", name)
        _require(table, number, "code", code)
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


def _read_complications(table: _Table, names: dict[str, str]) -> dict[str, CcEntry]:
    entries: dict[str, CcEntry] = {}
    for number, (code, text, exclusion, level) in table.cells("code", "name", "exclusion", "level"):
        _require(table, number, "code", code)
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


def _read_exclusions(table: _Table, names: dict[str, str]) -> dict[str, frozenset[str]]:
    members: dict[str, set[str]] = {}
    for number, (name, code, text) in table.cells("set", "code", "name"):
        _require(table, number, "set", name)
        _require(table, number, "code", code)
        members.setdefault(name, set()).add(code)
        if text:
            names.setdefault(code, text)
    return {name: frozenset(codes) for name, codes in members.items()}


def _require(table: _Table, number: int, meaning: str, value: str) -> None:
    if not value:
        raise table.problem("the cell is empty", number, meaning, "", "Fill it or delete the row.")


def _order(table: _Table, number: int, text: str) -> int:
    if not _WHOLE_NUMBER.fullmatch(text):
        raise table.problem(
            "the sort number is no whole number", number, "order", text or "(empty)", "Write 1, 2, 3, ..."
        )
    return int(text.partition(".")[0])


def _refuse_duplicates(table: _Table, rows: Iterable[RuleRow]) -> None:
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


def _check_rules(table: _Table, rows: tuple[RuleRow, ...], sets: Mapping[str, CodeSet]) -> None:
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
