"""Parts of the generator: terms of rules, sizes, money as text, settings files."""

from __future__ import annotations

import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grouper.rules.nodes import And, Compare, Comparison, Constant, Field, InSets, Not, Or, Rule, Scalar
from grouper.workbook import read_scheme
from jobs.synthetic.province import scheme_tables
from jobs.synthetic.schemes import demo_schemes, given_schemes
from jobs.synthetic.settings_file import read_settings
from jobs.synthetic.sizes import largest_remainder
from jobs.synthetic.tables import Ragged
from jobs.synthetic.terms import WIDEST, Bounds, Term, terms_of
from jobs.synthetic.texts import money
from lake.errors import InputProblem
from tests.conftest import ROOT

DEMO = ROOT / "conf" / "demo"

_SETS = ("DI_A", "DI_B", "OP_A")
_HOLDS = {
    Comparison.LT: lambda a, b: a < b,
    Comparison.LE: lambda a, b: a <= b,
    Comparison.GT: lambda a, b: a > b,
    Comparison.GE: lambda a, b: a >= b,
    Comparison.EQ: lambda a, b: a == b,
    Comparison.NE: lambda a, b: a != b,
}
_ATOMS = st.one_of(
    st.builds(Constant, st.booleans()),
    st.builds(
        lambda name, negated: InSets((Field.ZYZD,), (name,), negated=negated), st.sampled_from(_SETS), st.booleans()
    ),
    st.builds(
        Compare,
        st.just(Scalar.NL),
        st.sampled_from(Comparison),
        st.sampled_from([Decimal("0.5"), *map(Decimal, range(4))]),
    ),
)
_RULES = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(lambda a, b: And((a, b)), inner, inner),
        st.builds(lambda a, b: Or((a, b)), inner, inner),
    ),
    max_leaves=4,
)


def holds(rule: Rule, inside: frozenset[str], age: int) -> bool:
    """The rule for a principal diagnosis that is in the sets `inside`, and an age."""
    match rule:
        case Constant(value):
            return value
        case InSets(_, sets, _, negated):
            return (not inside.isdisjoint(sets)) is not negated
        case Compare(_, comparison, number):
            return bool(_HOLDS[comparison](age, number))
        case Not(operand):
            return not holds(operand, inside, age)
        case And(operands):
            return all(holds(one, inside, age) for one in operands)
        case Or(operands):
            return any(holds(one, inside, age) for one in operands)
    raise TypeError(rule)


def term_holds(term: Term, inside: frozenset[str], age: int) -> bool:
    bounds = term.bounds.get(Scalar.NL, WIDEST[Scalar.NL])
    in_bounds = bounds.low <= age <= bounds.high and age not in bounds.holes
    return in_bounds and all(holds(one, inside, age) for one in term.codes)


@given(_RULES, st.frozensets(st.sampled_from(_SETS)), st.integers(0, 4))
def test_a_rule_holds_where_one_of_its_terms_does(rule: Rule, inside: frozenset[str], age: int) -> None:
    assert any(term_holds(term, inside, age) for term in terms_of(rule)) == holds(rule, inside, age)


@given(st.sampled_from(Comparison), st.integers(-2, 8), st.integers(0, 6))
def test_bounds_are_the_numbers_for_which_the_comparison_holds(comparison: Comparison, number: int, age: int) -> None:
    narrowed = Bounds(0, 6).narrow(comparison, number)
    inside = narrowed.low <= age <= narrowed.high and age not in narrowed.holes
    assert inside == _HOLDS[comparison](age, number)


@given(st.integers(0, 10**6), st.lists(st.floats(0.01, 100), min_size=1, max_size=30))
def test_sizes_sum_to_the_total_and_stay_near_their_shares(total: int, weights: list[float]) -> None:
    counts = largest_remainder(total, weights)
    assert sum(counts) == total
    assert all(
        abs(count - total * weight / sum(weights)) < 1.001 for count, weight in zip(counts, weights, strict=True)
    )


@given(st.lists(st.integers(-(10**15), 10**15), min_size=1))
def test_money_text_is_exact(amounts: list[int]) -> None:
    texts = money(np.array(amounts, dtype=np.int64)).to_pylist()
    assert [Decimal(text) * 100 for text in texts] == amounts
    assert all(len(text.split(".")[1]) == 2 for text in texts)


