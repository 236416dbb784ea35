"""Special-case reviews (特例单议): which applications fall within the quota (policy/002 article 22)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

from settlement.reference.inputs import Case, Province
from settlement.reference.scope import Places, Scope

OVER_QUOTA = "over_quota"
PASSED = "passed"


def paid_by_points(case: Case, scope: Scope) -> bool:
    """Whether points are computed for a case: grouped, no new technique, insured within the province."""
    return scope is not Scope.CROSS_PROVINCE and not case.new_tech and case.drg is not None


def review_outcomes(province: Province, places: Places) -> dict[str, str]:
    """`passed`, `refused` or `over_quota` by setl_id, for applications of cases that are paid by points.

    By treating area and quarter, `floor(quota * N)` applications are heard in order of date and setl_id (OP-61, OP-62).
    """
    slices: dict[tuple[str, tuple[int, int]], dict[str, Case]] = defaultdict(dict)
    for case in province.cases:
        if paid_by_points(case, places.scope(case)):
            slices[places.hospital(case).area, case.quarter][case.setl_id] = case
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
