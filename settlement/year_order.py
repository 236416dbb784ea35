"""The order of the steps of the year as data: which amount each step reads (`clearing.order`, OP-52).

An order is a list of entries. A step reads the running amount: the hospital's amount by points (应结算金额), changed by
the terms of all earlier entries. Steps of one entry read the same amount, so that their order within it means nothing.
The formula of policy/002 article 34(五) takes every term of the amount by points: its steps stand in one entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class YearStep(StrEnum):
    """A step between the amount by points and the final amount; deductions and payments are no steps."""

    CAP = "cap"
    SURPLUS = "surplus"
    DEFICIT = "deficit"
    ASSESSMENT = "assessment"
    DEPOSIT = "deposit"
    SECOND_DISTRIBUTION = "second_distribution"


YearOrder = tuple[tuple[YearStep, ...], ...]


@dataclass(frozen=True, slots=True)
class Term:
    """What a step writes: a column of `HOSPITAL_YEAR`, and what it does to the running amount (0: stands beside)."""

    name: str
    sign: int
    title: str


TERMS: dict[YearStep, Term] = {
    YearStep.CAP: Term("cap_excess", -1, "封顶线"),
    YearStep.SURPLUS: Term("surplus_not_kept", -1, "结余留用"),
    YearStep.DEFICIT: Term("deficit_share", 1, "超支分担"),
    YearStep.ASSESSMENT: Term("assessment_adjustment", 1, "考核系数"),
    YearStep.DEPOSIT: Term("deposit_not_returned", -1, "质量保证金"),
    YearStep.SECOND_DISTRIBUTION: Term("second_distribution", 0, "二次分配"),
}


@dataclass(frozen=True, slots=True)
class _Rule:
    """`first` may not stand after `then`; unless `together`, not beside it in one entry either."""

    first: YearStep
    then: YearStep
    together: bool
    why: str


_NOT_SHARED = "policy/002 article 34 shares no deficit that comes from assessment, deposit or deductions"
_REST = "it goes to hospitals below their cap, and shares out what deficits leave of the reserve"
_RULES = (
    _Rule(YearStep.CAP, YearStep.SURPLUS, True, "a surplus counts up to the cap only (policy/002 article 34.2)"),
    _Rule(YearStep.DEFICIT, YearStep.ASSESSMENT, True, _NOT_SHARED),
    _Rule(YearStep.DEFICIT, YearStep.DEPOSIT, True, _NOT_SHARED),
    _Rule(YearStep.CAP, YearStep.SECOND_DISTRIBUTION, False, _REST),
    _Rule(YearStep.DEFICIT, YearStep.SECOND_DISTRIBUTION, False, _REST),
)
# What the articles say, word by word, for a province folder that names no order.
LAWFUL_ORDER: YearOrder = (
    (YearStep.CAP, YearStep.SURPLUS, YearStep.DEFICIT, YearStep.ASSESSMENT, YearStep.DEPOSIT),
    (YearStep.SECOND_DISTRIBUTION,),
)


def read_order(value: Any) -> YearOrder:
    """A list of steps, or of lists of steps that read the same amount -> the order; `ValueError` says what is wrong."""
    if not isinstance(value, list) or not value:
        raise ValueError("write a list of steps; a list inside it holds steps that read the same amount")
    entries = [entry if isinstance(entry, list) else [entry] for entry in value]
    if not all(entries):
        raise ValueError("an entry holds no step; remove it")
    named = [step for entry in entries for step in entry]
    known = {step.value: step for step in YearStep}
    for name in named:
        if not isinstance(name, str) or name not in known:
            raise ValueError(f"unknown step {name!r}; known are {', '.join(known)}")
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)} stands twice; each step is taken once")
    missing = [name for name in known if name not in named]
    if missing:
        raise ValueError(f"{', '.join(missing)} missing; every step has its place, also one whose rate is off")
    order = tuple(tuple(step for step in YearStep if step.value in entry) for entry in entries)
    _check(order)
    return order


def _check(order: YearOrder) -> None:
    place = {step: number for number, entry in enumerate(order) for step in entry}
    for rule in _RULES:
        first, then = place[rule.first], place[rule.then]
        if first > then or (first == then and not rule.together):
            seen = "beside" if first == then else "after"
            where = "before it or into the same entry" if rule.together else "into an entry before it"
            raise ValueError(f"{rule.first} must not stand {seen} {rule.then}: {rule.why}; put it {where}")


def steps_at(orders: Sequence[YearOrder], number: int) -> dict[YearStep, bool]:
    """The steps that any of the orders takes in its entry `number`, and whether all of them take it there."""
    entries = [order[number] if number < len(order) else () for order in orders]
    taken = {step: [step in entry for entry in entries] for step in YearStep}
    return {step: all(found) for step, found in taken.items() if any(found)}


def judged_together(order: YearOrder) -> bool:
    """Whether cap, surplus and deficit read the same amount, so that no hospital has both a surplus and a deficit."""
    return any({YearStep.CAP, YearStep.SURPLUS, YearStep.DEFICIT} <= set(entry) for entry in order)