@given(st.lists(st.lists(st.integers(0, 99), max_size=4), min_size=1, max_size=6), st.data())
def test_padded_lists_hold_what_the_lists_hold(lists: list[list[int]], data: st.DataObject) -> None:
    ragged = Ragged.of(lists)
    rows = np.array(data.draw(st.lists(st.integers(0, len(lists) - 1), min_size=1)), dtype=np.int32)
    padded = ragged.padded(rows, ragged.longest)
    assert [[value for value in row if value >= 0] for row in padded.tolist()] == [lists[row] for row in rows]


def edited(tmp_path: Path, name: str, old: str, new: str) -> Path:
    folder = tmp_path / "settings"
    folder.mkdir()
    for file in ("province.yaml", "profile.csv", "code_limits.csv"):
        shutil.copy(DEMO / file, folder)
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("province.yaml", "  missing_sex:", "  missing_gender:", "missing_gender"),
        ("province.yaml", "rows_per_file: 200000", "rows_per_file: many", "rows_per_file: 'many' is no number"),
        ("province.yaml", "  year_growth: 0.032\n", "", "cost: missing year_growth"),
        ("province.yaml", "flags: {", "flags: {luck: 1, ", "flags: unknown luck"),
        ("province.yaml", "months: [1.03, ", "months: [", "months has 11 weights"),
        ("province.yaml", "very_dear_factor: [3, 9]", "very_dear_factor: [3]", "must be a list of 2"),
        ("province.yaml", "scheme: demo}", "scheme: demo, color: red}", "unknown color"),
        ("profile.csv", "P,0.0160", "P,much", "line 3: share: 'much' is no number"),
        ("profile.csv", "\nP,", "\nA,", "MDC A has more than one row"),
        ("code_limits.csv", "C60,C63,1", "C60,C63,f", "sex_low: 'f' is no number"),
        ("code_limits.csv", "sex_low", "sexes", "missing sex_low, unknown sexes"),
    ],
)
def test_settings_that_cannot_be_are_refused(tmp_path: Path, name: str, old: str, new: str, message: str) -> None:
    with pytest.raises(InputProblem, match=r".+") as refused:
        read_settings(edited(tmp_path, name, old, new))
    assert message in str(refused.value)


def test_the_fingerprint_is_of_all_three_files(tmp_path: Path) -> None:
    folder = edited(tmp_path, "profile.csv", "P,0.0160", "P,0.0161")
    assert read_settings(folder).fingerprint != read_settings(DEMO).fingerprint


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputProblem, match=r"province\.yaml cannot be read"):
        read_settings(tmp_path)


def test_demo_areas_get_the_scheme_or_its_overlay() -> None:
    pytest.importorskip("grouper.overlay")
    settings = read_settings(DEMO)
    named = demo_schemes(DEMO, settings)
    assert list(named) == [area.code for area in settings.areas]
    for area in settings.areas:
        overlay = area.scheme.partition("+")[2]
        assert named[area.code].scheme_id == (f"demo-{overlay}" if overlay else "demo")
        assert named[area.code].base == ("demo" if overlay else None)
    assert len({one.scheme.fingerprint for one in named.values()}) == len({area.scheme for area in settings.areas})


def test_an_unknown_scheme_name_is_refused() -> None:
    settings = read_settings(DEMO)
    area = replace(settings.areas[0], scheme="demo+nowhere")
    with pytest.raises(InputProblem, match=r"scheme = 'demo\+nowhere' is neither demo nor"):
        demo_schemes(DEMO, replace(settings, areas=(area,)))


def test_given_schemes_go_to_the_areas_in_turn(tmp_path: Path) -> None:
    settings = read_settings(DEMO)
    for name in ("one", "two"):
        shutil.copytree(DEMO / "scheme", tmp_path / name)
    named = given_schemes([tmp_path], settings)
    assert [one.scheme_id for one in named.values()] == ["one", "two", "one"]
    with pytest.raises(InputProblem, match="no scheme there"):
        given_schemes([tmp_path / "three"], settings)


def test_a_profile_without_an_mdc_of_the_scheme_is_refused(tmp_path: Path) -> None:
    settings = read_settings(DEMO)
    without = replace(settings, mdcs=tuple(one for one in settings.mdcs if one.mdc != "B"))
    scheme = read_scheme(DEMO / "scheme")
    with pytest.raises(InputProblem, match=r"profile\.csv has no row for MDC B"):
        scheme_tables({settings.areas[0].code: scheme}, without, 1, lambda line: None)
