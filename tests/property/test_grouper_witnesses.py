"""A witness is a smallest case of its group for both voices; what is called unreachable no case reaches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from grouper.case import Case
from grouper.compile import compile_scheme
from grouper.outcome import SCALAR_COLUMNS
from grouper.reference import ReferenceGrouper
from grouper.scheme import Scheme
from grouper.tables import group_table
from grouper.witness import find_witnesses
from tests.property.grouper_strategies import cases, coded_schemes, schemes, table_of


def smaller(case: Case) -> Iterator[Case]:
    """All cases that have some, not all, of the other diagnoses, procedures and scalars."""
    parts: list[tuple[str, object]] = [("other_diagnoses", code) for code in case.other_diagnoses]
    parts += [("procedures", code) for code in case.procedures]
    parts += [(name, getattr(case, name)) for name in SCALAR_COLUMNS.values() if getattr(case, name) is not None]
    for size in range(len(parts)):
        for kept in combinations(parts, size):
            lists = {
                name: tuple(value for one, value in kept if one == name) for name in ("other_diagnoses", "procedures")
            }
            scalars = dict.fromkeys(SCALAR_COLUMNS.values()) | {k: v for k, v in kept if k not in lists}
            yield replace(case, **lists, **scalars)


def with_one_part_less(case: Case) -> Iterator[Case]:
    """The case without one of its other diagnoses, procedures or scalars."""
    for name in ("other_diagnoses", "procedures"):
        codes = getattr(case, name)
        yield from (replace(case, **{name: (*codes[:place], *codes[place + 1 :])}) for place in range(len(codes)))
    yield from (replace(case, **{name: None}) for name in SCALAR_COLUMNS.values() if getattr(case, name) is not None)


@settings(max_examples=60)
@given(st.one_of(schemes(), coded_schemes()))
def test_a_witness_is_a_smallest_case_of_its_group_for_both_voices(scheme: Scheme) -> None:
    found = find_witnesses(scheme).found
    grouper = ReferenceGrouper(scheme)
    for code, case in found.items():
        assert grouper.group(case).drg == code
        assert code not in {grouper.group(one).drg for one in smaller(case)}
    if found:
        table = group_table(compile_scheme(scheme), table_of(list(found.values())))
        assert table["drg"].to_pylist() == list(found)


@settings(max_examples=60)
@given(st.one_of(schemes(), coded_schemes()), st.lists(cases(), min_size=1, max_size=12))
def test_what_is_called_unreachable_no_case_reaches(scheme: Scheme, many: list[Case]) -> None:
    witnesses = find_witnesses(scheme)
    assert all(one.proven for one in witnesses.missing)
    assert {*witnesses.found, *(one.code for one in witnesses.missing)} == {row.code for row in scheme.drgs}
    grouper = ReferenceGrouper(scheme)
    sizes = {code: len(list(smaller(case))) for code, case in witnesses.found.items()}
    for case in many:
        drg = grouper.group(case).drg
        assert drg in {"0000", *sizes}
        if drg != "0000":
            assert len(list(smaller(witnesses.found[drg]))) <= len(list(smaller(case)))
