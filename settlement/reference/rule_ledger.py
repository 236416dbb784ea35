"""Books beside the clearing: prepayment, incentives and drugs as movements of money (policy/002 articles 24, 35-37)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from settlement.accounts import HOSPITAL_COLUMNS, account
from settlement.reference.case_sharing import CaseShare
from settlement.reference.growth import GrowthResult
from settlement.reference.ledger import LedgerRow, Place, book
from settlement.reference.ledger_views import change
from settlement.reference.month import Account
from settlement.reference.prepay import Prepayment, Published

_MONTH_LENGTH = len("YYYY-MM")


def prepay_ledger(
    paid: Iterable[Prepayment], offsets: Iterable[tuple[str, str, str, int]], published: Iterable[Published], year: int
) -> list[LedgerRow]:
    """What was paid in advance (by the month of the last day for it), set against months, and returned."""
    several = list(paid)
    areas = {(one.fixmedins_code, one.insutype): one.area for one in several}
    rows: list[LedgerRow] = []
    for one in several:
        place = Place(one.area, one.pay_by[:_MONTH_LENGTH], one.insutype, one.fixmedins_code)
        rows += book(place, {"prepayment": one.paid_fen})
    for code, insutype, month, offset in offsets:
        rows += book(Place(areas[code, insutype], month, insutype, code), {"prepayment_offset": offset})
    for back in published:
        place = Place(back.area, str(year), back.insutype, back.fixmedins_code)
        rows += book(place, {"prepayment_returned": back.returned_fen})
    return sorted(rows, key=lambda row: row.key)


def incentive_ledger(shares: Iterable[CaseShare], growth: Iterable[GrowthResult], year: int) -> list[LedgerRow]:
    """What ordinary cases give and get, summed by hospital, and growth's reward or restraint."""
    given: dict[Place, int] = defaultdict(int)
    aid: dict[Place, int] = defaultdict(int)
    for share in shares:
        case = share.case
        place = Place(case.area, str(year), case.insutype, case.fixmedins_code)
        given[place] += share.given_fen
        aid[place] += share.aid_fen
    rows: list[LedgerRow] = []
    for place in given:
        rows += book(place, {"case_surplus_given": given[place], "case_deficit_aid": aid[place]})
    for one in growth:
        place = Place(one.funds.area, str(year), one.funds.insutype, one.funds.fixmedins_code)
        rows += book(place, {"growth_incentive": one.adjustment_fen})
    return sorted(rows, key=lambda row: row.key)


def drug_ledger(paid: Iterable[tuple[str, str, str, int]], year: int) -> list[LedgerRow]:
    """Compensation for negotiated drugs: area, insurance, hospital and fen of each case, summed by hospital."""
    sums: dict[Place, int] = defaultdict(int)
    for area, insutype, code, amount in paid:
        sums[Place(area, str(year), insutype, code)] += amount
    rows = [row for place, amount in sums.items() for row in book(place, {"drug_compensation": amount})]
    return sorted(rows, key=lambda row: row.key)


def hospital_figures(rows: Iterable[LedgerRow], class_name: str) -> dict[Account, dict[str, int]]:
    """By hospital and insurance: the columns of `HOSPITAL_COLUMNS` of the class, and the balance of its account."""
    found: dict[Account, dict[str, int]] = {}
    for code, insutype, entry, moved in _moved(rows, class_name):
        figures = found.setdefault((code, insutype), dict.fromkeys((*HOSPITAL_COLUMNS[class_name], "balance"), 0))
        figures["balance"] += moved
        for name, (sign, entries) in HOSPITAL_COLUMNS[class_name].items():
            figures[name] += sign * moved if entry in entries else 0
    return found


def _moved(rows: Iterable[LedgerRow], class_name: str) -> Iterator[tuple[str, str, str, int]]:
    """Hospital, insurance, kind of entry, and what each row does to the hospital's account of the class."""
    for row in rows:
        code = row.fixmedins_code
        if code is not None:
            mine = account(class_name, code, row.insutype, row.year)
            if mine in (row.from_account, row.to_account):
                yield code, row.insutype, row.entry, change(row, mine)


def paid_in_advance(rows: Iterable[LedgerRow]) -> Mapping[Account, int]:
    """What is still out, by hospital and insurance."""
    return {key: -figures["balance"] for key, figures in hospital_figures(rows, "advance").items()}
