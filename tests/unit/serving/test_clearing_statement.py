"""Both sides of the clearing between areas: the same lines on both, nets that sum to zero, a workbook that adds up."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import combinations
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.clearing_statement import check_month, statement_lines
from lake.errors import ContractBroken, UsageProblem
from serving.clearing_statement import (
    ClearingLine,
    ClearingStatement,
    booked_fen,
    clearing_lines,
    clearing_sheets,
    clearing_statement,
    disagreements,
    period_title,
)
from serving.workbook import update_workbook
from settlement.reference.settle import Settlement, settle_province
from tests.property.settlement_provinces import YEAR, random_province, united
from tests.unit.serving.plain_cities import plain_matrix


def settled(seed: int) -> Settlement:
    """Four areas that owe each other, and areas outside the province."""
    return settle_province(united([random_province(seed, 40, "98"), random_province(seed + 1, 40, "99")]))


def sides(settlement: Settlement, month: str | None = None) -> dict[str, ClearingStatement]:
    lines = clearing_lines(plain_matrix(settlement))
    areas = sorted({area for line in lines for area in (line.insured_area, line.treating_area)})
    return {area: clearing_statement(lines, area, YEAR, month) for area in areas}


@given(st.integers(0, 2**32), st.sampled_from([None, *(f"{YEAR}-{month:02d}" for month in range(1, 13))]))
@settings(max_examples=25, deadline=None)
def test_all_pairs_agree_line_by_line_and_nets_sum_to_zero(seed: int, month: str | None) -> None:
    settlement = settled(seed)
    statements = sides(settlement, month)
    for one, other in combinations(statements.values(), 2):
        assert disagreements(one, other) == []
        assert [line for line in one.owed if line.treating_area == other.area] == [
            line for line in other.received if line.insured_area == one.area
        ]
    assert sum(one.net_fen for one in statements.values()) == 0
    rows = sum(month is None or debt.period == month for debt in settlement.matrix)
    assert sum(len(one.owed) for one in statements.values()) == rows
    assert sum(len(one.received) for one in statements.values()) == rows
    if month is None:
        assert {area: one.net_fen for area, one in statements.items() if one.net_fen} == {
            area: fen for area, fen in settlement.net.items() if fen
        }


def test_a_line_that_one_side_lacks_or_has_otherwise_is_named() -> None:
    statements = sides(settled(3))
    payer = next(one for one in statements.values() if one.owed)
    line = payer.owed[0]
    payee = statements[line.treating_area]
    other = replace(line, amount_fen=line.amount_fen + 1)
    for spoiled in (replace(payer, owed=payer.owed[1:]), replace(payer, owed=(other, *payer.owed[1:]))):
        for pair in ((spoiled, payee), (payee, spoiled)):
            assert line in disagreements(*pair)
            assert set(disagreements(*pair)) <= {line, other}


def test_a_year_that_is_not_its_months_is_refused() -> None:
    matrix = plain_matrix(settled(3))
    year = pc.equal(pc.utf8_length(matrix["period"]), 4)
    amounts = pc.add(matrix["amount_fen"], pc.if_else(year, pa.scalar(1, pa.int64()), pa.scalar(0, pa.int64())))
    spoiled = matrix.set_column(matrix.column_names.index("amount_fen"), "amount_fen", amounts)
    with pytest.raises(ContractBroken, match="-1 fen more than the year"):
        clearing_lines(spoiled)


def test_the_workbook_reads_back(tmp_path: Path) -> None:
    one = next(one for one in sides(settled(3)).values() if one.owed and one.received)
    sheets = clearing_sheets(one, "示范市", ["9903"])
    update_workbook(tmp_path / "a.xlsx", sheets)
    update_workbook(tmp_path / "b.xlsx", clearing_sheets(one, "示范市", ["9903"]))
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["说明", "应付异地", "应收异地", "净额"]
    for title, lines in (("应付异地", one.owed), ("应收异地", one.received)):
        *rows, total = list(book[title].iter_rows(min_row=3, values_only=True))
        assert [round(Decimal(repr(row[6])) * 100) for row in rows] == [line.amount_fen for line in lines]
        assert round(Decimal(repr(total[6])) * 100) == booked_fen(lines)
    *rows, total = list(book["净额"].iter_rows(min_row=3, values_only=True))
    assert [row[0] for row in rows] == [sum_.counterpart for sum_ in one.counterparts()]
    for place, fen in ((1, one.owed_fen), (2, one.received_fen), (3, one.net_fen)):
        assert (
            round(Decimal(repr(total[place])) * 100)
            == fen
            == sum(round(Decimal(repr(row[place])) * 100) for row in rows)
        )
    assert any("9903：其应收未列入" in str(row[1]) for row in book["说明"].iter_rows(values_only=True))


def test_the_text_of_both_sides() -> None:
    line = ClearingLine("A", "B", "310", "in_province", f"{YEAR}-03", 2, 123456, "run")
    owing, receiving = (clearing_statement([line], area, YEAR, f"{YEAR}-03") for area in "AB")
    shared = "A       B       职工  省内异地  2025-03       2    1,234.56"
    for text, net in ((statement_lines(owing, []), "-1,234.56"), (statement_lines(receiving, ["C"]), "1,234.56")):
        assert sum(shared in block for block in text) == 1
        assert text[-1] == f"净额（应收−应付） {net} 元"
    assert "未清算的统筹区：C（其应收未列入）" in statement_lines(receiving, ["C"])


@pytest.mark.parametrize(
    ("period", "title"),
    [(f"{YEAR}", "2025全年"), (f"{YEAR}-07", "2025-07"), (f"{YEAR}-adjustment", "2025年终调整")],
)
def test_periods_in_chinese(period: str, title: str) -> None:
    assert period_title(period) == title


@pytest.mark.parametrize("month", ["2024-01", "2025-13", "2025", "2025-1"])
def test_a_month_of_another_year_is_refused(month: str) -> None:
    with pytest.raises(UsageProblem, match=f"--month {month}"):
        check_month(month, YEAR)
    check_month(f"{YEAR}-12", YEAR)
