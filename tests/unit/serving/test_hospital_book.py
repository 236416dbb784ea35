"""Hospitals' workbooks: they read back, add up to the fen, stay byte for byte, and right ones are left alone."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from lake.errors import InputProblem, MissingParameters
from lake.province_folder import read_province_folder
from lake.province_plain import plain_province
from serving.city_year import CityYear
from serving.hospital_book import StatementFrame, hospital_sheets
from serving.hospital_year import HospitalYear, hospital_years
from serving.statement import SURPLUS_KEPT
from serving.workbook import Sheet, SheetColumn, update_workbook, workbook_bytes
from settlement.reference.settle import settle_province
from tests.property.settlement_provinces import random_province
from tests.unit.serving.plain_cities import RUN, plain_cities, plain_classes

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "provinces"
CODE = "H99010000002"


def frame_of(city: CityYear, codes: list[str]) -> StatementFrame:
    own = {"level": 3, "assessment": Decimal("1.02000000"), "deposit_return": Decimal("0.500000")}
    return StatementFrame(city, "示范市", {"清算计算编号": city.run_id}, dict.fromkeys(codes, own))


def golden() -> tuple[CityYear, pa.Table]:
    province = plain_province(read_province_folder(GOLDEN / "p1"))
    settlement = settle_province(province)
    return plain_cities(province, settlement)["990100"], plain_classes(province, settlement)


def rows_of(page: Worksheet) -> list[dict[str, Any]]:
    header = [cell.value for cell in page[2]]
    return [dict(zip(header, (cell.value for cell in row), strict=True)) for row in page.iter_rows(min_row=3)]


def fen(number: Any) -> int:
    """Excel keeps a double: 15 digits, so the fen is exact."""
    return round(Decimal(repr(number)) * 100)


def check_book(path: Path, hospital: HospitalYear) -> None:
    """Every sheet against the rows it was made of, and its sums against its lines."""
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["说明", "点数到金额", "年度清算单", "清算以外", "核销", "月度", "月度更正", "点数构成"]
    *amounts, total = rows_of(book["点数到金额"])
    assert [fen(row["应结算金额"]) for row in amounts] == [row["amount_fen"] for row in hospital.years]
    for row in amounts:
        if row["点数×点值"] is not None:
            net = fen(row["本院医疗总费用"]) - fen(row["本院统筹基金发生额"])
            by_item = fen(row.get("本院按项目付费病例费用") or 0)
            paid = fen(row["点数×点值"]) + by_item - net + fen(row["舍入"])
            assert paid == fen(row["应结算金额"])
    assert fen(total["应结算金额"]) == sum(row["amount_fen"] for row in hospital.years)
    *lines, total = rows_of(book["年度清算单"])
    finals = [fen(line["累计"]) for line in lines if line["项目"] == "最终应拨付"]
    assert sum(finals) == fen(total["累计"]) == sum(row["final_fen"] for row in hospital.years)
    assert sum(fen(line["金额"]) for line in lines if line["金额"] is not None) == sum(finals)
    claims = rows_of(book["核销"])
    for key, amount in (("核销", -sum(row["write_off_fen"] for row in hospital.years)),):
        assert sum(fen(line["金额"]) for line in claims if line["项目"] == key) == amount
    assert all(fen(line["累计"]) == 0 for line in claims if line["项目"] == SURPLUS_KEPT)
    assert sum(fen(line["金额"]) for line in claims) == 0
    *months, total = rows_of(book["月度"])
    assert fen(total["实际拨付"]) == sum(row["paid_fen"] for row in hospital.years)
    assert sum(fen(row["实际拨付"]) for row in months if row["月份"] != "小计") == fen(total["实际拨付"])
    *classes, total = rows_of(book["点数构成"])
    assert fen(total["清算医疗总费用"]) == sum(row["cost_fen"] for row in hospital.years)
    assert total["病例数"] == sum(row["病例数"] for row in classes if row["病例类别"] != "小计")
    points = sum((row["points"] for row in hospital.years), Decimal(0))
    assert Decimal(repr(total["清算点数"])) == points


def test_a_golden_book_reads_back(tmp_path: Path) -> None:
    city, classes = golden()
    hospital = next(one for one in hospital_years(city, classes, [CODE]))
    path = tmp_path / "book.xlsx"
    assert update_workbook(path, hospital_sheets(hospital, frame_of(city, [CODE])))
    check_book(path, hospital)
    book = openpyxl.load_workbook(path)
    cover = {row["项目"]: row["内容"] for row in rows_of(book["说明"])}
    assert cover["核心要素版本"] == "第1版 990100-set"
    assert cover["分组方案指纹"] == "scheme-7"
    assert cover["清算计算编号"] == RUN
    assert (cover["级别"], cover["考核系数"], cover["质量保证金返还比例"]) == ("三级", "1.02", "0.5")
    amount = next(row for row in rows_of(book["点数到金额"]) if row["险种"] == "职工")
    assert fen(amount["应结算金额"]) == 121236150  # as in the golden hospital_year.csv
    assert abs(fen(amount["舍入"])) <= 1
    cell = book["年度清算单"]["E3"]
    assert (cell.value, cell.number_format) == (1212361.5, "#,##0.00")


@pytest.mark.parametrize("seed", range(6))
def test_random_books_add_up(seed: int, tmp_path: Path) -> None:
    """Also months below zero, joint pools, fixed point values, hospitals of one insurance only."""
    province = random_province(seed, 60)
    settlement = settle_province(province)
    classes = plain_classes(province, settlement)
    seen = 0
    for area, city in plain_cities(province, settlement).items():
        codes = [hospital.fixmedins_code for hospital in province.hospitals if hospital.area == area]
        for hospital in hospital_years(city, classes, codes):
            path = tmp_path / f"{hospital.code}.xlsx"
            update_workbook(path, hospital_sheets(hospital, frame_of(city, codes)))
            check_book(path, hospital)
            seen += 1
    assert seen >= 2


def test_the_same_bytes_and_nothing_touched(tmp_path: Path) -> None:
    city, classes = golden()
    (hospital,) = hospital_years(city, classes, [CODE])
    sheets = hospital_sheets(hospital, frame_of(city, [CODE]))
    (again,) = hospital_years(*golden(), [CODE])
    assert workbook_bytes(sheets) == workbook_bytes(hospital_sheets(again, frame_of(city, [CODE])))
    path = tmp_path / "book.xlsx"
    assert update_workbook(path, sheets)
    stamp = path.stat().st_mtime_ns
    assert not update_workbook(path, sheets)
    assert path.stat().st_mtime_ns == stamp
    path.write_bytes(path.read_bytes()[:-1])
    assert update_workbook(path, sheets)
    assert path.read_bytes() == workbook_bytes(sheets)
    assert [file.name for file in tmp_path.iterdir()] == ["book.xlsx"]


def test_cases_that_were_scored_again_are_refused() -> None:
    city, classes = golden()
    mine = pc.and_(pc.equal(classes["fixmedins_code"], CODE), pc.greater(classes["counted_cases"], 0))
    with pytest.raises(MissingParameters, match=f"hospital {CODE}, insutype 3.0.*run `dianshu settle"):
        hospital_years(city, classes.filter(pc.invert(mine)), [CODE])
    with pytest.raises(MissingParameters, match="scored again"):
        hospital_years(replace(city, hospital_year=city.hospital_year.slice(0, 0)), classes, [CODE])


def test_a_hospital_without_a_row_gets_no_book() -> None:
    city, classes = golden()
    assert [one.code for one in hospital_years(city, classes, ["nobody", CODE])] == [CODE]


def test_a_workbook_that_cannot_be_written_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    sheets = [Sheet("表", "说明", [SheetColumn("列", "key")], [{"key": "值"}])]
    (tmp_path / "folder.xlsx").mkdir()
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "folder.xlsx", tmp_path / "file" / "book.xlsx"):
        with pytest.raises(InputProblem, match=f"{path.name} cannot be written"):
            update_workbook(path, sheets)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.xlsx"]
