"""Bed-day points (床日点数) and day care (日间治疗): policy/002 articles 14 and 15, OP-41."""

from __future__ import annotations

from fractions import Fraction

from settlement.case_rules import CaseRules
from settlement.reference.inputs import Stay


def daily_points(drg: str, stay: Stay, rules: CaseRules) -> Fraction | None:
    """Points of one day; None where the group is not paid by the day, or the days are not known."""
    daily = dict(rules.bed_day_points).get(drg)
    return None if daily is None or stay.days is None or stay.days < 0 else Fraction(daily)


def is_outside_day_care(drg: str | None, stay: Stay, rules: CaseRules) -> bool:
    """Whether a stay was delivered as day care and is none of those inside DRG: a listed group, and short enough."""
    if not rules.day_care_groups or not stay.day_care:
        return False
    most = rules.day_care_max_days
    return not (drg in rules.day_care_groups and stay.days is not None and most is not None and stay.days <= most)
