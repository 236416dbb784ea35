"""A scheme changed in one place is noticed: no exclusion, edge, member or place in the order is without effect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import product

import pytest

from grouper.case import Case
from grouper.compile import compile_scheme
from grouper.reference import ReferenceGrouper
from grouper.rules.nodes import And, Compare, Comparison, CountIn, InSets, Not, Or, Rule
from grouper.rules.parse import parse_rule
from grouper.rules.text import rule_text
from grouper.scheme import CcEntry, CodeSet, CodeSystem, Complication, RuleRow, Scheme
from grouper.tables import group_table
from tests.property.grouper_strategies import table_of

NOBODY = frozenset[str]()
NEWBORN = {"age": 0, "age_days": 1}
WEIGHTS = (998, 999, 1000, 1001, 1498, 1499, 1500, 1501)


def scheme() -> Scheme:
    """Small, with every word of the language in a place where it decides."""
    return Scheme(
        mdcs=(
            RuleRow("P", "", "NL = 0 and XSRTL <= 28 and ZYZD in DI_P", "", "P", 1),
            RuleRow("A", "", "ZYZD in DI_A", "", "A", 2),
        ),
        adrgs=(
            RuleRow("PS1", "", "XSRTZ < 1000", "P", "P", 1),
            RuleRow("PS2", "", "XSRTZ >= 1500 and not XB = 1", "P", "P", 2),
            RuleRow("AA1", "", "ZYSS in OP_1 and length({OP_1, OP_2} ∩ {ZYSS, QTSS}) >= 2", "A", "A", 1),
            RuleRow("AB1", "", "{ZYSS, QTSS} in OP_2 or QTZD in DI_P", "A", "A", 2),
            RuleRow("AQY", "", "ZYSS not in {OP_1, OP_2} and ICUSC > 2", "A", "A", 3),
            RuleRow("AZ1", "", "", "A", "A", 4),
        ),
        drgs=(
            RuleRow("PS19", "", "", "PS1", "P", 1),
            RuleRow("PS29", "", "", "PS2", "P", 1),
            RuleRow("AA11", "", "QTZD in MCC", "AA1", "A", 1),
            RuleRow("AA13", "", "QTZD in CC", "AA1", "A", 2),
            RuleRow("AA15", "", "", "AA1", "A", 3),
            RuleRow("AB19", "", "ZYTS != 3", "AB1", "A", 1),
            RuleRow("AQY", "", "", "AQY", "A", 1),
            RuleRow("AZ11", "", "QTZD in {MCC, CC} or LYFS = 5", "AZ1", "A", 1),
            RuleRow("AZ15", "", "", "AZ1", "A", 2),
        ),
        sets={
            "DI_P": CodeSet("DI_P", frozenset({"P1"}), NOBODY),
            "DI_A": CodeSet("DI_A", frozenset({"P1", "A1"}), NOBODY),
            "OP_1": CodeSet("OP_1", NOBODY, frozenset({"01"})),
            "OP_2": CodeSet("OP_2", NOBODY, frozenset({"02"})),
        },
        complications={"M1": CcEntry(Complication.MCC, "1"), "C1": CcEntry(Complication.CC, "2")},
        exclusions={"1": frozenset({"A1"}), "2": frozenset({"P1"})},
    )


@cache
def all_cases() -> tuple[Case, ...]:
    """Every combination of the values near the scheme's edges."""
    codes = product(
        ("P1", "A1", "X9"), ((), ("M1",), ("C1",), ("P1",)), ((), ("01",), ("02",), ("01", "02"), ("02", "01"))
    )
    scalars = [
        {},
        *({"age": age, "age_days": days, "birth_weight": 900} for age in (-1, 0, 1) for days in (27, 28, 29)),
        *(NEWBORN | {"birth_weight": weight, "sex": sex} for weight in WEIGHTS for sex in (0, 1, 2)),
        *({"icu_hours": hours, "los": los} for hours in (1, 2, 3, 4) for los in (2, 3, 4)),
        *({"discharge_way": way, "age": -1, "age_days": 27} for way in (4, 5, 6)),
    ]
    return tuple(
        Case("", principal_diagnosis=zd, other_diagnoses=others, procedures=procedures, **values)
        for (zd, others, procedures), values in product(codes, scalars)
    )


def results(mutant: Scheme) -> list[tuple[str, str]]:
    table = group_table(compile_scheme(mutant), table_of(list(all_cases())))
    return list(zip(table["drg"].to_pylist(), table["reason"].to_pylist(), strict=True))


def moved_edges(rule: Rule) -> Iterator[Rule]:
    """The rule with one number moved by one, one comparison weakened, or one `not` dropped."""
    weaker = {Comparison.LT: Comparison.LE, Comparison.LE: Comparison.LT, Comparison.GT: Comparison.GE}
    weaker |= {Comparison.GE: Comparison.GT, Comparison.EQ: Comparison.NE, Comparison.NE: Comparison.EQ}
    if isinstance(rule, Compare | CountIn):
        yield replace(rule, number=rule.number + Decimal(1))
        yield replace(rule, number=rule.number - Decimal(1))
        yield replace(rule, comparison=weaker[rule.comparison])
    elif isinstance(rule, InSets):
        yield replace(rule, negated=not rule.negated)
    elif isinstance(rule, Not):
        yield rule.operand
        yield from map(Not, moved_edges(rule.operand))
    elif isinstance(rule, And | Or):
        yield (Or if isinstance(rule, And) else And)(rule.operands)
        for place, operand in enumerate(rule.operands):
            for changed in moved_edges(operand):
                yield type(rule)((*rule.operands[:place], changed, *rule.operands[place + 1 :]))


