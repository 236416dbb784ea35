"""From rules to the plain combinations of conditions (terms) under which a case reaches a row of a scheme."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from grouper.rules.nodes import And, Compare, Comparison, Constant, CountIn, Field, InSets, Not, Or, Rule, Scalar

# A rule whose combinations are more than this is drawn from its first ones; the rest would only be more of the same.
MOST_TERMS = 64

_OPPOSITE = {
    Comparison.LT: Comparison.GE,
    Comparison.LE: Comparison.GT,
    Comparison.GT: Comparison.LE,
    Comparison.GE: Comparison.LT,
    Comparison.EQ: Comparison.NE,
    Comparison.NE: Comparison.EQ,
}

Condition = InSets | CountIn | Compare


@dataclass(frozen=True)
class Bounds:
    """Whole numbers from `low` to `high`, both included, without `holes`."""

    low: int
    high: int
    holes: frozenset[int] = frozenset()

    def narrow(self, comparison: Comparison, number: int) -> Bounds:
        """The part of the bounds in which the comparison holds; empty where `low` exceeds `high`."""
        if comparison is Comparison.NE:
            return replace(self, holes=self.holes | {number})
        low = {Comparison.GT: number + 1, Comparison.GE: number, Comparison.EQ: number}.get(comparison, self.low)
        high = {Comparison.LT: number - 1, Comparison.LE: number, Comparison.EQ: number}.get(comparison, self.high)
        return replace(self, low=max(self.low, low), high=min(self.high, high))

    @property
    def empty(self) -> bool:
        """No number is left."""
        return self.low > self.high or (self.low == self.high and self.low in self.holes)


WIDEST: Mapping[Scalar, Bounds] = {
    Scalar.NL: Bounds(0, 100),
    Scalar.XB: Bounds(1, 2),
    Scalar.XSRTL: Bounds(0, 364),
    Scalar.XSRTZ: Bounds(500, 5500),
    Scalar.ZYTS: Bounds(1, 365),
    Scalar.LYFS: Bounds(1, 9),
    Scalar.ICUSC: Bounds(0, 2000),
}


@dataclass(frozen=True)
class Term:
    """All conditions that must hold together: code conditions as written, number conditions as bounds."""

    codes: tuple[InSets | CountIn, ...] = ()
    bounds: Mapping[Scalar, Bounds] = field(default_factory=dict)

    def with_condition(self, condition: Condition) -> Term | None:
        """The term with one more condition; None where no case can meet it."""
        if not isinstance(condition, Compare):
            return replace(self, codes=(*self.codes, condition))
        narrowed = self.bounds.get(condition.scalar, WIDEST[condition.scalar]).narrow(*_whole(condition))
        return None if narrowed.empty else replace(self, bounds={**self.bounds, condition.scalar: narrowed})


def _whole(condition: Compare) -> tuple[Comparison, int]:
    """The same comparison with a whole number: below 0.5 is at most 0, from 0.5 on is above 0."""
    below = int(condition.number // 1)
    if condition.number == below:
        return condition.comparison, below
    return {
        Comparison.LT: (Comparison.LE, below),
        Comparison.LE: (Comparison.LE, below),
        Comparison.GT: (Comparison.GT, below),
        Comparison.GE: (Comparison.GT, below),
        Comparison.EQ: (Comparison.LT, WIDEST[condition.scalar].low),
        Comparison.NE: (Comparison.GE, WIDEST[condition.scalar].low),
    }[condition.comparison]


def terms_of(*rules: Rule) -> list[Term]:
    """Terms under which all the rules hold, at most `MOST_TERMS`, in the order of the rules' text."""
    found: list[Term] = []
    for conditions in islice(_combinations(And(tuple(rules)), True), MOST_TERMS * 4):
        term: Term | None = Term()
        for condition in conditions:
            term = term.with_condition(condition) if term else None
        if term and len(found) < MOST_TERMS:
            found.append(term)
    return found


def _combinations(rule: Rule, wanted: bool) -> Iterator[tuple[Condition, ...]]:
    if isinstance(rule, Constant):
        if rule.value is wanted:
            yield ()
    elif isinstance(rule, Not):
        yield from _combinations(rule.operand, not wanted)
    elif isinstance(rule, And | Or):
        if isinstance(rule, And) is wanted:
            yield from _together(rule.operands, wanted)
        else:
            for operand in rule.operands:
                yield from _combinations(operand, wanted)
    else:
        yield (rule if wanted else _negated(rule),)


def _together(rules: tuple[Rule, ...], wanted: bool) -> Iterator[tuple[Condition, ...]]:
    if not rules:
        yield ()
        return
    for first in _combinations(rules[0], wanted):
        for rest in _together(rules[1:], wanted):
            yield (*first, *rest)


def _negated(condition: Condition) -> Condition:
    if isinstance(condition, InSets):
        return replace(condition, negated=not condition.negated)
    return replace(condition, comparison=_OPPOSITE[condition.comparison])


def fields_read(rule: Rule) -> Iterator[tuple[Field, str]]:
    """Every (field, set) that a rule asks for."""
    if isinstance(rule, InSets | CountIn):
        yield from ((name, sets) for name in rule.fields for sets in rule.sets)
    elif isinstance(rule, Not):
        yield from fields_read(rule.operand)
    elif isinstance(rule, And | Or):
        for operand in rule.operands:
            yield from fields_read(operand)
