"""Readings of the open points (OP-nn): what an area takes the law to say where it is silent, as dated policy values.

A reading that says nothing else has the default of policy-formulas; a province folder need name none of them. What
each word means stands in `conf/policy/base.yaml`, with unit and source.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from math import gcd
from typing import Any

from settlement.policy_values import (
    KEPT_PLACES,
    Numbers,
    PolicyProblem,
    read_codes,
    read_count,
    read_flag,
    read_numbers,
    read_rate,
    read_rate_or_none,
    read_rows,
    word_of,
)

_MOST_WEIGHT = 9999  # sums of weighted costs and their products then still fit 38 digits


class Residue(StrEnum):
    """`rounding.residue`: who bears what an exact value leaves after rounding (OP-02)."""

    LARGEST_REMAINDER = "largest_remainder"
    BOOKED = "booked"


class Interpolation(StrEnum):
    """`trim.middle_section.interp`: where a quantile lies that falls between two costs (OP-18)."""

    LINEAR = "linear"
    NEAREST = "nearest"


class MedianAfter(StrEnum):
    """`trim.median_after`: which cases give an unstable group its median (OP-21)."""

    FIRST = "first_trimming"
    NONE = "no_trimming"


class MissingRule(StrEnum):
    """`level_coef.missing_rule`: how 就高相近 finds a stand-in for a level without a coefficient (OP-26)."""

    NEXT_HIGHER = "next_higher"
    HIGHEST = "highest"
    ONE = "one"


class Combine(StrEnum):
    """`coef.combine`: how level coefficient and add-on meet (OP-29)."""

    ADD = "add"
    MULTIPLY = "multiply"


class RulerPeriod(StrEnum):
    """`outlier.ruler_period`: whose mean the outlier tests compare with (OP-34)."""

    HISTORY = "history"
    CURRENT_YEAR = "current_year"


class RulerMissing(StrEnum):
    """`outlier.ruler_missing`: what stands in where a level has no mean (OP-35)."""

    MEAN_TIMES_COEFFICIENT = "mean_times_coefficient"
    GROUP_MEAN = "group_mean"
    NO_OUTLIERS = "no_outliers"


class CountFrom(StrEnum):
    """`upload.count_from`: which day is the first of the upload period (OP-12)."""

    DAY_AFTER = "day_after"
    DISCHARGE_DAY = "discharge_day"


class UploadCalendar(StrEnum):
    """`upload.calendar`: which days count (OP-12)."""

    NATIONAL = "national"
    WEEKDAYS = "weekdays"
    ALL_DAYS = "all_days"


class AbnormalYearEnd(StrEnum):
    """`abnormal.year_end`: what becomes of late and ungrouped cases at the year's end (OP-14)."""

    GROUP_IF_COMPLETE = "group_if_complete"
    FEE_FOR_SERVICE = "fee_for_service"
    UNPAID = "unpaid"


class CaseDate(StrEnum):
    """`period.case_date`: the date whose month a case belongs to (OP-15)."""

    SETTLEMENT = "settlement"
    DISCHARGE = "discharge"


class NoData(StrEnum):
    """`month.no_data`: when late lists are settled (OP-50)."""

    YEAR_END = "year_end"
    ON_ARRIVAL = "on_arrival"


class ReviewCount(StrEnum):
    """`special_review.count`: what the quota counts (OP-61)."""

    APPLICATIONS = "applications"
    PASSED = "passed"


class ReviewUnit(StrEnum):
    """`special_review.unit`: whose cases the quota is a share of (OP-62)."""

    AREA = "area"
    HOSPITAL = "hospital"


