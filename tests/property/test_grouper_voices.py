"""The reference and the kernel are one grouper, over the whole rule language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from enum import StrEnum

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from grouper import plan
from grouper.case import UNGROUPED_CODE, Case, Outcome, Reason
from grouper.compile import CompiledScheme, compile_scheme
from grouper.edition import find_fault, read_codes
from grouper.reference import ReferenceGrouper
from grouper.rules.nodes import And, Compare, Comparison, Constant, CountIn, Field, InSets, Not, Or, Rule, Scalar
from grouper.rules.parse import parse_rule
from grouper.rules.text import rule_text, rule_text_zh
from grouper.scheme import Scheme
from grouper.tables import group_table
from tests.property.grouper_strategies import cases, coded_schemes, rules, schemes, table_of

RESULT = ("mdc", "adrg", "drg", "outcome", "reason", "mdc_row", "adrg_row", "drg_row")


def kernel(scheme: Scheme, many: list[Case]) -> list[tuple[object, ...]]:
    table = group_table(compile_scheme(scheme), table_of(many))
    return list(zip(*(table[name].to_pylist() for name in RESULT), strict=True))


def reference(scheme: Scheme, many: list[Case]) -> list[tuple[object, ...]]:
    grouper = ReferenceGrouper(scheme)
    return [tuple(getattr(grouper.group(case), name) for name in RESULT) for case in many]


@settings(max_examples=200)
@given(st.one_of(schemes(), coded_schemes()), st.lists(cases(), min_size=1, max_size=12))
def test_kernel_is_the_reference(scheme: Scheme, many: list[Case]) -> None:
    assert kernel(scheme, many) == reference(scheme, many)


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(coded_schemes(), st.lists(cases(), min_size=4, max_size=16))
def test_kernel_is_the_reference_where_it_narrows_its_view(
    monkeypatch: pytest.MonkeyPatch, scheme: Scheme, many: list[Case]
) -> None:
    monkeypatch.setattr(plan, "_NARROW_FROM", 1)
    assert kernel(scheme, many) == reference(scheme, many)


@settings(max_examples=40)
@given(coded_schemes(), st.lists(cases(), min_size=2, max_size=8), st.integers(1, 7))
def test_a_case_does_not_depend_on_its_batch(scheme: Scheme, many: list[Case], cut: int) -> None:
    """One by one, in halves or backwards: the same groups."""
    whole = kernel(scheme, many)
    cut = min(cut, len(many) - 1)
    assert kernel(scheme, many[:cut]) + kernel(scheme, many[cut:]) == whole
    assert kernel(scheme, many[::-1]) == whole[::-1]


@settings(max_examples=40)
@given(coded_schemes(), st.lists(cases(), min_size=1, max_size=6))
def test_the_stored_form_is_the_scheme(scheme: Scheme, many: list[Case]) -> None:
    compiled = compile_scheme(scheme)
    restored = CompiledScheme.from_bytes(compiled.to_bytes())
    assert restored.to_bytes() == compiled.to_bytes()
    table = table_of(many)
    assert group_table(restored, table).equals(group_table(compiled, table))


@settings(max_examples=50)
@given(coded_schemes(), st.lists(cases(), min_size=3, max_size=8), st.integers(0, 2), st.booleans())
def test_slices_chunks_and_dictionaries_are_read_alike(
    scheme: Scheme, many: list[Case], start: int, large: bool
) -> None:
    table = table_of(many)
    codes = table["principal_diagnosis"].combine_chunks()
    lists = pa.large_list(pa.large_string()) if large else pa.list_(pa.string())
    sliced = pa.concat_tables([table.slice(0, start), table.slice(start)]).slice(start)
    sliced = sliced.set_column(0, "principal_diagnosis", codes.dictionary_encode().slice(start))
    sliced = sliced.set_column(1, "other_diagnoses", sliced["other_diagnoses"].cast(lists))
    compiled = compile_scheme(scheme)
    assert group_table(compiled, sliced).equals(group_table(compiled, table).slice(start))


@settings(max_examples=500)
@given(rules())
def test_a_rule_is_what_it_is_written_as(rule: Rule) -> None:
    text = rule_text(rule)
    assert parse_rule(text) == rule
    assert rule_text(parse_rule(text)) == text
    assert rule_text_zh(rule)


@settings(max_examples=100)
@given(coded_schemes(), st.lists(cases(), min_size=1, max_size=4))
def test_the_trace_tells_what_group_decides(scheme: Scheme, many: list[Case]) -> None:
    grouper = ReferenceGrouper(scheme)
    for case in many:
        trace = grouper.explain(case)
        assert trace.result == grouper.group(case)
        held = [step.code for step in trace.rules if step.held]
        if trace.result.outcome is not Outcome.UNGROUPED:
            assert held[-1] == trace.result.drg
            assert {trace.result.mdc, trace.result.adrg} <= set(held)
        elif trace.result.reason in (Reason.MISSING_SEX, Reason.MISSING_AGE, Reason.MISSING_BIRTH_WEIGHT):
            assert any(step.undecided and any(atom.missing for atom in step.atoms) for step in trace.rules)


def parts(rule: object) -> Iterator[object]:
    """All nodes of a rule, and what they hold."""
    yield rule
    if isinstance(rule, tuple):
        for part in rule:
            yield from parts(part)
    elif is_dataclass(rule):
        for field in fields(rule):
            yield from parts(getattr(rule, field.name))


def test_every_word_of_the_language_is_generated() -> None:
    """What the strategies forget, the tests above do not prove."""
    seen: set[object] = set()

    @settings(max_examples=400, derandomize=True, database=None, phases=[Phase.generate])
    @given(rules())
    def collect(rule: Rule) -> None:
        for part in parts(rule):
            seen.add(type(part) if is_dataclass(part) else part if isinstance(part, StrEnum) else None)
            if isinstance(part, InSets):
                seen.update(("negated", part.negated, "mixed", bool(part.sets) and bool(part.complications)))
                seen.update(part.complications)
            if isinstance(part, Constant | CountIn | InSets):
                seen.add((type(part), len(getattr(part, "sets", ())) > 1))

    collect()
    kinds = {Constant, InSets, CountIn, Compare, Not, And, Or}
    wanted = kinds | set(Field) | set(Scalar) | set(Comparison) | {True, False, "MCC", "CC"}
    wanted |= {(InSets, True), (CountIn, True), (InSets, False), (CountIn, False)}
    assert wanted <= seen, f"never generated: {wanted - seen}"


def test_every_outcome_and_reason_is_generated() -> None:
    seen: set[object] = set()

    @settings(max_examples=300, derandomize=True, database=None, phases=[Phase.generate])
    @given(st.one_of(schemes(), coded_schemes()), st.lists(cases(), min_size=8, max_size=8))
    def collect(scheme: Scheme, many: list[Case]) -> None:
        for result in map(ReferenceGrouper(scheme).group, many):
            seen.update((result.outcome, result.reason))

    collect()
    assert set(Outcome) | set(Reason) <= seen


def test_every_reading_of_a_code_is_generated() -> None:
    """In every field: a mapped code, a grey one, and one mapped to a grey one."""
    seen: set[tuple[Field, bool, bool]] = set()

    @settings(max_examples=200, derandomize=True, database=None, phases=[Phase.generate])
    @given(coded_schemes(), st.lists(cases(), min_size=8, max_size=8))
    def collect(scheme: Scheme, many: list[Case]) -> None:
        assert find_fault(scheme.code_map, scheme.grey_codes) is None
        for case in many:
            seen.update((one.field, one.original != one.code, one.grey) for one in read_codes(scheme, case).readings)

    collect()
    assert seen == {(field, mapped, grey) for field in Field for mapped in (True, False) for grey in (True, False)} - {
        (field, False, False) for field in Field
    }


@settings(max_examples=100)
@given(coded_schemes(), st.lists(cases(), min_size=1, max_size=6))
def test_mapping_first_by_hand_gives_the_same_groups(scheme: Scheme, many: list[Case]) -> None:
    """A case written in the codes that it is read in has the same group under the scheme without the tables."""
    plain = ReferenceGrouper(replace(scheme, code_map={}, grey_codes={}))
    for case, found in zip(many, reference(scheme, many), strict=True):
        read = read_codes(scheme, case)
        if found[RESULT.index("reason")] == Reason.GREY_PRINCIPAL_DIAGNOSIS:
            assert read.grey_principal
            assert found[RESULT.index("drg")] == UNGROUPED_CODE
        else:
            assert tuple(getattr(plain.group(read.case), name) for name in RESULT) == found
