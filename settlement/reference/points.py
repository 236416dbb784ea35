"""Points of a case, and why (policy/002 articles 12, 14, 15, 19, 22, 23, 30)."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction

from settlement.case_rules import OFF, CaseRules
from settlement.policy import Policy
from settlement.readings import AbnormalYearEnd, RecognitionPay, ReviewPay
from settlement.reference.elements import Coefficient, Elements, Ruler
from settlement.reference.exact import fixed, round_half_up
from settlement.reference.inputs import Case, Hospital, Province, Stay
from settlement.reference.review import PASSED, review_outcomes
from settlement.reference.scope import Places, Scope, cross_by_item
from settlement.reference.stays import daily_points, is_outside_day_care
from settlement.reference.tcm import effect_standard, tcm_rate, tcm_share
from settlement.reference.timing import Timing, month_of_case, timing
from settlement.reference.year_means import with_year_means


class CaseClass(StrEnum):
    """Which rule gives a case its points."""

    FEE_FOR_SERVICE = "fee_for_service"
    NEW_TECHNIQUE = "new_technique"
    UNGROUPED = "ungrouped"
    ABNORMAL_BY_ITEM = "abnormal_by_item"
    OUTSIDE_DAY_CARE = "outside_day_care"
    REVIEWED = "reviewed"
    REVIEWED_BY_ITEM = "reviewed_by_item"
    BED_DAY = "bed_day"
    BLANK = "blank"
    WHOLE_REVIEW = "whole_review"
    TCM_EFFECT = "tcm_effect"
    UNSTABLE = "unstable"
    HIGH = "high"
    LOW = "low"
    NORMAL = "normal"


ARTICLES: dict[CaseClass, str] = {
    CaseClass.FEE_FOR_SERVICE: "policy/004 二(四)",
    CaseClass.NEW_TECHNIQUE: "policy/002 article 23",
    CaseClass.UNGROUPED: "policy/002 article 30.3",
    CaseClass.ABNORMAL_BY_ITEM: "policy/002 article 30.3",
    CaseClass.OUTSIDE_DAY_CARE: "policy/002 article 14",
    CaseClass.BED_DAY: "policy/002 article 15",
    CaseClass.REVIEWED: "policy/002 article 22",
    CaseClass.REVIEWED_BY_ITEM: "policy/002 article 22",
    CaseClass.BLANK: "policy/002 article 19(三)",
    CaseClass.WHOLE_REVIEW: "policy/002 article 19(三)",
    CaseClass.TCM_EFFECT: "policy/002 article 12",
    CaseClass.UNSTABLE: "policy/002 article 19(二)",
    CaseClass.HIGH: "policy/002 article 19(一)1",
    CaseClass.LOW: "policy/002 article 19(一)2",
    CaseClass.NORMAL: "policy/002 article 19(一)3",
}


# Paid by the standard of their group (普通病组病例): what is raised at the year's end, and what may share (article 35).
ORDINARY = (CaseClass.NORMAL, CaseClass.HIGH, CaseClass.LOW, CaseClass.UNSTABLE)
# No points, but in the pool: their fund by item, out of the budget (OP-14, OP-63).
BY_ITEM = (CaseClass.REVIEWED_BY_ITEM, CaseClass.ABNORMAL_BY_ITEM)
TCM_ARTICLE = "policy/002 article 12"


@dataclass(frozen=True, slots=True)
class Figures:
    """What was looked at on the way to the points; None: not looked at. Costs, means and bounds in yuan.

    `high_bound` is `multiple * ruler` (exceeded: high); `low_bound` is `low_ratio * ruler` (not exceeded: low).
    """

    all_mean: Fraction | None = None
    benchmark_points: Fraction | None = None
    coefficient: Coefficient | None = None
    ruler: Ruler | None = None
    multiple: Fraction | None = None
    high_bound: Fraction | None = None
    low_bound: Fraction | None = None
    tcm_share: Fraction | None = None


@dataclass(frozen=True, slots=True)
class PointsExplanation:
    """The points of one case and every step to them.

    `formula` is the calculation with its numbers; `points` is its result, rounded once. `deadline` is the last day
    for the list; None for cases that are not paid by points whenever it comes. `pay_month`: the month it counts in.
    `uplift`: points that the year's clearing adds.
    """

    case: Case
    area: str
    scope: Scope
    case_class: CaseClass
    points: Fraction
    in_month: bool
    in_year: bool
    pay_month: str
    review: str
    article: str
    formula: str
    figures: Figures
    deadline: datetime.date | None
    uplift: Fraction = Fraction(0)
    uplift_formula: str = ""

    @property
    def by_item(self) -> bool:
        """Paid its fund out of the budget, without points."""
        return self.case_class in BY_ITEM

    @property
    def abnormal(self) -> bool:
        """非正常数据: late or not grouped, so left out of the month (policy/002 article 30.3)."""
        else_paid = self.case_class not in (CaseClass.NEW_TECHNIQUE, CaseClass.OUTSIDE_DAY_CARE)
        return self.scope is not Scope.CROSS_PROVINCE and else_paid and not self.in_month


@dataclass(frozen=True)
class PointsRules:
    """What the points of all cases of a province rest on."""

    places: Places
    elements: Elements
    policies: Mapping[str, Policy]
    reviews: Mapping[str, str]
    special_days: Mapping[datetime.date, bool] = field(default_factory=dict)
    stays: Mapping[str, Stay] = field(default_factory=dict)
    case_rules: Mapping[str, CaseRules] = field(default_factory=dict)
    set_points: Mapping[str, Fraction] = field(default_factory=dict)  # that reviews set, by setl_id

    @classmethod
    def of(cls, province: Province) -> PointsRules:
        """The rules in force in a province."""
        places = Places.of(province)
        return cls(
            places,
            with_year_means(Elements.in_force(province.elements, province.elements_given), province, places),
            province.policies,
            review_outcomes(province, places),
            {day.date: day.working for day in province.calendar},
            {stay.setl_id: stay for stay in province.stays},
            dict(province.case_rules),
            {review.setl_id: review.points for review in province.reviews if review.points is not None},
        )

    def of_case(self, case: Case) -> tuple[Stay | None, CaseRules]:
        """The stay of a case, None where nothing is said of it, and the rules of single cases of its treating area."""
        area = self.places.hospital(case).area
        return self.stays.get(case.setl_id), self.case_rules.get(area, OFF)


@dataclass(frozen=True, slots=True)
class _Result:
    """Class, exact points, formula; the figures they came from."""

    case_class: CaseClass
    points: Fraction
    formula: str
    figures: Figures = field(default_factory=Figures)


_ABNORMAL = _Result(CaseClass.ABNORMAL_BY_ITEM, Fraction(0), "0")  # late or not grouped, paid by item (OP-14)


def explain_points(case: Case, rules: PointsRules) -> PointsExplanation:
    """The points of one case with the class, the bounds compared, K, ruler, formula and article."""
    hospital = rules.places.hospital(case)
    policy = rules.policies[hospital.area]
    scope = rules.places.scope(case)
    review = rules.reviews.get(case.setl_id, "")
    result = _outside_points(case, scope, policy, rules)
    when: Timing | None = None
    if result is None:
        when = timing(case, policy, rules.special_days)
        late_by_item = when.late and policy.abnormal_year_end is AbnormalYearEnd.FEE_FOR_SERVICE
        result = _ABNORMAL if late_by_item else _by_points(case, case.drg or "", hospital, policy, review, rules)
    unpaid = when is not None and when.late and policy.abnormal_year_end is AbnormalYearEnd.UNPAID
    points = round_half_up(result.points, policy.points_dp)
    uplift, uplift_formula, share = _uplift(case, result.case_class, points, policy, rules)
    return PointsExplanation(
        case=case,
        area=hospital.area,
        scope=scope,
        case_class=result.case_class,
        points=points,
        in_month=when is not None and not when.late,
        in_year=result is _ABNORMAL or (when is not None and not unpaid),
        pay_month=month_of_case(case, policy) if when is None else when.pay_month,
        review=review,
        article=ARTICLES[result.case_class],
        formula=result.formula,
        figures=result.figures if share is None else replace(result.figures, tcm_share=share),
        deadline=when.deadline if when else None,
        uplift=uplift,
        uplift_formula=uplift_formula,
    )


def _uplift(
    case: Case, case_class: CaseClass, points: Fraction, policy: Policy, rules: PointsRules
) -> tuple[Fraction, str, Fraction | None]:
    """What 中治率 adds in the year's clearing, the formula, and the share where it was looked at (article 12)."""
    stay, values = rules.of_case(case)
    if stay is None or not values.tcm_uplift or not stay.tcm_place or case_class not in ORDINARY:
        return Fraction(0), "", None
    rate = tcm_rate(case, stay, values)
    formula = f"{plain(points)} × {plain(rate)}" if rate else ""
    return round_half_up(points * rate, policy.points_dp), formula, tcm_share(case, stay)


