"""For each group a small case that reaches it, found by trying; a group without one is perhaps unreachable.

From a group's path (its MDC's, ADRG's and own rule) candidates are built: codes that meet the conditions, one for each
kind of code that the rules can tell apart. The kernel groups them all, and each group keeps the smallest case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import islice, product

import pyarrow as pa

from grouper.case import Case
from grouper.compile import CompiledScheme, compile_scheme
from grouper.outcome import SCALAR_COLUMNS
from grouper.rules.nodes import And, Compare, Comparison, Constant, CountIn, Field, InSets, Not, Or, Rule, Scalar
from grouper.rules.parse import LEVELS, parse_rule
from grouper.scheme import Scheme
from grouper.tables import group_table

_OPPOSITE = {
    Comparison.LT: Comparison.GE,
    Comparison.GE: Comparison.LT,
    Comparison.GT: Comparison.LE,
    Comparison.LE: Comparison.GT,
    Comparison.EQ: Comparison.NE,
    Comparison.NE: Comparison.EQ,
}
MOST_TERMS = 256  # ways to meet a path that are tried
MOST_CASES = 400  # candidates of one way
Literal = InSets | CountIn | Compare | Constant
Term = tuple[Literal, ...]


@dataclass(frozen=True)
class Witnesses:
    """`found`: the smallest case by DRG code; `missing`: DRG codes for which none was found, in the scheme's order."""

    found: Mapping[str, Case]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class _Kinds:
    """One code of each kind that the rules can tell apart, and which sets it is in."""

    scheme: Scheme
    diagnoses: tuple[str, ...]
    procedures: tuple[str, ...]
    complications: Mapping[str, tuple[str, ...]]
    sets_of: Mapping[str, frozenset[str]] = field(repr=False)


def find_witnesses(scheme: Scheme) -> Witnesses:
    """Look for a case for every DRG of a scheme; same scheme, same cases."""
    compiled = compile_scheme(scheme)
    kinds = _kinds(scheme, compiled)
    mdcs, adrgs = ({row.code: parse_rule(row.rule) for row in rows} for rows in (scheme.mdcs, scheme.adrgs))
    found: dict[str, Case] = {}
    for row in scheme.drgs:
        path = And((mdcs[row.mdc], adrgs[row.parent], parse_rule(row.rule)))
        candidates = sorted(set(_candidates(path, kinds)), key=_size)
        reached = _drgs(compiled, candidates)
        case = next((case for case, drg in zip(candidates, reached, strict=True) if drg == row.code), None)
        if case is not None and (row.code not in found or _size(case) < _size(found[row.code])):
            found[row.code] = replace(case, case_id=row.code)
    missing = dict.fromkeys(row.code for row in scheme.drgs if row.code not in found)
    return Witnesses(found, tuple(missing))


def _size(case: Case) -> tuple[object, ...]:
    scalars = [getattr(case, column) for column in SCALAR_COLUMNS.values()]
    codes = (case.principal_diagnosis or "", case.other_diagnoses, case.procedures)
    asked = sum(value is not None for value in scalars)
    return len(case.other_diagnoses) + len(case.procedures), asked, *codes, *(str(value) for value in scalars)


def _drgs(compiled: CompiledScheme, cases: Sequence[Case]) -> list[str]:
    texts = pa.list_(pa.string())
    columns = {
        "principal_diagnosis": pa.array([case.principal_diagnosis for case in cases], pa.string()),
        "other_diagnoses": pa.array([case.other_diagnoses for case in cases], texts),
        "procedures": pa.array([case.procedures for case in cases], texts),
    }
    for column in SCALAR_COLUMNS.values():
        values = [getattr(case, column) for case in cases]
        columns[column] = pa.array([None if value is None else float(value) for value in values], pa.float64())
    drgs: list[str] = group_table(compiled, pa.table(columns))["drg"].to_pylist()
    return drgs


def _kinds(scheme: Scheme, compiled: CompiledScheme) -> _Kinds:
    """The first code of each profile; of diagnoses, of each profile as a principal diagnosis too."""
    sets_of: dict[str, set[str]] = {}
    for name, members in scheme.sets.items():
        for code in members.codes:
            sets_of.setdefault(code, set()).add(name)
    procedure_codes = {code for members in scheme.sets.values() for code in members.procedures}
    diagnoses: dict[tuple[int, ...], str] = {}
    procedures: dict[int, str] = {}
    for place, code in enumerate(compiled.codes, start=1):
        profile = int(compiled.profile[place])
        if compiled.known_diagnosis[place]:
            diagnoses.setdefault((profile, int(compiled.level[place])), code)
        if code in procedure_codes:
            procedures.setdefault(profile, code)
    # Of each level and exclusion table the code in the fewest sets: it does nothing else.
    complications: dict[tuple[str, str], str] = {}
    for code, entry in sorted(scheme.complications.items(), key=lambda one: (len(sets_of.get(one[0], ())), one[0])):
        complications.setdefault((entry.level.value, entry.exclusion), code)
    return _Kinds(
        scheme,
        tuple(diagnoses.values()),
        tuple(procedures.values()),
        {level: tuple(code for key, code in complications.items() if key[0] == level) for level in LEVELS},
        {code: frozenset(names) for code, names in sets_of.items()},
    )


def _terms(rule: Rule, wanted: bool = True) -> Iterator[Term]:
    """Ways to make a rule true (or false): conjunctions of conditions, negations drawn into them."""
    match rule:
        case Not(operand):
            yield from _terms(operand, not wanted)
        case And(operands) | Or(operands):
            if isinstance(rule, And) == wanted:
                for parts in product(*(list(islice(_terms(one, wanted), MOST_TERMS)) for one in operands)):
                    yield tuple(literal for part in parts for literal in part)
            else:
                for operand in operands:
                    yield from _terms(operand, wanted)
        case InSets():
            yield (rule if wanted else replace(rule, negated=not rule.negated),)
        case CountIn(_, _, comparison, _) | Compare(_, comparison, _):
            yield (rule if wanted else replace(rule, comparison=_OPPOSITE[comparison]),)
        case Constant(value):
            if value == wanted:
                yield ()


