"""The grouper in plain Python for one case: the meaning of a scheme, written to be read; the kernel is held to it.

A case takes the first DRG whose rule holds in the first ADRG whose rule holds in the first MDC whose rule holds; where
an ADRG holds and none of its DRGs does, the search goes on with the next ADRG, then with the next MDC.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from grouper.case import UNGROUPED_CODE, Case, GroupResult, Outcome, Reason
from grouper.edition import ReadCase, read_codes
from grouper.outcome import EXPLAINED_SCALARS, MISSING, SCALAR_COLUMNS, is_open_to_all, outcome_of, scalars_of
from grouper.rules.nodes import And, Compare, Comparison, Constant, CountIn, Field, InSets, Not, Or, Rule, Scalar
from grouper.rules.parse import parse_rule
from grouper.rules.text import rule_text
from grouper.scheme import RuleRow, Scheme
from grouper.trace import AtomTrace, Complication, Match, RuleTrace, Trace

COMPARE: Mapping[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.LT: operator.lt,
    Comparison.LE: operator.le,
    Comparison.GT: operator.gt,
    Comparison.GE: operator.ge,
    Comparison.EQ: operator.eq,
    Comparison.NE: operator.ne,
}


@dataclass(frozen=True)
class _Facts:
    """A case, its codes as the scheme reads them, beside the scheme. None and '' among the codes are no code."""

    case: Case
    scheme: Scheme

    @cached_property
    def codes(self) -> Mapping[Field, tuple[str, ...]]:
        """Each field's codes, in order; the first place of the procedures is the principal one's, even if empty."""
        case = self.case
        lists = {
            Field.ZYZD: (case.principal_diagnosis,),
            Field.QTZD: case.other_diagnoses,
            Field.ZYSS: case.procedures[:1],
            Field.QTSS: case.procedures[1:],
        }
        return {field: tuple(code for code in codes if code) for field, codes in lists.items()}

    @cached_property
    def complications(self) -> tuple[Complication, ...]:
        """The other diagnoses listed as MCC or CC, each struck out or not."""
        found = []
        for code in dict.fromkeys(self.codes[Field.QTZD]):
            entry = self.scheme.complications.get(code)
            if entry is not None:
                table = self.scheme.exclusions.get(entry.exclusion, frozenset())
                struck = any(principal in table for principal in self.codes[Field.ZYZD])
                found.append(Complication(code, entry.level.value, entry.exclusion, struck))
        return tuple(found)

    def value(self, scalar: Scalar) -> Any:
        """A scalar of the case; None where it is missing or no number (NaN)."""
        value = getattr(self.case, SCALAR_COLUMNS[scalar])
        return None if value is None or value != value else value


def holds(rule: Rule, facts: _Facts, favour: bool | None = None) -> bool:
    """Whether a rule holds.

    `favour` is what a comparison of a missing sex, age or birth weight counts as where it is not simply false: True
    looks for the best that could be, and is turned round inside `not`.
    """
    match rule:
        case Constant(value):
            return value
        case InSets():
            return _in_sets(rule, facts)
        case CountIn(_, _, comparison, number):
            return COMPARE[comparison](_count(rule, facts), number)
        case Compare(scalar, comparison, number):
            value = facts.value(scalar)
            if value is None:
                return bool(favour) and scalar in EXPLAINED_SCALARS
            return COMPARE[comparison](value, number)
        case Not(operand):
            return not holds(operand, facts, None if favour is None else not favour)
        case And(operands):
            return all(holds(operand, facts, favour) for operand in operands)
        case Or(operands):
            return any(holds(operand, facts, favour) for operand in operands)


def _in_sets(rule: InSets, facts: _Facts) -> bool:
    found = any(
        code in facts.scheme.sets[name].codes
        for field in rule.fields
        for code in facts.codes[field]
        for name in rule.sets
    )
    found = found or any(one.level in rule.complications and not one.struck for one in facts.complications)
    return found != rule.negated


def _count(rule: CountIn, facts: _Facts) -> int:
    codes = {code for field in rule.fields for code in facts.codes[field]}
    return sum(any(code in facts.scheme.sets[name].codes for name in rule.sets) for code in codes)


@dataclass(frozen=True, slots=True)
class _Step:
    """A row of rules, ready: its place in the scheme, its rule, the rows below it."""

    sheet: str
    place: int
    row: RuleRow
    rule: Rule
    below: tuple[_Step, ...] = ()


class ReferenceGrouper:
    """Groups one case at a time and can say why."""

    def __init__(self, scheme: Scheme) -> None:
        """Parse all rules.

        Raises:
            RuleSyntaxError: a rule of the scheme cannot be read.
        """
        self.scheme = scheme
        self._mdcs = _steps(scheme)
        self._known = frozenset(scheme.complications).union(
            *(members.diagnoses for members in scheme.sets.values()), *scheme.exclusions.values()
        )

    def group(self, case: Case) -> GroupResult:
        """The group of a case, or 0000 with the reason."""
        tried: list[_Step] = []
        return self._search(read_codes(self.scheme, case), tried)[0]

    def explain(self, case: Case) -> Trace:
        """The group of a case with every rule that was tried and what each of its conditions found."""
        read = read_codes(self.scheme, case)
        tried: list[_Step] = []
        result, facts = self._search(read, tried)
        rules = tuple(
            RuleTrace(
                step.sheet,
                step.row.code,
                step.row.name,
                step.row.rule,
                holds(step.rule, facts),
                _undecided(step.rule, facts),
                tuple(_trace_atom(atom, facts) for atom in _atoms(step.rule)),
            )
            for step in tried
        )
        return Trace(case, result, rules, facts.complications, read.readings)

    def _search(self, read: ReadCase, tried: list[_Step]) -> tuple[GroupResult, _Facts]:
        facts = _Facts(read.case, self.scheme)
        if read.grey_principal:
            return _ungrouped(Reason.GREY_PRINCIPAL_DIAGNOSIS), facts
        return self._first_group(facts, tried), facts

    def _first_group(self, facts: _Facts, tried: list[_Step]) -> GroupResult:
        some_mdc = False
        for mdc in _holding(self._mdcs, facts, tried):
            some_mdc |= not is_open_to_all(mdc.rule)
            for adrg in _holding(mdc.below, facts, tried):
                for drg in _holding(adrg.below, facts, tried):
                    code = drg.row.code
                    places = (mdc.place, adrg.place, drg.place)
                    return GroupResult(mdc.row.code, adrg.row.code, code, outcome_of(code), Reason.NONE, *places)
        return _ungrouped(self._reason(facts, tried, some_mdc))

    def _reason(self, facts: _Facts, tried: list[_Step], some_mdc: bool) -> Reason:
        principal = facts.case.principal_diagnosis
        if not principal:
            return Reason.NO_PRINCIPAL_DIAGNOSIS
        if principal not in self._known:
            return Reason.UNKNOWN_PRINCIPAL_DIAGNOSIS
        asked = {scalar for step in tried if _undecided(step.rule, facts) for scalar in scalars_of(step.rule)}
        for reason, scalars in MISSING.items():
            if any(scalar in asked and facts.value(scalar) is None for scalar in scalars):
                return reason
        return Reason.NO_RULE_HELD if some_mdc else Reason.NO_MDC


def _ungrouped(reason: Reason) -> GroupResult:
    return GroupResult("", "", UNGROUPED_CODE, Outcome.UNGROUPED, reason)


def _steps(scheme: Scheme) -> tuple[_Step, ...]:
    drgs: dict[str, list[_Step]] = {}
    for place, row in enumerate(scheme.drgs):
        drgs.setdefault(row.parent, []).append(_Step("DRG", place, row, parse_rule(row.rule)))
    adrgs: dict[str, list[_Step]] = {}
    for place, row in enumerate(scheme.adrgs):
        below = tuple(drgs.get(row.code, ()))
        adrgs.setdefault(row.parent, []).append(_Step("ADRG", place, row, parse_rule(row.rule), below))
    return tuple(
        _Step("MDC", place, row, parse_rule(row.rule), tuple(adrgs.get(row.code, ())))
        for place, row in enumerate(scheme.mdcs)
    )


def _holding(steps: tuple[_Step, ...], facts: _Facts, tried: list[_Step]) -> Iterator[_Step]:
    for step in steps:
        tried.append(step)
        if holds(step.rule, facts):
            yield step


def _undecided(rule: Rule, facts: _Facts) -> bool:
    return not holds(rule, facts) and holds(rule, facts, favour=True)


def _atoms(rule: Rule) -> Iterator[Rule]:
    if isinstance(rule, Not):
        yield from _atoms(rule.operand)
    elif isinstance(rule, And | Or):
        for operand in rule.operands:
            yield from _atoms(operand)
    elif not isinstance(rule, Constant):
        yield rule


def _trace_atom(atom: Rule, facts: _Facts) -> AtomTrace:
    text, held = rule_text(atom), holds(atom, facts)
    if isinstance(atom, Compare):
        value = facts.value(atom.scalar)
        return AtomTrace(text, held, value="" if value is None else str(value), missing=value is None)
    if not isinstance(atom, InSets | CountIn):
        return AtomTrace(text, held)
    matches = tuple(
        Match(field, code, names)
        for field in atom.fields
        for code in facts.codes[field]
        if (names := tuple(name for name in atom.sets if code in facts.scheme.sets[name].codes))
    )
    if isinstance(atom, CountIn):
        return AtomTrace(text, held, matches, value=str(_count(atom, facts)))
    looked_at = tuple(one for one in facts.complications if one.level in atom.complications)
    return AtomTrace(text, held, matches, looked_at)
