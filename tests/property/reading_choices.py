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
VALUES: dict[str, tuple[Any, ...]] = {}  # point values and out-of-area care
TARIFF: dict[str, tuple[Any, ...]] = {}  # coefficients, outliers, grounds and quota of reviews
MONEY: dict[str, tuple[Any, ...]] = {}  # months and the year
MEASURING: dict[str, tuple[Any, ...]] = {}  # trimming, means, medians

READINGS = CASE_SUMS | VALUES | TARIFF | MONEY | MEASURING