class ReviewPeriod(StrEnum):
    """`special_review.period`: the period under review (OP-62)."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"


class ReviewPay(StrEnum):
    """`special_review.pay`: how a case is paid that has passed (OP-63)."""

    POINTS_BY_COST = "points_by_cost"
    BY_ITEM = "by_item"
    SET_POINTS = "set_points"


class RecognitionPay(StrEnum):
    """`recognition.pay_as`: how a low case is paid whose cost recognised results made low (OP-68)."""

    NORMAL = "normal"
    LOW = "low"


class ValueKey(StrEnum):
    """`point_value.key`: for whom an own out-of-area pool has a value (OP-80)."""

    TREATING_AREA = "treating_area"
    INSURED_AREA = "insured_area"


class CrossProvince(StrEnum):
    """`out_of_area.cross_province`: how cases of other provinces are paid (OP-81)."""

    FEE_FOR_SERVICE = "fee_for_service"
    TREATING_VALUE = "treating_value"


class CarryYearEnd(StrEnum):
    """`month.carry_year_end`: what becomes of the roll-over that December leaves (OP-46)."""

    ENDS = "ends"
    NEXT_YEAR = "next_year"


class DepositBase(StrEnum):
    """`deposit.base`: what the deposit is a share of (OP-47)."""

    GROSS = "gross"
    AMOUNT = "amount"
    FUND = "fund"


class NegativeMonth(StrEnum):
    """`month.negative`: what becomes of a month that comes out below 0 (OP-49)."""

    CARRIED = "carried"
    YEAR_END = "year_end"
    PAID_BACK = "paid_back"


class SurplusTerm(StrEnum):
    """`clearing.surplus_term`: the sign of the surplus in the formula of article 34(五) (OP-51)."""

    MINUS_NOT_KEPT = "minus_not_kept"
    PLUS_KEPT = "plus_kept"


class NegativeClearing(StrEnum):
    """`clearing.negative`: how a hospital pays what a negative year leaves it to owe (OP-54)."""

    RECEIVABLE = "receivable"
    NEXT_PAYMENTS = "next_payments"


class NewTechBase(StrEnum):
    """`new_tech.base`: what the rate of new techniques is a share of (OP-65)."""

    FUND = "fund"
    COST = "cost"


class OverLimit(StrEnum):
    """`deficit.over_limit`: how deficit shares give way to the limit (OP-71)."""

    SCALE = "scale"
    PRIMARY_FIRST = "primary_first"


class SuspensionEffect(StrEnum):
    """`suspension.effect`: what a suspended agreement costs (OP-73)."""

    LIMIT_TO_FUND = "limit_to_fund"
    NO_SHARES = "no_shares"


class ExcessTo(StrEnum):
    """`cap.excess_to`: where the part above the cap goes (OP-74)."""

    FUND = "fund"
    SECOND_DISTRIBUTION = "second_distribution"


class DistributionKey(StrEnum):
    """`second_distribution.key`: what the second distribution follows (OP-77)."""

    POINTS_ASSESSMENT = "points_assessment"
    POINTS = "points"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True)
class ReturnStep:
    """A step of `deposit.return_table`: from this score on, this share of the deposit is returned (OP-56)."""

    score: Decimal
    share: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """The readings of one area at one date."""

    rounding_residue: Residue = Residue.LARGEST_REMAINDER
    trim_middle_interp: Interpolation = Interpolation.LINEAR
    trim_middle_inclusive: bool = True
    history_year_weights: Numbers = ()  # whole, by years before the clearing year; empty: equal
    trim_median_after: MedianAfter = MedianAfter.FIRST
    trim_all_mean_trimmed: bool = True
    level_coef_trimmed: bool = True
    level_coef_min_n: int = 1
    level_coef_missing_rule: MissingRule = MissingRule.NEXT_HIGHER
    level_coef_clamp_missing: bool = False
    coef_combine: Combine = Combine.ADD
    coef_clamp_after_addons: bool = False
    outlier_ruler_period: RulerPeriod = RulerPeriod.HISTORY
    outlier_ruler_missing: RulerMissing = RulerMissing.MEAN_TIMES_COEFFICIENT
    outlier_base_groups: bool = True
    whole_review_groups: tuple[str, ...] = ()
    tcm_effect_standard: Numbers = ()  # points by group
    recognition_pay_as: RecognitionPay = RecognitionPay.NORMAL
    upload_count_from: CountFrom = CountFrom.DAY_AFTER
    upload_calendar: UploadCalendar = UploadCalendar.NATIONAL
    abnormal_exclude_amounts: bool = True
    abnormal_year_end: AbnormalYearEnd = AbnormalYearEnd.GROUP_IF_COMPLETE
    period_case_date: CaseDate = CaseDate.SETTLEMENT
    month_no_data: NoData = NoData.YEAR_END
    review_count: ReviewCount = ReviewCount.APPLICATIONS
    review_unit: ReviewUnit = ReviewUnit.AREA
    review_period: ReviewPeriod = ReviewPeriod.QUARTER
    review_pay: ReviewPay = ReviewPay.POINTS_BY_COST
    review_los_multiple: Decimal | None = None  # None: not asked
    review_cost_multiple: Decimal | None = None
    point_value_by_insurance: bool = True
    point_value_key: ValueKey = ValueKey.TREATING_AREA
    cross_province: CrossProvince = CrossProvince.FEE_FOR_SERVICE
    out_of_area_apply_caps: bool = False
    reserve_single_fund: bool = True
    month_carry_before_test: bool = True
    month_carry_year_end: CarryYearEnd = CarryYearEnd.ENDS
    deposit_base: DepositBase = DepositBase.GROSS
    month_negative: NegativeMonth = NegativeMonth.CARRIED
    surplus_term: SurplusTerm = SurplusTerm.MINUS_NOT_KEPT
    assessment_neutral: bool = False
    assessment_min: Decimal | None = None  # None: no limit
    assessment_max: Decimal | None = None
    clearing_negative: NegativeClearing = NegativeClearing.RECEIVABLE
    deposit_return_table: tuple[ReturnStep, ...] = ()
    new_tech_base: NewTechBase = NewTechBase.FUND
    deficit_over_limit: OverLimit = OverLimit.SCALE
    fund_net_of_violations: bool = True
    suspension_effect: SuspensionEffect = SuspensionEffect.LIMIT_TO_FUND
    cap_excess_to: ExcessTo = ExcessTo.FUND
    second_distribution_key: DistributionKey = DistributionKey.POINTS_ASSESSMENT
    second_distribution_capped: bool = False


def _rates(key: str, value: Any) -> Numbers:
    numbers = read_numbers(key, value)
    for code, number in numbers:
        if number < 0:
            raise PolicyProblem(f"policy value {key}: {code} = {number} is below 0 and must be 0 or more")
    return numbers


def _year_weights(key: str, value: Any) -> Numbers:
    """Weights in lowest whole numbers: what counts is how they compare, and whole ones keep means exact (OP-20)."""
    weights = _rates(key, value)
    for years, _ in weights:
        if not years.isdecimal() or str(int(years)) != years or years == "0":
            raise PolicyProblem(f"policy value {key}: {years!r} is no number of years before; write '1', '2', ...")
    if not weights:
        return weights
    units = [int(weight.scaleb(KEPT_PLACES)) for _, weight in weights]
    unit = gcd(*units)
    if not unit:
        raise PolicyProblem(f"policy value {key}: give one of the years a weight above 0")
    if max(units) // unit > _MOST_WEIGHT:
        raise PolicyProblem(f"policy value {key}: in lowest terms at most {_MOST_WEIGHT}; write rounder weights")
    return tuple((years, Decimal(own // unit)) for (years, _), own in zip(weights, units, strict=True))


def _return_table(key: str, value: Any) -> tuple[ReturnStep, ...]:
    rows = read_rows(key, value, ("score", "share"))
    steps = tuple(ReturnStep(read_rate(key, row["score"]), read_rate(key, row["share"])) for row in rows)
    scores = [step.score for step in steps]
    if scores != sorted(set(scores)):
        raise PolicyProblem(f"policy value {key}: scores must rise from row to row")
    if any(step.share > 1 for step in steps):
        raise PolicyProblem(f"policy value {key}: a share of the deposit is from 0 to 1")
    return steps


def _coefficient(key: str, value: Any) -> Decimal | None:
    """As the coefficients of the hospitals, which have at most 6 places."""
    number = read_rate_or_none(key, value)
    if number is not None and number != round(number, 6):
        raise PolicyProblem(f"policy value {key} = {value!r}: a coefficient has at most 6 places")
    return number


READING_READERS: dict[str, tuple[str, Any]] = {
    "rounding.residue": ("rounding_residue", word_of(Residue)),
    "trim.middle_section.interp": ("trim_middle_interp", word_of(Interpolation)),
    "trim.middle_section.inclusive": ("trim_middle_inclusive", read_flag),
    "history.year_weights": ("history_year_weights", _year_weights),
    "trim.median_after": ("trim_median_after", word_of(MedianAfter)),
    "trim.all_mean_trimmed": ("trim_all_mean_trimmed", read_flag),
    "level_coef.trimmed": ("level_coef_trimmed", read_flag),
    "level_coef.min_n": ("level_coef_min_n", read_count),
    "level_coef.missing_rule": ("level_coef_missing_rule", word_of(MissingRule)),
    "level_coef.clamp_missing": ("level_coef_clamp_missing", read_flag),
    "coef.combine": ("coef_combine", word_of(Combine)),
    "coef.clamp_after_addons": ("coef_clamp_after_addons", read_flag),
    "outlier.ruler_period": ("outlier_ruler_period", word_of(RulerPeriod)),
    "outlier.ruler_missing": ("outlier_ruler_missing", word_of(RulerMissing)),
    "outlier.base_groups": ("outlier_base_groups", read_flag),
    "group.whole_review": ("whole_review_groups", read_codes),
    "tcm.effect_standard": ("tcm_effect_standard", _rates),
    "recognition.pay_as": ("recognition_pay_as", word_of(RecognitionPay)),
    "upload.count_from": ("upload_count_from", word_of(CountFrom)),
    "upload.calendar": ("upload_calendar", word_of(UploadCalendar)),
    "abnormal.exclude_amounts": ("abnormal_exclude_amounts", read_flag),
    "abnormal.year_end": ("abnormal_year_end", word_of(AbnormalYearEnd)),
    "period.case_date": ("period_case_date", word_of(CaseDate)),
    "month.no_data": ("month_no_data", word_of(NoData)),
    "special_review.count": ("review_count", word_of(ReviewCount)),
    "special_review.unit": ("review_unit", word_of(ReviewUnit)),
    "special_review.period": ("review_period", word_of(ReviewPeriod)),
    "special_review.pay": ("review_pay", word_of(ReviewPay)),
    "special_review.los_multiple": ("review_los_multiple", read_rate_or_none),
    "special_review.cost_multiple": ("review_cost_multiple", read_rate_or_none),
    "point_value.by_insurance": ("point_value_by_insurance", read_flag),
    "point_value.key": ("point_value_key", word_of(ValueKey)),
    "out_of_area.cross_province": ("cross_province", word_of(CrossProvince)),
    "out_of_area.apply_caps": ("out_of_area_apply_caps", read_flag),
    "reserve.single_fund": ("reserve_single_fund", read_flag),
    "month.carry_before_test": ("month_carry_before_test", read_flag),
    "month.carry_year_end": ("month_carry_year_end", word_of(CarryYearEnd)),
    "deposit.base": ("deposit_base", word_of(DepositBase)),
    "month.negative": ("month_negative", word_of(NegativeMonth)),
    "clearing.surplus_term": ("surplus_term", word_of(SurplusTerm)),
    "assessment.neutral": ("assessment_neutral", read_flag),
    "assessment.min": ("assessment_min", _coefficient),
    "assessment.max": ("assessment_max", _coefficient),
    "clearing.negative": ("clearing_negative", word_of(NegativeClearing)),
    "deposit.return_table": ("deposit_return_table", _return_table),
    "new_tech.base": ("new_tech_base", word_of(NewTechBase)),
    "deficit.over_limit": ("deficit_over_limit", word_of(OverLimit)),
    "ratio.fund_net_of_violations": ("fund_net_of_violations", read_flag),
    "suspension.effect": ("suspension_effect", word_of(SuspensionEffect)),
    "cap.excess_to": ("cap_excess_to", word_of(ExcessTo)),
    "second_distribution.key": ("second_distribution_key", word_of(DistributionKey)),
    "second_distribution.capped": ("second_distribution_capped", read_flag),
}
