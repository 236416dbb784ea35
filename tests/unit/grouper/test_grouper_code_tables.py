"""Clinical codes mapped to the insurance edition and grey codes: what they mean, and what is refused."""

from __future__ import annotations

import csv
import io
import pickle
from dataclasses import replace
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest
from hypothesis import given, settings

from grouper.case import Case, GroupResult
from grouper.compile import compile_scheme
from grouper.diff import diff_schemes
from grouper.errors import SchemeProblem
from grouper.explain import explain_lines
from grouper.overlay import apply_overlay, overlay_between, read_overlay, write_overlay
from grouper.reference import ReferenceGrouper
from grouper.scheme import CodeSystem, Scheme
from grouper.tables import group_table
from grouper.workbook import read_scheme, write_scheme
from tests.property.grouper_strategies import coded_schemes, table_of
from tests.unit.grouper.small_scheme import FILES, write_files
from tests.unit.grouper.test_grouper_overlay import without_empty_tables
from tests.unit.grouper.test_grouper_workbook import write_workbook

DI, OP = CodeSystem.DIAGNOSIS, CodeSystem.PROCEDURE
MAP = (
    "system,clinical_code,code,note\n"
    "DI,I60.x01,I60.000,蛛网膜下腔出血\nDI,A41.x,A41.900,\nDI,R99.x,R99.900,\n"
    "OP,01.24x,01.2400,\nOP,00.x,00.0000,\nDI,I61.x00,I61.x00,\n"
)
GREY = "system,code\nDI,R99.900\nDI,I99.x00\nOP,00.0000\nOP,37.5100\n"
SOME = {"sex": 1, "age": 50}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Scheme:
    return read_scheme(write_files(tmp_path_factory.mktemp("plain")))


@pytest.fixture(scope="module")
def coded(tmp_path_factory: pytest.TempPathFactory) -> Scheme:
    return read_scheme(with_tables(tmp_path_factory.mktemp("coded"), MAP, GREY))