def rule_mutants(base: Scheme) -> Iterator[tuple[str, Scheme]]:
    for kind in ("mdcs", "adrgs", "drgs"):
        rows = getattr(base, kind)
        for place, row in enumerate(rows):
            for changed in moved_edges(parse_rule(row.rule)):
                text = rule_text(changed)
                mutant = (*rows[:place], replace(row, rule=text), *rows[place + 1 :])
                yield f"{row.code}: {text}", replace(base, **{kind: mutant})


def table_mutants(base: Scheme) -> Iterator[tuple[str, Scheme]]:
    for name, codes in base.exclusions.items():
        for code in codes:
            yield (
                f"exclusion {name} without {code}",
                replace(base, exclusions={**base.exclusions, name: codes - {code}}),
            )
    for name, members in base.sets.items():
        for code in members.codes:
            fewer = CodeSet(name, members.diagnoses - {code}, members.procedures - {code})
            yield f"set {name} without {code}", replace(base, sets={**base.sets, name: fewer})
    for code, entry in base.complications.items():
        other = Complication.CC if entry.level is Complication.MCC else Complication.MCC
        yield (
            f"{code} as {other}",
            replace(base, complications={**base.complications, code: replace(entry, level=other)}),
        )
        fewer_cc = {key: value for key, value in base.complications.items() if key != code}
        yield f"{code} no complication", replace(base, complications=fewer_cc)


def order_mutants(base: Scheme) -> Iterator[tuple[str, Scheme]]:
    for kind, first, second in (
        ("mdcs", "P", "A"),
        ("adrgs", "AA1", "AB1"),
        ("adrgs", "AQY", "AZ1"),
        ("drgs", "AA13", "AA15"),
    ):
        rows = list(getattr(base, kind))
        here, there = (next(i for i, row in enumerate(rows) if row.code == code) for code in (first, second))
        rows[here], rows[there] = rows[there], rows[here]
        yield f"{first} after {second}", replace(base, **{kind: tuple(rows)})


@pytest.mark.parametrize("mutants", [rule_mutants, table_mutants, order_mutants])
def test_every_mutant_is_noticed(mutants: Callable[[Scheme], Iterator[tuple[str, Scheme]]]) -> None:
    expected = results(scheme())
    survivors = [name for name, mutant in mutants(scheme()) if results(mutant) == expected]
    assert survivors == []


def coded() -> Scheme:
    """The same with codes mapped and grey, each in a place where it decides."""
    code_map = {CodeSystem.DIAGNOSIS: {"X9": "A1"}, CodeSystem.PROCEDURE: {"02": "01"}}
    return replace(scheme(), code_map=code_map, grey_codes={CodeSystem.DIAGNOSIS: frozenset({"C1"})})


def code_mutants(base: Scheme) -> Iterator[tuple[str, Scheme]]:
    for system, mapped in base.code_map.items():
        for code in mapped:
            fewer = {key: value for key, value in mapped.items() if key != code}
            yield f"{code} not mapped", replace(base, code_map={**base.code_map, system: fewer})
            yield f"{code} mapped to nowhere", replace(base, code_map={**base.code_map, system: {**mapped, code: "?"}})
    yield "no grey code", replace(base, grey_codes={})
    for system, codes in ((CodeSystem.DIAGNOSIS, ("P1", "A1", "M1")), (CodeSystem.PROCEDURE, ("01",))):
        for code in codes:
            more = base.grey_codes.get(system, frozenset()) | {code}
            yield f"{code} grey too", replace(base, grey_codes={**base.grey_codes, system: more})


def test_every_mutant_of_the_tables_of_codes_is_noticed() -> None:
    mutants = dict(code_mutants(coded()))
    assert [name for name, mutant in mutants.items() if results(mutant) == results(coded())] == []
    assert len({one.fingerprint for one in (coded(), *mutants.values())}) == 1 + len(mutants)
    for mutant in (coded(), *mutants.values()):
        grouper = ReferenceGrouper(mutant)
        assert results(mutant) == [(one.drg, one.reason.value) for one in map(grouper.group, all_cases())]


def test_every_mutant_changes_the_fingerprint() -> None:
    mutants = [m for kind in (rule_mutants, table_mutants, order_mutants) for m in kind(scheme())]
    assert len({mutant.fingerprint for _, mutant in mutants} | {scheme().fingerprint}) > 0.95 * len(mutants)
    assert all(mutant.fingerprint != scheme().fingerprint for _, mutant in mutants)


def test_both_voices_agree_on_all_these_cases() -> None:
    grouper = ReferenceGrouper(scheme())
    expected = [(result.drg, result.reason.value) for result in map(grouper.group, all_cases())]
    assert results(scheme()) == expected
    assert len(set(expected)) >= 10
