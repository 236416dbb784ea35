"""What a rule means: an immutable tree, independent of how it is written and of how it is run.

Grammar: rule language of the national DRG 3.0 workbook (see grouper/rules/parse.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Field(StrEnum):
    """Code-valued fields."""

    ZYZD = "ZYZD"  # principal diagnosis (主要诊断)
    QTZD = "QTZD"  # other diagnoses (其他诊断)
    ZYSS = "ZYSS"  # principal procedure (主要手术)
    QTSS = "QTSS"  # other procedures (其他手术)


class Scalar(StrEnum):
    """Number-valued fields."""

    NL = "NL"  # age in years
    XB = "XB"  # sex: 1 male, 2 female
    XSRTL = "XSRTL"  # age in days
    XSRTZ = "XSRTZ"  # birth weight in g
    ZYTS = "ZYTS"  # length of stay in days
    LYFS = "LYFS"  # discharge way (离院方式)
    ICUSC = "ICUSC"  # hours in intensive care


class Comparison(StrEnum):
    """CMP; `==` and `<>` are written forms of `=` and `!=`."""

    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    EQ = "="
    NE = "!="


@dataclass(frozen=True, slots=True)
class Constant:
    """A rule that is a number, or empty (true)."""

    value: bool


@dataclass(frozen=True, slots=True)
class InSets:
    """FIELDS [not] in SETS. `sets` are names of code sets; `complications` holds MCC and/or CC."""

    fields: tuple[Field, ...]
    sets: tuple[str, ...]
    complications: tuple[str, ...] = ()
    negated: bool = False


@dataclass(frozen=True, slots=True)
class CountIn:
    """length(SETS ∩ FIELDS) CMP NUMBER: how many distinct codes of the fields are in the sets."""

    sets: tuple[str, ...]
    fields: tuple[Field, ...]
    comparison: Comparison
    number: Decimal


@dataclass(frozen=True, slots=True)
class Compare:
    """SCALAR CMP NUMBER: false where the case has no value, whatever the comparison."""

    scalar: Scalar
    comparison: Comparison
    number: Decimal


@dataclass(frozen=True, slots=True)
class Not:
    """not RULE."""

    operand: Rule


@dataclass(frozen=True, slots=True)
class And:
    """All hold."""

    operands: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One at least holds."""

    operands: tuple[Rule, ...]


Rule = Constant | InSets | CountIn | Compare | Not | And | Or
