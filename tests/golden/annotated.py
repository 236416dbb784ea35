"""Reads a file of numbers written with their formulas (tests/golden/by_hand/by_hand.yaml) and checks them.

A cell is `formula = result` (exact), `formula => result` (rounded half up at the last place written),
`formula >> floor rest r + fen = result` (an allocated amount), or only a result. Nothing here knows the product.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

Key = tuple[str, ...]

_STEP = re.compile(r" (=>|>>|=) ")
_ALLOCATED = re.compile(r"(-?\d+\.\d\d) rest (0\.\d{4}) \+ (0\.0[01])")
_RANGE = re.compile(r"(\d{4})-(\d\d)\.\.\1-(\d\d)")
_ARITHMETIC = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right,
}
_COMPARISONS = {
    ast.Lt: lambda left, right: left < right,
    ast.LtE: lambda left, right: left <= right,
    ast.Gt: lambda left, right: left > right,
    ast.GtE: lambda left, right: left >= right,
}
_FUNCTIONS = {"min": min, "max": max}


class WrongNumber(AssertionError):
    """A written number is not what its formula gives."""


def evaluate(formula: str) -> Fraction:
    """The exact value of a formula of numbers, + - * /, brackets, min and max."""

    def value(node: ast.expr) -> Fraction:
        match node:
            case ast.Constant():
                return Fraction(ast.get_source_segment(formula, node) or "")
            case ast.UnaryOp(op=ast.USub()):
                return -value(node.operand)
            case ast.BinOp():
                return _ARITHMETIC[type(node.op)](value(node.left), value(node.right))
            case ast.Call(func=ast.Name(id=name)):
                return _FUNCTIONS[name](*map(value, node.args))
        raise WrongNumber(f"{formula!r} is no arithmetic")

    return value(ast.parse(formula, mode="eval").body)


def numbers(formula: str) -> list[Fraction]:
    """The numbers that were put into a formula."""
    constants = [node for node in ast.walk(ast.parse(formula, mode="eval")) if isinstance(node, ast.Constant)]
    return [Fraction(ast.get_source_segment(formula, node) or "") for node in constants]


def holds(comparison: str) -> bool:
    """Whether `left < right` (or <=, >, >=) of two formulas is true."""
    left, sign, right = re.split(r" (<=|>=|<|>) ", comparison)
    node = ast.parse(f"0 {sign} 0", mode="eval").body
    assert isinstance(node, ast.Compare)
    return bool(_COMPARISONS[type(node.ops[0])](evaluate(left), evaluate(right)))


def half_up(number: Fraction, places: int) -> Fraction:
    """Rounded at a place; halves go away from zero."""
    units = math.floor(abs(number) * 10**places + Fraction(1, 2))
    return Fraction(units if number >= 0 else -units, 10**places)


@dataclass(frozen=True, slots=True)
class Cell:
    """A number as it is written: formula, steps to the result, result."""

    text: str

    @property
    def formula(self) -> str:
        """What stands before the first sign."""
        return _STEP.split(self.text, maxsplit=1)[0]

    @property
    def result(self) -> str:
        """What stands after the last sign: the cell of the table."""
        return _STEP.split(self.text)[-1]

    @property
    def has_formula(self) -> bool:
        """Whether there is something to check."""
        return bool(_STEP.search(self.text))

    @property
    def rest(self) -> Fraction | None:
        """Of an allocated amount the exact rest of a fen; None where nothing was allocated."""
        return evaluate(self.formula) * 100 % 1 if " >> " in self.text else None

    @property
    def extra_fen(self) -> bool:
        """Whether an allocated amount got one fen more."""
        return " + 0.01 = " in self.text

    def check(self) -> None:
        """Raises `WrongNumber` where a step does not give what is written."""
        first, *steps = _STEP.split(self.text)
        value = evaluate(first) if steps else Fraction(0)
        for sign, written in zip(steps[::2], steps[1::2], strict=True):
            value = self._step(sign, value, written)

    def _step(self, sign: str, value: Fraction, written: str) -> Fraction:
        if sign == ">>":
            return self._allocated(value, written)
        number = Fraction(written)
        places = len(written.partition(".")[2])
        rounded = sign == "=>"
        if rounded and value == number:
            raise WrongNumber(f"{self.text}: nothing is rounded, write =")
        if number != (half_up(value, places) if rounded else value):
            raise WrongNumber(f"{self.text}: it is {value} = {float(value)}")
        return number

    def _allocated(self, value: Fraction, written: str) -> Fraction:
        parts = _ALLOCATED.fullmatch(written)
        if parts is None:
            raise WrongNumber(f"{self.text}: write `floor rest r + fen` after >>")
        floor, rest, fen = (Fraction(part) for part in parts.groups())
        exact_rest = value * 100 % 1
        if floor != value - exact_rest / 100 or rest != Fraction(math.floor(exact_rest * 10**4), 10**4):
            raise WrongNumber(f"{self.text}: floor {value - exact_rest / 100}, rest {float(exact_rest)}")
        return floor + fen


@dataclass(frozen=True)
class Row:
    """One entry: its key, its cells by name, the comparisons it rests on, and the cases that it sums."""

    key: Key
    cells: Mapping[str, Cell]
    because: Sequence[str]
    of: Sequence[str]


def read_annotated(path: Path) -> dict[str, list[Row]]:
    """The entries of every section; an entry for several months is repeated."""
    sections = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    return {name: [row for key, entry in rows.items() for row in _rows(key, entry)] for name, rows in sections.items()}


def check_formulas(rows: Sequence[Row]) -> int:
    """How many formulas the rows have; `WrongNumber` names the row and cell of one that gives another number."""
    formulas = 0
    for row in rows:
        for name, cell in row.cells.items():
            try:
                cell.check()
            except WrongNumber as wrong:
                raise WrongNumber(f"{' '.join(row.key)}, {name}: {wrong}") from wrong
            formulas += cell.has_formula
    return formulas


def _rows(key: str, entry: Mapping[str, Any]) -> Iterator[Row]:
    named = {**entry, **entry.get("row", {})}
    lists = {name: tuple(named.pop(name, ())) for name in ("because", "of")}
    named.pop("row", None)
    cells = {name: Cell(text) for name, text in named.items()}
    for one in _each_month(key):
        yield Row(tuple(one.split()), cells, lists["because"], lists["of"])


def _each_month(key: str) -> list[str]:
    span = _RANGE.search(key)
    if span is None:
        return [key]
    year, first, last = span.groups()
    return [key.replace(span[0], f"{year}-{month:02d}") for month in range(int(first), int(last) + 1)]


def table(rows: Sequence[Row], columns: Sequence[str]) -> list[tuple[str, ...]]:
    """The rows as a table: the key fills the first columns, the results the others; in the order of a file."""
    return sorted((*row.key, *(row.cells[name].result for name in columns[len(row.key) :])) for row in rows)
