"""Monthly pre-settlement of hospitals (月预结算, policy/002 article 31(三)-(四))."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from settlement.policy import Policy
from settlement.reference.exact import to_fen
from settlement.reference.inputs import Province
from settlement.reference.pools import NOTHING, PoolPeriod, Sums
from settlement.reference.scope import Places

Account = tuple[str, str]  # hospital, insurance type


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


def settle_hospital_months(province: Province, places: Places, pools: Iterable[PoolPeriod]) -> list[HospitalMonth]:
    """The months of every hospital with any case of the insurance type in the year."""
    by_pool = {(pool.area, pool.insutype, pool.period): pool for pool in pools}
    audit = {(sum_.fixmedins_code, sum_.insutype, sum_.month): sum_.amount_fen for sum_ in province.audit}
    accounts = sorted({(case.fixmedins_code, case.insutype) for case in province.cases})
    rows: list[HospitalMonth] = []
    for account in accounts:
        area = places.hospitals[account[0]].area
        months = [f"{province.year}-{number:02d}" for number in range(1, 13)]
        pool_months = {month: by_pool.get((area, account[1], month)) for month in months}
        deducted = {month: audit[(*account, month)] for month in months if (*account, month) in audit}
        rows += _account_months(account, pool_months, deducted, province.policies[area])
    return rows


def _account_months(
    account: Account, pools: Mapping[str, PoolPeriod | None], audit: Mapping[str, int], policy: Policy
) -> list[HospitalMonth]:
    """A month where the hospital has cases in the pool, an audit sum, or something brought forward."""
    rows: list[HospitalMonth] = []
    brought_forward = 0
    for month, pool in pools.items():
        inside = pool is not None and account[0] in pool.by_hospital
        if not (inside or month in audit or brought_forward):
            continue
        sums = pool.by_hospital[account[0]] if pool and inside else NOTHING
        amount = pool.amounts_fen[account[0]] if pool and inside else 0
        rows.append(_pay(account, month, sums, amount, audit.get(month, 0), brought_forward, policy))
        brought_forward = rows[-1].carried_forward_fen
    return rows


def _pay(
    account: Account, month: str, sums: Sums, amount: int, audit: int, brought_forward: int, policy: Policy
) -> HospitalMonth:
    """Gross by the payment ratio, less deposit (质量保证金) and audit; a negative rest is carried (OP-47 to OP-49)."""
    gross = to_fen(amount * Fraction(policy.month_pay_ratio))
    deposit = to_fen(gross * Fraction(policy.deposit_rate)) if gross > 0 else 0
    net = gross - deposit - audit + brought_forward
    return HospitalMonth(
        fixmedins_code=account[0],
        insutype=account[1],
        month=month,
        sums=sums,
        amount_fen=amount,
        gross_fen=gross,
        deposit_fen=deposit,
        audit_fen=audit,
        brought_forward_fen=brought_forward,
        paid_fen=max(net, 0),
        carried_forward_fen=min(net, 0),
    )
