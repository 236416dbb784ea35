"""Readings of the open points (settlement/readings.py) that random provinces draw from; the first is the usual one."""

from __future__ import annotations

from typing import Any

CASE_SUMS: dict[str, tuple[Any, ...]] = {}  # what enters which sums: abnormal data, dates, reviews by item
VALUES: dict[str, tuple[Any, ...]] = {}  # point values and out-of-area care
TARIFF: dict[str, tuple[Any, ...]] = {}  # coefficients, outliers, grounds and quota of reviews
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
MEASURING: dict[str, tuple[Any, ...]] = {}  # trimming, means, medians

READINGS = CASE_SUMS | VALUES | TARIFF | MONEY | MEASURING
