"""The ledger of the golden provinces against the tables of an independent calculator: every figure is a view of it."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from lake.province_folder import read_province_folder
from lake.province_plain import plain_province
from settlement.accounts import MONTH_COLUMNS, YEAR_COLUMNS
from settlement.reference.ledger import LedgerRow, settle_ledger
from settlement.reference.ledger_views import hospital_months, hospital_years, matrix, net
from settlement.reference.settle import settle_province

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "provinces"


def fen(text: str) -> int:
    return int(Decimal(text).scaleb(2))


def expected(folder: Path, table: str, keys: tuple[str, ...], money: tuple[str, ...]) -> dict:
    """The money of a table by its key, without the rows in which all of it is zero."""
    with (folder / "expected" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        rows = {
            tuple(row[key] for key in keys): {name: fen(row[name]) for name in money} for row in csv.DictReader(file)
        }
    return {key: row for key, row in rows.items() if any(row.values())}


def check_ledger(folder: Path) -> list[LedgerRow]:
    province = plain_province(read_province_folder(folder))
    rows = settle_ledger(province, settle_province(province))
    hospital = ("fixmedins_code", "insutype")
    months = (*MONTH_COLUMNS, "brought_forward", "carried_forward")
    assert hospital_months(rows) == expected(folder, "hospital_month", (*hospital, "month"), months)
    elsewhere = {"negotiated_drugs": 0, "owed_before": 0}  # no columns of a province folder
    money = tuple(name for name in YEAR_COLUMNS if name not in elsewhere)
    years = expected(folder, "hospital_year", hospital, money)
    assert hospital_years(rows) == {key: {**row, **elsewhere} for key, row in years.items()}
    pair = ("insured_area", "treating_area", "insutype", "scope", "period")
    owed = expected(folder, "matrix", pair, ("amount",))
    assert matrix(rows) == {key: row["amount"] for key, row in owed.items()}
    assert net(rows) == {key[0]: row["amount"] for key, row in expected(folder, "net", ("area",), ("amount",)).items()}
    return rows


@pytest.mark.parametrize("name", ["worked", "p1", "p2"])
def test_the_ledger_gives_the_expected_tables(name: str) -> None:
    assert check_ledger(GOLDEN / name)


@pytest.mark.parametrize("name", ["p3", "p4", "p5"])
def test_the_ledger_of_a_larger_province(shared: Path, name: str) -> None:
    assert check_ledger(shared / "provinces" / name)
