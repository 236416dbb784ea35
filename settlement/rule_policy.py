"""Typed view of the policy values of the rules beside points and clearing: prepayment, incentives, budgets, ...

They are kept apart from `Policy`, the values that the six tables of a province follow from, so that a province folder
needs none of them. The keys are those of `conf/policy`; the values are data, and no number stands here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from settlement.policy_values import (
    Numbers,
    PolicyProblem,
    read_choice,
    read_codes,
    read_count,
    read_decimal,
    read_flag,
    read_numbers,
    read_rate,
    read_values,
    read_working_days,
    word_of,
)

_SHORTEST_MONTH = 28
_MONTH_DAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")


class MonthsBasis(StrEnum):
    """`prepay.months_basis`: whose mean monthly spending the balance is measured by (OP-57)."""

    LAST_12_MONTHS = "last_12_months"
    LAST_YEAR = "last_year"


class PrepayBasis(StrEnum):
    """`prepay.basis`: what one month is a twelfth of (OP-59)."""

    SETTLED = "last_year_settled"
    FUND = "last_year_fund"


class Recovery(StrEnum):
    """`prepay.recovery`: set against the last months first, or all returned at the year's end (OP-60)."""

    OFFSET = "offset_then_return"
    RETURN = "return"


class BudgetMethod(StrEnum):
    """`budget.method`: the three methods of policy/001 article 13 (OP-05)."""

    RATIO = "ratio"
    DEDUCTION = "deduction"
    TREND = "trend"


class GrowthBase(StrEnum):
    """`budget.growth_base_first_year`: what the first year's growth is counted from (OP-06)."""

    LAST_YEAR_SPENDING = "last_year_spending"
    NONE = "none"


class GrowthScope(StrEnum):
    """`budget.growth_scope`: whether the growth limit binds each insurance or their sum (OP-07)."""

    BY_INSURANCE = "by_insurance"
    SUM = "sum"


class RescaleScope(StrEnum):
    """`weights.rescale_scope`: which weights give way so that the total is kept (OP-23)."""

    ALL = "all"
    NOT_NEGOTIATED = "not_negotiated"


class GroupsScope(StrEnum):
    """`addon.max_groups_scope`: whether the most groups of key specialties are counted in all or by rank (OP-31)."""

    IN_ALL = "in_all"
    BY_RANK = "by_rank"


class Indicator(StrEnum):
    """Keys of `assessment.weights`: what the yearly assessment looks at (policy/002 article 33, OP-55)."""

    VISITS_PER_PERSON = "visits_per_person"
    DISCHARGES = "discharges"
    MEAN_COST = "mean_cost"
    PERSONAL_SHARE = "personal_share"
    CMI = "cmi"
    FUND = "fund"


@dataclass(frozen=True, slots=True)
class RulePolicy:
    """The values of one area at one date. Ratios and rates are plain numbers (0.05 = 5%)."""

    prepay_min_months: Numbers
    prepay_months_basis: MonthsBasis
    prepay_months: Decimal
    prepay_basis: PrepayBasis
    prepay_pay_by: str
    prepay_weights: Numbers
    prepay_recovery: Recovery
    prepay_offset_months: int
    budget_method: BudgetMethod
    budget_growth_cap: Decimal
    budget_growth_base_first_year: GrowthBase
    budget_growth_scope: GrowthScope
    budget_include_out_of_area: bool
    weights_rescale_scope: RescaleScope
    weights_total_tolerance: Decimal
    addon_max_groups: int
    addon_national_max: Decimal
    addon_provincial_max: Decimal
    addon_discipline_max: Decimal
    addon_points_max: Decimal
    addon_max_groups_scope: GroupsScope
    addon_stack: bool
    addon_other_max: Decimal
    negotiated_drug_list: tuple[str, ...]
    negotiated_drug_ratio: Decimal
    negotiated_drug_in_final: bool
    case_sharing_enabled: bool
    case_sharing_keep: Decimal
    case_sharing_threshold: Decimal
    case_sharing_aid: Decimal
    growth_benchmark: Decimal | None  # None: the mean growth of the level
    growth_reward: Decimal
    growth_restraint: Decimal
    month_declare_day: int
    month_presettle_days: int
    month_pay_days: int
    base_group_min_share: Decimal
    base_group_max_cv: Decimal
    assessment_weights: Numbers  # signed, by indicator; empty: off


