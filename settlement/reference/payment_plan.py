"""The payment plan of a month in plain Python (policy/002 articles 30.2 and 31(四), 004 二(一))."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from settlement.reference.month import HospitalMonth
from settlement.reference.working_days import upload_deadline
from settlement.rule_policy import RulePolicy

_DECEMBER = 12


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The days of a month; `presettle_by` None: the grouping results are not confirmed yet."""

    declare_by: datetime.date
    presettle_by: datetime.date | None
    pay_by: datetime.date


@dataclass(frozen=True, slots=True)
class Payment:
    """What is paid to a hospital for a month of an insurance: due less what is set against money paid in advance."""

    month: HospitalMonth
    offset_fen: int
    deadlines: Deadlines

    @property
    def pay_fen(self) -> int:
        """实际拨付."""
        return self.month.paid_fen - self.offset_fen


def month_deadlines(
    month: str,
    policy: RulePolicy,
    special: Mapping[datetime.date, bool],
    confirmed: datetime.date | None = None,
) -> Deadlines:
    """申报截止, 预结算 and 拨付 of a month (YYYY-MM); `special`: days that depart from Monday to Friday."""
    year, number = int(month[:4]), int(month[5:])
    following = (year + 1, 1) if number == _DECEMBER else (year, number + 1)
    declare_by = datetime.date(*following, policy.month_declare_day)
    presettle_by = confirmed and upload_deadline(confirmed, policy.month_presettle_days, special)
    return Deadlines(declare_by, presettle_by, upload_deadline(declare_by, policy.month_pay_days, special))


def plan_payments(
    months: Iterable[HospitalMonth],
    offsets: Mapping[tuple[str, str, str], int],
    deadlines: Mapping[tuple[str, str], Deadlines],
    areas: Mapping[str, str],
) -> list[Payment]:
    """The plan: `offsets` by hospital, insurance and month; `deadlines` by area and month; `areas` by hospital."""
    return [
        Payment(
            one,
            offsets.get((one.fixmedins_code, one.insutype, one.month), 0),
            deadlines[areas[one.fixmedins_code], one.month],
        )
        for one in months
    ]
