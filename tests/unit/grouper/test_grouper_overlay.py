"""A local scheme as base and changes: laid over, found again, written and read; what does not fit is named."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings

from grouper.errors import SchemeProblem
from grouper.overlay import apply_overlay, overlay_between, read_overlay, write_overlay
from grouper.scheme import CodeSet, RuleRow, Scheme
from grouper.sheets import CODE_FILES, CSV_FILES
from grouper.workbook import read_scheme
from tests.property.grouper_strategies import schemes
from tests.unit.grouper.small_scheme import write_files


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Scheme:
    return read_scheme(write_files(tmp_path_factory.mktemp("scheme")))


def changes(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    headers = {
        "mdc": "变更,MDC编码,MDC名称,MDC规则,排序",
        "adrg": "变更,ADRG编码,ADRG名称,ADRG规则,所属MDC编码,MDC内排序",
        "drg": "变更,DRG编码,DRG名称,DRG规则,所属ADRG编码,所属MDC编码,排序",
        "code_set": "变更,集合编号,ICD编码,ICD名称,类型编号",
        "cc": "变更,疾病编码,疾病名称,排除表,类型",
        "exclusion": "变更,集合编号,ICD编码,ICD名称",
    }
    for name, rows in files.items():
        (folder / f"{name}.csv").write_text(f"{headers[name]}\n{rows}\n", encoding="utf-8")
    return folder


def as_workbook(folder: Path, title: bool = False) -> Path:
    """The changes of a folder as a workbook that has only the sheets that change."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    sheets = {file: sheet for sheet, file in (CSV_FILES | CODE_FILES).items()}
    for path in sorted(folder.iterdir()):
        page = book.create_sheet(sheets[path.name])
        if title:
            page.append(["变更表"])
        for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8"))):
            page.append([cell or None for cell in row])
    book.create_sheet("说明").append(["变更", "不读"])
    book.save(folder.with_suffix(".xlsx"))
    return folder.with_suffix(".xlsx")


SPLIT = {
    "drg": "删除,BB11,,,BB1,B,\n新增,BB12,极重,QTZD in MCC and ICUSC > 96,BB1,B,0\n修改,BB15,手术二,NL > 1,BB1,B,2",
    "code_set": "新增,OP_B,01.2500,其他开颅,OP\n删除,DI_B,I61.x00,,DI",
    "cc": "修改,E11.900,糖尿病,1,MCC\n删除,A41.900,,,\n新增,Z00.000,检查,2,CC",
    "exclusion": "新增,3,I60.000,出血\n删除,2,I99.x00,",
}


def test_changes_are_laid_over(base: Scheme, tmp_path: Path) -> None:
    local = apply_overlay(base, read_overlay(changes(tmp_path / "c", **SPLIT)))
    assert [(row.code, row.rule) for row in local.drgs if row.parent == "BB1"] == [
        ("BB12", "QTZD in MCC and ICUSC > 96"),
        ("BB15", "NL > 1"),
    ]
    assert local.sets["OP_B"].procedures == {"01.2400", "01.2500"}
    assert local.sets["DI_B"].diagnoses == {"I60.000"}
    assert {code: entry.level for code, entry in local.complications.items()} == {"E11.900": "MCC", "Z00.000": "CC"}
    assert local.exclusions == {"1": frozenset({"I61.x00"}), "3": frozenset({"I60.000"})}
    assert local.code_names["01.2500"] == "其他开颅"
    found = overlay_between(base, local)
    assert apply_overlay(base, found) == local
    write_overlay(found, tmp_path / "written")
    assert read_overlay(tmp_path / "written") == found
    assert not (tmp_path / "written" / "mdc.csv").exists()


MISFITS = [
    ({"drg": "加,BB19,,,BB1,B,3"}, "sheet DRG, row 2, column 变更: no such change"),
    ({"drg": "删除,BB19,,,BB1,B,3"}, "row 2: the row to be deleted is not in the base"),
    ({"drg": "修改,BB19,,,BB1,B,3"}, "the row to be changed stands 0 times"),
    ({"drg": "新增,BB15,,,BB1,B,3"}, "is in the base already"),
    ({"drg": "新增,BB19,,,BB9,B,3"}, "DRG BB19 .* belongs to a row that is not there"),
    ({"adrg": "删除,BB1,,,B,1"}, "DRG BB1. .* belongs to a row that is not there"),
    ({"drg": "新增,BB19,,QTZD in NOWHERE,BB1,B,3"}, "asks for the code set NOWHERE"),
    ({"drg": "新增,BB19,,QTZD ni MCC,BB1,B,3"}, "the rule of BB19 cannot be read"),
    ({"drg": "新增,BB19,,,BB1,B,三"}, "no whole number"),
    ({"code_set": "删除,OP_A,37.5100,,OP"}, "the rule of AA1 asks for the code set OP_A"),
    ({"code_set": "删除,OP_A,99.9,,OP"}, "the row to be deleted is not in the base"),
    ({"code_set": "修改,OP_A,99.9,,OP"}, "the row to be changed is not in the base"),
    ({"code_set": "新增,OP_A,37.5100,,OP"}, "is in the base already"),
    ({"code_set": "新增,OP_A,37.5100,,X"}, "no such type"),
    ({"cc": "新增,E11.900,,2,CC"}, "sheet CC, row 2: the row is in the base already"),
    ({"cc": "删除,E11,,,"}, "the row is not in the base"),
    ({"exclusion": "删除,1,E11,"}, "the row to be deleted is not in the base"),
]


