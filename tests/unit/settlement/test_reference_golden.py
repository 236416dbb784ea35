"""The reference against an independent calculator, cell by cell: golden provinces, and larger ones where they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from lake.province_folder import read_province_folder, table_bytes
from lake.province_plain import plain_province
from settlement.reference.measuring import ELEMENT_COLUMNS, measure
from settlement.reference.settle import settle, settle_province
from settlement.reference.text import TABLES

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "provinces"


def check_measured(folder: Path) -> None:
    province = plain_province(read_province_folder(folder))
    rows = measure(province.hospitals, province.history, province.base_groups, province.policies)
    assert table_bytes(ELEMENT_COLUMNS, rows) == (folder / "elements.csv").read_bytes()


def check_settled(folder: Path) -> None:
    tables = settle(plain_province(read_province_folder(folder)))
    assert sorted(f"{name}.csv" for name in tables) == sorted(path.name for path in (folder / "expected").iterdir())
    for name, rows in tables.items():
        assert table_bytes(TABLES[name], rows) == (folder / "expected" / f"{name}.csv").read_bytes(), name


@pytest.mark.parametrize("name", ["p1", "p2"])
def test_measured_as_expected(name: str) -> None:
    check_measured(GOLDEN / name)


@pytest.mark.parametrize("name", ["worked", "p1", "p2"])
def test_settled_as_expected(name: str) -> None:
    check_settled(GOLDEN / name)


@pytest.mark.parametrize("name", ["p3", "p4", "p5"])
def test_larger_province(shared: Path, name: str) -> None:
    check_measured(shared / "provinces" / name)
    check_settled(shared / "provinces" / name)


@pytest.mark.parametrize("name", ["worked", "p1", "p2"])
def test_golden_copies_are_the_published_ones(shared: Path, name: str) -> None:
    for path in sorted((shared / "provinces" / name).rglob("*.*")):
        copy = GOLDEN / name / path.relative_to(shared / "provinces" / name)
        assert copy.read_bytes() == path.read_bytes(), copy


@pytest.mark.parametrize("name", ["worked", "p1", "p2"])
def test_statement_lines_add_up_to_final(name: str) -> None:
    settlement = settle_province(plain_province(read_province_folder(GOLDEN / name)))
    assert settlement.years
    for row in settlement.years:
        assert sum(line.amount_fen for line in row.lines) == row.final_fen
        assert row.clearing_fen + row.new_technique_fen + row.second_distribution_fen == row.final_fen
        assert all(line.article.startswith("policy/") for line in row.lines)
