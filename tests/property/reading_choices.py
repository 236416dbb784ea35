"""Readings of the open points (settlement/readings.py) that random provinces draw from; the first is the usual one."""

from __future__ import annotations

from typing import Any

CASE_SUMS: dict[str, tuple[Any, ...]] = {}  # what enters which sums: abnormal data, dates, reviews by item
VALUES: dict[str, tuple[Any, ...]] = {  # point values and out-of-area care
    "rounding.residue": ("largest_remainder", "booked"),
    "point_value.by_insurance": (True, False),
    "point_value.key": ("treating_area", "insured_area"),
    "out_of_area.cross_province": ("fee_for_service", "treating_value"),
    "out_of_area.apply_caps": (False, True),
}
TARIFF: dict[str, tuple[Any, ...]] = {}  # coefficients, outliers, grounds and quota of reviews
MONEY: dict[str, tuple[Any, ...]] = {}  # months and the year
MEASURING: dict[str, tuple[Any, ...]] = {}  # trimming, means, medians

READINGS = CASE_SUMS | VALUES | TARIFF | MONEY | MEASURING