@pytest.mark.parametrize(("files", "says"), MISFITS)
def test_changes_that_do_not_fit_are_named(base: Scheme, tmp_path: Path, files: dict[str, str], says: str) -> None:
    with pytest.raises(SchemeProblem, match=says):
        apply_overlay(base, read_overlay(changes(tmp_path / "c", **files)))


@pytest.mark.parametrize("title", [False, True])
def test_a_workbook_of_changes_is_the_folder(base: Scheme, tmp_path: Path, title: bool) -> None:
    folder = changes(tmp_path / "c", **SPLIT)
    (folder / "grey_codes.csv").write_text("变更,system,code\n新增,DI,I60.000\n", encoding="utf-8")
    one, other = read_overlay(folder), read_overlay(as_workbook(folder, title))
    assert one == other
    assert [change.source_row + title for change in one.changes] == [change.source_row for change in other.changes]
    assert apply_overlay(base, one) == apply_overlay(base, other)
    assert apply_overlay(base, one).fingerprint == apply_overlay(base, other).fingerprint


def test_a_workbook_of_changes_has_the_errors_of_the_folder(base: Scheme, tmp_path: Path) -> None:
    for number, (files, _) in enumerate(MISFITS):
        folder = changes(tmp_path / f"c{number}", **files)
        problems = []
        for path in (folder, as_workbook(folder)):
            with pytest.raises(SchemeProblem) as caught:
                apply_overlay(base, read_overlay(path))
            problems.append(caught.value)
        one, other = ((p.problem, p.sheet, p.row, p.column, p.value, p.remedy) for p in problems)
        assert one == other
        assert folder.with_suffix(".xlsx").name in str(problems[1])


def test_what_holds_no_changes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemeProblem, match="no folder with changes"):
        read_overlay(tmp_path)
    with pytest.raises(SchemeProblem, match=r"no workbook with changes.*编码映射"):
        read_overlay(as_workbook(changes(tmp_path / "c")))
    (tmp_path / "cut.xlsx").write_bytes(b"PK\x03\x04")
    with pytest.raises(SchemeProblem, match="not a whole"):
        read_overlay(tmp_path / "cut.xlsx")


def without_empty_tables(scheme: Scheme) -> Scheme:
    """The national layout cannot hold a set or table without rows."""
    sets = {name: one if one.codes else CodeSet(name, frozenset({"Z00"})) for name, one in scheme.sets.items()}
    return replace(scheme, sets=sets, exclusions={name: codes for name, codes in scheme.exclusions.items() if codes})


@settings(max_examples=60)
@given(schemes(), schemes())
def test_the_changes_between_any_two_schemes_lead_from_one_to_the_other(one: Scheme, other: Scheme) -> None:
    base, whole = without_empty_tables(one), without_empty_tables(other)
    assert apply_overlay(base, overlay_between(base, whole)) == whole
    assert overlay_between(base, base).changes == ()


def test_rows_of_one_sort_number_keep_their_order(base: Scheme) -> None:
    rows = tuple(RuleRow(f"BB1{n}", "", f"NL = {n}", "BB1", "B", 5) for n in (1, 2, 3))
    others = tuple(row for row in base.drgs if row.parent != "BB1")

    def with_rows(*places: int) -> Scheme:
        mine = tuple(rows[place] for place in places)
        at = next(place for place, row in enumerate(base.drgs) if row.parent == "BB1")
        return replace(base, drgs=(*others[:at], *mine, *others[at:]))

    for before in ((0, 1, 2), (2, 0), (1,)):
        for after in ((2, 1, 0), (1, 0, 2), (0, 2), (2,)):
            start, end = with_rows(*before), with_rows(*after)
            assert apply_overlay(start, overlay_between(start, end)) == end


def test_published_local_schemes_are_overlays_of_the_national_ones(shared: Path) -> None:
    base, whole = (read_scheme(shared / "schemes" / name) for name in ("chs_drg_20", "chs_drg_20_hubei"))
    overlay = overlay_between(base, whole)
    assert apply_overlay(base, overlay) == whole
    assert len(overlay.changes) < 1500
