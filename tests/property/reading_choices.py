"""Readings of the open points (settlement/readings.py) that random provinces draw from; the first is the usual one."""

from __future__ import annotations

from typing import Any

# What enters which sums: abnormal data, dates, reviews by item.
CASE_SUMS: dict[str, tuple[Any, ...]] = {
    "upload.count_from": ("day_after", "discharge_day"),
    "upload.calendar": ("national", "weekdays", "all_days"),
    "abnormal.exclude_amounts": (True, False),
    "abnormal.year_end": ("group_if_complete", "fee_for_service", "unpaid"),
    "period.case_date": ("settlement", "discharge"),
    "month.no_data": ("year_end", "on_arrival"),
    "special_review.pay": ("points_by_cost", "by_item", "set_points"),
}
VALUES: dict[str, tuple[Any, ...]] = {  # point values and out-of-area care
    "rounding.residue": ("largest_remainder", "booked"),
    "point_value.by_insurance": (True, False),
    "point_value.key": ("treating_area", "insured_area"),
    "out_of_area.cross_province": ("fee_for_service", "treating_value"),
    "out_of_area.apply_caps": (False, True),
}
TARIFF: dict[str, tuple[Any, ...]] = {  # coefficients, outliers, grounds and quota of reviews
    "level_coef.missing_rule": ("next_higher", "highest", "one"),
    "level_coef.clamp_missing": (False, True),
    "coef.combine": ("add", "multiply"),
    "coef.clamp_after_addons": (False, True),
    "outlier.ruler_period": ("history", "current_year"),
    "outlier.ruler_missing": ("mean_times_coefficient", "group_mean", "no_outliers"),
    "outlier.base_groups": (True, False),
    "group.whole_review": ([], ["GA11", "GF16"]),
    "tcm.effect_standard": ({}, {"GB12": "123.45678", "GF16": "88"}),
    "recognition.pay_as": ("normal", "low"),
    "special_review.count": ("applications", "passed"),
    "special_review.unit": ("area", "hospital"),
    "special_review.period": ("quarter", "month", "half_year", "year"),
    "special_review.los_multiple": ("none", "1.5"),
    "special_review.cost_multiple": ("none", "2", "0.7"),
}
_STEPS = [{"score": "60", "share": "0.5"}, {"score": "80.5", "share": "0.75"}, {"score": "90", "share": "1"}]
MONEY: dict[str, tuple[Any, ...]] = {  # months and the year
    "reserve.single_fund": (True, False),
    "month.carry_before_test": (True, False),
    "month.carry_year_end": ("ends", "next_year"),
    "deposit.base": ("gross", "amount", "fund"),
    "month.negative": ("carried", "year_end", "paid_back"),
    "clearing.surplus_term": ("minus_not_kept", "plus_kept"),
    "clearing.negative": ("receivable", "next_payments"),
    "assessment.neutral": (False, True),
    "assessment.min": ("none", "0.95", "0.123456"),
    "assessment.max": ("none", "1.01", "0.96"),
    "deposit.return_table": ([], _STEPS, _STEPS[:1]),
    "new_tech.base": ("fund", "cost"),
    "deficit.over_limit": ("scale", "primary_first"),
    "ratio.fund_net_of_violations": (True, False),
    "suspension.effect": ("limit_to_fund", "no_shares"),
    "cap.excess_to": ("fund", "second_distribution"),
    "second_distribution.key": ("points_assessment", "points", "amount"),
    "second_distribution.capped": (False, True),
}
MEASURING: dict[str, tuple[Any, ...]] = {  # trimming, means, medians
    "trim.middle_section.interp": ("linear", "nearest"),
    "trim.middle_section.inclusive": (True, False),
    "history.year_weights": ({}, {"1": "7", "2": "2", "3": "1"}, {"2": "0.5", "3": "0.75"}),
    "trim.median_after": ("first_trimming", "no_trimming"),
    "trim.all_mean_trimmed": (True, False),
    "level_coef.trimmed": (True, False),
    "level_coef.min_n": (1, 3),
}

READINGS = CASE_SUMS | VALUES | TARIFF | MONEY | MEASURING
