"""What differs between two schemes: groups, rules, code sets, complications, exclusions; as data and in Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from grouper.edition_sheets import CODE_MAP, GREY_CODES
from grouper.rules.parse import RuleSyntaxError, parse_rule
from grouper.rules.text import rule_text
from grouper.scheme import CcEntry, RuleRow, Scheme

FIELDS_ZH = {"name": "名称", "rule": "规则", "parent": "所属", "order": "排序"}
_SHOWN = 5  # codes named in a line; the rest is counted


@dataclass(frozen=True, slots=True)
class RowDifference:
    """A rule row that one of the schemes lacks (None), or that differs in `fields` (name, rule, parent, order)."""

    sheet: str
    code: str
    before: RuleRow | None
    after: RuleRow | None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CodesDifference:
    """A code set (sheet 集合) or exclusion table (排除表) with the codes added and removed; or of a system of codes the
    grey codes (灰码), or the mapped ones (编码映射), each written `clinical -> insurance`.
    """

    sheet: str
    name: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CcDifference:
    """A complication that one of the schemes lacks (None), or whose level or exclusion table differs."""

    code: str
    before: CcEntry | None
    after: CcEntry | None


@dataclass(frozen=True, slots=True)
class SchemeDiff:
    """All differences, in the order of the national sheets and of the second scheme."""

    rows: tuple[RowDifference, ...]
    codes: tuple[CodesDifference, ...]
    complications: tuple[CcDifference, ...]

    @property
    def is_empty(self) -> bool:
        """No difference, so the same group for every case, and the same names."""
        return not (self.rows or self.codes or self.complications)

    def lines(self, code_names: Mapping[str, str] | None = None) -> list[str]:
        """The differences in Chinese, one a line."""
        names = code_names or {}
        return [
            *(_row_line(one) for one in self.rows),
            *(_codes_line(one, names) for one in self.codes),
            *(_cc_line(one, names) for one in self.complications),
        ]


def diff_schemes(before: Scheme, after: Scheme) -> SchemeDiff:
    """What changed from one scheme to another. Other writings of the same rule (`IN`, blanks) are no difference."""
    rows = (
        *_rows("MDC", before.mdcs, after.mdcs),
        *_rows("ADRG", before.adrgs, after.adrgs),
        *_rows("DRG", before.drgs, after.drgs),
    )
    sets = [{name: members.codes for name, members in scheme.sets.items()} for scheme in (before, after)]
    maps = [_written_maps(scheme) for scheme in (before, after)]
    grey = [{system.value: codes for system, codes in scheme.grey_codes.items()} for scheme in (before, after)]
    codes = (
        *_codes("集合", *sets),
        *_codes("排除表", before.exclusions, after.exclusions),
        *_codes(CODE_MAP, *maps),
        *_codes(GREY_CODES, *grey),
    )
    old, new = before.complications, after.complications
    complications = tuple(
        CcDifference(code, old.get(code), new.get(code))
        for code in sorted(old.keys() | new.keys())
        if old.get(code) != new.get(code)
    )
    return SchemeDiff(rows, codes, complications)


def _rows(sheet: str, before: Iterable[RuleRow], after: Iterable[RuleRow]) -> Iterator[RowDifference]:
    old, new = _numbered(before), _numbered(after)
    for key, row in new.items():
        if key not in old:
            yield RowDifference(sheet, row.code, None, row)
        elif fields := _fields(old[key], row):
            yield RowDifference(sheet, row.code, old[key], row, fields)
    for key, row in old.items():
        if key not in new:
            yield RowDifference(sheet, row.code, row, None)


def _numbered(rows: Iterable[RuleRow]) -> dict[tuple[str, int], RuleRow]:
    """Rows by code, and by how many rows of that code came before: a DRG may have several."""
    counts: dict[str, int] = {}
    found = {}
    for row in rows:
        counts[row.code] = counts.get(row.code, 0) + 1
        found[row.code, counts[row.code]] = row
    return found


def _fields(old: RuleRow, new: RuleRow) -> tuple[str, ...]:
    changed = [field for field in ("name", "parent", "order") if getattr(old, field) != getattr(new, field)]
    if _plain(old.rule) != _plain(new.rule):
        changed.append("rule")
    return tuple(changed)


def _plain(rule: str) -> str:
    try:
        return rule_text(parse_rule(rule))
    except RuleSyntaxError:
        return rule


def _codes(
    sheet: str, before: Mapping[str, frozenset[str]], after: Mapping[str, frozenset[str]]
) -> Iterator[CodesDifference]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, frozenset()), after.get(name, frozenset())
        if old != new:
            yield CodesDifference(sheet, name, tuple(sorted(new - old)), tuple(sorted(old - new)))


def _written_maps(scheme: Scheme) -> dict[str, frozenset[str]]:
    return {
        system.value: frozenset(f"{code} -> {target}" for code, target in mapped.items())
        for system, mapped in scheme.code_map.items()
    }


def _row_line(one: RowDifference) -> str:
    row = one.after or one.before
    title = f"{one.sheet} {one.code}" + (f" {row.name}" if row and row.name else "")
    if one.before is None or one.after is None:
        kind = "新增" if one.before is None else "删除"
        return f"{title}：{kind}，规则：{(row.rule if row else '') or '（空，恒成立）'}"
    changes = [
        f"{FIELDS_ZH[field]}由“{getattr(one.before, field)}”改为“{getattr(one.after, field)}”" for field in one.fields
    ]
    return f"{title}：{'；'.join(changes)}"


def _codes_line(one: CodesDifference, names: Mapping[str, str]) -> str:
    parts = [
        f"{word}{len(codes)}个编码（{_listed(codes, names)}）"
        for word, codes in (("新增", one.added), ("删除", one.removed))
        if codes
    ]
    return f"{one.sheet} {one.name}：{'；'.join(parts)}"


def _listed(codes: tuple[str, ...], names: Mapping[str, str]) -> str:
    shown = "、".join(_named(code, names) for code in codes[:_SHOWN])
    return shown + ("等" if len(codes) > _SHOWN else "")


def _cc_line(one: CcDifference, names: Mapping[str, str]) -> str:
    return f"CC {_named(one.code, names)}：由{_entry(one.before)}改为{_entry(one.after)}"


def _entry(entry: CcEntry | None) -> str:
    return f"{entry.level.value}（排除表{entry.exclusion or '无'}）" if entry else "不在表内"


def _named(code: str, names: Mapping[str, str]) -> str:
    return f"{code} {names[code]}" if code in names else code
