"""Random rules, schemes and cases over the whole language, from few codes, so that they meet each other."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from typing import TypeVar

import pyarrow as pa
from hypothesis import strategies as st

from grouper.case import Case
from grouper.outcome import SCALAR_COLUMNS
from grouper.rules.nodes import And, Compare, Comparison, Constant, CountIn, Field, InSets, Not, Or, Rule, Scalar
from grouper.rules.text import rule_text
from grouper.scheme import CcEntry, CodeSet, CodeSystem, Complication, RuleRow, Scheme

T = TypeVar("T")
DIAGNOSES = ("A01", "B02.1+C03*", "C03", "D04.x00", "E05")
PROCEDURES = ("01.10", "02.2000x001", "03.3")
STRAY_CODES = ("Z99", "a01", "A01 ", "99.9", "")
SETS = ("S1", "S_2", "s1", "DI_3.x-1", "手术集4")
TABLES = ("1", "2", "none")
WHOLE = {Scalar.XB: (1, 2, 3), Scalar.LYFS: (1, 2, 5)}


def numbers() -> st.SearchStrategy[Decimal]:
    return st.sampled_from([Decimal(text) for text in ("-1", "0", "0.5", "1", "2", "3", "28", "1500.25")])


def subset(things: tuple[T, ...]) -> st.SearchStrategy[tuple[T, ...]]:
    """Any of them, in one draw: drawing element by element takes most of a test's time."""
    return st.integers(0, 2 ** len(things) - 1).map(
        lambda bits: tuple(thing for place, thing in enumerate(things) if bits >> place & 1)
    )


# Missing sex and birth weight have reasons of their own: ask for them more often.
ASKED = [*Scalar, Scalar.XB, Scalar.XB, Scalar.XSRTZ]
FIELD_TUPLES = [chosen for size in (1, 2, 3, 4) for chosen in permutations(Field, size)]
SET_TUPLES = [chosen for size in (0, 1, 2) for chosen in permutations(SETS, size)]


def fields() -> st.SearchStrategy[tuple[Field, ...]]:
    return st.sampled_from(FIELD_TUPLES)


def set_names(least: int = 1) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sampled_from([chosen for chosen in SET_TUPLES if len(chosen) >= least])


def complication_levels() -> st.SearchStrategy[tuple[str, ...]]:
    return st.sampled_from([("MCC",), ("CC",), ("MCC", "CC")])


def atoms() -> st.SearchStrategy[Rule]:
    return st.one_of(
        st.builds(InSets, fields(), set_names(), st.just(()), st.booleans()),
        st.builds(InSets, st.just((Field.QTZD,)), set_names(0), complication_levels(), st.booleans()),
        st.builds(CountIn, set_names(), fields(), st.sampled_from(list(Comparison)), numbers()),
        st.builds(
            Compare,
            st.sampled_from(ASKED),
            st.sampled_from(list(Comparison)),
            numbers(),
        ),
    )


def compounds() -> st.SearchStrategy[Rule]:
    def wider(inner: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.one_of(st.builds(Not, inner), st.builds(And, several), st.builds(Or, several))

    return st.recursive(atoms(), wider, max_leaves=6)


def rules() -> st.SearchStrategy[Rule]:
    return st.one_of(compounds(), compounds(), atoms(), st.builds(Constant, st.booleans()))


@st.composite
def schemes(draw: st.DrawFn) -> Scheme:
    """A few MDCs with a few ADRGs and DRGs; some are empty, some groups are ambiguous."""
    codes = (*DIAGNOSES, *PROCEDURES)
    sets = {name: CodeSet(name, frozenset(draw(subset(codes))), frozenset(draw(subset(PROCEDURES)))) for name in SETS}
    entry = st.sampled_from([CcEntry(level, table) for level in Complication for table in ("", *TABLES)])
    complications = {code: draw(entry) for code in draw(subset(DIAGNOSES))}
    exclusions = {table: frozenset(draw(subset(DIAGNOSES))) for table in TABLES[:2]}
    texts = st.sampled_from([rule_text(rule) for rule in draw(st.lists(rules(), min_size=1, max_size=5))])
    mdcs, adrgs, drgs = [], [], []
    for first in range(draw(st.integers(1, 2))):
        mdc = "AB"[first]
        mdcs.append(RuleRow(mdc, "", draw(texts), "", mdc, first))
        for second, size in enumerate(draw(st.sampled_from([(), (1,), (2,), (0, 1), (1, 2), (2, 1, 1)]))):
            adrg = mdc + draw(st.sampled_from("ABQ")) + f"Y{second}"
            adrgs.append(RuleRow(adrg, "", draw(texts), mdc, mdc, second))
            drgs.extend(RuleRow(f"{adrg}{third}", "", draw(texts), adrg, mdc, third) for third in range(size))
    return Scheme(tuple(mdcs), tuple(adrgs), tuple(drgs), sets, complications, exclusions)


@st.composite
def coded_schemes(draw: st.DrawFn) -> Scheme:
    """Schemes that map codes and call some grey: codes known and unknown, to codes known and unknown, some to grey."""
    code_map, grey_codes = {}, {}
    for system, codes in ((CodeSystem.DIAGNOSIS, DIAGNOSES), (CodeSystem.PROCEDURE, PROCEDURES)):
        sources = draw(subset((*codes[:2], *STRAY_CODES[:3])))
        targets = st.sampled_from([code for code in (*codes, "99.9", "new") if code not in sources])
        code_map[system] = {code: draw(targets) for code in sources}
        grey_codes[system] = frozenset(draw(subset((*codes[1:3], "99.9")))) - frozenset(sources)
    return replace(
        draw(schemes()),
        code_map={system: mapped for system, mapped in code_map.items() if mapped},
        grey_codes={system: grey for system, grey in grey_codes.items() if grey},
    )


def scalar_values(scalar: Scalar) -> st.SearchStrategy[int | Decimal | None]:
    if scalar in WHOLE:
        return st.sampled_from([None, None, *WHOLE[scalar]])
    return st.sampled_from([None, -1, 0, Decimal("0.5"), 1, 2, 28, 29, Decimal("1500.25"), 1500])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    diagnoses = st.sampled_from([*DIAGNOSES, *STRAY_CODES])
    procedures = st.sampled_from([*PROCEDURES, *STRAY_CODES])
    scalars = {column: draw(scalar_values(scalar)) for scalar, column in SCALAR_COLUMNS.items()}
    return Case(
        case_id="",
        principal_diagnosis=draw(st.one_of(st.sampled_from(DIAGNOSES), diagnoses, st.none())),
        other_diagnoses=tuple(draw(st.lists(diagnoses, max_size=4))),
        procedures=tuple(draw(st.lists(procedures, max_size=3))),
        **scalars,
    )


def table_of(many: list[Case]) -> pa.Table:
    """The cases as an Arrow table with typed columns; '' among the codes becomes null now and then."""
    texts = pa.list_(pa.string())
    columns = {
        "principal_diagnosis": pa.array([case.principal_diagnosis for case in many], pa.string()),
        "other_diagnoses": pa.array([[c or None for c in case.other_diagnoses] or None for case in many], texts),
        "procedures": pa.array([list(case.procedures) for case in many], texts),
    }
    for column in SCALAR_COLUMNS.values():
        values = [getattr(case, column) for case in many]
        columns[column] = pa.array([None if value is None else float(value) for value in values], pa.float64())
    return pa.table(columns)
