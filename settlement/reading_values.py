"""Readings of the open points (OP-nn): what an area takes the law to say where it is silent, as dated policy values.

A reading that says nothing else has the default of policy-formulas; a province folder need name none of them. What
each word means stands in `conf/policy/base.yaml`, with unit and source.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
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
from settlement.readings import (
    AbnormalYearEnd,
    CarryYearEnd,
    CaseDate,
    Combine,
    CountFrom,
    CrossProvince,
    DepositBase,
    DistributionKey,
    ExcessTo,
    Interpolation,
    MedianAfter,
    MissingRule,
    NegativeClearing,
    NegativeMonth,
    NewTechBase,
    NoData,
    OverLimit,
    RecognitionPay,
    Residue,
    ReviewCount,
    ReviewPay,
    ReviewPeriod,
    ReviewUnit,
    RulerMissing,
    RulerPeriod,
    SurplusTerm,
    SuspensionEffect,
    UploadCalendar,
    ValueKey,
)

_MOST_WEIGHT = 9999  # sums of weighted costs and their products then still fit 38 digits


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
