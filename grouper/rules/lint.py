"""What is odd in a scheme: each finding says where and what, in Chinese, for those who keep schemes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from grouper.case import Outcome
from grouper.errors import Fault
from grouper.outcome import outcome_of
from grouper.rules.findings import Finding, Kind
from grouper.rules.nodes import And, Constant, Not, Or, Rule
from grouper.rules.parse import RuleSyntaxError, parse_rule, sets_of
from grouper.rules.truth import can_hold_and_fail
from grouper.scheme import RuleRow, Scheme


def lint_scheme(scheme: Scheme) -> list[Finding]:
    """All findings of a scheme, in the order of its sheets."""
    sheets = (("MDC", scheme.mdcs), ("ADRG", scheme.adrgs), ("DRG", scheme.drgs))
    rules: dict[tuple[str, int], Rule] = {}
    findings: list[Finding] = []
    for sheet, rows in sheets:
        for place, row in enumerate(rows):
            try:
                rules[sheet, place] = parse_rule(row.rule)
            except RuleSyntaxError as error:
                findings.append(Finding(Fault.SYNTAX, sheet, row.code, f"规则无法解析：{error}", row.row))
        findings.extend(_duplicates(sheet, rows))
    findings.extend(_set_findings(scheme, sheets, rules))
    findings.extend(_exclusion_findings(scheme))
    findings.extend(_name_findings(scheme))
    if not any(finding.is_error for finding in findings):
        findings.extend(_reach_findings(scheme, rules))
    return findings


def _duplicates(sheet: str, rows: Iterable[RuleRow]) -> Iterator[Finding]:
    seen: dict[str, RuleRow] = {}
    for row in rows:
        first = seen.setdefault(row.code, row)
        if first is not row and (sheet != "DRG" or first.parent != row.parent):
            yield Finding(Fault.DUPLICATE, sheet, row.code, f"编码重复，首见于第{first.row}行", row.row)


def _set_findings(
    scheme: Scheme, sheets: Iterable[tuple[str, tuple[RuleRow, ...]]], rules: Mapping[tuple[str, int], Rule]
) -> Iterator[Finding]:
    used: Counter[str] = Counter()
    for sheet, rows in sheets:
        for place, row in enumerate(rows):
            names = list(dict.fromkeys(sets_of(rules[sheet, place]))) if (sheet, place) in rules else []
            used.update(names)
            for name in names:
                if name not in scheme.sets:
                    yield Finding(Fault.UNKNOWN_SET, sheet, row.code, f"规则引用了不存在的集合{name}", row.row)
                elif not scheme.sets[name].codes:
                    yield Finding(Kind.EMPTY_SET, sheet, row.code, f"规则引用的集合{name}没有编码", row.row)
    for name in sorted(scheme.sets):
        if not _writable(name):
            yield Finding(Kind.UNWRITABLE_SET, "集合", name, "集合编号不合规则语言，规则无法引用")
        elif not used[name]:
            yield Finding(Kind.UNUSED_SET, "集合", name, "没有规则引用此集合")


def _writable(name: str) -> bool:
    try:
        return list(sets_of(parse_rule(f"QTZD in {name}"))) == [name]
    except RuleSyntaxError:
        return False


def _exclusion_findings(scheme: Scheme) -> Iterator[Finding]:
    named = Counter(entry.exclusion for entry in scheme.complications.values())
    for name in sorted(named):
        if name and not scheme.exclusions.get(name):
            message = f"{named[name]}个并发症合并症引用的排除表没有任何编码，不排除任何主要诊断"
            yield Finding(Kind.EMPTY_EXCLUSION, "排除表", name, message)
    for name in sorted(scheme.exclusions.keys() - named.keys()):
        yield Finding(Kind.UNUSED_EXCLUSION, "排除表", name, "没有并发症合并症引用此排除表")


def _name_findings(scheme: Scheme) -> Iterator[Finding]:
    parents = {row.parent for row in (*scheme.adrgs, *scheme.drgs)}
    for row in scheme.drgs:
        if not row.name and outcome_of(row.code) is Outcome.GROUPED:
            yield Finding(Kind.NO_NAME, "DRG", row.code, "病组没有名称", row.row)
    for sheet, rows in (("MDC", scheme.mdcs), ("ADRG", scheme.adrgs)):
        for row in rows:
            if row.code not in parents:
                yield Finding(Kind.CHILDLESS, sheet, row.code, "其下没有任何病组", row.row)


def _reach_findings(scheme: Scheme, rules: Mapping[tuple[str, int], Rule]) -> Iterator[Finding]:
    empty = frozenset(name for name, members in scheme.sets.items() if not members.codes)
    mdc_rule = {row.code: rules["MDC", place] for place, row in enumerate(scheme.mdcs)}
    adrg_rule = {row.code: rules["ADRG", place] for place, row in enumerate(scheme.adrgs)}
    for sheet, rows in (("MDC", scheme.mdcs), ("ADRG", scheme.adrgs), ("DRG", scheme.drgs)):
        for place, row in enumerate(rows):
            yield from _fate(sheet, row, rules[sheet, place], empty)
    before: dict[str, list[Rule]] = {}
    for place, row in enumerate(scheme.drgs):
        rule = rules["DRG", place]
        earlier = before.setdefault(row.parent, [])
        path = (mdc_rule[row.mdc], adrg_rule[row.parent], rule)
        if not _possible((*path, *map(Not, earlier)), empty):
            blocked = (
                "同一ADRG中在它之前的病组已收尽所有病例" if _possible(path, empty) else "MDC、ADRG、DRG规则互相矛盾"
            )
            yield Finding(Kind.UNREACHABLE, "DRG", row.code, f"没有病例能进入此病组：{blocked}", row.row)
        earlier.append(rule)
    yield from _shadowed(scheme, adrg_rule, before, empty)


def _fate(sheet: str, row: RuleRow, rule: Rule, empty: frozenset[str]) -> Iterator[Finding]:
    if isinstance(rule, Constant):
        if not rule.value:
            yield Finding(Kind.NEVER, sheet, row.code, "规则恒不成立", row.row)
        return
    can_hold, can_fail = can_hold_and_fail(rule, empty)
    if not can_hold:
        yield Finding(Kind.NEVER, sheet, row.code, "规则不可能成立", row.row)
    elif not can_fail:
        yield Finding(Kind.ALWAYS, sheet, row.code, "规则不空却恒成立", row.row)


def _shadowed(
    scheme: Scheme, adrg_rule: Mapping[str, Rule], drg_rules: Mapping[str, list[Rule]], empty: frozenset[str]
) -> Iterator[Finding]:
    """Groups of ADRGs behind one that takes every case of its MDC."""
    closed: dict[str, str] = {}
    for row in scheme.adrgs:
        if row.mdc in closed:
            for drg in (one for one in scheme.drgs if one.parent == row.code):
                message = f"没有病例能进入此病组：前面的ADRG {closed[row.mdc]} 已收尽本MDC的病例"
                yield Finding(Kind.UNREACHABLE, "DRG", drg.code, message, drg.row)
            continue
        drgs = drg_rules.get(row.code, [])
        takes_all = Or((Constant(False), *drgs))
        if not can_hold_and_fail(And((adrg_rule[row.code], takes_all)), empty)[1]:
            closed[row.mdc] = row.code


def _possible(rules: tuple[Rule, ...], empty: frozenset[str]) -> bool:
    return can_hold_and_fail(And(rules), empty)[0]