def _outside_points(case: Case, scope: Scope, policy: Policy, rules: PointsRules) -> _Result | None:
    """Cases without points: paid by item, accounted on their own, or left for the year end."""
    if cross_by_item(scope, rules.policies[rules.places.hospital(case).area]):
        return _Result(CaseClass.FEE_FOR_SERVICE, Fraction(0), "0")
    if case.new_tech:
        return _Result(CaseClass.NEW_TECHNIQUE, Fraction(0), "0")
    if case.drg is None:
        by_item = policy.abnormal_year_end is AbnormalYearEnd.FEE_FOR_SERVICE
        return _ABNORMAL if by_item else _Result(CaseClass.UNGROUPED, Fraction(0), "0")
    stay, values = rules.of_case(case)
    if stay is not None and is_outside_day_care(case.drg, stay, values):
        return _Result(CaseClass.OUTSIDE_DAY_CARE, Fraction(0), "0")
    return None


def _by_points(case: Case, drg: str, hospital: Hospital, policy: Policy, review: str, rules: PointsRules) -> _Result:
    area, elements = hospital.area, rules.elements
    benchmark = elements.find(area, "benchmark_points", drg)
    if review == PASSED:
        return _reviewed(case, policy, area, rules)
    by_day = _by_day(case, drg, rules)
    if by_day is not None:
        return by_day
    effect = effect_standard(drg, policy)
    if elements.reviewed_as_a_whole(area, drg, policy) and (benchmark is not None or effect is not None):
        return _by_cost(CaseClass.WHOLE_REVIEW, case, elements.all_mean(area))
    if effect is not None:
        return _Result(CaseClass.TCM_EFFECT, effect, plain(effect))
    if benchmark is None:
        return _by_cost(CaseClass.BLANK, case, elements.all_mean(area))
    coefficient = elements.coefficient(hospital, drg, policy)
    figures = Figures(benchmark_points=benchmark, coefficient=coefficient)
    if not elements.flagged(area, "stable", drg):
        return _by_group(CaseClass.UNSTABLE, benchmark, coefficient, figures)
    if not _has_outliers(elements, area, drg, policy):
        return _by_group(CaseClass.NORMAL, benchmark, coefficient, figures)
    figures = replace(figures, ruler=elements.ruler(hospital, drg, coefficient, policy))
    return _stable(case, policy, benchmark, coefficient, figures, elements.all_mean(area))


