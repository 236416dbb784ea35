"""Special-case reviews (特例单议): which applications fall within the quota (policy/002 article 22)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from fractions import Fraction

from settlement.case_rules import OFF
from settlement.policy import Policy
from settlement.readings import ReviewCount, ReviewPeriod, ReviewUnit
from settlement.reference.grounds import Grounds
from settlement.reference.inputs import Case, Hospital, Province
from settlement.reference.scope import Places, cross_by_item
from settlement.reference.stays import is_outside_day_care

OVER_QUOTA = "over_quota"
PASSED = "passed"
NO_GROUND = "no_ground"
_MONTHS = {ReviewPeriod.MONTH: 1, ReviewPeriod.QUARTER: 3, ReviewPeriod.HALF_YEAR: 6, ReviewPeriod.YEAR: 12}


def paid_by_points(case: Case, out_of_points: bool, outside_day_care: bool = False) -> bool:
    """Whether points are computed for a case: grouped, no new technique, not by item for its scope, inside DRG."""
    inside = not out_of_points and not outside_day_care
    return inside and not case.new_tech and case.drg is not None


def cases_by_points(province: Province, places: Places) -> Iterator[tuple[Case, Hospital]]:
    """The cases that points are computed for, in time or late, reviewed or not; each with its hospital."""
    stays, of_areas = {stay.setl_id: stay for stay in province.stays}, dict(province.case_rules)
    for case in province.cases:
        hospital = places.hospital(case)
        rules, stay = of_areas.get(hospital.area, OFF), stays.get(case.setl_id)
        outside = stay is not None and is_outside_day_care(case.drg, stay, rules)
        if paid_by_points(case, cross_by_item(places.scope(case), province.policies[hospital.area]), outside):
            yield case, hospital


def review_outcomes(province: Province, places: Places) -> dict[str, str]:
    """What becomes of each application of a case that is paid by points, by setl_id.

    By unit (treating area or hospital) and period (OP-62), `floor(quota * N)` applications are heard in order of date
    and setl_id, or all, of whom so many may pass (OP-61). Those without ground (OP-64) are not heard: `no_ground`.
    """
    slices: dict[tuple[str, str, int, int], dict[str, Case]] = defaultdict(dict)
    for case, hospital in cases_by_points(province, places):
        slices[_slice(case, hospital, province.policies[hospital.area])][case.setl_id] = case
    grounds = Grounds.of(province)
    applications = sorted(province.reviews, key=lambda review: (review.applied_on, review.setl_id))
    outcomes: dict[str, str] = {}
    for (area, *_), cases in slices.items():
        policy = province.policies[area]
        made = [review for review in applications if review.setl_id in cases]
        grounded = [one for one in made if grounds.hold(case := cases[one.setl_id], places.hospital(case), policy)]
        outcomes |= dict.fromkeys((one.setl_id for one in made), NO_GROUND)
        quota = int(Fraction(policy.review_quota) * len(cases))
        outcomes |= _decide(((one.setl_id, one.decision) for one in grounded), quota, policy.review_count)
    return outcomes


def _slice(case: Case, hospital: Hospital, policy: Policy) -> tuple[str, str, int, int]:
    """The cases that share a quota: treating area, hospital if it has its own, year and period of settlement."""
    of_hospital = hospital.fixmedins_code if policy.review_unit is ReviewUnit.HOSPITAL else ""
    return hospital.area, of_hospital, case.setl_date.year, (case.setl_date.month - 1) // _MONTHS[policy.review_period]


def _decide(applications: Iterable[tuple[str, str]], quota: int, count: ReviewCount) -> dict[str, str]:
    outcomes, counted = {}, 0
    for setl_id, decision in applications:
        counts = count is ReviewCount.APPLICATIONS or decision == PASSED
        outcomes[setl_id] = OVER_QUOTA if counts and counted >= quota else decision
        counted += counts
    return outcomes
