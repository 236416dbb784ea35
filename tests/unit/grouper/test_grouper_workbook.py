"""Schemes in and out: editions differ in form and mean the same; what is broken is named."""

from __future__ import annotations

import csv
import io
import pickle
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from grouper.cells import LARGEST_UNPACKED
from grouper.errors import SchemeProblem
from grouper.sheets import CSV_FILES
from grouper.workbook import read_scheme, write_scheme
from tests.unit.grouper.small_scheme import FILES, spoiled, write_files


def write_workbook(path: Path, files: dict[str, str], title: bool = True) -> Path:
    """The small scheme as a workbook with the oddities of the national one."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for sheet, file in CSV_FILES.items():
        page = book.create_sheet(sheet)
        rows = list(csv.reader(io.StringIO(files[file])))
        if sheet == "MDC" and title:
            page.append(["分组方案 MDC"])
        for row in rows:
            cells: list[object] = [int(cell) if cell.isdigit() and sheet != "集合" else cell or None for cell in row]
            page.append([None, *cells] if sheet == "ADRG" else cells)
    book.save(path)
    return path


def test_workbook_is_the_folder(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "folder")
    book = write_workbook(tmp_path / "book.xlsx", FILES)
    assert read_scheme(book) == read_scheme(folder)
    assert read_scheme(book).fingerprint == read_scheme(folder).fingerprint
    assert read_scheme(book).code_names == read_scheme(folder).code_names


def test_rows_are_in_the_order_of_their_sort_numbers(tmp_path: Path) -> None:
    scheme = read_scheme(write_files(tmp_path))
    assert [row.code for row in scheme.mdcs] == ["A", "B"]
    tied = read_scheme(write_files(tmp_path, **spoiled("mdc", "ZYZD in DI_B,2", "ZYZD in DI_B,1")))
    assert [row.code for row in tied.mdcs] == ["B", "A"]


@pytest.mark.parametrize(
    "changes",
    [
        spoiled("adrg", "MDC内排序", "排序"),
        spoiled("drg", "DRG编码", "DRG"),
        spoiled("cc", "疾病编码,疾病名称,排除表,类型", "ICD编码,ICD名称,排除表,类型编号"),
        spoiled("code_set", "ICD编码,ICD名称,类型编号", "疾病编码,疾病名称,类型"),
        spoiled("mdc", "MDC编码", "\ufeffＭＤＣ编码"),
        spoiled("mdc", "MDC编码", "国家方案\n\nMDC编码"),
        spoiled("mdc", "ZYZD in DI_B", "zyzd\u3000IN\u00a0DI_B_x000D_"),
        spoiled("mdc", "ZYZD in DI_B", '" ZYZD\r\nin\tDI_B "'),
        spoiled("drg", "AA19,移植", "AA19_x000D_,移植"),
        spoiled("code_set", "OP_B,01.2400,开颅,OP", "OP_B,01.2400,开颅,op\n,,,"),
        spoiled("drg", ",BR1,B,2", ",BR1,B,2.0"),
        {name.removesuffix(".csv"): text.encode("gb18030") for name, text in FILES.items()},
        {name.removesuffix(".csv"): text.encode("utf-8-sig") for name, text in FILES.items()},
        {name.removesuffix(".csv"): text.replace("\n", "\r\n") for name, text in FILES.items()},
    ],
)
def test_editions_differ_and_mean_the_same(tmp_path: Path, changes: dict[str, str | bytes]) -> None:
    plain = read_scheme(write_files(tmp_path / "plain"))
    other = read_scheme(write_files(tmp_path / "other", **changes))
    assert other.fingerprint == plain.fingerprint
    assert other.code_names == plain.code_names


def test_columns_may_stand_anywhere_and_names_may_be_missing(tmp_path: Path) -> None:
    plain = read_scheme(write_files(tmp_path / "plain"))
    turned = "类型编号,,ICD编码,集合编号\nDI,,I60.000,DI_B\nDI,,I61.x00,DI_B\nOP,,37.5100,OP_A\nOP,,01.2400,OP_B\n"
    other = read_scheme(write_files(tmp_path / "other", code_set=turned))
    assert other.fingerprint == plain.fingerprint


def test_what_is_written_is_read(tmp_path: Path) -> None:
    scheme = read_scheme(write_files(tmp_path / "in"))
    write_scheme(scheme, tmp_path / "out")
    assert read_scheme(tmp_path / "out") == scheme
    assert read_scheme(tmp_path / "out").code_names == scheme.code_names
    write_scheme(scheme, tmp_path / "again")
    for file in CSV_FILES.values():
        assert (tmp_path / "out" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()


DEEP = "(" * 10_000 + "NL = 1" + ")" * 10_000
NOTS = "not " * 10_000 + "NL = 1"


BROKEN: list[tuple[dict[str, str | bytes | None], str, int, str, str, str]] = [
    ({"cc": None}, "CC", 0, "", "", "file is missing"),
    (spoiled("adrg", "ADRG规则", "规则"), "ADRG", 1, "", "", "no column with the header ADRG规则"),
    (spoiled("drg", "排序", "序"), "DRG", 1, "", "", "排序"),
    (spoiled("cc", "排除表,类型", "排除表,类型,类型"), "CC", 1, "", "", "2 times"),
    (spoiled("mdc", "ZYZD in DI_B", "ZYZD in di_b"), "MDC", 2, "MDC规则", "ZYZD in di_b", "di_b"),
    (spoiled("drg", "QTZD in MCC", "QTZD inn MCC"), "DRG", 3, "DRG规则", "QTZD inn MCC", "column 6 of the rule"),
    (spoiled("drg", "NL > 17", DEEP), "DRG", 7, "DRG规则", DEEP, "nested deeper"),
    (
        spoiled("drg", "NL > 17", "not " * 10_000 + "NL = 1"),
        "DRG",
        7,
        "DRG规则",
        "not " * 10_000 + "NL = 1",
        "nested",
    ),
    (spoiled("mdc", "A,先期", "B,先期"), "MDC", 3, "MDC编码", "B", "duplicate code B, first in row 2"),
    (spoiled("adrg", "BR1,内科", "AA1,内科"), "ADRG", 5, "ADRG编码", "AA1", "duplicate code"),
    (spoiled("drg", "BR11", "AA19"), "DRG", 6, "DRG编码", "AA19", "two ADRGs"),
    (spoiled("adrg", "OP_A,A,1", "OP_A,Q,1"), "ADRG", 2, "所属MDC编码", "Q", "MDC that does not exist"),
    (spoiled("drg", "AA1,A,1", "AA9,A,1"), "DRG", 2, "所属ADRG编码", "AA9", "ADRG that does not exist"),
    (spoiled("drg", "AA1,A,1", "AA1,B,1"), "DRG", 2, "所属MDC编码", "B", "another MDC"),
    (spoiled("drg", "AA1,A,1", "AA1,A,一"), "DRG", 2, "排序", "一", "no whole number"),
    (spoiled("drg", "AA1,A,1", "AA1,A,"), "DRG", 2, "排序", "(empty)", "no whole number"),
    (spoiled("drg", "AA19,移植", ",移植"), "DRG", 2, "DRG编码", "", "empty"),
    (spoiled("code_set", "开颅,OP", "开颅,XX"), "集合", 5, "类型编号", "XX", "no such type"),
    (spoiled("code_set", "OP_B,01", "mcc,01"), "集合", 5, "集合编号", "mcc", "MCC or CC"),
    (spoiled("cc", "1,MCC", "1,M"), "CC", 2, "类型", "M", "no such type"),
    (spoiled("cc", "E11.900,糖尿病,2,CC", "A41.900,脓毒症,1,CC"), "CC", 3, "疾病编码", "A41.900", "duplicate"),
    (spoiled("exclusion", "2,I99.x00", "2,"), "排除表", 3, "ICD编码", "", "empty"),
    ({"mdc": FILES["mdc.csv"].encode("utf-16")}, "MDC", 0, "", "", "no known encoding"),
    ({"mdc": b"MDC\xff\xff\x00"}, "MDC", 0, "", "", "no known encoding"),
    ({"mdc": 'MDC编码,"MDC'}, "MDC", 0, "", "", "well-formed"),
    ({"mdc": FILES["mdc.csv"].splitlines()[0]}, "MDC", 0, "MDC编码", "", "no row"),
    ({"mdc": ""}, "MDC", 0, "", "", "no column"),
]


@pytest.mark.parametrize(("changes", "sheet", "row", "column", "value", "says"), BROKEN)
def test_what_is_broken_is_named(
    tmp_path: Path, changes: dict[str, str | bytes | None], sheet: str, row: int, column: str, value: str, says: str
) -> None:
    folder = write_files(tmp_path, **changes)
    with pytest.raises(SchemeProblem) as caught:
        read_scheme(folder)
    problem = caught.value
    assert (problem.sheet, problem.row, problem.column, problem.value) == (sheet, row, column, value)
    assert says in problem.problem
    assert problem.remedy
    assert str(folder) in str(problem)
    assert str(pickle.loads(pickle.dumps(problem))) == str(problem)


MOST_OF_A_CELL = 32_767  # characters, in a workbook
OLE = bytes.fromhex("D0CF11E0A1B11AE1")


@pytest.mark.parametrize(
    ("name", "cut", "says"),
    [
        ("cut.xlsx", lambda whole: whole[: len(whole) // 2], "not a whole"),
        ("cut-tail.xlsx", lambda whole: whole[:-5], "not a whole"),
        ("damaged.xlsx", lambda whole: whole[:2000] + bytes(200) + whole[2200:], "not a whole|broken inside"),
        ("empty.xlsx", lambda _: b"", "file is empty"),
        ("text.xlsx", lambda _: b"MDC,rule", "not a whole"),
        ("other.xlsx", lambda _: b"PK\x05\x06" + bytes(18), "no workbook in the file"),
        ("protected.xlsx", lambda _: OLE + bytes(504) + "EncryptedPackage".encode("utf-16-le"), "password"),
        ("old.xls", lambda _: OLE + bytes(504), "password"),
        ("macros.xlsm", lambda whole: whole, "not a csv folder and not"),
        ("scheme.csv", lambda _: b"MDC", "not a csv folder and not"),
    ],
)
def test_a_file_that_is_no_workbook_is_refused(
    tmp_path: Path, name: str, cut: Callable[[bytes], bytes], says: str
) -> None:
    book = write_workbook(tmp_path / "book.xlsx", FILES)
    (tmp_path / name).write_bytes(cut(book.read_bytes()))
    with pytest.raises(SchemeProblem, match=rf"{name}: .*({says})") as caught:
        read_scheme(tmp_path / name)
    assert caught.value.remedy


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemeProblem, match="no such file"):
        read_scheme(tmp_path / "nothing.xlsx")
    with pytest.raises(SchemeProblem, match=r"no scheme in the folder.*mdc\.csv"):
        read_scheme(tmp_path)


def repacked(book: Path, target: Path, drop: str = "", **parts: bytes) -> Path:
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            if name != drop:
                new.writestr(name, old.read(name))
        for name, data in parts.items():
            new.writestr(name.replace("__", "/") + (".bin" if "vba" in name else ".xml"), data)
    return target


def test_macros_missing_sheets_and_broken_parts_are_refused(tmp_path: Path) -> None:
    book = write_workbook(tmp_path / "book.xlsx", FILES)
    with pytest.raises(SchemeProblem, match="macros"):
        read_scheme(repacked(book, tmp_path / "m.xlsx", xl__vbaProject=b"x"))
    with pytest.raises(SchemeProblem, match="sheet is missing"):
        read_scheme(repacked(book, tmp_path / "s.xlsx", drop="xl/worksheets/sheet5.xml"))
    with pytest.raises(SchemeProblem, match="broken inside"):
        read_scheme(repacked(book, tmp_path / "b.xlsx", "xl/worksheets/sheet2.xml", xl__worksheets__sheet2=b"<sheet"))
    with pytest.raises(SchemeProblem, match="no workbook"):
        read_scheme(repacked(book, tmp_path / "n.xlsx", drop="xl/workbook.xml"))


def test_what_breaks_a_folder_breaks_a_workbook_with_the_same_words(tmp_path: Path) -> None:
    """Every broken folder of text that a workbook can hold; the files differ, and so do rows below the title."""
    for number, (changes, sheet, row, column, value, says) in enumerate(BROKEN):
        texts = {name: changes.get(name.removesuffix(".csv"), text) for name, text in FILES.items()}
        if any(not isinstance(text, str) or not text or '"MDC' in text for text in texts.values()):
            continue
        book = write_workbook(tmp_path / f"{number}.xlsx", {k: str(v) for k, v in texts.items()}, title=False)
        with pytest.raises(SchemeProblem) as caught:
            read_scheme(book)
        problem = caught.value
        found = (problem.sheet, problem.row, problem.column, problem.value)
        assert found == (sheet, row, column, value[:MOST_OF_A_CELL].strip())
        assert says in problem.problem


def test_oversized_workbooks_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file that unpacks to much is refused before it is unpacked."""
    book = write_workbook(tmp_path / "book.xlsx", FILES)
    huge = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(huge, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != "xl/worksheets/sheet4.xml":
                new.writestr(name, old.read(name))
        with new.open("xl/worksheets/sheet4.xml", "w") as stream:
            blank = bytes(1 << 22)
            for _ in range((LARGEST_UNPACKED >> 22) + 1):
                stream.write(blank)
    assert huge.stat().st_size < 1 << 20
    began = time.process_time()
    with pytest.raises(SchemeProblem, match=r"bomb\.xlsx: the workbook unpacks to more than 256 MiB"):
        read_scheme(huge)
    assert time.process_time() - began < 1
    monkeypatch.setattr("grouper.sheets.LARGEST_UNPACKED", 50)
    with pytest.raises(SchemeProblem, match=r"mdc\.csv, sheet MDC: the file has more than"):
        read_scheme(write_files(tmp_path / "folder"))


@pytest.mark.parametrize(
    ("sheet", "says"),
    [
        (
            b'<worksheet><sheetData><row r="1"><c r="ZZZZZZ1"><v>1</v></c></row></sheetData></worksheet>',
            "beyond column",
        ),
        (b'<worksheet><sheetData><row r="1"><c t="s"><v>99999</v></c></row></sheetData></worksheet>', "broken inside"),
        (b'<worksheet><sheetData><row r="1"><c><v>1e</v></c></row></sheetData></worksheet>', "broken inside"),
        (b'<worksheet><sheetData><row r="x"/></sheetData></worksheet>', "broken inside"),
        (
            b'<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa">'
            + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 100) for n in range(9))
            + b'<!ENTITY z "">]><worksheet><sheetData><row r="1"><c t="inlineStr"><is><t>&j;</t></is></c></row>'
            + b"</sheetData></worksheet>",
            "broken inside",
        ),
    ],
)
def test_sheets_that_would_fill_the_memory_or_make_no_sense_are_refused(
    tmp_path: Path, sheet: bytes, says: str
) -> None:
    book = write_workbook(tmp_path / "book.xlsx", FILES)
    spoilt = repacked(book, tmp_path / "b.xlsx", "xl/worksheets/sheet4.xml", xl__worksheets__sheet4=sheet)
    with pytest.raises(SchemeProblem, match=says):
        read_scheme(spoilt)


def test_formula_and_error_cells_are_refused(tmp_path: Path) -> None:
    for text in ("=1+1", "#REF!"):
        path = write_workbook(tmp_path / "book.xlsx", FILES)
        book = openpyxl.load_workbook(path)
        book["DRG"]["F3"] = text
        if text == "#REF!":
            book["DRG"]["F3"].data_type = "e"
        book.save(path)
        with pytest.raises(SchemeProblem, match="sheet DRG, row 3: the cell holds a formula or an error"):
            read_scheme(path)


def test_a_cc_row_may_name_an_exclusion_table_without_rows(tmp_path: Path) -> None:
    """Published schemes do (table 999): it excludes nothing."""
    scheme = read_scheme(write_files(tmp_path, **spoiled("cc", "脓毒症,1,", "脓毒症,999,")))
    assert scheme.complications["A41.900"].exclusion == "999"
