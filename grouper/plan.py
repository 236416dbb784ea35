"""A rule as the kernel runs it: conditions bound to their tables, cheap ones first.

Each part answers `holds(view, favour)`, a boolean per case of the view. `favour` is what a comparison of a missing sex,
age or birth weight counts as; None is plain false (see grouper.outcome).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from grouper.compile import LEVEL_BITS, Bools, CompiledRow, CompiledScheme
from grouper.outcome import EXPLAINED_SCALARS, is_open_to_all, scalars_of
from grouper.rules.nodes import And, Compare, Comparison, Constant, CountIn, Field, InSets, Not, Or, Rule, Scalar
from grouper.rules.parse import parse_rule
from grouper.view import View

_COMPARE: Mapping[Comparison, Callable[[Any, Any], Any]] = {
    Comparison.LT: operator.lt,
    Comparison.LE: operator.le,
    Comparison.GT: operator.gt,
    Comparison.GE: operator.ge,
    Comparison.EQ: operator.eq,
    Comparison.NE: operator.ne,
}
_LISTS = frozenset({Field.QTZD, Field.QTSS})
_NARROW_FROM = 512  # cases; below that a smaller view costs more than it saves


class Plan(Protocol):
    """A runnable rule; `cost` orders conditions that are tried one after the other."""

    @property
    def cost(self) -> int:
        """Rough work per case."""

    def holds(self, view: View, favour: bool | None = None) -> Bools:
        """Whether the rule holds, one boolean per case of the view."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same answer for all cases."""

    value: bool
    cost: int = 0

    def holds(self, view: View, favour: bool | None = None) -> Bools:
        """The same answer for all cases."""
        return np.full(view.size, self.value)


@dataclass(frozen=True, slots=True)
class Look:
    """Some code of the fields is (no code of them is) in the table or counts as a complication of these levels."""

    fields: tuple[Field, ...]
    table: Bools | None
    levels: int
    negated: bool
    cost: int

    def holds(self, view: View, favour: bool | None = None) -> Bools:
        """Whether some code of the fields, or none, is in the table."""
        found: Bools | None = None
        if self.levels:
            found = (view.levels & self.levels) != 0
        if self.table is not None:
            for field in self.fields:
                hit = view.any_in(field, self.table)
                found = hit if found is None else found | hit
        if found is None:
            found = np.zeros(view.size, np.bool_)
        return ~found if self.negated else found


@dataclass(frozen=True, slots=True)
class Tally:
    """The number of distinct codes of the fields in the table compares so."""

    fields: tuple[Field, ...]
    table: Bools
    comparison: Comparison
    number: float
    cost: int

    def holds(self, view: View, favour: bool | None = None) -> Bools:
        """Whether the number of distinct codes compares so."""
        answer: Bools = _COMPARE[self.comparison](view.count_in(self.fields, self.table), self.number)
        return answer


@dataclass(frozen=True, slots=True)
class Measure:
    """A scalar compares so; false where it is missing."""

    scalar: Scalar
    comparison: Comparison
    number: float
    cost: int = 1

    def holds(self, view: View, favour: bool | None = None) -> Bools:
        """Whether the scalar compares so."""
        values = view.scalar(self.scalar)
        answer: Bools = _COMPARE[self.comparison](values, self.number)
        if self.comparison is Comparison.NE:
            answer &= ~np.isnan(values)
        if favour and self.scalar in EXPLAINED_SCALARS:
            answer |= np.isnan(values)
        return answer


@dataclass(frozen=True, slots=True)
class Inverse:
    """The operand does not hold."""

    operand: Plan
    cost: int

    def holds(self, view: View, favour: bool | None = None) -> Bools:
        """Whether the operand does not hold."""
        return ~self.operand.holds(view, None if favour is None else not favour)


