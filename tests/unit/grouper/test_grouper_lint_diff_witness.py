"""What keepers of schemes are told: oddities, differences, a case for each group."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grouper.case import Case
from grouper.diff import diff_schemes
from grouper.reference import ReferenceGrouper
from grouper.rules.findings import Kind
from grouper.rules.lint import lint_scheme
from grouper.rules.nodes import Rule
from grouper.rules.parse import parse_rule
from grouper.rules.text import rule_text, rule_text_zh
from grouper.rules.truth import can_hold_and_fail
from grouper.scheme import CodeSet, RuleRow, Scheme
from grouper.witness import find_witnesses
from grouper.workbook import read_scheme
from tests.property.grouper_strategies import cases, compounds, schemes
from tests.unit.grouper.small_scheme import spoiled, write_files


@pytest.fixture(scope="module")
def scheme(tmp_path_factory: pytest.TempPathFactory) -> Scheme:
    return read_scheme(write_files(tmp_path_factory.mktemp("scheme")))


def with_rule(scheme: Scheme, code: str, rule: str) -> Scheme:
    def changed(rows: tuple[RuleRow, ...]) -> tuple[RuleRow, ...]:
        return tuple(replace(row, rule=rule) if row.code == code else row for row in rows)

    return replace(scheme, mdcs=changed(scheme.mdcs), adrgs=changed(scheme.adrgs), drgs=changed(scheme.drgs))


def found(scheme: Scheme) -> set[tuple[str, str]]:
    return {(one.kind.value, one.code) for one in lint_scheme(scheme)}


def test_a_sound_scheme_has_no_findings(scheme: Scheme) -> None:
    assert lint_scheme(scheme) == []


@pytest.mark.parametrize(
    ("code", "rule", "expected"),
    [
        ("BR1", "XB = 1 and", {("rule_syntax", "BR1")}),
        ("BR1", "ZYZD in NONE", {("unknown_set", "BR1")}),
        ("BR1", "XB = 1 and XB = 2", {("rule_never_holds", "BR1"), ("unreachable_group", "BR11")}),
        ("BR15", "NL < 5 and NL > 5", {("rule_never_holds", "BR15"), ("unreachable_group", "BR15")}),
        ("BR15", "0", {("rule_never_holds", "BR15"), ("unreachable_group", "BR15")}),
        ("BR15", "NL >= 0", set()),
        ("BR15", "NL >= 0 or NL < 0", set()),
        ("BR15", "NL >= 0 or not NL >= 0", {("rule_always_holds", "BR15")}),
        ("BR15", "QTZD in CC", {("unreachable_group", "BR15")}),
        ("BR15", "QTZD in {CC, MCC}", set()),
        ("BR15", "length(DI_B ∩ QTZD) < 1 and length(DI_B ∩ QTZD) > 0", {("rule_never_holds", "BR15")}),
        ("BR15", "length(DI_B ∩ QTZD) >= 0", {("rule_always_holds", "BR15")}),
        ("BB11", "", {("unreachable_group", "BB15")}),
        ("BB1", "", {("unreachable_group", "BQY"), ("unreachable_group", "BR15"), ("unused_set", "OP_B")}),
        ("BR15", "ZYZD not in DI_B", {("unreachable_group", "BR15")}),
    ],
)
def test_findings(scheme: Scheme, code: str, rule: str, expected: set[tuple[str, str]]) -> None:
    assert expected <= found(with_rule(scheme, code, rule))
    assert bool(expected) == bool(found(with_rule(scheme, code, rule)))


def test_findings_of_tables(scheme: Scheme) -> None:
    sets = {**scheme.sets, "DI_B": CodeSet("DI_B"), "9X": CodeSet("9X", frozenset({"A"})), "X": CodeSet("X")}
    odd = replace(scheme, sets=sets, exclusions={"1": frozenset({"A"}), "9": frozenset({"A"})})
    odd = replace(odd, drgs=(replace(odd.drgs[0], name=""), *odd.drgs[1:-2]))
    assert {
        ("empty_set", "B"),
        ("rule_never_holds", "B"),
        ("unwritable_set_number", "9X"),
        ("unused_set", "X"),
        ("empty_exclusion_table", "2"),
        ("unused_exclusion_table", "9"),
        ("group_without_name", "AA19"),
        ("no_group_below", "BR1"),
    } <= found(odd)
    twice = replace(scheme, drgs=(*scheme.drgs, replace(scheme.drgs[0], parent="BB1", mdc="B")))
    assert ("duplicate_code", "AA19") in found(twice)


@settings(max_examples=80)
@given(compounds(), schemes(), st.lists(cases(), min_size=1, max_size=6))
def test_what_lint_says_of_a_rule_is_true_of_every_case(rule: Rule, base: Scheme, many: list[Case]) -> None:
    empty = frozenset(name for name, members in base.sets.items() if not members.codes)
    can_hold, can_fail = can_hold_and_fail(rule, empty)
    one = RuleRow("A11", "", rule_text(rule), "A1", "A", 1)
    asking = replace(
        base, mdcs=(RuleRow("A", "", "", "", "A", 1),), adrgs=(RuleRow("A1", "", "", "A", "A", 1),), drgs=(one,)
    )
    for case in many:
        held = ReferenceGrouper(asking).group(case).drg == "A11"
        assert can_hold if held else can_fail


@settings(max_examples=60)
@given(schemes(), st.lists(cases(), min_size=1, max_size=8))
def test_no_case_is_in_a_group_called_unreachable(scheme: Scheme, many: list[Case]) -> None:
    unreachable = {one.code for one in lint_scheme(scheme) if one.kind is Kind.UNREACHABLE}
    assert not unreachable & {ReferenceGrouper(scheme).group(case).drg for case in many}


def test_no_published_case_is_in_a_group_called_unreachable(shared: Path) -> None:
    folder = shared / "schemes" / "foshan_2022"
    lines = (folder / "expected.csv").read_text(encoding="utf-8").splitlines()
    reached = {line.rsplit(",", 1)[1] for line in lines}
    unreachable = {one.code for one in lint_scheme(read_scheme(folder)) if one.kind is Kind.UNREACHABLE}
    assert unreachable
    assert not unreachable & reached


def test_differences(scheme: Scheme, tmp_path: Path) -> None:
    changes = {
        **spoiled("drg", "NL > 17", "NL > 18"),
        **spoiled("code_set", "OP_B,01.2400,开颅,OP", "OP_B,01.2500,另一,OP"),
        **spoiled("cc", "2,CC", "2,MCC"),
        **spoiled("exclusion", "2,I99.x00", "2,I98.x00"),
        **spoiled("mdc", "ZYZD in DI_B", "zyzd IN DI_B"),
        **spoiled("adrg", "BQY,歧义", "BQY,歧义组"),
    }
    diff = diff_schemes(scheme, read_scheme(write_files(tmp_path, **changes)))
    assert [(one.sheet, one.code, one.fields) for one in diff.rows] == [
        ("ADRG", "BQY", ("name",)),
        ("DRG", "BR15", ("rule",)),
    ]
    assert [(one.name, one.added, one.removed) for one in diff.codes] == [
        ("OP_B", ("01.2500",), ("01.2400",)),
        ("2", ("I98.x00",), ("I99.x00",)),
    ]
    assert [one.code for one in diff.complications] == ["E11.900"]
    lines = diff.lines({"E11.900": "糖尿病"})
    assert "DRG BR15 内科：规则由“NL > 17”改为“NL > 18”" in lines
    assert "CC E11.900 糖尿病：由CC（排除表2）改为MCC（排除表2）" in lines
    assert len(lines) == 5


def test_rows_that_come_and_go_are_differences(scheme: Scheme) -> None:
    fewer = replace(scheme, drgs=scheme.drgs[:-1], sets={k: v for k, v in scheme.sets.items() if k != "OP_B"})
    assert diff_schemes(scheme, fewer).lines()[0] == "DRG BR15 内科：删除，规则：NL > 17"
    assert diff_schemes(fewer, scheme).rows[0].before is None
    assert diff_schemes(fewer, scheme).codes[0].added == ("01.2400",)
    assert diff_schemes(scheme, scheme).is_empty


def test_every_group_that_can_be_reached_has_a_witness(scheme: Scheme) -> None:
    witnesses = find_witnesses(scheme)
    (missing,) = witnesses.missing
    assert (missing.code, missing.proven, missing.before) == ("BQY", True, ("AA19",))
    assert missing.reason == "不可达：满足其规则的病例都已先进入 AA19"
    grouper = ReferenceGrouper(scheme)
    assert {code: grouper.group(case).drg for code, case in witnesses.found.items()} == {
        row.code: row.code for row in scheme.drgs if row.code != "BQY"
    }
    smallest = witnesses.found["AA19"]
    assert (smallest.other_diagnoses, smallest.procedures) == ((), ("37.5100",))
    assert witnesses.found["BR11"].other_diagnoses == ("E11.900",)
    unreachable = with_rule(scheme, "BR15", "XB = 2")
    assert [one.reason for one in find_witnesses(unreachable).missing][1:] == [
        "不可达：没有编码和数值能同时满足其MDC、ADRG、DRG规则"
    ]


@pytest.mark.parametrize(
    ("rule", "size"),
    [
        ("length(OP_X ∩ {ZYSS, QTSS}) >= 3", 3),
        ("length(OP_X ∩ {ZYSS, QTSS}) >= 3 and NL > 90 and XB != 1", 5),
        ("length(DI_B ∩ {ZYZD, QTZD}) = 2 and QTZD in CC", 2),
        ("length(DI_B ∩ QTZD) > 1 and QTZD not in MCC and not NL > 3", 2),
        ("QTSS in OP_X and not ZYSS in OP_X", 2),
        ("length({DI_B, DI_Y} ∩ {ZYZD, QTZD}) <= 1 and QTZD in DI_Y", 1),
        ("length(OP_X ∩ {ZYSS, QTSS}) <= 1 and QTSS in OP_Y and ZYSS in OP_X", 2),
    ],
)
def test_a_witness_has_as_many_codes_as_the_rule_counts(scheme: Scheme, rule: str, size: int) -> None:
    sets = {**scheme.sets, "OP_X": CodeSet("OP_X", procedures=frozenset({"1.1", "1.2", "1.3", "1.4"}))}
    sets["OP_Y"] = CodeSet("OP_Y", procedures=frozenset({"1.3"}))
    sets["DI_Y"] = CodeSet("DI_Y", frozenset({"I61.x00"}))
    asking = with_rule(replace(scheme, sets=sets), "BR11", f"XB = 1 or ({rule})")
    case = find_witnesses(with_rule(asking, "BR1", rule)).found["BR11"]
    assert ReferenceGrouper(with_rule(asking, "BR1", rule)).group(case).drg == "BR11"
    scalars = [value for value in (case.sex, case.age, case.icu_hours) if value is not None]
    assert len(case.other_diagnoses) + len(case.procedures) + len(scalars) == size


def test_a_group_that_no_code_can_fill_has_no_witness(scheme: Scheme) -> None:
    """The set has one code, so no case has two of them."""
    few = with_rule(scheme, "BR15", "length(OP_B ∩ {ZYSS, QTSS}) >= 2")
    assert [one.code for one in find_witnesses(few).missing] == ["BQY", "BR15"]


def test_rules_in_chinese() -> None:
    assert rule_text_zh(parse_rule("")) == "恒成立（兜底）"
    assert rule_text_zh(parse_rule("XB = 2 and NL < 18")) == "性别等于女，且年龄小于18岁"
    text = rule_text_zh(parse_rule("not (QTZD in {MCC, S1} or length({A, B} ∩ {ZYSS, QTSS}) >= 2)"))
    assert text.startswith("并非（其他诊断有属于严重并发症或合并症（MCC）或集合S1内的编码的，或")
    assert "主要手术或其他手术属于集合A、B的不同编码个数不小于2" in text
