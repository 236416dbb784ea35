"""The two voices of the ledger and of its views, compared row by row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from settlement import ledger_views
from settlement.ledger import ledger_rows
from settlement.reference import ledger_views as plain_views
from settlement.reference.closing import NOTHING_CLOSED, ClosedMonths
from settlement.reference.inputs import Province
from settlement.reference.ledger import LedgerRow, settle_ledger
from settlement.reference.month import Account
from settlement.reference.openings import NOTHING_OPENED, Openings
from settlement.reference.rule_ledger import hospital_figures
from settlement.reference.settle import settle_province
from settlement.reference.year import NO_DRUGS
from settlement.results import LEDGER
from settlement.rule_ledger import claims
from settlement.settle import Settlement


def ledger_differences(
    settled: Settlement,
    province: Province,
    closed: ClosedMonths = NOTHING_CLOSED,
    drugs: Mapping[Account, int] = NO_DRUGS,
    openings: Openings = NOTHING_OPENED,
) -> list[str]:
    """What differs between Spark's ledger of a settled province and the reference's, or within Spark's own tables."""
    rows = settle_ledger(province, settle_province(province, closed, drugs, openings))
    ledger = ledger_rows(settled, province.policies).localCheckpoint()
    closed_with = (settled.hospital_year, settled.pools, province.policies)
    assert [(field.name, field.dataType) for field in ledger.schema] == [(f.name, f.dataType) for f in LEDGER]
    expected = {"ledger": {tuple(getattr(row, name) for name in LEDGER.names) for row in rows}, **_plain(rows)}
    found = {"ledger": _rows(ledger), **_views(ledger), "claims": figure_rows(claims(ledger))}
    expected["claims"] = {_claim_row(key, figures) for key, figures in hospital_figures(rows, "claim").items()}
    differences = [
        f"{name}, only {voice}: {row}"
        for name in expected
        for voice, more, less in (("Spark", found, expected), ("reference", expected, found))
        for row in sorted(more[name] - less[name], key=str)[:3]
    ]
    assert ledger.count() == len(rows)
    spoiled = ledger.withColumn(
        "amount_fen", F.when(F.col("entry").isin("deficit_share", "month_paid"), 1).otherwise(F.col("amount_fen"))
    )
    assert not ledger_views.closing_differences(spoiled, *closed_with).isEmpty()
    checks = (
        ledger_views.closing_differences(ledger, *closed_with),
        ledger_views.improper(ledger),
    )
    arrears = ledger.where(F.col("entry") != "write_off")  # an article 40 that is not booked leaves arrears
    assert (
        ledger.where("entry = 'write_off'").isEmpty()
        or not ledger_views.closing_differences(arrears, *closed_with).isEmpty()
    )
    return differences + [str(row) for check in checks for row in check.collect()]


def book_differences(ledger: DataFrame, rows: list[LedgerRow]) -> list[str]:
    """What differs between Spark's ledger and the reference's, and what is no movement in it."""
    expected = {tuple(getattr(row, name) for name in LEDGER.names) for row in rows}
    found = _rows(ledger)
    assert [(field.name, field.dataType) for field in ledger.schema] == [(f.name, f.dataType) for f in LEDGER]
    differing = [f"only Spark: {row}" for row in sorted(found - expected, key=str)[:3]]
    differing += [f"only reference: {row}" for row in sorted(expected - found, key=str)[:3]]
    return differing + [f"no movement: {row}" for row in ledger_views.improper(ledger).collect()]


def figure_rows(frame: DataFrame) -> set[tuple[Any, ...]]:
    """A view of hospitals as (hospital, insurance, money columns in the order of their names)."""
    money = sorted(column for column in frame.columns if column.endswith("_fen"))
    return _rows(frame.select("fixmedins_code", "insutype", *money))


def _claim_row(key: tuple[str, str], figures: dict[str, int]) -> tuple[Any, ...]:
    """As `figure_rows` of the view `claims` gives it."""
    return (*key, figures["claim"], figures["received"], figures["refused"], -figures["balance"], figures["write_off"])


def _rows(frame: DataFrame) -> set[tuple[Any, ...]]:
    return {tuple(row) for row in frame.collect()}


def _views(ledger: DataFrame) -> dict[str, set[tuple[Any, ...]]]:
    """Spark's views as (key, figures), in the order of the plain ones."""
    found: dict[str, set[tuple[Any, ...]]] = {
        name: {(tuple(row[:-1]), row[-1]) for row in view(ledger).collect()}
        for name, view in (("matrix", ledger_views.matrix), ("net", ledger_views.net))
    }
    for name, view, keys in (
        ("hospital_months", ledger_views.hospital_months, ("fixmedins_code", "insutype", "month")),
        ("hospital_years", ledger_views.hospital_years, ("fixmedins_code", "insutype")),
    ):
        frame = view(ledger)
        money = sorted(column for column in frame.columns if column.endswith("_fen"))
        found[name] = {
            (tuple(row[key] for key in keys), tuple((column[:-4], row[column]) for column in money))
            for row in frame.collect()
        }
    return found


def _plain(rows: list[LedgerRow]) -> dict[str, set[tuple[Any, ...]]]:
    months, years = plain_views.hospital_months(rows), plain_views.hospital_years(rows)
    return {
        "matrix": set(plain_views.matrix(rows).items()),
        "net": {((area,), amount) for area, amount in plain_views.net(rows).items()},
        "hospital_months": {(key, tuple(sorted(figures.items()))) for key, figures in months.items()},
        "hospital_years": {(key, tuple(sorted(figures.items()))) for key, figures in years.items()},
    }