@dataclass(frozen=True, slots=True)
class Every:
    """All operands hold; the costly ones are asked only for the cases that the cheap ones left."""

    operands: tuple[Plan, ...]
    cost: int

    def holds(self, view: View, favour: bool | None = None) -> Bools:
        """Whether all operands hold."""
        answer = self.operands[0].holds(view, favour)
        for place, operand in enumerate(self.operands[1:], start=1):
            left = np.count_nonzero(answer)
            if left == 0:
                break
            if view.size >= _NARROW_FROM and left * 4 < view.size:
                cases = np.flatnonzero(answer)
                rest = Every(self.operands[place:], self.cost) if place + 1 < len(self.operands) else operand
                answer[cases] = rest.holds(view.narrowed(cases), favour)
                break
            answer &= operand.holds(view, favour)
        return answer


@dataclass(frozen=True, slots=True)
class Some:
    """One operand at least holds."""

    operands: tuple[Plan, ...]
    cost: int

    def holds(self, view: View, favour: bool | None = None) -> Bools:
        """Whether one operand holds."""
        answer = self.operands[0].holds(view, favour)
        for operand in self.operands[1:]:
            answer |= operand.holds(view, favour)
        return answer


@dataclass(frozen=True)
class Step:
    """A row of rules to be tried: its place in the scheme, its plan, the steps below it.

    `open_to_all`: an MDC without a rule of its own. `asked`: the scalars of its rule that a reason may name;
    `asked_below`: whether it or a step below it asks for one.
    """

    place: int
    plan: Plan
    open_to_all: bool
    asked: frozenset[Scalar]
    below: tuple[Step, ...]

    @property
    def always(self) -> bool:
        """The rule holds for every case, without a look."""
        return isinstance(self.plan, Fixed) and self.plan.value

    @cached_property
    def asked_below(self) -> bool:
        """Whether this step or one below it asks for a scalar that a reason may name."""
        return bool(self.asked) or any(step.asked_below for step in self.below)


def plan_rule(rule: Rule, scheme: CompiledScheme) -> Plan:
    """Bind a rule to a compiled scheme's tables."""
    match rule:
        case Constant(value):
            return Fixed(value)
        case InSets(fields, sets, complications, negated):
            levels = sum(LEVEL_BITS[level] for level in complications)
            table = scheme.table_of[sets] if sets else None
            return Look(_distinct(fields), table, levels, negated, _field_cost(fields))
        case CountIn(sets, fields, comparison, number):
            cost = 8 + _field_cost(fields)
            return Tally(_distinct(fields), scheme.table_of[sets], comparison, float(number), cost)
        case Compare(scalar, comparison, number):
            return Measure(scalar, comparison, float(number))
        case Not(operand):
            plan = plan_rule(operand, scheme)
            return Inverse(plan, plan.cost)
        case And(operands) | Or(operands):
            plans = sorted((plan_rule(operand, scheme) for operand in operands), key=lambda plan: plan.cost)
            kind = Every if isinstance(rule, And) else Some
            return kind(tuple(plans), sum(plan.cost for plan in plans))


def plan_scheme(scheme: CompiledScheme) -> tuple[Step, ...]:
    """The MDC steps with all below them, in the order in which they are tried."""
    drgs = _steps(scheme, scheme.drgs, {})
    adrgs = _steps(scheme, scheme.adrgs, drgs)
    return tuple(_steps(scheme, scheme.mdcs, adrgs).get(-1, ()))


def _steps(
    scheme: CompiledScheme, rows: tuple[CompiledRow, ...], below: Mapping[int, list[Step]]
) -> dict[int, list[Step]]:
    """Steps by the place of the row they belong to."""
    steps: dict[int, list[Step]] = {}
    for place, row in enumerate(rows):
        rule = parse_rule(row.rule)
        asked = scalars_of(rule) & EXPLAINED_SCALARS
        step = Step(place, plan_rule(rule, scheme), is_open_to_all(rule), asked, tuple(below.get(place, ())))
        steps.setdefault(row.parent, []).append(step)
    return steps


def _distinct(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    return tuple(dict.fromkeys(fields))


def _field_cost(fields: tuple[Field, ...]) -> int:
    return sum(6 if field in _LISTS else 2 for field in fields)
