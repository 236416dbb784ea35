"""Why a case is in its group: every rule tried, in order, with what its conditions found."""

from __future__ import annotations

from dataclasses import dataclass

from grouper.case import Case, GroupResult
from grouper.edition import CodeReading
from grouper.rules.nodes import Field


@dataclass(frozen=True, slots=True)
class Complication:
    """An other diagnosis listed as MCC or CC; `struck` where the principal diagnosis is in its exclusion table."""

    code: str
    level: str
    exclusion: str
    struck: bool


@dataclass(frozen=True, slots=True)
class Match:
    """A code of a field and those of the condition's sets that hold it."""

    field: Field
    code: str
    sets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AtomTrace:
    """One condition of a rule.

    `value` is what was compared (a scalar, a count), '' where the case has none; `missing` says so of a scalar.
    `complications` are the MCC/CC that a `QTZD in MCC` looked at, struck ones included.
    """

    text: str
    held: bool
    matches: tuple[Match, ...] = ()
    complications: tuple[Complication, ...] = ()
    value: str = ""
    missing: bool = False


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """One rule tried. `undecided`: it did not hold, and could have, had a missing value been known."""

    sheet: str
    code: str
    name: str
    rule: str
    held: bool
    undecided: bool
    atoms: tuple[AtomTrace, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """The whole search for one case: MDC, ADRG and DRG rules in the order in which they were tried.

    `case` is as it came; `codes` are those of its codes that the scheme reads as other ones or as grey, in order.
    """

    case: Case
    result: GroupResult
    rules: tuple[RuleTrace, ...]
    complications: tuple[Complication, ...]
    codes: tuple[CodeReading, ...] = ()
