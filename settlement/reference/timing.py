"""The month that a case counts in (policy/002 articles 30 to 32; OP-12, OP-15, OP-50)."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from settlement.policy import Policy
from settlement.readings import CaseDate, NoData
from settlement.reference.inputs import Case
from settlement.reference.working_days import upload_deadline

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Timing:
    """When the list of a case was due, and whether it is left for the year's end."""

    deadline: datetime.date
    late: bool
    pay_month: str


def month_of_case(case: Case, policy: Policy) -> str:
    """The month of settlement, or of discharge; the clearing year stays that of settlement (OP-15, article 32)."""
    if policy.period_case_date is CaseDate.SETTLEMENT:
        return case.month
    return min(max(f"{case.dscg_date:%Y-%m}", _month(case, 1)), _month(case, MONTHS))


def timing(case: Case, policy: Policy, special_days: Mapping[datetime.date, bool]) -> Timing:
    """Late, or in time, or settled when the list came: in the month of a late upload that is of the clearing year,
    though not before the case's own month (OP-50).
    """
    days = policy.upload_deadline_days
    deadline = upload_deadline(case.dscg_date, days, special_days, policy.upload_calendar, policy.upload_count_from)
    own, uploaded = month_of_case(case, policy), f"{case.upload_date:%Y-%m}"
    if case.upload_date <= deadline:
        return Timing(deadline, False, own)
    if policy.month_no_data is NoData.ON_ARRIVAL and uploaded <= _month(case, MONTHS):
        return Timing(deadline, False, max(own, uploaded))
    return Timing(deadline, True, own)


def _month(case: Case, number: int) -> str:
    return f"{case.setl_date:%Y}-{number:02d}"
