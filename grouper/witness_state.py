"""What is settled of a case so far: for each field the kinds of codes left, and what must still be in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from grouper.case import Number
from grouper.rules.nodes import Compare, Comparison, Field, Scalar
from grouper.witness_kinds import OPPOSITE, All, Any, Complicated, Has, Literal, Many, Meaning, Measured, Space

LISTS = (Field.QTZD, Field.QTSS)
_NATURAL: Mapping[Scalar, tuple[int, ...]] = {Scalar.XB: (1, 2), Scalar.LYFS: (1, 2, 3, 4, 5, 9)}
Comparisons = frozenset[tuple[Comparison, Decimal]]


@dataclass(frozen=True, slots=True)
class State:
    """A conjunction of conditions.

    Attributes:
        left: kinds that codes of each field may be of.
        needs: kinds of which a list (other diagnoses, other procedures) needs a code, one entry a need.
        levels: MCC or CC -> whether one must count, or none may.
        counts: conditions on numbers of codes.
        required: comparisons that must hold, so the scalar has a value.
        granted: comparisons that must hold if the scalar has a value.
    """

    space: Space
    left: Mapping[Field, int]
    needs: Mapping[Field, tuple[int, ...]]
    levels: Mapping[str, bool] = field(default_factory=dict)
    counts: tuple[Many, ...] = ()
    required: Mapping[Scalar, Comparisons] = field(default_factory=dict)
    granted: Mapping[Scalar, Comparisons] = field(default_factory=dict)

    @classmethod
    def free(cls, space: Space) -> State:
        """Nothing is settled."""
        every = {one: (space.codes(one).none << 1) - 1 for one in Field}
        every |= {one: space.codes(one).none - 1 for one in LISTS}
        return cls(space, every, dict.fromkeys(LISTS, ()))

    def no_code(self, place: Field) -> bool:
        """Whether the field may be empty."""
        return bool(self.left[place] & self.space.codes(place).none)

    @property
    def size(self) -> int:
        """Codes beside the principal diagnosis, and scalars, that a case needs at least."""
        others = bool(self.needs[Field.QTZD]) or True in self.levels.values()
        further = bool(self.needs[Field.QTSS])
        return len(self.required) + others + further + (further or not self.no_code(Field.ZYSS))

    def with_literal(self, literal: Literal) -> State | None:
        """The state with one condition more, or None where they contradict each other."""
        match literal:
            case Has():
                return self._with_codes(literal)
            case Complicated(level, wanted):
                if self.levels.get(level, wanted) != wanted:
                    return None
                return replace(self, levels={**self.levels, level: wanted})
            case Many():
                return self._with_count(literal)
            case Measured():
                return self._with_scalar(literal)

    def _with_count(self, literal: Many) -> State | None:
        counts = (*self.counts, literal)
        lows, highs = [one for one in counts if not one.most], [one for one in counts if one.most]
        if any(low.number > high.number and high.covers(low) for low in lows for high in highs):
            return None
        return replace(self, counts=counts)

    def _with_codes(self, literal: Has) -> State | None:
        place, kinds = literal.field, literal.kinds
        if place not in LISTS:
            left = self.left[place] & (kinds if literal.wanted else ~kinds)
            return replace(self, left={**self.left, place: left}) if left else None
        if literal.wanted:
            need = self.left[place] & kinds
            return replace(self, needs={**self.needs, place: (*self.needs[place], need)}) if need else None
        left = self.left[place] & ~kinds
        needs = tuple(need & left for need in self.needs[place])
        if not all(needs):
            return None
        return replace(self, left={**self.left, place: left}, needs={**self.needs, place: needs})

    def _with_scalar(self, literal: Measured) -> State | None:
        one = literal.compare
        required, granted = dict(self.required), dict(self.granted)
        if literal.wanted:
            required[one.scalar] = required.get(one.scalar, frozenset()) | {(one.comparison, one.number)}
        else:
            inverse = (OPPOSITE[one.comparison], one.number)
            granted[one.scalar] = granted.get(one.scalar, frozenset()) | {inverse}
        after = replace(self, required=required, granted=granted)
        return after if one.scalar not in required or after.value(one.scalar) is not None else None

    def value(self, scalar: Scalar) -> Number | None:
        """A value that meets all comparisons of a scalar."""
        return fitting_value(scalar, self.required[scalar] | self.granted.get(scalar, frozenset()))

    def admits(self, meaning: Meaning) -> bool:
        """False where the meaning certainly contradicts what is settled."""
        match meaning:
            case All(parts):
                return all(self.admits(part) for part in parts)
            case Any(parts):
                return any(self.admits(part) for part in parts)
            case _:
                return self.with_literal(meaning) is not None

    def entails(self, meaning: Meaning) -> bool:
        """True where the meaning certainly follows from what is settled."""
        match meaning:
            case All(parts):
                return all(self.entails(part) for part in parts)
            case Any(parts):
                return any(self.entails(part) for part in parts)
            case Has(place, kinds, wanted):
                if not wanted or place not in LISTS:
                    return not self.left[place] & (~kinds if wanted else kinds)
                return any(not need & ~kinds for need in self.needs[place])
            case Complicated(level, wanted):
                return self.levels.get(level) == wanted
            case Many():
                return any(_implies(one, meaning) for one in self.counts)
            case Measured(compare, wanted):
                if compare.scalar not in self.required:
                    inverse = (OPPOSITE[compare.comparison], compare.number)
                    return not wanted and inverse in self.granted.get(compare.scalar, ())
                return not self.admits(Measured(_inverse(compare) if wanted else compare, True))


def _implies(known: Many, asked: Many) -> bool:
    if known.most != asked.most:
        return False
    if asked.most:
        return known.number <= asked.number and known.covers(asked)
    return known.number >= asked.number and asked.covers(known)


def _inverse(compare: Compare) -> Compare:
    return replace(compare, comparison=OPPOSITE[compare.comparison])


@lru_cache(maxsize=1 << 14)
def fitting_value(scalar: Scalar, comparisons: Comparisons) -> Number | None:
    """The plainest value that meets all comparisons: a usual one, whole, not negative, small; None where none does."""
    bounds = sorted({number for _, number in comparisons})
    whole = {bound.to_integral_value() + step for bound in bounds for step in (-2, -1, 0, 1, 2)}
    natural = _NATURAL.get(scalar, ())
    tried = whole | {Decimal(value) for value in natural}
    if not natural:
        tried |= {*bounds, *((low + high) / 2 for low, high in pairwise(bounds))}
        tried |= {bounds[0] - Decimal("0.5"), bounds[-1] + Decimal("0.5")}
    ordered = sorted(
        tried, key=lambda value: (bool(natural) and value not in natural, value < 0, value % 1 != 0, abs(value))
    )
    value = next((one for one in ordered if all(_meets(one, *comparison) for comparison in comparisons)), None)
    return int(value) if value is not None and value % 1 == 0 else value


def _meets(value: Decimal, comparison: Comparison, number: Decimal) -> bool:
    order = (value > number) - (value < number)
    return {
        Comparison.LT: order < 0,
        Comparison.LE: order <= 0,
        Comparison.GT: order > 0,
        Comparison.GE: order >= 0,
        Comparison.EQ: order == 0,
        Comparison.NE: order != 0,
    }[comparison]
