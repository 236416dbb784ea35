"""Special-review bulletin (特例单议半年通报) of a small province: policy/002 article 22, policy/004 一(三)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from settlement.reference.exact import round_half_up
from settlement.reference.points import CaseClass, PointsExplanation
from settlement.reference.review import NO_GROUND, OVER_QUOTA, PASSED

REFUSED = "refused"
_PLACES = 6


@dataclass(frozen=True, slots=True)
class BulletinLine:
    """A hospital's half-year: its discharges paid by points, and what became of its applications."""

    area: str
    fixmedins_code: str
    year: int
    half: int
    discharges: int
    applied: int
    passed: int
    refused: int
    over_quota: int
    no_ground: int
    applied_share: Fraction
    passed_share: Fraction
    article: str = "policy/002 article 22"


def review_bulletin(points: Iterable[PointsExplanation]) -> list[BulletinLine]:
    """The bulletin of all half-years that the scored cases lie in."""
    reviews: dict[tuple[str, str, int, int], Counter[str]] = defaultdict(Counter)
    for one in points:
        if _of_quota(one):
            half = 1 if one.case.setl_date.month <= 6 else 2
            reviews[one.area, one.case.fixmedins_code, one.case.setl_date.year, half][one.review] += 1
    return [_line(*key, counts) for key, counts in sorted(reviews.items())]


def _of_quota(one: PointsExplanation) -> bool:
    """A discharge that the quota of reviews is a share of, however it is paid in the end."""
    outside = (CaseClass.NEW_TECHNIQUE, CaseClass.OUTSIDE_DAY_CARE, CaseClass.FEE_FOR_SERVICE)
    return one.case.drg is not None and one.case_class not in outside


def _line(area: str, code: str, year: int, half: int, counts: Counter[str]) -> BulletinLine:
    discharges = sum(counts.values())
    passed, refused, over_quota, no_ground = (counts[one] for one in (PASSED, REFUSED, OVER_QUOTA, NO_GROUND))
    applied = passed + refused + over_quota + no_ground
    return BulletinLine(
        *(area, code, year, half),
        discharges=discharges,
        applied=applied,
        passed=passed,
        refused=refused,
        over_quota=over_quota,
        no_ground=no_ground,
        applied_share=round_half_up(Fraction(applied, discharges), _PLACES),
        passed_share=round_half_up(Fraction(passed, discharges), _PLACES),
    )