LEVEL_MEAN = "level_mean"


def _growth(key: str, value: Any) -> Decimal | None:
    return None if value == LEVEL_MEAN else read_decimal(key, value)


def _day_of_month(key: str, value: Any) -> int:
    day = read_count(key, value)
    if not 1 <= day <= _SHORTEST_MONTH:
        raise PolicyProblem(f"policy value {key} = {value!r}: write a day that every month has, from 1 to 28")
    return day


def _month_day(key: str, value: Any) -> str:
    if not isinstance(value, str) or not _MONTH_DAY.fullmatch(value):
        raise PolicyProblem(f"policy value {key} = {value!r}: write month and day as text, like '03-31'")
    return value


def _indicator_weights(key: str, value: Any) -> Numbers:
    weights = read_numbers(key, value)
    for name, _ in weights:
        read_choice(key, name, Indicator)
    return weights


_READERS: dict[str, tuple[str, Any]] = {
    "prepay.min_months": ("prepay_min_months", read_numbers),
    "prepay.months_basis": ("prepay_months_basis", word_of(MonthsBasis)),
    "prepay.months": ("prepay_months", read_decimal),
    "prepay.basis": ("prepay_basis", word_of(PrepayBasis)),
    "prepay.pay_by": ("prepay_pay_by", _month_day),
    "prepay.weights": ("prepay_weights", read_numbers),
    "prepay.recovery": ("prepay_recovery", word_of(Recovery)),
    "prepay.offset_months": ("prepay_offset_months", read_count),
    "budget.method": ("budget_method", word_of(BudgetMethod)),
    "budget.growth_cap": ("budget_growth_cap", read_decimal),
    "budget.growth_base_first_year": ("budget_growth_base_first_year", word_of(GrowthBase)),
    "budget.growth_scope": ("budget_growth_scope", word_of(GrowthScope)),
    "budget.include_out_of_area": ("budget_include_out_of_area", read_flag),
    "weights.rescale_scope": ("weights_rescale_scope", word_of(RescaleScope)),
    "weights.total_tolerance": ("weights_total_tolerance", read_decimal),
    "addon.max_groups": ("addon_max_groups", read_count),
    "addon.national_max": ("addon_national_max", read_decimal),
    "addon.provincial_max": ("addon_provincial_max", read_decimal),
    "addon.discipline_max": ("addon_discipline_max", read_decimal),
    "addon.points_max": ("addon_points_max", read_decimal),
    "addon.max_groups_scope": ("addon_max_groups_scope", word_of(GroupsScope)),
    "addon.stack": ("addon_stack", read_flag),
    "addon.other_max": ("addon_other_max", read_decimal),
    "negotiated_drug.list": ("negotiated_drug_list", read_codes),
    "negotiated_drug.ratio": ("negotiated_drug_ratio", read_decimal),
    "negotiated_drug.in_final": ("negotiated_drug_in_final", read_flag),
    "case_sharing.enabled": ("case_sharing_enabled", read_flag),
    "case_sharing.keep": ("case_sharing_keep", read_decimal),
    "case_sharing.threshold": ("case_sharing_threshold", read_decimal),
    "case_sharing.aid": ("case_sharing_aid", read_decimal),
    "growth.benchmark": ("growth_benchmark", _growth),
    "growth.reward": ("growth_reward", read_decimal),
    "growth.restraint": ("growth_restraint", read_decimal),
    "month.declare_day": ("month_declare_day", _day_of_month),
    "month.presettle_within": ("month_presettle_days", read_working_days),
    "month.pay_within": ("month_pay_days", read_working_days),
    "base_group.min_share": ("base_group_min_share", read_rate),
    "base_group.max_cv": ("base_group_max_cv", read_rate),
    "assessment.weights": ("assessment_weights", _indicator_weights),
}

RULE_KEYS: tuple[str, ...] = tuple(_READERS)


def read_rule_policy(values: Mapping[str, Any]) -> RulePolicy:
    """Policy values by key -> `RulePolicy`. Raises `PolicyProblem` on an unknown, missing or ill-formed value."""
    return RulePolicy(**read_values(_READERS, values))
