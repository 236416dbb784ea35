"""Every policy value matters: with another value, something in the results is different.

So a rule that is dropped, or reads the wrong number, cannot pass unseen.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from settlement.policy import POLICY_KEYS, read_policy
from settlement.reference.inputs import Province, TextRow
from settlement.reference.measuring import measure
from settlement.reference.settle import settle
from tests.property.reading_choices import CASE_SUMS, MONEY
from tests.property.settlement_provinces import BANDS, CHOICES, TIERS, YEAR, random_province, united

RICH: dict[str, Any] = {
    **{key: values[0] for key, values in CHOICES.items()},
    "special_review.quota_drg": "0.1",
    "month.pay_ratio": "0.9",
    "reserve.share": "0.3",
    "surplus.keep_share": "0.7",
    "deficit.tiers": TIERS[2],
    "deficit.max_share_of_budget": "0.2",
    "second_distribution.enabled": True,
}
CAPS = RICH["cap.level"]

# In what it shows, and one value beside the usual one.
MEASURING: list[tuple[str, Any]] = [
    ("rounding.mean_dp", 2),
    ("rounding.points_dp", 2),
    ("rounding.coef_dp", 2),
    ("trim.first", "none"),
    ("trim.lo", "0.1"),
    ("trim.hi", "0.9"),
    ("trim.min_n", 24),
    ("trim.middle_lo", "0.2"),
    ("trim.middle_hi", "0.8"),
    ("stable.min_n", 6),
    ("stable.max_cv", "0.9"),
    ("cv.ddof", 1),
    ("level_coef.min", "0.6"),
    ("level_coef.max", "1.3"),
    ("trim.middle_section.interp", "nearest"),
    ("trim.middle_section.inclusive", False),
    ("history.year_weights", {"1": "7", "2": "2", "3": "1"}),
    ("history.year_weights", {"1": "1"}),
    ("trim.median_after", "no_trimming"),
    ("trim.all_mean_trimmed", False),
    ("level_coef.trimmed", False),
    ("level_coef.min_n", 2),
]
# Values that show only beside another one: a trimming of both ends alike seldom moves the median.
BESIDE: dict[str, dict[str, Any]] = {"trim.median_after": {"trim.hi": "0.8"}}
SETTLING: list[tuple[str, Any]] = [
    ("rounding.points_dp", 3),
    ("rounding.value_dp", 4),
    ("level_coef.missing_primary", "0.7"),
    ("level_coef.missing_max", "0.99"),
    ("base_group.coefficient", "0.81"),
    ("outlier.bands", [{"up_to": "199.9999", "multiple": "3"}, *BANDS[1:]]),
    ("outlier.bands", [*BANDS[:3], {"up_to": None, "multiple": "1.6"}]),
    ("outlier.low_ratio", "0.4"),
    ("level_coef.missing_rule", "highest"),
    ("level_coef.missing_rule", "one"),
    ("coef.combine", "multiply"),
    ("coef.clamp_after_addons", True),
    ("outlier.ruler_period", "current_year"),
    ("outlier.ruler_missing", "group_mean"),
    ("outlier.ruler_missing", "no_outliers"),
    ("outlier.base_groups", False),
    ("group.whole_review", ["GA11"]),
    ("tcm.effect_standard", {"GA11": "88"}),
    ("recognition.pay_as", "low"),
    ("special_review.count", "passed"),
    ("special_review.unit", "hospital"),
    ("special_review.period", "month"),
    ("special_review.period", "year"),
    ("special_review.los_multiple", "1.5"),
    ("special_review.cost_multiple", "2"),
    ("upload.deadline_days", 4),
    *[(key, value) for key, several in CASE_SUMS.items() for value in several[1:]],
    ("special_review.quota_drg", "0.2"),
    ("new_tech.rate", "0.91"),
    ("month.pay_ratio", "0.99"),
    ("deposit.rate", "0.049"),
    ("reserve.share", "0.31"),
    ("reserve.deduct_before_points", False),
    ("cap.level", {**CAPS, "3": "1.05"}),
    ("cap.level", {**CAPS, "2": "1.09"}),
    ("cap.level", {**CAPS, "1": "1.11"}),
    ("surplus.keep_share", "0.71"),
    ("deficit.tiers", [*TIERS[2][:2], {"from": "0.15", "to": None, "fund_share": "0.2"}]),
    ("deficit.tiers", [{"from": "0.01", "to": "0.05", "fund_share": "0.6"}, *TIERS[2][1:]]),
    ("deficit.max_share_of_budget", "0.1"),
    ("second_distribution.enabled", False),
    ("out_of_area.pool", "joint"),
    ("out_of_area.pool", "own"),
    ("out_of_area.cross_province", "treating_value"),
    ("out_of_area.apply_caps", True),
    ("rounding.residue", "booked"),
    ("point_value.by_insurance", False),
    ("point_value.kind", "fixed"),
    ("clearing.order", CHOICES["clearing.order"][1]),
    ("clearing.order", CHOICES["clearing.order"][2]),
    ("clearing.order", [["cap", "surplus"], ["deficit", "assessment", "deposit"], "second_distribution"]),
    ("clearing.order", ["cap", ["surplus", "deficit"], "deposit", "assessment", "second_distribution"]),
]
# Readings of months and year. Those of the year's end show in the year after it (test_openings.py).
NEXT_YEAR = {"month.carry_year_end", "clearing.negative"}
MONEY_READ = [(key, value) for key, values in MONEY.items() for value in values[1:] if key not in NEXT_YEAR]
# With an elastic value, whose limit binds.
ELASTIC: dict[str, Any] = {**RICH, "point_value.kind": "elastic", "point_value.elastic_max": "1"}
PRICING: list[tuple[str, Any]] = [
    ("point_value.kind", "floating"),
    ("point_value.fixed", {"310": "88.123457", "390": "100"}),
    ("point_value.elastic_split", "0.7"),
    ("point_value.elastic_max", "1.1"),
    ("point_value.elastic_max", "none"),
]
# With own pools of out-of-area cases: a value for each insured area changes what each owes.
OWN: dict[str, Any] = {**RICH, "out_of_area.pool": "own"}
AWAY: list[tuple[str, Any]] = [
    ("point_value.key", "insured_area"),
    ("out_of_area.cross_province", "treating_value"),
    ("out_of_area.apply_caps", True),
]
# What shows beside another value only: a least coefficient above that of 基层 without one; no case is of spring.
TARIFF: list[tuple[str, Any, dict[str, Any]]] = [
    ("level_coef.clamp_missing", True, {"level_coef.min": "0.8"}),
    ("special_review.period", "half_year", {"special_review.period": "year"}),
]


@cache
def province() -> Province:
    """A dozen random provinces as one."""
    return united(random_province(seed, 60, f"{10 + seed}") for seed in range(12))


def with_values(values: dict[str, Any]) -> Province:
    policy = read_policy(values)
    return replace(province(), policies=dict.fromkeys(province().policies, policy))


def measured(values: dict[str, Any]) -> list[TextRow]:
    given = with_values(values)
    return measure(given.hospitals, given.history, given.base_groups, given.policies, YEAR)


@cache
def usual_elements() -> list[TextRow]:
    return measured(RICH)


@cache
def usual_tables() -> dict[str, list[TextRow]]:
    return settle(with_values(RICH))


def test_every_policy_value_is_tried() -> None:
    tried = {key for key, *_ in MEASURING + SETTLING + PRICING + AWAY + TARIFF + MONEY_READ}
    assert tried | NEXT_YEAR == set(POLICY_KEYS)
    assert measured(RICH) == usual_elements()
    assert settle(with_values(RICH)) == usual_tables()


@pytest.mark.parametrize(("key", "value"), MEASURING)
def test_another_value_changes_the_elements(key: str, value: object) -> None:
    usual = {**RICH, **BESIDE.get(key, {})}
    assert measured({**usual, key: value}) != (measured(usual) if key in BESIDE else usual_elements())


@pytest.mark.parametrize(("key", "value"), SETTLING + MONEY_READ)
def test_another_value_changes_the_settlement(key: str, value: object) -> None:
    assert settle(with_values({**RICH, key: value})) != usual_tables()


@pytest.mark.parametrize(("key", "value"), PRICING)
def test_another_value_changes_an_elastic_settlement(key: str, value: object) -> None:
    assert settle(with_values({**ELASTIC, key: value})) != settle(with_values(ELASTIC))


@pytest.mark.parametrize(("key", "value"), AWAY)
def test_another_value_changes_a_settlement_with_own_pools(key: str, value: object) -> None:
    assert settle(with_values({**OWN, key: value})) != settle(with_values(OWN))


@pytest.mark.parametrize(("key", "value", "beside"), TARIFF)
def test_another_value_changes_the_settlement_beside_another(key: str, value: Any, beside: dict[str, Any]) -> None:
    usual = {**RICH, **beside}
    assert settle(with_values({**usual, key: value})) != settle(with_values(usual))