def _has_outliers(elements: Elements, area: str, drg: str, policy: Policy) -> bool:
    """Whether a stable group has high and low cases: TCM-advantage groups have none, base groups by OP-36."""
    if elements.flagged(area, "tcm_advantage", drg):
        return False
    return policy.outlier_base_groups or not elements.flagged(area, "base_group", drg)


def _reviewed(case: Case, policy: Policy, area: str, rules: PointsRules) -> _Result:
    """A case that passed review: by cost, by item, or with the points that the review set (article 22, OP-63).

    Where the review set none, by cost.
    """
    if policy.review_pay is ReviewPay.BY_ITEM:
        return _Result(CaseClass.REVIEWED_BY_ITEM, Fraction(0), "0")
    points = rules.set_points.get(case.setl_id)
    if policy.review_pay is ReviewPay.SET_POINTS and points is not None:
        return _Result(CaseClass.REVIEWED, points, plain(points))
    return _by_cost(CaseClass.REVIEWED, case, rules.elements.all_mean(area))


def _by_day(case: Case, drg: str, rules: PointsRules) -> _Result | None:
    """Daily points × days, where the area pays the group by the day."""
    stay, values = rules.of_case(case)
    daily = None if stay is None else daily_points(drg, stay, values)
    if stay is None or stay.days is None or daily is None:
        return None
    return _Result(CaseClass.BED_DAY, daily * stay.days, f"{plain(daily)} × {stay.days}")


