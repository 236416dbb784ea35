"""Calculations are named by what determines them; predicates name exactly their slices."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.codes import to_ids
from lake.identity import canonical, run_id
from lake.runs import Calculation
from lake.store import quote, slice_predicate

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=8)


def test_a_calculation_is_named_by_its_inputs_and_by_nothing_else() -> None:
    one = Calculation("points", "990100", "2025", {"a": 1, "b": {"x": "y"}})
    same = Calculation("points", "990100", "2025", {"b": {"x": "y"}, "a": 1})
    assert one.run_id == same.run_id
    others = [
        Calculation("points", "990100", "2025", {"a": 2, "b": {"x": "y"}}),
        Calculation("points", "990100", "2024", {"a": 1, "b": {"x": "y"}}),
        Calculation("points", "990200", "2025", {"a": 1, "b": {"x": "y"}}),
        Calculation("settle", "990100", "2025", {"a": 1, "b": {"x": "y"}}),
    ]
    assert len({one.run_id, *(other.run_id for other in others)}) == 5


@given(st.dictionaries(TEXT, st.integers() | TEXT, max_size=5))
def test_canonical_text_ignores_the_order_of_keys(value: dict[str, int | str]) -> None:
    turned = dict(reversed(list(value.items())))
    assert canonical(value) == canonical(turned)
    assert run_id("j", "a", "p", value) == run_id("j", "a", "p", turned)


def test_a_predicate_names_its_slices_and_no_more() -> None:
    text = slice_predicate([("990100", "2025-01"), ("990200", "2025-02"), ("990300", "2025-01")])
    assert text == (
        "(area IN ('990100', '990300') AND month IN ('2025-01')) OR (area IN ('990200') AND month IN ('2025-02'))"
    )
    assert slice_predicate([]) == "false"


def test_text_in_a_predicate_stays_text() -> None:
    assert quote("x' OR '1'='1") == "'x\\' OR \\'1\\'=\\'1'"


@pytest.mark.parametrize(
    ("values", "ids"),
    [(["A", "B", None, "Z", ""], [1, 2, 0, 0, 0]), ([], []), ([None], [0])],
)
def test_codes_become_ids_and_unknown_ones_become_nothing(values: list[str | None], ids: list[int]) -> None:
    assert to_ids(pa.array(values, pa.string()), pa.array(["A", "B"])).to_pylist() == ids
