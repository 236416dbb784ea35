"""Reconciliation (对账): another's amounts held against the published results, line by line.

A line is a hospital, an insurance, a period and an item; its amount is integer fen. A line that one side does not have
counts as 0.00 there: where nothing moved, nobody needs a line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

from serving.hospital_money import MONTH_MONEY, OWED_MONEY, YEAR_MONEY

Key = tuple[str, str, str, str]  # fixmedins_code, insutype, period (YYYY-MM or YYYY), item
Amounts = Mapping[Key, int]
MONTH_ITEMS = {name: title for title, name in MONTH_MONEY}
YEAR_ITEMS = {name: title for title, name in (*YEAR_MONEY, *OWED_MONEY)}
ITEMS = {"month": MONTH_ITEMS, "year": YEAR_ITEMS}
_YEAR_LENGTH = len("YYYY")


class Outcome(StrEnum):
    """What comes of a line, in the order in which people read it."""

    AGREED = "对平"
    DIFFERING = "金额不符"
    FILE_ONLY = "仅对账文件有"
    SYSTEM_ONLY = "仅系统有"


@dataclass(frozen=True, slots=True)
class ReconciledLine:
    """A line of both sides, fen; None: this side does not have it."""

    fixmedins_code: str
    insutype: str
    period: str
    item: str
    file_fen: int | None
    system_fen: int | None

    @property
    def difference_fen(self) -> int:
        """File less system."""
        return (self.file_fen or 0) - (self.system_fen or 0)

    @property
    def outcome(self) -> Outcome:
        """Agreed, differing, or on one side only."""
        if self.difference_fen == 0:
            return Outcome.AGREED
        if self.system_fen is None:
            return Outcome.FILE_ONLY
        return Outcome.SYSTEM_ONLY if self.file_fen is None else Outcome.DIFFERING

    @property
    def title(self) -> str:
        """The item in Chinese."""
        return (YEAR_ITEMS if len(self.period) == _YEAR_LENGTH else MONTH_ITEMS)[self.item]


def system_amounts(hospital_month: pa.Table, hospital_year: pa.Table) -> dict[Key, int]:
    """Every line of the published results: all items of all months and years of hospitals."""
    amounts: dict[Key, int] = {}
    for table, period, items in ((hospital_month, "month", MONTH_ITEMS), (hospital_year, "year", YEAR_ITEMS)):
        for row in table.to_pylist():
            for item in items:
                if row[f"{item}_fen"] is not None:  # a year of an older program lacks columns that came later
                    amounts[row["fixmedins_code"], row["insutype"], str(row[period]), item] = row[f"{item}_fen"]
    return amounts


def in_question(
    system: Amounts, file: Iterable[Key], hospitals: Collection[str] = (), periods: Collection[str] = ()
) -> dict[Key, int]:
    """The lines of the system that the file has to have: of the items that it names for months and for years.

    `hospitals` and `periods` narrow them; empty: all. So what the file leaves out by mistake is found.
    """
    named = {(len(period) == _YEAR_LENGTH, item) for _, _, period, item in file}
    return {
        key: amount
        for key, amount in system.items()
        if (len(key[2]) == _YEAR_LENGTH, key[3]) in named
        and (not hospitals or key[0] in hospitals)
        and (not periods or key[2] in periods)
    }


def reconcile(file: Amounts, system: Amounts) -> list[ReconciledLine]:
    """Every line of either side once, in the order of hospital, insurance, period and item."""
    return [ReconciledLine(*key, file.get(key), system.get(key)) for key in sorted({*file, *system})]


def differences(lines: Iterable[ReconciledLine]) -> list[ReconciledLine]:
    """The lines that do not agree."""
    return [line for line in lines if line.outcome is not Outcome.AGREED]


def counts(lines: Iterable[ReconciledLine]) -> dict[Outcome, int]:
    """How many lines came out how; every outcome is named."""
    counted = Counter(line.outcome for line in lines)
    return {outcome: counted[outcome] for outcome in Outcome}
