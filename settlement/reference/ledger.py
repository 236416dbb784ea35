"""One ledger (资金分录): a settled province as movements of money between accounts, and nothing else.

An amount is never negative: its direction is in the accounts, and what moves nothing is not booked. So all accounts sum
to zero whatever is booked; what must be shown is which balance is left on which account (`CHART`, settlement/accounts).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from settlement.accounts import ENTRY, account
from settlement.readings import ExcessTo
from settlement.reference.clearing import Debt
from settlement.reference.inputs import Province
from settlement.reference.month import HospitalMonth
from settlement.reference.pools import PoolPeriod
from settlement.reference.settle import Settlement
from settlement.reference.year import HospitalYear

_YEAR_LENGTH = len("YYYY")


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One movement of money; columns of `LEDGER` in settlement/results.py."""

    area: str
    year: int
    period: str
    entry: str
    insutype: str
    fixmedins_code: str | None
    insu_admdvs: str | None
    from_account: str
    to_account: str
    amount_fen: int
    article: str

    @property
    def key(self) -> tuple[str, ...]:
        """What identifies the row, and the order of rows."""
        hospital, insured = self.fixmedins_code or "", self.insu_admdvs or ""
        return (self.area, self.period, self.entry, self.insutype, hospital, insured)


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when something is booked."""

    area: str
    period: str
    insutype: str
    fixmedins_code: str | None = None
    insu_admdvs: str | None = None

    @property
    def year(self) -> int:
        """The clearing year of the period."""
        return int(self.period[:_YEAR_LENGTH])


def settle_ledger(province: Province, settlement: Settlement) -> list[LedgerRow]:
    """Every movement of money of a settled province, in the order of their keys."""
    areas = {hospital.fixmedins_code: hospital.area for hospital in province.hospitals}
    rows = [
        *_pool_rows(settlement.pools),
        *_month_rows(settlement.months, areas),
        *_reversed_rows(settlement.months, areas),
        *_rest_rows(settlement, areas, province.year or ""),
        *_year_rows(settlement.years, areas, province),
        *_clearing_rows(settlement.matrix),
    ]
    return sorted(rows, key=lambda row: row.key)


def book(place: Place, amounts: Mapping[str, int]) -> Iterator[LedgerRow]:
    """Entries of one place by kind; a negative amount goes the other way, a zero is not booked."""
    owners = {name: getattr(place, name) for name in ("area", "fixmedins_code", "insu_admdvs")}
    for name, signed in amounts.items():
        kind = ENTRY[name]
        payer = account(kind.from_class, owners[kind.payer], place.insutype, place.year)
        payee = account(kind.to_class, owners[kind.payee], place.insutype, place.year)
        if signed:
            yield LedgerRow(
                area=place.area,
                year=place.year,
                period=place.period,
                entry=name,
                insutype=place.insutype,
                fixmedins_code=place.fixmedins_code,
                insu_admdvs=place.insu_admdvs,
                from_account=payer if signed > 0 else payee,
                to_account=payee if signed > 0 else payer,
                amount_fen=abs(signed),
                article=kind.article,
            )


def _pool_rows(pools: Iterable[PoolPeriod]) -> Iterator[LedgerRow]:
    """Budget, reserve and residue of the year; the months' budgets divide the year's and move no money."""
    for pool in pools:
        if len(pool.period) == _YEAR_LENGTH:
            inside = pool.budget_fen - pool.used_fen
            amounts = {
                "budget": pool.budget_fen,
                "reserve_from_budget": inside,
                "reserve_beside_budget": pool.carried_or_reserve_fen - inside,
                "residue": pool.residue_fen,
            }
            yield from book(Place(pool.area, pool.period, pool.insutype), amounts)


def _month_rows(months: Iterable[HospitalMonth], areas: Mapping[str, str]) -> Iterator[LedgerRow]:
    for row in months:
        amounts = {
            "month_amount": row.amount_fen,
            "month_withheld": row.amount_fen - row.gross_fen,
            "month_deposit": row.deposit_fen,
            "month_audit": row.audit_fen,
            "month_paid": row.paid_fen,
            "month_deferred": -row.deferred_fen,
            "owed_before": row.set_off_fen,
        }
        yield from book(Place(areas[row.fixmedins_code], row.month, row.insutype, row.fixmedins_code), amounts)


def _reversed_rows(months: Iterable[HospitalMonth], areas: Mapping[str, str]) -> Iterator[LedgerRow]:
    """The year takes back what the months booked for the time being."""
    amounts: dict[tuple[str, str, str], int] = defaultdict(int)
    withheld: dict[tuple[str, str, str], int] = defaultdict(int)
    deferred: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in months:
        key = (row.fixmedins_code, row.insutype, row.month[:_YEAR_LENGTH])
        amounts[key] += row.amount_fen
        withheld[key] += row.amount_fen - row.gross_fen
        deferred[key] -= row.deferred_fen
    for (code, insutype, year), amount in amounts.items():
        key = (code, insutype, year)
        taken_back = {
            "month_amount_reversed": amount,
            "month_withheld_released": withheld[key],
            "month_deferred_settled": deferred[key],
        }
        yield from book(Place(areas[code], year, insutype, code), taken_back)


def _rest_rows(settlement: Settlement, areas: Mapping[str, str], year: str) -> Iterator[LedgerRow]:
    """What of the year no month took, months being closed: audit sums, and what the year before left to owe."""
    audit = {(row.fixmedins_code, row.insutype): row.audit_fen for row in settlement.years}
    owed = {(row.fixmedins_code, row.insutype): row.owed_before_fen for row in settlement.years}
    for row in settlement.months:
        audit[row.fixmedins_code, row.insutype] -= row.audit_fen
        owed[row.fixmedins_code, row.insutype] -= row.set_off_fen
    for (code, insutype), amount in audit.items():
        amounts = {"year_audit": amount, "owed_before": owed[code, insutype]}
        yield from book(Place(areas[code], year, insutype, code), amounts)


def _year_rows(years: Iterable[HospitalYear], areas: Mapping[str, str], province: Province) -> Iterator[LedgerRow]:
    for row in years:
        area = areas[row.fixmedins_code]
        policy = province.policies[area]
        shared = policy.cap_excess_to is ExcessTo.SECOND_DISTRIBUTION
        amounts = {
            "year_amount": row.amount_fen,
            "deposit_returned": row.deposit_held_fen - row.deposit_not_returned_fen,
            "deposit_kept": row.deposit_not_returned_fen,
            "assessment_adjustment": row.assessment_adjustment_fen,
            "cap_excess_shared" if shared else "cap_excess": row.cap_excess_fen,
            "surplus_not_kept": max(row.surplus_not_kept_fen, 0),
            "surplus_kept": max(-row.surplus_not_kept_fen, 0),
            "deficit_share" if policy.reserve_single_fund else "deficit_share_by_fund": row.deficit_share_fen,
            "new_technique": row.new_technique_fen,
            "second_distribution": row.second_distribution_fen,
            "drugs_cleared": row.negotiated_drugs_fen,
            "claim": row.claim_fen,
            "claim_refused": row.audit_fen,
            "claim_paid": row.received_fen,
            "write_off": row.write_off_fen,
        }
        yield from book(Place(area, province.year or "", row.insutype, row.fixmedins_code), amounts)


def _clearing_rows(matrix: Iterable[Debt]) -> Iterator[LedgerRow]:
    """Months and adjustments; the year of the matrix is their sum."""
    for debt in matrix:
        if len(debt.period) != _YEAR_LENGTH:
            place = Place(debt.treating_area, debt.period, debt.insutype, insu_admdvs=debt.insured_area)
            yield from book(place, {debt.scope.value: debt.amount_fen})
