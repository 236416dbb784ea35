"""Monthly pre-settlement of hospitals (月预结算, policy/002 article 31(三)-(四))."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from settlement.policy import Policy
from settlement.readings import DepositBase, NegativeMonth
from settlement.reference.exact import to_fen
from settlement.reference.inputs import Province
from settlement.reference.pools import PoolPeriod
from settlement.reference.scope import Places
from settlement.reference.sums import NOTHING, Sums

Account = tuple[str, str]  # hospital, insurance type
NO_OPENINGS: Mapping[Account, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class MonthTerms:
    """What of a hospital's month can be added up; money in fen."""

    sums: Sums = NOTHING
    amount_fen: int = 0
    gross_fen: int = 0
    deposit_fen: int = 0
    audit_fen: int = 0

    def plus(self, other: MonthTerms, times: int = 1) -> MonthTerms:
        """The sum of two; `times` -1: the difference."""
        return MonthTerms(
            self.sums.plus(other.sums, times),
            self.amount_fen + times * other.amount_fen,
            self.gross_fen + times * other.gross_fen,
            self.deposit_fen + times * other.deposit_fen,
            self.audit_fen + times * other.audit_fen,
        )


Months = dict[str, MonthTerms]  # by month, YYYY-MM


@dataclass(frozen=True, slots=True)
class HospitalMonth:
    """One hospital, insurance type and month; money in fen."""

    fixmedins_code: str
    insutype: str
    month: str
    sums: Sums
    amount_fen: int
    gross_fen: int
    deposit_fen: int
    audit_fen: int
    brought_forward_fen: int
    paid_fen: int
    carried_forward_fen: int

    @property
    def set_off_fen(self) -> int:
        """What January takes over of what the year before left to owe (OP-54)."""
        return -self.brought_forward_fen if self.month == first_month(self.month[:4]) else 0

    @property
    def deferred_fen(self) -> int:
        """What a month below 0 leaves to the clearing, negative (OP-49)."""
        due = self.gross_fen - self.deposit_fen - self.audit_fen + self.brought_forward_fen
        return due - self.paid_fen - self.carried_forward_fen

    @property
    def terms(self) -> MonthTerms:
        """What can be added up."""
        return MonthTerms(self.sums, self.amount_fen, self.gross_fen, self.deposit_fen, self.audit_fen)


def settle_hospital_months(province: Province, places: Places, pools: Iterable[PoolPeriod]) -> list[HospitalMonth]:
    """The months of every hospital with any case of the insurance type in the year."""
    accounts = {(case.fixmedins_code, case.insutype) for case in province.cases}
    return pay_months(month_terms(province, places, pools, accounts), province.year or "", negative_months(province))


def negative_months(province: Province) -> dict[str, NegativeMonth]:
    """`month.negative` by hospital (OP-49)."""
    return {one.fixmedins_code: province.policies[one.area].month_negative for one in province.hospitals}


def month_terms(
    province: Province, places: Places, pools: Iterable[PoolPeriod], accounts: Iterable[Account]
) -> dict[Account, Months]:
    """Of each account the months where the hospital has cases in the pool or an audit sum."""
    by_pool = {(pool.area, pool.insutype, pool.period): pool for pool in pools}
    audit = {(sum_.fixmedins_code, sum_.insutype, sum_.month): sum_.amount_fen for sum_ in province.audit}
    found: dict[Account, Months] = {}
    for account in sorted(accounts):
        area = places.hospitals[account[0]].area
        found[account] = {}
        for month in months_of(province.year or ""):
            pool = by_pool.get((area, account[1], month))
            inside = pool is not None and account[0] in pool.by_hospital
            if inside or (*account, month) in audit:
                sums = pool.by_hospital[account[0]] if pool and inside else NOTHING
                amount = pool.amounts_fen[account[0]] if pool and inside else 0
                deducted = audit.get((*account, month), 0)
                found[account][month] = _terms(sums, amount, deducted, province.policies[area])
    return found


def first_month(year: str) -> str:
    """January of a year, YYYY-MM."""
    return months_of(year)[0]


def months_of(year: str) -> list[str]:
    """The twelve months of a year, YYYY-MM."""
    return [f"{year}-{number:02d}" for number in range(1, 13)]


def _terms(sums: Sums, amount: int, audit: int, policy: Policy) -> MonthTerms:
    """Gross by the payment ratio (OP-48), and the deposit (质量保证金): of gross, amount or fund (OP-47)."""
    gross = to_fen(amount * Fraction(policy.month_pay_ratio))
    bases = {DepositBase.GROSS: gross, DepositBase.AMOUNT: amount, DepositBase.FUND: sums.fund_fen}
    deposit = to_fen(max(bases[policy.deposit_base], 0) * Fraction(policy.deposit_rate))
    return MonthTerms(sums, amount, gross, deposit, audit)


def pay_months(
    terms: Mapping[Account, Months],
    year: str,
    negative: Mapping[str, NegativeMonth],
    openings: Mapping[Account, int] = NO_OPENINGS,
) -> list[HospitalMonth]:
    """Gross less deposit and audit is paid; a negative rest goes where the area says (OP-49).

    A row where the account has terms in the month, or something brought forward. `negative`: `month.negative` by
    hospital. `openings`: what is brought into January, below 0 (OP-54).
    """
    rows: list[HospitalMonth] = []
    for account, months in sorted(terms.items()):
        brought_forward = openings.get(account, 0)
        for month in months_of(year):
            if month in months or brought_forward:
                own = months.get(month, MonthTerms())
                rows.append(_pay(account, month, own, brought_forward, negative[account[0]]))
                brought_forward = rows[-1].carried_forward_fen
    return rows


def _pay(
    account: Account, month: str, terms: MonthTerms, brought_forward: int, negative: NegativeMonth
) -> HospitalMonth:
    """Below 0: carried to the next month; left to the clearing, which subtracts what was paid; or paid back (OP-49)."""
    net = terms.gross_fen - terms.deposit_fen - terms.audit_fen + brought_forward
    return HospitalMonth(
        fixmedins_code=account[0],
        insutype=account[1],
        month=month,
        sums=terms.sums,
        amount_fen=terms.amount_fen,
        gross_fen=terms.gross_fen,
        deposit_fen=terms.deposit_fen,
        audit_fen=terms.audit_fen,
        brought_forward_fen=brought_forward,
        paid_fen=net if negative is NegativeMonth.PAID_BACK else max(net, 0),
        carried_forward_fen=min(net, 0) if negative is NegativeMonth.CARRIED else 0,
    )