def _candidates(path: Rule, kinds: _Kinds) -> Iterator[Case]:
    for term in islice(_terms(path), MOST_TERMS):
        for places in islice(_placed(term), 64):
            yield from islice(_cases(term, places, kinds), MOST_CASES)


Placed = Mapping[Field, tuple[tuple[str, ...], ...]]


def _placed(term: Term) -> Iterator[Placed]:
    """For each positive condition a field that is to meet it: the sets of which each field needs a code."""
    needs: list[list[tuple[Field, tuple[str, ...]]]] = []
    for literal in term:
        if isinstance(literal, InSets) and not literal.negated:
            wanted = (*literal.complications, *literal.sets)
            needs.append([(one, wanted) for one in literal.fields])
        elif isinstance(literal, CountIn) and literal.comparison in (Comparison.GE, Comparison.GT, Comparison.EQ):
            times = max(0, int(literal.number) + (literal.comparison is Comparison.GT))
            needs.extend([[(one, literal.sets) for one in reversed(literal.fields)]] * min(times, 6))
    for choice in product(*needs):
        placed: dict[Field, list[tuple[str, ...]]] = {}
        for chosen, wanted in choice:
            placed.setdefault(chosen, []).append(wanted)
        yield {chosen: tuple(wanted) for chosen, wanted in placed.items()}


def _cases(term: Term, placed: Placed, kinds: _Kinds) -> Iterator[Case]:
    scalars = _scalars(term)
    if scalars is None:
        return
    avoided = _avoided(term)
    principals = _fitting(kinds.diagnoses, placed.get(Field.ZYZD, ()), avoided[Field.ZYZD], kinds)
    firsts: Sequence[str | None] = _fitting(kinds.procedures, placed.get(Field.ZYSS, ()), avoided[Field.ZYSS], kinds)
    if Field.ZYSS not in placed:
        firsts = [None] if Field.QTSS not in placed else firsts[:8]
    rest = [
        _fitting(kinds.procedures, [wanted], avoided[Field.QTSS], kinds)[:6] for wanted in placed.get(Field.QTSS, ())
    ]
    others = placed.get(Field.QTZD, ())
    # The principal diagnosis varies fast: what takes a case elsewhere is most often another MDC.
    for first, procedures in product(firsts, product(*rest)):
        for principal in principals[:200]:
            lists = [_diagnoses(wanted, avoided[Field.QTZD], kinds, principal) for wanted in others]
            for diagnoses in islice(product(*lists), 6):
                yield Case(
                    "",
                    principal_diagnosis=principal,
                    other_diagnoses=tuple(dict.fromkeys(diagnoses)),
                    procedures=() if first is None else (first, *dict.fromkeys(procedures)),
                    **scalars,  # type: ignore[arg-type]
                )


def _avoided(term: Term) -> Mapping[Field, frozenset[str]]:
    avoided: dict[Field, frozenset[str]] = dict.fromkeys(Field, frozenset())
    for literal in term:
        if isinstance(literal, InSets) and literal.negated:
            for one in literal.fields:
                avoided[one] |= frozenset(literal.sets)
    return avoided


def _fitting(
    codes: Iterable[str], wanted: Iterable[tuple[str, ...]], avoided: frozenset[str], kinds: _Kinds
) -> list[str]:
    """Codes that are in one set of each tuple and in none of those to be avoided."""
    needs = [frozenset(sets) for sets in wanted]
    found = []
    for code in codes:
        sets = kinds.sets_of.get(code, frozenset())
        if not sets & avoided and all(sets & need for need in needs):
            found.append(code)
    return found


def _diagnoses(wanted: tuple[str, ...], avoided: frozenset[str], kinds: _Kinds, principal: str) -> list[str]:
    """A few codes that meet one condition on the other diagnoses; complications only where the principal allows."""
    listed: list[str] = []
    for level in (level for level in LEVELS if level in wanted):
        standing = (
            code
            for code in kinds.complications.get(level, ())
            if principal not in kinds.scheme.exclusions.get(kinds.scheme.complications[code].exclusion, ())
        )
        listed.extend(islice(standing, 4))
    return [*listed, *_fitting(kinds.diagnoses, [wanted], avoided, kinds)[:6]]


def _scalars(term: Term) -> dict[str, int | Decimal] | None:
    """A value for each scalar that meets all its comparisons; None where none does."""
    asked: dict[Scalar, list[Compare]] = {}
    for literal in term:
        if isinstance(literal, Compare):
            asked.setdefault(literal.scalar, []).append(literal)
    values: dict[str, int | Decimal] = {}
    for scalar, comparisons in asked.items():
        tried = [one.number + step for one in comparisons for step in (Decimal(0), Decimal(1), Decimal(-1))]
        fitting = [value for value in sorted(tried) if all(_meets(value, one) for one in comparisons)]
        if not fitting:
            return None
        value = next((one for one in fitting if one >= 0), fitting[-1])
        values[SCALAR_COLUMNS[scalar]] = int(value) if value == value.to_integral_value() else value
    return values


def _meets(value: Decimal, one: Compare) -> bool:
    order = (value > one.number) - (value < one.number)
    return {
        Comparison.LT: order < 0,
        Comparison.LE: order <= 0,
        Comparison.GT: order > 0,
        Comparison.GE: order >= 0,
        Comparison.EQ: order == 0,
        Comparison.NE: order != 0,
    }[one.comparison]
