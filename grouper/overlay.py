"""A local scheme as a base and its changes: only the rows that differ, each added, changed or deleted.

The national catalogue keeps ADRGs alike and leaves DRGs to the cities (policy/004 一(二)); so a city's scheme is best
kept, read and reviewed as what it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from grouper.changes import Action, Change, Key, Overlay
from grouper.edition_overlay import check_mapped, code_map_of, fault_of, grey_codes_of, grey_rows, mapped_rows
from grouper.edition_sheets import CODE_MAP, GREY_CODES
from grouper.errors import SchemeProblem
from grouper.rules.parse import RuleSyntaxError, parse_rule, sets_of
from grouper.scheme import CcEntry, CodeSet, CodeSystem, Complication, RuleRow, Scheme
from grouper.sheet_table import HEADERS, SheetTable
from grouper.sheets import CODE_FILES, CSV_FILES, read_changed_sheets, write_csv

CHANGE_HEADER = "变更"
_RULE_SHEETS = {"MDC": "mdcs", "ADRG": "adrgs", "DRG": "drgs"}
_FILES = CSV_FILES | CODE_FILES
_Value = TypeVar("_Value")


def read_overlay(path: Path) -> Overlay:
    """Read a csv folder or .xlsx workbook of changed rows: the national columns and 变更 (新增, 修改, 删除).

    A file or sheet that is not there changes nothing; other sheets of the workbook are not read.

    Raises:
        SchemeProblem: a file, column, 变更 or cell that cannot be read.
    """
    changes: list[Change] = []
    for name, sheet in read_changed_sheets(path).items():
        table = SheetTable.of(sheet, {"action": (CHANGE_HEADER,)})
        changes.extend(
            _read_change(table, name, number, cells) for number, cells in table.cells("action", *HEADERS[name])
        )
    return Overlay(tuple(changes), str(path))


def _read_change(table: SheetTable, sheet: str, number: int, cells: Iterable[str]) -> Change:
    cell = dict(zip(("action", *HEADERS[sheet]), cells, strict=True))
    if sheet not in CODE_FILES:
        table.require(number, "code", cell["code"])
    try:
        action = Action(cell["action"])
    except ValueError:
        remedy = f"Write {', '.join(Action)}."
        raise table.problem("no such change", number, "action", cell["action"] or "(empty)", remedy) from None
    keep = action is not Action.DELETE
    if sheet in CODE_FILES:
        check_mapped(table, sheet, number, cell, keep)
        system = _one_of(table, number, "kind", cell["kind"], CodeSystem)
        target = cell["code"] if sheet == CODE_MAP and keep else ""
        code_key = (system.value, cell["clinical"] if sheet == CODE_MAP else cell["code"])
        return Change(action, sheet, code_key, name=cell.get("note", ""), target=target, source_row=number)
    name, code = cell["name"], cell["code"]
    if sheet in _RULE_SHEETS:
        parent = {"MDC": "", "ADRG": cell.get("mdc", ""), "DRG": cell.get("adrg", "")}[sheet]
        mdc = code if sheet == "MDC" else cell["mdc"]
        order = table.sort_number(number, cell["order"]) if keep else 0
        row = RuleRow(code, name, cell["rule"], parent, mdc, order, number) if keep else None
        return Change(action, sheet, (code,), row=row, source_row=number)
    if sheet == "CC":
        level = _one_of(table, number, "level", cell["level"], Complication) if keep else Complication.CC
        entry = CcEntry(level, cell["exclusion"]) if keep else None
        return Change(action, sheet, (code,), entry=entry, name=name, source_row=number)
    table.require(number, "set", cell["set"])
    key: Key = (cell["set"], code)
    if sheet == "集合":
        key = (*key, _one_of(table, number, "kind", cell["kind"], CodeSystem).value)
    return Change(action, sheet, key, name=name, source_row=number)


def _one_of(table: SheetTable, number: int, meaning: str, text: str, kind: Callable[[str], _Value]) -> _Value:
    try:
        return kind(text.upper())
    except ValueError:
        raise table.problem("no such type", number, meaning, text or "(empty)", "See the national workbook.") from None


def write_overlay(overlay: Overlay, folder: Path) -> None:
    """Write the changed rows as a csv folder that `read_overlay` reads; a sheet without changes gets no file."""
    folder.mkdir(parents=True, exist_ok=True)
    for sheet, file in _FILES.items():
        changes = [one for one in overlay.changes if one.sheet == sheet]
        if changes:
            headers = [CHANGE_HEADER, *(variants[0] for variants in HEADERS[sheet].values())]
            write_csv(folder / file, headers, map(_cells, changes))


def _cells(change: Change) -> tuple[object, ...]:
    action, code = change.action.value, change.key[0]
    if change.sheet in _RULE_SHEETS:
        row = change.row or RuleRow(code, "", "", "", "", 0)
        order = row.order if change.row else ""
        parents = {"MDC": (), "ADRG": (row.parent,), "DRG": (row.parent, row.mdc)}[change.sheet]
        return (action, code, row.name, row.rule, *parents, order)
    if change.sheet == "CC":
        entry = change.entry
        return (action, code, change.name, entry.exclusion if entry else "", entry.level.value if entry else "")
    if change.sheet == CODE_MAP:
        return (action, *change.key, change.target, change.name)
    if change.sheet == GREY_CODES:
        return (action, *change.key)
    return (action, change.key[0], change.key[1], change.name, *change.key[2:])


def apply_overlay(base: Scheme, overlay: Overlay) -> Scheme:
    """The base with the changes laid over it: deletions first, then changes, then additions.

    Raises:
        SchemeProblem: a row that is to be changed or deleted is not there, one to be added is there already, or what
            comes out is no scheme (an unknown set in a rule, a row that belongs nowhere).
    """
    rows = {sheet: _apply_rows(getattr(base, attribute), overlay, sheet) for sheet, attribute in _RULE_SHEETS.items()}
    changed = replace(
        base,
        mdcs=tuple(rows["MDC"]),
        adrgs=tuple(rows["ADRG"]),
        drgs=tuple(rows["DRG"]),
        sets=_sets(_apply_keys(_members(base), overlay, "集合")),
        complications=_apply_entries(base.complications, overlay),
        code_map=code_map_of(_apply_targets(mapped_rows(base), overlay)),
        grey_codes=grey_codes_of(_apply_keys(grey_rows(base), overlay, GREY_CODES)),
        map_notes=_apply_notes(base.map_notes, overlay),
        exclusions=_tables(_apply_keys(_excluded(base), overlay, "排除表")),
        code_names=_apply_names(base.code_names, overlay),
    )
    return _checked(changed, overlay)


def _apply_rows(base: Iterable[RuleRow], overlay: Overlay, sheet: str) -> list[RuleRow]:
    rows = list(base)
    for change in overlay.of(sheet, Action.DELETE):
        left = [row for row in rows if (row.code,) != change.key]
        if len(left) == len(rows):
            raise _misfit(overlay, change, "the row to be deleted is not in the base")
        rows = left
    for change in overlay.of(sheet, Action.CHANGE):
        places = [place for place, row in enumerate(rows) if (row.code,) == change.key]
        if len(places) != 1:
            raise _misfit(overlay, change, f"the row to be changed stands {len(places)} times in the base")
        rows[places[0]] = _row(change)
    present = {row.code for row in rows}
    for change in overlay.of(sheet, Action.ADD):
        if change.key[0] in present:
            raise _misfit(overlay, change, "the row to be added is in the base already")
        rows.append(_row(change))
    return rows


def _row(change: Change) -> RuleRow:
    if change.row is None:
        raise ValueError(f"the change of {change.sheet} {change.key[0]} has no row")
    return change.row


def _apply_keys(base: set[Key], overlay: Overlay, sheet: str) -> set[Key]:
    """Members or exclusions; a change of one can only be of its name."""
    keys = set(base)
    for change in overlay.of(sheet, Action.DELETE):
        if change.key not in keys:
            raise _misfit(overlay, change, "the row to be deleted is not in the base")
        keys.remove(change.key)
    for change in overlay.of(sheet, Action.CHANGE):
        if change.key not in keys:
            raise _misfit(overlay, change, "the row to be changed is not in the base")
    for change in overlay.of(sheet, Action.ADD):
        if change.key in keys:
            raise _misfit(overlay, change, "the row to be added is in the base already")
        keys.add(change.key)
    return keys


def _apply_entries(base: Mapping[str, CcEntry], overlay: Overlay) -> dict[str, CcEntry]:
    rows: dict[Key, CcEntry] = {(code,): entry for code, entry in base.items()}
    return {key[0]: entry for key, entry in _apply_values(rows, overlay, "CC", lambda change: change.entry).items()}


def _apply_targets(base: Mapping[Key, str], overlay: Overlay) -> dict[Key, str]:
    return _apply_values(base, overlay, CODE_MAP, lambda change: change.target or None)


def _apply_values(
    base: Mapping[Key, _Value], overlay: Overlay, sheet: str, value_of: Callable[[Change], _Value | None]
) -> dict[Key, _Value]:
    values = dict(base)
    for action in (Action.DELETE, Action.CHANGE, Action.ADD):
        for change in overlay.of(sheet, action):
            if (change.key in values) != (action is not Action.ADD):
                there = "in the base already" if change.key in values else "not in the base"
                raise _misfit(overlay, change, f"the row is {there}")
            value = value_of(change)
            if value is None:
                del values[change.key]
            else:
                values[change.key] = value
    return values


def _apply_notes(base: Mapping[tuple[CodeSystem, str], str], overlay: Overlay) -> dict[tuple[CodeSystem, str], str]:
    changes = {(CodeSystem(one.key[0]), one.key[1]): one.name for one in overlay.changes if one.sheet == CODE_MAP}
    return {place: note for place, note in (dict(base) | changes).items() if note}


def _apply_names(base: Mapping[str, str], overlay: Overlay) -> dict[str, str]:
    names = dict(base)
    for change in overlay.changes:
        if change.name and change.action is not Action.DELETE and change.sheet != CODE_MAP:
            names[change.key[0] if change.sheet == "CC" else change.key[1]] = change.name
    return names


def _misfit(overlay: Overlay, change: Change, problem: str) -> SchemeProblem:
    return SchemeProblem(
        problem,
        file=overlay.file,
        sheet=change.sheet,
        row=change.source_row,
        value=" ".join(change.key),
        remedy=f"Correct the row or its {CHANGE_HEADER}, or give the base that the changes were made for.",
    )


def _checked(scheme: Scheme, overlay: Overlay) -> Scheme:
    """Bring the rows into the order in which they are tried, and refuse what is no scheme."""
    mdcs = sorted(scheme.mdcs, key=lambda row: row.order)
    adrgs = _under(mdcs, scheme.adrgs, "ADRG", overlay)
    drgs = _under(adrgs, scheme.drgs, "DRG", overlay)
    for sheet, rows in (("MDC", mdcs), ("ADRG", adrgs), ("DRG", drgs)):
        for row in rows:
            _check_rule(scheme, overlay, sheet, row)
    fault = fault_of(scheme, overlay.file)
    if fault is not None:
        raise fault
    return replace(scheme, mdcs=tuple(mdcs), adrgs=tuple(adrgs), drgs=tuple(drgs))


def _under(parents: list[RuleRow], rows: Iterable[RuleRow], sheet: str, overlay: Overlay) -> list[RuleRow]:
    place = {row.code: (number, row.mdc) for number, row in enumerate(parents)}
    listed = list(rows)
    owner: dict[str, str] = {}
    for row in listed:
        same = sheet == "DRG" and owner.get(row.code) == row.parent
        if row.parent not in place or place[row.parent][1] != row.mdc or (row.code in owner and not same):
            raise SchemeProblem(
                f"{sheet} {row.code} stands twice, or belongs to a row that is not there after the changes",
                file=overlay.file,
                sheet=sheet,
                value=f"{row.mdc} {row.parent}".strip(),
                remedy="Delete or change it too.",
            )
        owner[row.code] = row.parent
    return sorted(listed, key=lambda row: (place[row.parent][0], row.order))


def _check_rule(scheme: Scheme, overlay: Overlay, sheet: str, row: RuleRow) -> None:
    try:
        missing = [name for name in sets_of(parse_rule(row.rule)) if name not in scheme.sets]
        problem = f"asks for the code set {missing[0]}, which is not there after the changes" if missing else ""
    except RuleSyntaxError as error:
        problem = f"cannot be read: {error}"
    if problem:
        raise SchemeProblem(
            f"the rule of {row.code} {problem}", file=overlay.file, sheet=sheet, value=row.rule, remedy="Change it too."
        )


def _members(scheme: Scheme) -> set[Key]:
    return {
        (name, code, system.value)
        for name, members in scheme.sets.items()
        for system, codes in ((CodeSystem.DIAGNOSIS, members.diagnoses), (CodeSystem.PROCEDURE, members.procedures))
        for code in codes
    }


def _sets(keys: Iterable[Key]) -> dict[str, CodeSet]:
    found: dict[str, dict[str, set[str]]] = {}
    for name, code, system in sorted(keys):
        found.setdefault(name, {"DI": set(), "OP": set()})[system].add(code)
    return {name: CodeSet(name, frozenset(both["DI"]), frozenset(both["OP"])) for name, both in found.items()}


def _excluded(scheme: Scheme) -> set[Key]:
    return {(name, code) for name, codes in scheme.exclusions.items() for code in codes}


def _tables(keys: Iterable[Key]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for name, code in sorted(keys):
        found.setdefault(name, set()).add(code)
    return {name: frozenset(codes) for name, codes in found.items()}


def overlay_between(base: Scheme, whole: Scheme) -> Overlay:
    """The changes that make `whole` out of `base`: `apply_overlay(base, overlay_between(base, whole)) == whole`.

    A code set or exclusion table without rows cannot be written in the national layout and is left out.
    """
    changes: list[Change] = []
    for sheet, attribute in _RULE_SHEETS.items():
        changes.extend(_row_changes(sheet, getattr(base, attribute), getattr(whole, attribute)))
    names = whole.code_names
    for sheet, before, after in (
        ("集合", _members(base), _members(whole)),
        ("排除表", _excluded(base), _excluded(whole)),
    ):
        changes.extend(Change(Action.DELETE, sheet, key) for key in sorted(before - after))
        changes.extend(Change(Action.ADD, sheet, key, name=names.get(key[1], "")) for key in sorted(after - before))
    changes.extend(_entry_changes(base.complications, whole.complications, names))
    changes.extend(_target_changes(mapped_rows(base), mapped_rows(whole), whole))
    grey, grey_after = grey_rows(base), grey_rows(whole)
    changes.extend(Change(Action.DELETE, GREY_CODES, key) for key in sorted(grey - grey_after))
    changes.extend(Change(Action.ADD, GREY_CODES, key) for key in sorted(grey_after - grey))
    place = {sheet: number for number, sheet in enumerate(_FILES)}
    return Overlay(tuple(sorted(changes, key=lambda one: place[one.sheet])))


def _entry_changes(
    before: Mapping[str, CcEntry], after: Mapping[str, CcEntry], names: Mapping[str, str]
) -> Iterator[Change]:
    for code in sorted(before.keys() | after.keys()):
        entry = after.get(code)
        if entry is None:
            yield Change(Action.DELETE, "CC", (code,))
        elif before.get(code) != entry:
            action = Action.CHANGE if code in before else Action.ADD
            yield Change(action, "CC", (code,), entry=entry, name=names.get(code, ""))


def _target_changes(before: Mapping[Key, str], after: Mapping[Key, str], whole: Scheme) -> Iterator[Change]:
    for key in sorted(before.keys() | after.keys()):
        if key not in after:
            yield Change(Action.DELETE, CODE_MAP, key)
        elif before.get(key) != after[key]:
            note = whole.map_notes.get((CodeSystem(key[0]), key[1]), "")
            yield Change(Action.CHANGE if key in before else Action.ADD, CODE_MAP, key, name=note, target=after[key])


def _row_changes(sheet: str, before: tuple[RuleRow, ...], after: tuple[RuleRow, ...]) -> Iterator[Change]:
    old, new = _by(before, "code"), _by(after, "code")
    single = {code for code in old.keys() & new.keys() if len(old[code]) == len(new[code]) == 1}
    rewritten = {code for code in old.keys() | new.keys() if old.get(code) != new.get(code) and code not in single}
    rewritten |= _reordered(before, after, single)
    for code in sorted(rewritten & old.keys()):
        yield Change(Action.DELETE, sheet, (code,))
    for row in after:
        if row.code in rewritten:
            yield Change(Action.ADD, sheet, (row.code,), row=row)
        elif old[row.code] != [row]:
            yield Change(Action.CHANGE, sheet, (row.code,), row=row)


def _reordered(before: tuple[RuleRow, ...], after: tuple[RuleRow, ...], single: set[str]) -> set[str]:
    """Codes under a parent where rows of one sort number would come out in another order: all are written anew."""
    position = {row.code: place for place, row in enumerate(before)}
    rewritten: set[str] = set()
    for rows in _by(after, "parent").values():
        for order in {row.order for row in rows}:
            tied = [row.code for row in rows if row.order == order]
            kept = [code for code in tied if code in single]
            added_last = tied == kept + [code for code in tied if code not in single]
            if not added_last or kept != sorted(kept, key=position.__getitem__):
                rewritten.update(tied)
    return rewritten


def _by(rows: Iterable[RuleRow], attribute: str) -> dict[str, list[RuleRow]]:
    found: dict[str, list[RuleRow]] = {}
    for row in rows:
        found.setdefault(getattr(row, attribute), []).append(row)
    return found
