"""Bed-day points (床日点数) and day care (日间治疗): policy/002 articles 14 and 15, OP-41."""

from __future__ import annotations

from fractions import Fraction

from settlement.rule_policy import BedDayMethod, RulePolicy


def bed_day_points(drg: str, days: int, policy: RulePolicy) -> Fraction | None:
    """The sum of a stay's daily points; None where its group is not paid by the day."""
    daily = dict(policy.bed_day_points).get(drg)
    if policy.bed_day_method is BedDayMethod.OFF or daily is None:
        return None
    return Fraction(daily) * days


def is_day_care(drg: str, days: int, policy: RulePolicy) -> bool:
    """Whether a stay is day care inside DRG payment: a listed group, and short enough."""
    return drg in policy.day_care_groups and days <= policy.day_care_max_days