def _by_cost(case_class: CaseClass, case: Case, all_mean: Fraction) -> _Result:
    """c ÷ M × 100."""
    cost = Fraction(case.paid_cost_fen, 100)
    formula = f"{fixed(cost, 2)} ÷ {plain(all_mean)} × 100"
    return _Result(case_class, cost / all_mean * 100, formula, Figures(all_mean=all_mean))


def _by_group(case_class: CaseClass, benchmark: Fraction, coefficient: Coefficient, figures: Figures) -> _Result:
    """B × K."""
    formula = f"{plain(benchmark)} × {plain(coefficient.value)}"
    return _Result(case_class, benchmark * coefficient.value, formula, figures)


def _stable(
    case: Case, policy: Policy, benchmark: Fraction, coefficient: Coefficient, figures: Figures, all_mean: Fraction
) -> _Result:
    """高倍率, 低倍率 and 正常 cases of a stable group (policy/002 article 19(一))."""
    ruler = figures.ruler.value if figures.ruler else None
    normal = _by_group(CaseClass.NORMAL, benchmark, coefficient, figures)
    if ruler is None:
        return normal
    cost = Fraction(case.paid_cost_fen, 100)
    multiple, low_bound = high_multiple(benchmark, policy), Fraction(policy.outlier_low_ratio) * ruler
    figures = replace(figures, multiple=multiple, high_bound=multiple * ruler, low_bound=low_bound)
    if cost > multiple * ruler:
        formula = f"{normal.formula} × (1 + {fixed(cost, 2)} ÷ {plain(ruler)} − {plain(multiple)})"
        return _Result(CaseClass.HIGH, normal.points * (1 + cost / ruler - multiple), formula, figures)
    recognised = case.recognition and policy.recognition_pay_as is RecognitionPay.NORMAL
    if cost <= low_bound and not recognised:
        low = _by_cost(CaseClass.LOW, case, all_mean)
        formula = f"min({low.formula}, {plain(benchmark)})"
        return _Result(CaseClass.LOW, min(low.points, benchmark), formula, replace(figures, all_mean=all_mean))
    return replace(normal, figures=figures)


def high_multiple(benchmark: Fraction, policy: Policy) -> Fraction:
    """病组高倍率判定倍率 `k` of a group by its benchmark points; bounds belong to the lower band."""
    for band in policy.outlier_bands:
        if band.up_to is None or benchmark <= Fraction(band.up_to):
            return Fraction(band.multiple)
    raise ValueError("outlier.bands has no open last band")


def plain(number: Fraction) -> str:
    """A decimal number without trailing zeros."""
    text = fixed(number, 12)
    return text.rstrip("0").rstrip(".")
