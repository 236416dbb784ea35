"""What the ledger alone says: balances, statements, the hospitals' months and years, the matrix. Money in fen.

Views hold what is not zero; where nothing moved, there is no row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from settlement.accounts import MONTH_COLUMNS, OWED_BEFORE, SEPARATOR, STATEMENT, YEAR_COLUMNS, account
from settlement.reference.ledger import LedgerRow
from settlement.reference.month import Account
from settlement.reference.year import StatementLine

Figures = dict[str, int]
_MONTHS = tuple(f"{number:02d}" for number in range(1, 13))
_YEAR_LENGTH = len("YYYY")


def balances(rows: Iterable[LedgerRow]) -> dict[str, int]:
    """What stands on each account: what came less what went."""
    left: dict[str, int] = defaultdict(int)
    for row in rows:
        left[row.from_account] -= row.amount_fen
        left[row.to_account] += row.amount_fen
    return dict(left)


def change(row: LedgerRow, name: str) -> int:
    """What a row does to an account."""
    return ((row.to_account == name) - (row.from_account == name)) * row.amount_fen


def statements(rows: Iterable[LedgerRow]) -> dict[Account, tuple[StatementLine, ...]]:
    """The annual statement of each hospital and insurance, line by line; the lines sum to the final amount."""
    return {
        key: tuple(
            StatementLine(item.name, amount, item.article)
            for item in STATEMENT
            for amount in [_total(moved, item.entries)]
            if item.always or amount
        )
        for key, moved in _by_account(rows).items()
    }


def hospital_years(rows: Iterable[LedgerRow]) -> dict[Account, Figures]:
    """The money columns of `HOSPITAL_YEAR`."""
    found = {key: _columns(moved, YEAR_COLUMNS) for key, moved in _by_account(rows).items()}
    return {key: figures for key, figures in found.items() if any(figures.values())}


def hospital_months(rows: Iterable[LedgerRow]) -> dict[tuple[str, str, str], Figures]:
    """The money columns of `HOSPITAL_MONTH`; what is carried is the balance of the payable account.

    January is brought what the year before left to owe.
    """
    by_month: dict[tuple[str, str, str], Figures] = defaultdict(dict)
    months = [row for row in rows if len(row.period) != _YEAR_LENGTH]
    years = sorted({row.year for row in months})
    for month in (f"{year}-{number}" for year in years for number in _MONTHS):
        for (code, insutype), moved in _by_account(row for row in months if row.period == month).items():
            by_month[code, insutype, month] = moved
    return dict(_carried(by_month))


def _carried(by_month: Mapping[tuple[str, str, str], Figures]) -> Iterator[tuple[tuple[str, str, str], Figures]]:
    accounts = sorted({(code, insutype, month[:_YEAR_LENGTH]) for code, insutype, month in by_month})
    for code, insutype, year in accounts:
        balance = 0
        for month in (f"{year}-{number}" for number in _MONTHS):
            moved = by_month.get((code, insutype, month), {})
            brought = balance + _total(moved, OWED_BEFORE)
            figures = _columns(moved, MONTH_COLUMNS) | {"brought_forward": brought}
            balance += sum(moved.values())
            figures["carried_forward"] = balance
            if any(figures.values()):
                yield (code, insutype, month), figures


def matrix(rows: Iterable[LedgerRow]) -> dict[tuple[str, ...], int]:
    """What insured areas owe: by insured area, treating area, insurance, scope and period; the year is the sum."""
    owed: dict[tuple[str, ...], int] = defaultdict(int)
    for row in rows:
        if row.insu_admdvs is not None:
            moved = change(row, account("clearing", row.area, row.insutype, row.year))
            for period in (row.period, str(row.year)):
                owed[row.insu_admdvs, row.area, row.insutype, row.entry, period] += moved
    return {key: amount for key, amount in owed.items() if amount}


def net(rows: Iterable[LedgerRow]) -> dict[str, int]:
    """What each area receives less what it owes: the balances of its clearing accounts."""
    left: dict[str, int] = defaultdict(int)
    for name, balance in balances(rows).items():
        class_name, owner, *_ = name.split(SEPARATOR)
        left[owner] += balance if class_name == "clearing" else 0
    return {area: amount for area, amount in left.items() if amount}


def _by_account(rows: Iterable[LedgerRow]) -> dict[Account, Figures]:
    """By hospital and insurance: what the kinds of entries did to the payable account."""
    moved: dict[Account, Figures] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        if row.fixmedins_code is not None:
            payable = account("payable", row.fixmedins_code, row.insutype, row.year)
            moved[row.fixmedins_code, row.insutype][row.entry] += change(row, payable)
    return dict(moved)


def _total(moved: Mapping[str, int], entries: Iterable[str]) -> int:
    return sum(moved.get(entry, 0) for entry in entries)


def _columns(moved: Mapping[str, int], columns: Mapping[str, tuple[int, tuple[str, ...]]]) -> Figures:
    return {name: sign * _total(moved, entries) for name, (sign, entries) in columns.items()}
