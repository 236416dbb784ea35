"""Readings of the open points (settlement/readings.py) that random provinces draw from; the first is the usual one."""

from __future__ import annotations

from typing import Any

CASE_SUMS: dict[str, tuple[Any, ...]] = {}  # what enters which sums: abnormal data, dates, reviews by item
VALUES: dict[str, tuple[Any, ...]] = {}  # point values and out-of-area care
TARIFF: dict[str, tuple[Any, ...]] = {}  # coefficients, outliers, grounds and quota of reviews
MONEY: dict[str, tuple[Any, ...]] = {}  # months and the year
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
