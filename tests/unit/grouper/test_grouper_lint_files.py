"""Lint of a scheme file: every fatal problem at once, departures from the national scheme, codes nobody knows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from grouper.catalogue import read_catalogue
from grouper.errors import Fault, SchemeProblem
from grouper.lint import codes_of, lint_draft
from grouper.rules.findings import Finding, Kind
from grouper.rules.lint import lint_scheme
from grouper.scheme import CcEntry, CodeSet, CodeSystem, Complication, Scheme
from grouper.workbook import Draft, read_draft, read_scheme
from tests.unit.grouper.small_scheme import FILES, write_files
from tests.unit.grouper.test_grouper_workbook import write_workbook

BROKEN = {
    "mdc": "MDC编码,MDC名称,MDC规则,排序\nB,神经,ZYZD in di_b,2\nA,先期,,1\nA,又一,NL >,x\n",
    "adrg": (
        "ADRG编码,ADRG名称,ADRG规则,所属MDC编码,MDC内排序\n"
        "AA1,移植,ZYSS inn OP_A,Q,1\nBB1,手术,QTSS in {OP_X，OP_B},B,\n,无码,,B,2\n"
        'BR1,内科,"QTSS in {OP_X, OP_Y}",B,3\n'
    ),
    "drg": (
        "DRG编码,DRG名称,DRG规则,所属ADRG编码,所属MDC编码,排序\n"
        "AA19,移植,,AA1,A,1\nBB11,手术伴,QTZD in MCC or,BB9,B,1\nBB15,手术,,BB1,B,2\nBB15,手术,,BR1,B,2\n"
    ),
    "code_set": (
        "集合编号,ICD编码,ICD名称,类型编号\nDI_B,I60.000,,DI\n,I61.x00,,DI\nOP_A,,,OP\nOP_B,01.2400,,XX\nCC,A01,,DI\n"
    ),
    "cc": "疾病编码,疾病名称,排除表,类型\nA41.900,,1,MCC\nA41.900,,2,MCC\nE11.900,,2,M\n",
    "exclusion": "集合编号,ICD编码,ICD名称\n1,,\n,I99.x00,\n",
    "code_map": "system,clinical_code,code\nDI,A,B\nDI,B,C\nXX,A,B\nDI,A,D\nDI,F,\n",
    "grey_codes": "system,code\nDI,A\nDI,G\nDI,G\n",
}
FATAL = [
    ("MDC", 2, Fault.UNKNOWN_SET, "ZYZD in di_b"),
    ("MDC", 4, Fault.VALUE, "x"),
    ("MDC", 4, Fault.DUPLICATE, "A"),
    ("MDC", 4, Fault.SYNTAX, "NL >"),
    ("ADRG", 2, Fault.PARENT, "Q"),
    ("ADRG", 2, Fault.SYNTAX, "ZYSS inn OP_A"),
    ("ADRG", 3, Fault.VALUE, "(empty)"),
    ("ADRG", 3, Fault.SYNTAX, "QTSS in {OP_X，OP_B}"),
    ("ADRG", 4, Fault.EMPTY, ""),
    ("ADRG", 5, Fault.UNKNOWN_SET, "QTSS in {OP_X, OP_Y}"),
    ("ADRG", 5, Fault.UNKNOWN_SET, "QTSS in {OP_X, OP_Y}"),
    ("DRG", 2, Fault.PARENT, "A"),
    ("DRG", 3, Fault.PARENT, "BB9"),
    ("DRG", 3, Fault.SYNTAX, "QTZD in MCC or"),
    ("DRG", 5, Fault.DUPLICATE, "BB15"),
    ("集合", 3, Fault.EMPTY, ""),
    ("集合", 4, Fault.EMPTY, ""),
    ("集合", 5, Fault.VALUE, "XX"),
    ("集合", 6, Fault.VALUE, "CC"),
    ("CC", 3, Fault.DUPLICATE, "A41.900"),
    ("CC", 4, Fault.VALUE, "M"),
    ("排除表", 2, Fault.EMPTY, ""),
    ("排除表", 3, Fault.EMPTY, ""),
    ("编码映射", 2, Fault.CODE_MAP, "A"),
    ("编码映射", 4, Fault.VALUE, "XX"),
    ("编码映射", 5, Fault.DUPLICATE, "A"),
    ("编码映射", 6, Fault.EMPTY, "(empty)"),
    ("灰码", 2, Fault.CODE_MAP, "A"),
    ("灰码", 4, Fault.DUPLICATE, "G"),
]


def broken(folder: Path) -> Path:
    write_files(folder, **BROKEN)
    for name in ("code_map", "grey_codes"):
        (folder / f"{name}.csv").write_text(BROKEN[name], encoding="utf-8")
    return folder


def fatal(draft: Draft) -> list[tuple[str, int, Fault, str]]:
    return [(one.sheet, one.row, one.fault, one.value) for one in draft.problems]


@pytest.fixture(scope="module")
def scheme(tmp_path_factory: pytest.TempPathFactory) -> Scheme:
    return read_scheme(write_files(tmp_path_factory.mktemp("scheme")))


def test_every_fatal_problem_is_named(tmp_path: Path) -> None:
    folder = broken(tmp_path)
    assert fatal(read_draft(folder)) == FATAL
    with pytest.raises(SchemeProblem, match="集合, row 3"):
        read_scheme(folder)


def test_every_fatal_problem_of_a_workbook_is_named(tmp_path: Path) -> None:
    book = write_workbook(tmp_path / "book.xlsx", {f"{name}.csv": text for name, text in BROKEN.items()}, title=False)
    assert fatal(read_draft(book)) == [one for one in FATAL if one[0] not in ("编码映射", "灰码")]


def test_each_fatal_problem_is_a_finding_with_a_remedy(tmp_path: Path) -> None:
    found = lint_draft(read_draft(broken(tmp_path)))
    assert [(one.sheet, one.row, one.kind.value, one.code) for one in found] == [
        (sheet, row, fault.value, value) for sheet, row, fault, value in FATAL
    ]
    assert all(one.is_error and one.message and one.remedy for one in found)


def test_a_sound_scheme_is_read_the_same_both_ways(tmp_path: Path) -> None:
    draft = read_draft(write_files(tmp_path))
    assert draft.problems == ()
    assert draft.scheme == read_scheme(tmp_path)
    assert draft.rows["集合", "OP_B"] == 5
    assert draft.rows["CC", "E11.900"] == 3


def test_what_hangs_on_a_missing_sheet_is_not_named_too(tmp_path: Path) -> None:
    changes = {"code_set": None, "adrg": FILES["adrg.csv"].replace("ADRG规则", "规则"), "mdc": b"\xff\xff\x00"}
    draft = read_draft(write_files(tmp_path, **changes))
    assert fatal(draft) == [("MDC", 0, Fault.FILE, ""), ("ADRG", 1, Fault.HEADER, ""), ("集合", 0, Fault.SHEET, "")]
    assert draft.scheme.drgs


def test_a_folder_without_files_has_one_problem(tmp_path: Path) -> None:
    assert [one.problem for one in read_draft(tmp_path).problems] == ["no scheme in the folder"]


def test_every_kind_of_finding_has_a_remedy_of_its_own_name() -> None:
    assert not {fault.value for fault in Fault} & {kind.value for kind in Kind}
    findings = [Finding(kind, "", "", "") for kind in (*Fault, *Kind)]
    assert all(one.severity and one.remedy for one in findings)


def test_adrgs_are_those_of_the_national_scheme(scheme: Scheme) -> None:
    own = replace(scheme.adrgs[0], code="AZ1", name="自设", row=9)
    gone = ("BB1", "BQY")
    local = replace(
        scheme,
        adrgs=(*(row for row in scheme.adrgs if row.code not in gone), own),
        drgs=tuple(row for row in scheme.drgs if row.parent not in gone),
    )
    found = [one for one in lint_draft(Draft(local, (), {}), national=scheme) if "adrg" in one.kind.value]
    assert [(one.kind.value, one.code, one.row, one.message) for one in found] == [
        ("adrg_not_national", "AZ1", 9, "国家分组方案没有ADRG AZ1 自设"),
        ("national_adrg_missing", "BB1", 0, "缺少国家分组方案的ADRG BB1 手术"),
    ]
    assert not [one for one in lint_draft(Draft(scheme, (), {}), national=scheme) if one.is_error]


def test_codes_are_in_a_catalogue_or_the_national_scheme(scheme: Scheme) -> None:
    many = {f"OP_{n}": CodeSet(f"OP_{n}", procedures=frozenset({"99.9"})) for n in range(1, 8)}
    more = {"I60.999": CcEntry(Complication.CC, "2")}
    local = replace(scheme, sets={**scheme.sets, **many}, complications={**scheme.complications, **more})
    draft = Draft(local, (), {})

    def unknown(**known: object) -> list[tuple[str, str]]:
        found = lint_draft(draft, **known)  # type: ignore[arg-type]
        return [(one.sheet, one.code) for one in found if one.kind is Kind.UNKNOWN_CODE]

    assert unknown() == []
    assert unknown(national=scheme) == [("集合", "99.9"), ("CC", "I60.999")]
    assert unknown(national=scheme, catalogue={CodeSystem.PROCEDURE: frozenset({"99.9"})}) == [("CC", "I60.999")]
    assert unknown(catalogue=codes_of(local)) == []
    assert unknown(catalogue={CodeSystem.DIAGNOSIS: frozenset({"99.9"})})[0] == ("集合", "I60.000")
    message = next(one.message for one in lint_draft(draft, national=scheme) if one.code == "99.9")
    assert message == "目录中没有此手术操作编码；见集合 OP_1、OP_2、OP_3、OP_4、OP_5等7个"


def test_a_catalogue_is_read(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_bytes("类型编号,ICD编码,ICD名称\nDI,I60.000,出血\nop,01.2400,开颅\n".encode("gb18030"))
    assert read_catalogue(path) == {
        CodeSystem.DIAGNOSIS: frozenset({"I60.000"}),
        CodeSystem.PROCEDURE: frozenset({"01.2400"}),
    }
    broken = {"system,name\n": "no column", "system,code\nDI,\n": "row 2", "system,code\n,A\n": "system"}
    for text, says in broken.items():
        path.write_text(text)
        with pytest.raises(SchemeProblem, match=says):
            read_catalogue(path)
    with pytest.raises(SchemeProblem, match="no such file"):
        read_catalogue(tmp_path / "nothing.csv")


def test_every_group_that_no_case_reaches_is_named(shared: Path) -> None:
    """Also those that are shut off across ADRGs and MDCs, which the rules alone do not tell."""
    draft = read_draft(shared / "schemes" / "chs_drg_10")
    named = {one.code: one.message for one in lint_draft(draft) if one.kind is Kind.UNREACHABLE}
    by_rules = {one.code for one in lint_scheme(draft.scheme) if one.kind is Kind.UNREACHABLE}
    assert by_rules < set(named)
    assert named["PC19"].endswith("不可达：满足其规则的病例都已先进入 PB19")


def test_national_findings_of_published_schemes(shared: Path) -> None:
    """Hubei's adds none of its own to 2.0 and lacks some; a scheme has no finding against itself."""
    national = read_scheme(shared / "schemes" / "chs_drg_20")
    local = read_draft(shared / "schemes" / "chs_drg_20_hubei")
    kinds = [one.kind for one in lint_draft(local, national=national)]
    same = lint_draft(Draft(national, (), {}), national=national)
    assert Kind.MISSING_ADRG not in {one.kind for one in same}
    assert Kind.ADDED_ADRG not in kinds
    ours, theirs = ({row.code for row in one.adrgs if row.code[1:3] != "QY"} for one in (local.scheme, national))
    assert kinds.count(Kind.MISSING_ADRG) == len(theirs - ours)
    assert lint_scheme(national) == same
