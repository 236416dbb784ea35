"""All findings of a scheme file: what keeps it from being read, what departs from the national scheme, what is odd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from grouper.case import Outcome
from grouper.errors import Fault, SchemeProblem
from grouper.outcome import outcome_of
from grouper.rules.findings import Finding, Kind
from grouper.rules.lint import lint_scheme
from grouper.scheme import CodeSystem, RuleRow, Scheme
from grouper.witness import find_witnesses
from grouper.workbook import Draft

Catalogue = Mapping[CodeSystem, frozenset[str]]
_SHOWN = 5  # code sets named in a message; the rest is counted
_FAULTS: Mapping[Fault, str] = {
    Fault.FILE: "文件无法读取",
    Fault.SHEET: "缺少此表",
    Fault.HEADER: "表头不对",
    Fault.EMPTY: "单元格为空",
    Fault.VALUE: "单元格的值不合要求",
    Fault.DUPLICATE: "编码重复",
    Fault.PARENT: "所属编码不存在或前后不一致",
    Fault.SYNTAX: "规则无法解析",
    Fault.UNKNOWN_SET: "规则引用了不存在的集合",
    Fault.CODE_MAP: "编码映射与灰码不能并存",
}


def lint_draft(draft: Draft, national: Scheme | None = None, catalogue: Catalogue | None = None) -> list[Finding]:
    """All findings of a scheme as it was read.

    What is odd in the rules is only looked for in a scheme that can be read. With a `national` scheme, ADRGs must be
    those of it (policy/004 一(二)); with it or a `catalogue`, codes must be in one of them.
    """
    found = [_fatal(problem) for problem in draft.problems]
    if national is not None:
        found += national_findings(draft.scheme, national)
    if national is not None or catalogue is not None:
        found += unknown_codes(draft.scheme, _known(national, catalogue or {}))
    if not draft.problems:
        found += [one for one in lint_scheme(draft.scheme) if one.kind is not Kind.UNREACHABLE]
        found += unreachable_groups(draft.scheme)
    return [one if one.row else replace(one, row=draft.rows.get((one.sheet, one.code), 0)) for one in found]


def unreachable_groups(scheme: Scheme) -> Iterator[Finding]:
    """Groups that no case can reach, and why: all of them, where `lint_scheme` sees what the rules alone tell."""
    rows = {row.code: row.row for row in reversed(scheme.drgs)}
    for one in find_witnesses(scheme).missing:
        if one.proven:
            yield Finding(Kind.UNREACHABLE, "DRG", one.code, f"没有病例能进入此病组。{one.reason}", rows[one.code])


def _fatal(problem: SchemeProblem) -> Finding:
    column = f"（列 {problem.column}）" if problem.column else ""
    message = f"{_FAULTS[problem.fault]}{column}：{problem.problem}"
    return Finding(problem.fault, problem.sheet, problem.value[:200], message, problem.row)


def national_findings(scheme: Scheme, national: Scheme) -> Iterator[Finding]:
    """ADRGs that the scheme adds to the national ones, and national ones that it lacks; ambiguous groups are none."""
    here, there = _adrgs(scheme), _adrgs(national)
    for code, row in here.items():
        if code not in there:
            yield Finding(Kind.ADDED_ADRG, "ADRG", code, f"国家分组方案没有ADRG {code} {row.name}".rstrip(), row.row)
    for code, row in there.items():
        if code not in here:
            yield Finding(Kind.MISSING_ADRG, "ADRG", code, f"缺少国家分组方案的ADRG {code} {row.name}".rstrip())


def _adrgs(scheme: Scheme) -> dict[str, RuleRow]:
    return {row.code: row for row in scheme.adrgs if outcome_of(row.code) is Outcome.GROUPED}


def codes_of(scheme: Scheme) -> Catalogue:
    """All codes that the tables of a scheme name, by system."""
    diagnoses = frozenset(scheme.complications).union(
        *(one.diagnoses for one in scheme.sets.values()), *scheme.exclusions.values()
    )
    procedures = frozenset[str]().union(*(one.procedures for one in scheme.sets.values()))
    return {CodeSystem.DIAGNOSIS: diagnoses, CodeSystem.PROCEDURE: procedures}


def _known(national: Scheme | None, catalogue: Catalogue) -> Catalogue:
    own = codes_of(national) if national is not None else {}
    return {one: catalogue.get(one, frozenset()) | own.get(one, frozenset()) for one in CodeSystem}


def unknown_codes(scheme: Scheme, known: Catalogue) -> Iterator[Finding]:
    """Codes of code sets and complications that are in no known catalogue, each once a sheet."""
    sets: dict[tuple[CodeSystem, str], list[str]] = {}
    for name, members in sorted(scheme.sets.items()):
        for system, codes in ((CodeSystem.DIAGNOSIS, members.diagnoses), (CodeSystem.PROCEDURE, members.procedures)):
            for code in codes - known[system]:
                sets.setdefault((system, code), []).append(name)
    for (system, code), names in sorted(sets.items()):
        more = f"等{len(names)}个" if len(names) > _SHOWN else ""
        message = f"目录中没有此{_SYSTEMS[system]}编码；见集合 {'、'.join(names[:_SHOWN])}{more}"
        yield Finding(Kind.UNKNOWN_CODE, "集合", code, message)
    for code in sorted(scheme.complications.keys() - known[CodeSystem.DIAGNOSIS]):
        yield Finding(Kind.UNKNOWN_CODE, "CC", code, f"目录中没有此{_SYSTEMS[CodeSystem.DIAGNOSIS]}编码")


_SYSTEMS = {CodeSystem.DIAGNOSIS: "疾病诊断", CodeSystem.PROCEDURE: "手术操作"}