def with_tables(folder: Path, code_map: str | bytes | None, grey: str | bytes | None = None) -> Path:
    """The small scheme's folder with the tables of codes beside it."""
    write_files(folder)
    for file, content in (("code_map.csv", code_map), ("grey_codes.csv", grey)):
        if content is not None:
            (folder / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def both(scheme: Scheme, case: Case) -> GroupResult:
    """The reference's answer; the kernel gives the same."""
    found = ReferenceGrouper(scheme).group(case)
    row = group_table(compile_scheme(scheme), table_of([case])).to_pylist()[0]
    assert (row["drg"], row["outcome"], row["reason"]) == (found.drg, found.outcome.value, found.reason.value)
    return found


def test_tables_are_read(coded: Scheme) -> None:
    assert coded.code_map == {
        DI: {"I60.x01": "I60.000", "A41.x": "A41.900", "R99.x": "R99.900"},  # a code mapped to itself says nothing
        OP: {"01.24x": "01.2400", "00.x": "00.0000"},
    }
    assert coded.grey_codes == {DI: {"R99.900", "I99.x00"}, OP: {"00.0000", "37.5100"}}
    assert coded.map_notes == {(DI, "I60.x01"): "蛛网膜下腔出血"}


@pytest.mark.parametrize(
    ("changes", "drg", "reason"),
    [
        ({"principal_diagnosis": "I60.000"}, "BR15", ""),
        ({"principal_diagnosis": "I60.x01"}, "BR15", ""),
        ({"principal_diagnosis": "I60.x01", "procedures": ("01.24x",)}, "BB15", ""),
        ({"principal_diagnosis": "I60.x01", "procedures": ("01.24x",), "other_diagnoses": ("A41.x",)}, "BB11", ""),
        # Mapped first: the exclusion table knows the insurance edition's code only.
        ({"principal_diagnosis": "I61.x00", "procedures": ("01.2400",), "other_diagnoses": ("A41.x",)}, "BB15", ""),
        # A grey procedure takes no part, and the next one does not become the principal one.
        ({"principal_diagnosis": "I60.000", "procedures": ("37.5100",)}, "BR15", ""),
        ({"principal_diagnosis": "I60.000", "procedures": ("00.x", "01.2400")}, "BB15", ""),
        ({"principal_diagnosis": "I60.000", "other_diagnoses": ("R99.x", "R99.900")}, "BR15", ""),
        # A grey principal diagnosis has no group, whatever the other codes are.
        ({"principal_diagnosis": "R99.900"}, "0000", "grey_principal_diagnosis"),
        ({"principal_diagnosis": "R99.x", "procedures": ("01.2400",)}, "0000", "grey_principal_diagnosis"),
        ({"principal_diagnosis": "I99.x00"}, "0000", "grey_principal_diagnosis"),
        ({"principal_diagnosis": None, "other_diagnoses": ("R99.x",)}, "0000", "no_principal_diagnosis"),
        # Codes of one system say nothing of the other one's.
        ({"principal_diagnosis": "37.5100"}, "0000", "unknown_principal_diagnosis"),
        ({"principal_diagnosis": "01.24x"}, "0000", "unknown_principal_diagnosis"),
        # Compared exactly, as all codes.
        ({"principal_diagnosis": "i60.x01"}, "0000", "unknown_principal_diagnosis"),
    ],
)
def test_what_mapped_and_grey_codes_mean(coded: Scheme, changes: dict[str, object], drg: str, reason: str) -> None:
    found = both(coded, Case("1", **SOME, **changes))  # type: ignore[arg-type]
    assert (found.drg, found.reason.value) == (drg, reason)


def test_a_grey_principal_procedure_leaves_its_place_empty(coded: Scheme, plain: Scheme) -> None:
    """AA1 asks for 37.5100 as the principal procedure; grey, it is no procedure, and the next one stays where it is."""
    case = Case("1", **SOME, principal_diagnosis="I60.000", procedures=("37.5100",))
    assert both(plain, case).drg == "AA19"
    only_first = replace(
        coded, adrgs=tuple(replace(row, rule=row.rule.replace("{ZYSS, QTSS}", "ZYSS")) for row in coded.adrgs)
    )
    second = replace(case, procedures=("37.5100", "01.2400"))
    assert both(coded, second).drg == "BB15"
    assert both(only_first, second).drg == "BR15"


def test_a_map_to_a_code_that_no_table_knows(plain: Scheme) -> None:
    scheme = replace(plain, code_map={DI: {"I60.000": "Z99.999"}})
    found = both(scheme, Case("1", **SOME, principal_diagnosis="I60.000"))
    assert found.reason == "unknown_principal_diagnosis"


def test_the_trace_keeps_what_was_written(coded: Scheme) -> None:
    case = Case(
        "1",
        **SOME,
        principal_diagnosis="I60.x01",
        other_diagnoses=("A41.x", "R99.x", "E11.900"),
        procedures=("37.5100", "01.24x"),
    )
    trace = ReferenceGrouper(coded).explain(case)
    assert trace.case == case
    lines = explain_lines(trace, coded.code_names)
    assert lines[1:6] == [
        "  编码映射 主要诊断 I60.x01 -> I60.000（出血）（备注：蛛网膜下腔出血）",
        "  编码映射 其他诊断 A41.x -> A41.900（脓毒症）",
        "  编码映射 其他诊断 R99.x -> R99.900，灰码，不参加分组",
        "  主要手术 37.5100（心脏移植），灰码，不参加分组",
        "  编码映射 其他手术 01.24x -> 01.2400（开颅）",
    ]
    assert "  其他诊断 A41.900（脓毒症） 为MCC，有效" in lines
    assert any("其他手术 01.2400（开颅） 属于集合OP_B" in line for line in lines)
    grey = explain_lines(ReferenceGrouper(coded).explain(replace(case, principal_diagnosis="R99.x")))
    assert grey[0] == "病例 1：未入组（0000），原因：主要诊断为灰码，不能作为主要诊断"
    assert grey[1] == "  编码映射 主要诊断 R99.x -> R99.900，灰码，不能作为主要诊断"
    assert not any("规则：" in line for line in grey)  # none was tried


def test_ids_are_settled_once_a_distinct_code(coded: Scheme) -> None:
    compiled = compile_scheme(coded)
    codes = pa.array(["I60.000", "I60.x01", "R99.x", "I99.x00", "no", "", None, "37.5100"])
    ids = compiled.local_ids(codes, DI)
    known = compiled.codes.index("I60.000") + 1
    heart = compiled.codes.index("37.5100") + 1
    assert ids.tolist() == [known, known, compiled.grey_id, compiled.grey_id, 0, -1, -1, heart]
    assert compiled.local_ids(codes.dictionary_encode(), DI).tolist() == ids.tolist()
    assert compiled.local_ids(codes, OP)[-1] == compiled.grey_id


def test_a_scheme_without_the_tables_keeps_its_version(plain: Scheme, coded: Scheme, tmp_path: Path) -> None:
    """The version of the small scheme as it was before there were such tables."""
    assert plain.fingerprint == "bd0cf55e52f476dad9f485c5b07e02d76fe6c1b82d63d1db2479c9d08e97616f"
    empty = read_scheme(with_tables(tmp_path, "system,clinical_code,code\n", "system,code\nDI,Z00\n"))
    assert replace(empty, grey_codes={}).fingerprint == plain.fingerprint
    versions = {
        scheme.fingerprint
        for scheme in (
            plain,
            coded,
            replace(coded, code_map={}),
            replace(coded, grey_codes={}),
            replace(coded, grey_codes={DI: coded.grey_codes[OP], OP: coded.grey_codes[DI]}),
            replace(coded, code_map={OP: coded.code_map[DI], DI: coded.code_map[OP]}),
            replace(coded, code_map={**coded.code_map, OP: {"01.24x": "01.2401", "00.x": "00.0000"}}),
        )
    }
    assert len(versions) == 7
    assert replace(coded, map_notes={}).fingerprint == coded.fingerprint


def test_what_is_written_is_read(coded: Scheme, plain: Scheme, tmp_path: Path) -> None:
    write_scheme(coded, tmp_path)
    assert read_scheme(tmp_path) == coded
    assert read_scheme(tmp_path).map_notes == coded.map_notes
    write_scheme(plain, tmp_path)  # over it: its tables must not stay behind
    assert read_scheme(tmp_path) == plain


@pytest.mark.parametrize("names", [("编码映射", "灰码"), ("code_map", "grey_codes")])
def test_a_workbook_may_have_the_sheets_too(coded: Scheme, tmp_path: Path, names: tuple[str, str]) -> None:
    path = write_workbook(tmp_path / "book.xlsx", FILES)
    book = openpyxl.load_workbook(path)
    headers = (["类型编号", "国临版编码", "医保版编码", "备注"], ["类型编号", "医保版编码"])
    for name, text, header in zip(names, (MAP, GREY), headers, strict=True):
        page = book.create_sheet(name)
        for row in (header, *list(csv.reader(io.StringIO(text)))[1:]):
            page.append(row)
    book.save(path)
    assert read_scheme(path) == coded
    assert read_scheme(path).map_notes == coded.map_notes


HEAD, GREY_HEAD = "system,clinical_code,code\n", "system,code\n"


@pytest.mark.parametrize(
    ("code_map", "grey", "sheet", "row", "column", "value", "says"),
    [
        (
            HEAD + "DI,A,B\nDI,A,B\n",
            None,
            "编码映射",
            3,
            "clinical_code",
            "A",
            "duplicate code A of DI, first in row 2",
        ),
        (HEAD + "DI,A,B\n\nDI,A,A\n", None, "编码映射", 4, "clinical_code", "A", "duplicate code A of DI"),
        (HEAD + "IC,A,B\n", None, "编码映射", 2, "system", "IC", "no such system of codes"),
        (HEAD + ",A,B\n", None, "编码映射", 2, "system", "(empty)", "no such system of codes"),
        (HEAD + "DI,,B\n", None, "编码映射", 2, "clinical_code", "", "the cell is empty"),
        (HEAD + "DI,A,\n", None, "编码映射", 2, "code", "(empty)", "the code A is mapped to nothing"),
        (
            HEAD + "DI,Z,Y\nDI,A,B\nDI,B,C\n",
            None,
            "编码映射",
            3,
            "clinical_code",
            "A",
            "a chain: A is mapped to B, and B",
        ),
        (HEAD + "OP,A,B\nOP,B,A\n", None, "编码映射", 2, "clinical_code", "A", "the map has a cycle: A is mapped to B"),
        (HEAD + "OP,A,B\n", GREY_HEAD + "DI,A\nOP,A\n", "灰码", 3, "code", "A", "the grey code A is mapped too, to B"),
        (None, GREY_HEAD + "DI,A\nOP,A\nDI,A\n", "灰码", 4, "code", "A", "duplicate code A of DI, first in row 2"),
        (None, GREY_HEAD + "DI,\n", "灰码", 2, "code", "", "the cell is empty"),
        (None, GREY_HEAD + "XX,A\n", "灰码", 2, "system", "XX", "no such system of codes"),
        (None, "code\nA\n", "灰码", 1, "", "", "no column with the header system or 类型编号"),
        ("", None, "编码映射", 0, "", "", "no column with the header"),
        (b"\xff\xff\x00", None, "编码映射", 0, "", "", "no known encoding"),
    ],
)
def test_what_is_broken_is_named(
    tmp_path: Path,
    code_map: str | bytes | None,
    grey: str | None,
    sheet: str,
    row: int,
    column: str,
    value: str,
    says: str,
) -> None:
    folder = with_tables(tmp_path, code_map, grey)
    with pytest.raises(SchemeProblem) as caught:
        read_scheme(folder)
    problem = caught.value
    assert (problem.sheet, problem.row, problem.column, problem.value) == (sheet, row, column, value)
    assert says in problem.problem
    assert problem.remedy
    assert str(folder / ("code_map.csv" if sheet == "编码映射" else "grey_codes.csv")) in str(problem)
    assert str(pickle.loads(pickle.dumps(problem))) == str(problem)


def test_codes_of_different_systems_may_be_mapped_alike(tmp_path: Path) -> None:
    scheme = read_scheme(with_tables(tmp_path, HEAD + "DI,A,B\nOP,B,A\n", GREY_HEAD + "OP,A\n"))
    assert scheme.code_map == {DI: {"A": "B"}, OP: {"B": "A"}}


def test_diff_tells_of_them(plain: Scheme, coded: Scheme) -> None:
    assert not diff_schemes(plain, coded).is_empty
    other = replace(coded, code_map={**coded.code_map, OP: {"01.24x": "01.2401", "00.x": "00.0000"}}, grey_codes={})
    assert diff_schemes(coded, other).lines() == [
        "编码映射 OP：新增1个编码（01.24x -> 01.2401）；删除1个编码（01.24x -> 01.2400）",
        "灰码 DI：删除2个编码（I99.x00、R99.900）",
        "灰码 OP：删除2个编码（00.0000、37.5100）",
    ]


CHANGED = {
    "code_map.csv": (
        "变更,system,clinical_code,code,note\n新增,DI,I60.x02,I60.000,又\n修改,OP,01.24x,01.2401,\n删除,DI,R99.x,,\n"
    ),
    "grey_codes.csv": "变更,system,code\n新增,DI,Z00.000\n删除,OP,37.5100\n",
}


def changes(folder: Path, **files: str) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def test_an_overlay_changes_them(coded: Scheme, tmp_path: Path) -> None:
    folder = changes(tmp_path / "c", **{name.removesuffix(".csv"): text for name, text in CHANGED.items()})
    local = apply_overlay(coded, read_overlay(folder))
    assert local.code_map == {
        DI: {"I60.x01": "I60.000", "I60.x02": "I60.000", "A41.x": "A41.900"},
        OP: {"01.24x": "01.2401", "00.x": "00.0000"},
    }
    assert local.grey_codes == {DI: {"R99.900", "I99.x00", "Z00.000"}, OP: {"00.0000"}}
    assert local.map_notes == {(DI, "I60.x01"): "蛛网膜下腔出血", (DI, "I60.x02"): "又"}
    assert (local.mdcs, local.sets) == (coded.mdcs, coded.sets)
    found = overlay_between(coded, local)
    write_overlay(found, tmp_path / "written")
    assert read_overlay(tmp_path / "written") == found
    assert apply_overlay(coded, found) == local


@pytest.mark.parametrize(
    ("file", "row", "says"),
    [
        ("code_map", "新增,DI,I60.x01,I60.000,", "row 2: the row is in the base already"),
        ("code_map", "修改,DI,no,I60.000,", "row 2: the row is not in the base"),
        ("code_map", "新增,DI,no,,", "row 2, column code: the cell is empty"),
        ("code_map", "新增,DI,no,no,", "row 2, column code: a code is mapped to itself"),
        ("code_map", "新增,DD,no,A,", "row 2, column system: no such type"),
        ("code_map", "新增,DI,no,I60.x01,", "after the changes the map has a chain: no is mapped to I60.x01"),
        ("code_map", "新增,DI,I99.x00,I61.x00,", "after the changes the grey code I99.x00 is mapped too"),
        ("grey_codes", "新增,DI,I99.x00", "row 2: the row to be added is in the base already"),
        ("grey_codes", "删除,DI,no", "row 2: the row to be deleted is not in the base"),
        ("grey_codes", "新增,DI,", "row 2, column code: the cell is empty"),
    ],
)
def test_what_an_overlay_cannot_change(coded: Scheme, tmp_path: Path, file: str, row: str, says: str) -> None:
    header = CHANGED[f"{file}.csv"].splitlines()[0]
    with pytest.raises(SchemeProblem, match=f"{says}"):
        apply_overlay(coded, read_overlay(changes(tmp_path / "c", **{file: f"{header}\n{row}\n"})))


@settings(max_examples=40)
@given(coded_schemes(), coded_schemes())
def test_the_changes_between_any_two_schemes_with_tables(one: Scheme, other: Scheme) -> None:
    base, whole = without_empty_tables(one), without_empty_tables(other)
    assert apply_overlay(base, overlay_between(base, whole)) == whole
