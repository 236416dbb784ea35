"""What the laws of money say under the readings of an area: limits and parts that several laws ask for."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from settlement.policy import Policy
from settlement.readings import ExcessTo, SuspensionEffect
from settlement.reference.exact import to_fen
from settlement.reference.inputs import Hospital, Province
from settlement.reference.year import HospitalYear


def policies_by_hospital(province: Province) -> dict[str, Policy]:
    """Hospital -> the values of its area."""
    return {one.fixmedins_code: province.policies[one.area] for one in province.hospitals}


def judged_fund(row: HospitalYear, policy: Policy) -> int:
    """F': net of audit sums, unless the area reads it gross (OP-72)."""
    return row.sums.fund_fen - (row.audit_fen if policy.fund_net_of_violations else 0)


def cap_of(hospital: Hospital, fund: int, policy: Policy) -> int:
    """The most that is paid: the cap of the level; F' where a suspended hospital is limited to it (OP-73)."""
    if hospital.suspended and policy.suspension_effect is SuspensionEffect.LIMIT_TO_FUND:
        return fund
    return to_fen(fund * Fraction(dict(policy.cap_level)[hospital.level]))


def distributable(reserve: int, rows: Iterable[HospitalYear], policy: Policy) -> int:
    """The reserve with the cap excess that goes there (OP-74), less the deficit shares that it pays (OP-11)."""
    several = list(rows)
    added = sum(row.cap_excess_fen for row in several) if policy.cap_excess_to is ExcessTo.SECOND_DISTRIBUTION else 0
    paid = sum(row.deficit_share_fen for row in several) if policy.reserve_single_fund else 0
    return reserve + added - paid


def deficit_limit(budget: int, reserve: int, policy: Policy) -> int:
    """The most that a pool's deficit shares come to (OP-11)."""
    share = to_fen(budget * Fraction(policy.deficit_max_share_of_budget))
    return min(share, reserve) if policy.reserve_single_fund else share
