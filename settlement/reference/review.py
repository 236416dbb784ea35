"""Special-case reviews (特例单议): which applications fall within the quota (policy/002 article 22)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

from settlement.case_rules import OFF
from settlement.reference.inputs import Case, Province
from settlement.reference.scope import Places, cross_by_item
from settlement.reference.stays import is_outside_day_care

OVER_QUOTA = "over_quota"
PASSED = "passed"


def paid_by_points(case: Case, out_of_points: bool, outside_day_care: bool = False) -> bool:
    """Whether points are computed for a case: grouped, no new technique, not by item for its scope, inside DRG."""
    inside = not out_of_points and not outside_day_care
    return inside and not case.new_tech and case.drg is not None


def review_outcomes(province: Province, places: Places) -> dict[str, str]:
    """`passed`, `refused` or `over_quota` by setl_id, for applications of cases that are paid by points.

    By treating area and quarter, `floor(quota * N)` applications are heard in order of date and setl_id (OP-61, OP-62).
    """
    slices: dict[tuple[str, tuple[int, int]], dict[str, Case]] = defaultdict(dict)
    stays, of_areas = {stay.setl_id: stay for stay in province.stays}, dict(province.case_rules)
    for case in province.cases:
        area = places.hospital(case).area
        rules, stay = of_areas.get(area, OFF), stays.get(case.setl_id)
        outside = stay is not None and is_outside_day_care(case.drg, stay, rules)
        if paid_by_points(case, cross_by_item(places.scope(case), province.policies[area]), outside):
            slices[area, case.quarter][case.setl_id] = case
    applications = sorted(province.reviews, key=lambda review: (review.applied_on, review.setl_id))
    outcomes: dict[str, str] = {}
    for (area, _), cases in slices.items():
        quota = Fraction(province.policies[area].review_quota) * len(cases)
        heard = (review for review in applications if review.setl_id in cases)
        outcomes |= _decide(((review.setl_id, review.decision) for review in heard), int(quota))
    return outcomes


def _decide(applications: Iterable[tuple[str, str]], quota: int) -> dict[str, str]:
    return {
        setl_id: decision if place < quota else OVER_QUOTA for place, (setl_id, decision) in enumerate(applications)
    }
