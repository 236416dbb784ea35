"""Words of the readings: how an area may take the law where it is silent (OP-nn).

What each word means stands in `conf/policy/base.yaml` at its key, with unit and source.
"""

from __future__ import annotations

from enum import StrEnum


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
