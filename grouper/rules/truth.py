"""Whether a rule can hold at all, and whether it can fail: its conditions tried in all combinations.

A condition `F in S` of each field and set is taken as free, a scalar as any value beside, on and between its bounds, a
count as any number. So `never` and `always` are certain; where neither is said, nothing is claimed.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from grouper.rules.nodes import And, Compare, Comparison, Constant, CountIn, InSets, Not, Or, Rule

Bools = npt.NDArray[np.bool_]
Key = tuple[object, ...]
MOST_COMBINATIONS = 1 << 16
_COMPARE: Mapping[Comparison, Callable[[Any, Any], Any]] = {
    Comparison.LT: operator.lt,
    Comparison.LE: operator.le,
    Comparison.GT: operator.gt,
    Comparison.GE: operator.ge,
    Comparison.EQ: operator.eq,
    Comparison.NE: operator.ne,
}


def can_hold_and_fail(rule: Rule, empty_sets: frozenset[str] = frozenset()) -> tuple[bool, bool]:
    """(can hold, can fail); both True where there are too many combinations to try."""
    keys: dict[Key, set[Decimal]] = {}
    for key, bound in _conditions(rule, empty_sets):
        keys.setdefault(key, set()).update(bound)
    values = [_values(key, bounds) for key, bounds in keys.items()]
    size = 1
    for one in values:
        size *= len(one)
    if size > MOST_COMBINATIONS:
        return True, True
    columns = dict(zip(keys, _product(values, size), strict=True))
    answer = _holds(rule, columns, size, empty_sets)
    return bool(answer.any()), not bool(answer.all())


def _conditions(rule: Rule, empty_sets: frozenset[str]) -> Iterator[tuple[Key, tuple[Decimal, ...]]]:
    match rule:
        case InSets(fields, sets, complications):
            for key in _memberships(fields, sets, complications, empty_sets):
                yield key, ()
        case CountIn(sets, fields, _, number):
            yield ("count", frozenset(sets), frozenset(fields)), (number,)
        case Compare(scalar, _, number):
            yield ("scalar", scalar), (number,)
        case Not(operand):
            yield from _conditions(operand, empty_sets)
        case And(operands) | Or(operands):
            for operand in operands:
                yield from _conditions(operand, empty_sets)


def _memberships(
    fields: Sequence[object], sets: Sequence[str], complications: Sequence[str], empty_sets: frozenset[str]
) -> list[Key]:
    keys: list[Key] = [("in", field, name) for field in fields for name in sets if name not in empty_sets]
    return keys + [("level", level) for level in complications]


def _values(key: Key, bounds: set[Decimal]) -> npt.NDArray[np.float64]:
    """Values beside, on and between the bounds; NaN for a missing scalar; no negative count."""
    if not bounds:
        return np.array([0.0, 1.0])
    edges = sorted(float(bound) for bound in bounds)
    if key[0] == "count":
        whole = {np.floor(edge) + step for edge in edges for step in (-1, 0, 1)} | {0.0}
        return np.array(sorted(value for value in whole if value >= 0))
    between = [(low + high) / 2 for low, high in pairwise(edges)]
    return np.array([edges[0] - 1, *edges, *between, edges[-1] + 1, np.nan])


def _product(values: list[npt.NDArray[np.float64]], size: int) -> Iterator[npt.NDArray[np.float64]]:
    repeat = size
    for one in values:
        repeat //= len(one)
        yield np.tile(np.repeat(one, repeat), size // (repeat * len(one)))


def _holds(rule: Rule, columns: Mapping[Key, Any], size: int, empty_sets: frozenset[str]) -> Bools:
    match rule:
        case Constant(value):
            return np.full(size, value)
        case InSets(fields, sets, complications, negated):
            found = np.zeros(size, np.bool_)
            for key in _memberships(fields, sets, complications, empty_sets):
                found |= columns[key] == 1
            return ~found if negated else found
        case CountIn(sets, fields, comparison, number):
            counted: Bools = _COMPARE[comparison](columns["count", frozenset(sets), frozenset(fields)], float(number))
            return counted
        case Compare(scalar, comparison, number):
            column = columns["scalar", scalar]
            compared: Bools = _COMPARE[comparison](column, float(number)) & ~np.isnan(column)
            return compared
        case Not(operand):
            return ~_holds(operand, columns, size, empty_sets)
        case And(operands):
            every = np.ones(size, np.bool_)
            for operand in operands:
                every &= _holds(operand, columns, size, empty_sets)
            return every
        case Or(operands):
            some = np.zeros(size, np.bool_)
            for operand in operands:
                some |= _holds(operand, columns, size, empty_sets)
            return some
