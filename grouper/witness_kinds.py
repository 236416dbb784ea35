"""What the rules of a scheme can tell apart: kinds of codes as bits, and conditions over them.

Two diagnoses are of one kind when they are in the same code sets, are the same as complications and are struck out by
the same principal diagnoses; two procedures when they are in the same code sets. A set of kinds is an integer, one bit
a kind. Kinds in few sets come first, so that the lowest bit is the code that does least besides.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil, floor
from typing import TypeVar

from grouper.compile import LEVEL_BITS, CompiledScheme, compile_scheme
from grouper.rules.nodes import And, Compare, Comparison, Constant, CountIn, Field, InSets, Not, Or, Rule
from grouper.scheme import CodeSystem, Scheme

_Key = TypeVar("_Key")
Counted = tuple[tuple[Field, int], ...]
DIAGNOSIS_FIELDS = frozenset({Field.ZYZD, Field.QTZD})
OPPOSITE = {
    Comparison.LT: Comparison.GE,
    Comparison.GE: Comparison.LT,
    Comparison.GT: Comparison.LE,
    Comparison.LE: Comparison.GT,
    Comparison.EQ: Comparison.NE,
    Comparison.NE: Comparison.EQ,
}


@dataclass(frozen=True, slots=True)
class Has:
    """Some code of the field is of one of the kinds; with `wanted` false: none is."""

    field: Field
    kinds: int
    wanted: bool


@dataclass(frozen=True, slots=True)
class Complicated:
    """Some other diagnosis counts as MCC (or CC); with `wanted` false: none does."""

    level: str
    wanted: bool


@dataclass(frozen=True, slots=True)
class Many:
    """At least (or, `most`, at most) `number` distinct codes of the fields are of the kinds given for each field."""

    kinds: Counted
    number: int
    most: bool

    def covers(self, other: Many) -> bool:
        """Whether all that the other one counts is counted here."""
        mine = dict(self.kinds)
        return all(not bits & ~mine.get(place, 0) for place, bits in other.kinds)


@dataclass(frozen=True, slots=True)
class Measured:
    """The comparison holds; with `wanted` false: it does not, be it that the case has no value."""

    compare: Compare
    wanted: bool


@dataclass(frozen=True, slots=True)
class All:
    """All hold; of nothing, true."""

    parts: tuple[Meaning, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """One at least holds; of nothing, false."""

    parts: tuple[Meaning, ...]


Literal = Has | Complicated | Many | Measured
Meaning = Literal | All | Any


@dataclass(frozen=True)
class Codes:
    """The kinds of one code system: the codes of each, and bits by code set, level and as a principal diagnosis.

    The bit after the last kind stands for no code at all, or one that the scheme does not know: to the rules the same.
    """

    members: tuple[tuple[str, ...], ...]
    sets: tuple[frozenset[str], ...] = field(repr=False)
    marks: tuple[tuple[int, int, int], ...] = field(repr=False)

    @property
    def none(self) -> int:
        """The bit of no code."""
        return 1 << len(self.members)

    @cached_property
    def kind_of(self) -> dict[str, int]:
        """The bit of each code."""
        return {code: 1 << place for place, codes in enumerate(self.members) for code in codes}

    @cached_property
    def in_set(self) -> dict[str, int]:
        """Kinds in each code set."""
        return _bits((name, place) for place, names in enumerate(self.sets) for name in names)

    @cached_property
    def complications(self) -> dict[tuple[int, int], int]:
        """Kinds of each level and exclusion table."""
        return _bits((mark[:2], place) for place, mark in enumerate(self.marks) if mark[0])

    @cached_property
    def principals(self) -> dict[int, int]:
        """Kinds by what they are as a principal diagnosis; no code is what is in no exclusion table."""
        found = _bits((mark[2], place) for place, mark in enumerate(self.marks))
        found[0] = found.get(0, 0) | self.none
        return found

    def unused(self, kinds: int, taken: Container[str | None]) -> tuple[str, int] | None:
        """A code of the first of these kinds that has one not taken, with its bit."""
        while kinds:
            place = lowest(kinds)
            code = next((one for one in self.members[place] if one not in taken), None)
            if code is not None:
                return code, 1 << place
            kinds &= kinds - 1
        return None


def _bits(pairs: Iterable[tuple[_Key, int]]) -> dict[_Key, int]:
    found: dict[_Key, int] = {}
    for key, place in pairs:
        found[key] = found.get(key, 0) | 1 << place
    return found


def lowest(kinds: int) -> int:
    """Place of the lowest bit."""
    return (kinds & -kinds).bit_length() - 1


class Space:
    """All kinds of a scheme, and what its rules mean over them."""

    def __init__(self, scheme: Scheme) -> None:
        """Sort the codes of the scheme into kinds."""
        compiled = compile_scheme(scheme)
        self._excluded = compiled.excluded
        self._sets_of = _sets_of(scheme, compiled)
        known = frozenset(code for place, code in enumerate(compiled.codes, 1) if compiled.known_diagnosis[place])
        cut = frozenset(code for members in scheme.sets.values() for code in members.procedures)
        self.diagnoses = self._codes(compiled, known, CodeSystem.DIAGNOSIS)
        self.procedures = self._codes(compiled, cut, CodeSystem.PROCEDURE)
        self._standing: dict[tuple[str, int], int] = {}

    def _codes(self, compiled: CompiledScheme, typed: frozenset[str], system: CodeSystem) -> Codes:
        """Kinds with codes of the right type first; a code of the wrong type is met only where nothing else fits.

        Codes that the scheme maps or calls grey are left out: to the rules they are other codes, or none.
        """
        changed = compiled.changed.get(system, {})
        marked = system is CodeSystem.DIAGNOSIS
        kinds: dict[tuple[bool, int, tuple[int, int, int]], list[str]] = {}
        for place, code in enumerate(compiled.codes, start=1):
            if code in changed:
                continue
            mark = (int(compiled.level[place]), int(compiled.exclusion[place]), int(compiled.exclusion_profile[place]))
            key = (code not in typed, int(compiled.profile[place]), mark if marked else (0, 0, 0))
            kinds.setdefault(key, []).append(code)
        ordered = sorted(kinds.items(), key=lambda one: (one[0][0], len(self._sets_of[one[0][1]]), one[1][0]))
        return Codes(
            members=tuple(tuple(codes) for _, codes in ordered),
            sets=tuple(self._sets_of[profile] for (_, profile, _), _ in ordered),
            marks=tuple(mark for (_, _, mark), _ in ordered),
        )

    def codes(self, place: Field) -> Codes:
        """The kinds that a field's codes can be of."""
        return self.diagnoses if place in DIAGNOSIS_FIELDS else self.procedures

    def standing(self, level: str, principal: int) -> int:
        """Kinds that count as MCC (CC) beside a principal diagnosis of this sort (a key of `Codes.principals`)."""
        found = self._standing.get((level, principal))
        if found is None:
            found = 0
            for (bit, table), kinds in self.diagnoses.complications.items():
                if bit == LEVEL_BITS[level] and not self._excluded[table, principal]:
                    found |= kinds
            self._standing[level, principal] = found
        return found

    def kinds(self, place: Field, sets: tuple[str, ...]) -> int:
        """Kinds of a field's codes that are in one of the sets."""
        found = 0
        for name in sets:
            found |= self.codes(place).in_set.get(name, 0)
        return found

    def meaning(self, rule: Rule, wanted: bool = True) -> Meaning:
        """What makes a rule true (or false), negations drawn into the conditions."""
        match rule:
            case Constant(value):
                return All(()) if value == wanted else Any(())
            case Not(operand):
                return self.meaning(operand, not wanted)
            case And(operands) | Or(operands):
                parts = tuple(self.meaning(operand, wanted) for operand in operands)
                return All(parts) if isinstance(rule, And) == wanted else Any(parts)
            case InSets(fields, sets, levels, negated):
                asked = wanted != negated
                found: list[Meaning] = [Complicated(level, asked) for level in levels]
                found += [Has(one, self.kinds(one, sets), asked) for one in dict.fromkeys(fields) if sets]
                return Any(tuple(found)) if asked else All(tuple(found))
            case CountIn():
                return self._count(rule, wanted)
            case Compare():
                return Measured(rule, wanted)

    def _count(self, rule: CountIn, wanted: bool) -> Meaning:
        comparison = rule.comparison if wanted else OPPOSITE[rule.comparison]
        kinds = tuple((one, self.kinds(one, rule.sets)) for one in dict.fromkeys(rule.fields))
        low, high = ceil(rule.number), floor(rule.number)
        match comparison:
            case Comparison.GE:
                return _at_least(kinds, low)
            case Comparison.GT:
                return _at_least(kinds, high + 1)
            case Comparison.LE:
                return _at_most(kinds, high)
            case Comparison.LT:
                return _at_most(kinds, low - 1)
            case Comparison.EQ:
                return All((_at_least(kinds, low), _at_most(kinds, high)))
            case Comparison.NE:
                return Any((_at_most(kinds, low - 1), _at_least(kinds, high + 1)))


def _at_least(kinds: Counted, number: int) -> Meaning:
    if number <= 1:
        return All(()) if number < 1 else Any(tuple(Has(one, bits, True) for one, bits in kinds))
    return Many(kinds, number, False)


def _at_most(kinds: Counted, number: int) -> Meaning:
    if number <= 0:
        return Any(()) if number < 0 else All(tuple(Has(one, bits, False) for one, bits in kinds))
    return Many(kinds, number, True)


def _sets_of(scheme: Scheme, compiled: CompiledScheme) -> tuple[frozenset[str], ...]:
    """The code sets of each profile."""
    sets: dict[str, set[str]] = {}
    asked = {name for names in compiled.set_tuples for name in names}
    for name in asked:
        for code in scheme.sets[name].codes:
            sets.setdefault(code, set()).add(name)
    found: dict[int, frozenset[str]] = {0: frozenset()}
    for place, code in enumerate(compiled.codes, start=1):
        found.setdefault(int(compiled.profile[place]), frozenset(sets.get(code, ())))
    return tuple(found[profile] for profile in range(compiled.members.shape[1]))
