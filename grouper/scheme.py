"""A grouping scheme (分组方案) as data: the six tables of the national workbook, and two of codes beside them, frozen.

The engine is the same for every scheme and year; whatever differs between cities is in these rows.
Source: policy/004 一(二) (ADRG alike nationwide, DRG local); layout: the national DRG 3.0 configuration workbook.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from grouper.rules.parse import RuleSyntaxError, parse_rule
from grouper.rules.text import rule_text


class CodeSystem(StrEnum):
    """类型编号 of a code set row."""

    DIAGNOSIS = "DI"
    PROCEDURE = "OP"


class Complication(StrEnum):
    """类型 of a CC row: major complication (MCC) or complication (CC)."""

    MCC = "MCC"
    CC = "CC"


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One row of the MDC, ADRG or DRG sheet.

    `parent` is 所属MDC编码 of an ADRG, 所属ADRG编码 of a DRG, "" of an MDC; `order` is the sort number inside the
    parent; `row` is the row in the source sheet (1-based, header included), for messages: rows are equal without it.
    """

    code: str
    name: str
    rule: str
    parent: str
    mdc: str
    order: int
    row: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class CcEntry:
    """A diagnosis that counts as MCC or CC unless the principal diagnosis is in its exclusion table (排除表)."""

    level: Complication
    exclusion: str


@dataclass(frozen=True)
class CodeSet:
    """A named set (集合) of codes; `codes` may hold diagnoses and procedures where a source mixes them."""

    name: str
    diagnoses: frozenset[str] = frozenset()
    procedures: frozenset[str] = frozenset()

    @cached_property
    def codes(self) -> frozenset[str]:
        """All codes, whatever their system."""
        if self.diagnoses and self.procedures:
            return self.diagnoses | self.procedures
        return self.diagnoses or self.procedures


@dataclass(frozen=True)
class Scheme:
    """A whole scheme. Rows are in the order in which they are tried (sort number, then order of the file).

    `code_map` (编码映射) gives codes of the clinical edition (国临版) their code of the insurance edition (医保版);
    `grey_codes` (灰码) take no part in grouping; both by code system, see `grouper.edition`. Most schemes have neither.
    `map_notes` are the notes (备注) of mapped codes.
    """

    mdcs: tuple[RuleRow, ...]
    adrgs: tuple[RuleRow, ...]
    drgs: tuple[RuleRow, ...]
    sets: Mapping[str, CodeSet]
    complications: Mapping[str, CcEntry]
    exclusions: Mapping[str, frozenset[str]]
    code_names: Mapping[str, str] = field(default_factory=dict, compare=False)
    code_map: Mapping[CodeSystem, Mapping[str, str]] = field(default_factory=dict)
    grey_codes: Mapping[CodeSystem, frozenset[str]] = field(default_factory=dict)
    map_notes: Mapping[tuple[CodeSystem, str], str] = field(default_factory=dict, compare=False)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over everything that can change a group (not names): the version of the scheme."""
        digest = hashlib.sha256()
        for line in self._canonical():
            digest.update(line.encode("utf-8"))
            digest.update(b"\n")
        return digest.hexdigest()

    def _canonical(self) -> Iterable[str]:
        for kind, rows in (("mdc", self.mdcs), ("adrg", self.adrgs), ("drg", self.drgs)):
            for row in rows:
                yield "\t".join((kind, row.code, _same_writing(row.rule), row.parent, row.mdc))
        for name in sorted(self.sets):
            members = self.sets[name]
            yield "\t".join(("set", name, "DI", *sorted(members.diagnoses)))
            yield "\t".join(("set", name, "OP", *sorted(members.procedures)))
        for code in sorted(self.complications):
            entry = self.complications[code]
            yield "\t".join(("cc", code, entry.level.value, entry.exclusion))
        for name in sorted(self.exclusions):
            yield "\t".join(("exclusion", name, *sorted(self.exclusions[name])))
        # Only where there are any: a scheme without these tables keeps the version that it had before they were known.
        for system in sorted(self.code_map):
            for code, mapped in sorted(self.code_map[system].items()):
                yield "\t".join(("map", system.value, code, mapped))
        for system in sorted(self.grey_codes):
            yield "\t".join(("grey", system.value, *sorted(self.grey_codes[system])))


def _same_writing(rule: str) -> str:
    """One writing for all ways to write a rule (`IN`, `==`, blanks); text that is no rule stays as it is."""
    try:
        return rule_text(parse_rule(rule))
    except RuleSyntaxError:
        return " ".join(rule.split())
