"""Statements and books for people: taken from the ledger, and they add up."""

from __future__ import annotations

import csv
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.province_folder import read_province_folder
from lake.province_plain import plain_province
from serving.statement import (
    CLEARING,
    FINAL,
    SURPLUS_KEPT,
    article_text,
    class_balances,
    entry_sums,
    hospital_claims,
    hospital_statements,
    ledger_rows,
)
from settlement.reference.ledger import settle_ledger
from settlement.reference.points import CaseClass
from settlement.reference.settle import settle_province
from tests.property.settlement_provinces import random_province

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "provinces"


@given(st.integers(0, 2**32))
@settings(max_examples=40)
def test_lines_add_up_to_the_final_amount(seed: int) -> None:
    province = random_province(seed, 40)
    settlement = settle_province(province)
    shown = hospital_statements(settle_ledger(province, settlement))
    years = {(row.fixmedins_code, row.insutype): row for row in settlement.years}
    assert set(shown) <= set(years)
    for key, lines in shown.items():
        running = 0
        for line in lines:
            running += line.amount_fen or 0
            assert line.running_fen == running
        sums = {line.title: line.running_fen for line in lines if line.amount_fen is None}
        assert sums == {CLEARING: years[key].clearing_fen, FINAL: years[key].final_fen}
        assert lines[-1].title == FINAL


def test_a_golden_statement_line_by_line() -> None:
    province = plain_province(read_province_folder(GOLDEN / "p1"))
    rows = settle_ledger(province, settle_province(province))
    lines = hospital_statements(rows)["H99010000002", "310"]
    assert [(line.title, line.amount_fen) for line in lines] == [
        ("应结算金额", 121236150),
        ("质量保证金不予返还", -4911331),
        ("考核系数调整资金", 2424723),
        ("超封顶线不付", -4813862),
        ("结余不留用", -2587162),
        ("超支分担", 0),
        ("月度已拨付", -91654337),
        ("年度审核扣款", -1660908),
        (CLEARING, None),
        ("新技术补偿", 1385151),
        ("二次分配", 0),
        ("谈判药品补偿", 0),
        (FINAL, None),
    ]
    assert {line.title: line.running_fen for line in lines if line.amount_fen is None} == {
        CLEARING: 18033273,
        FINAL: 19418424,
    }


@pytest.mark.parametrize("folder", [GOLDEN / "p1", GOLDEN / "p2", GOLDEN.parent / "by_hand"])
def test_claims_from_the_tables_of_an_independent_calculator(folder: Path) -> None:
    """Fund by item and of new techniques, less what was refused, paid and is to be paid: line by line."""
    province = plain_province(read_province_folder(folder))
    settlement = settle_province(province)
    claims = hospital_claims(settle_ledger(province, settlement))
    new = {(one.case.fixmedins_code, one.case.insutype): 0 for one in settlement.points}
    for one in settlement.points:
        if one.case_class is CaseClass.NEW_TECHNIQUE:
            new[one.case.fixmedins_code, one.case.insutype] += one.case.fund_fen
    with (folder / "expected" / "hospital_year.csv").open(encoding="utf-8", newline="") as file:
        years = list(csv.DictReader(file))
    for row in years:
        key = (row["fixmedins_code"], row["insutype"])
        fund, audit, paid, final = (int(Decimal(row[name]) * 100) for name in ("fund", "audit", "paid", "final"))
        left = fund + new.get(key, 0) - audit - paid - final
        assert [(line.title, line.amount_fen) for line in claims[key]] == [
            ("记账统筹基金（含新技术）", fund + new.get(key, 0)),
            ("审核扣款", -audit),
            ("月度已拨付与最终应拨付", -paid - final),
            ("核销", -max(left, 0)),
            (SURPLUS_KEPT, max(-left, 0)),
        ]
        assert claims[key][-1].running_fen == 0
    assert len(claims) == len(years)


def test_a_write_off_by_hand() -> None:
    """甲三, 职工: 33 700.00 yuan by item, 6 000.00 refused in audit, 24 108.40 received: 3 591.60 are written off."""
    province = plain_province(read_province_folder(GOLDEN.parent / "by_hand"))
    lines = hospital_claims(settle_ledger(province, settle_province(province)))["H99010000003", "310"]
    assert [line.amount_fen for line in lines] == [3370000, -600000, -2410840, -359160, 0]
    assert [line.article for line in lines][3] == "policy/002 article 40"


@pytest.mark.parametrize("seed", range(5))
def test_the_books_of_a_city(seed: int) -> None:
    """The sums by kind are the ledger's rows, no less; the classes of accounts sum to zero in each insurance."""
    province = random_province(seed, 60)
    rows = settle_ledger(province, settle_province(province))
    table = pa.Table.from_pylist([asdict(row) | {"run_id": "r"} for row in rows])
    assert ledger_rows(table) == rows
    sums = entry_sums(rows)
    assert sum(one.rows for one in sums) == len(rows)
    assert sum(one.amount_fen for one in sums) == sum(row.amount_fen for row in rows)
    left = class_balances(rows)
    for insutype in ("310", "390"):
        assert any(balances.get(insutype) for balances in left.values())
        assert sum(balances.get(insutype, 0) for balances in left.values()) == 0


@pytest.mark.parametrize(
    ("article", "text"),
    [
        ("policy/002 article 34.2", "文件002第34条第2项"),
        ("policy/002 article 31(三)", "文件002第31条(三)"),
        ("policy/004 二(四)", "文件004二(四)"),
    ],
)
def test_articles_in_chinese(article: str, text: str) -> None:
    assert article_text(article) == text
