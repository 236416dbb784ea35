"""Typed view of the dated policy values of one area.

The names are those of the policy files (`conf/policy/`, `policy.yaml` of a province folder); the values are data.
Nothing here knows a number: what is missing is an error that names the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from settlement.policy_values import (
    Numbers,
    PolicyProblem,
    read_choice,
    read_count,
    read_decimal,
    read_flag,
    read_numbers,
    read_rate,
    read_rows,
    read_values,
    read_working_days,
)
from settlement.reading_values import READING_READERS, Readings
from settlement.year_order import LAWFUL_ORDER, YearOrder, read_order


class TrimMethod(StrEnum):
    """`trim.first`: OP-16."""

    QUANTILE = "quantile"
    NONE = "none"


class OutOfAreaPool(StrEnum):
    """`out_of_area.pool`: OP-79."""

    TREATING_VALUE = "treating_value"
    JOINT = "joint"
    OWN = "own"


class PointValueKind(StrEnum):
    """`point_value.kind`: how the value of a point comes about (policy/001 article 17, OP-43)."""

    FLOATING = "floating"
    FIXED = "fixed"
    ELASTIC = "elastic"


@dataclass(frozen=True, slots=True)
class Band:
    """High-cost multiple for benchmark points up to a bound, inclusive (policy/002 article 19(一)1)."""

    up_to: Decimal | None
    multiple: Decimal


@dataclass(frozen=True, slots=True)
class Tier:
    """Deficit-sharing tier: the fund bears `fund_share` of the deficit between `start` and `end` of F' (OP-70)."""

    start: Decimal
    end: Decimal | None
    fund_share: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(Readings):
    """All policy values of one area at one date. Ratios are plain numbers (0.05 = 5%)."""

    mean_dp: int
    points_dp: int
    coef_dp: int
    value_dp: int | None  # None: exact, amounts are allocated
    trim_first: TrimMethod
    trim_lo: Decimal
    trim_hi: Decimal
    trim_min_n: int
    trim_middle_lo: Decimal
    trim_middle_hi: Decimal
    stable_min_n: int
    stable_max_cv: Decimal
    cv_ddof: int
    level_coef_min: Decimal
    level_coef_max: Decimal
    level_coef_missing_primary: Decimal
    level_coef_missing_max: Decimal
    base_group_coefficient: Decimal
    outlier_bands: tuple[Band, ...]
    outlier_low_ratio: Decimal
    upload_deadline_days: int
    review_quota: Decimal
    new_tech_rate: Decimal
    month_pay_ratio: Decimal
    deposit_rate: Decimal
    reserve_share: Decimal
    reserve_deduct_before_points: bool
    cap_level: tuple[tuple[int, Decimal], ...]
    surplus_keep_share: Decimal
    deficit_tiers: tuple[Tier, ...]
    deficit_max_share_of_budget: Decimal
    second_distribution: bool
    out_of_area_pool: OutOfAreaPool
    point_value_kind: PointValueKind = PointValueKind.FLOATING
    point_value_fixed: Numbers = ()  # yuan a point, by insurance; not for a floating value
    point_value_elastic_split: Decimal | None = None  # share of the base points; for an elastic value only
    point_value_elastic_max: Decimal | None = None  # yuan; None: no upper limit
    clearing_order: YearOrder = LAWFUL_ORDER


def _quantile(key: str, value: Any) -> Decimal:
    number = read_rate(key, value)
    if number > 1:
        raise PolicyProblem(f"policy value {key} = {value!r} must be a share from 0 to 1")
    return number


def _optional(key: str, value: Any) -> Decimal | None:
    return None if value is None else read_rate(key, value)


def _bands(key: str, value: Any) -> tuple[Band, ...]:
    rows = read_rows(key, value, ("up_to", "multiple"))
    bands = tuple(Band(_optional(key, row["up_to"]), read_rate(key, row["multiple"])) for row in rows)
    bounds = [band.up_to for band in bands]
    known = [bound for bound in bounds if bound is not None]
    if not bands or bounds[-1] is not None or len(known) != len(bounds) - 1 or known != sorted(set(known)):
        raise PolicyProblem(f"policy value {key}: bounds must rise, and only the last may be open (null)")
    return bands


def _tiers(key: str, value: Any) -> tuple[Tier, ...]:
    rows = read_rows(key, value, ("from", "to", "fund_share"))
    tiers = tuple(
        Tier(read_rate(key, row["from"]), _optional(key, row["to"]), read_rate(key, row["fund_share"])) for row in rows
    )
    if any(tier.end is not None and tier.end < tier.start for tier in tiers):
        raise PolicyProblem(f"policy value {key}: a tier must not end (to) below its start (from)")
    return tiers


def _caps(key: str, value: Any) -> tuple[tuple[int, Decimal], ...]:
    if not isinstance(value, Mapping) or {str(level) for level in value} != {"1", "2", "3"}:
        raise PolicyProblem(f"policy value {key} needs one number for each of the levels '1', '2', '3'")
    return tuple(sorted((int(level), read_rate(key, cap)) for level, cap in value.items()))


def _limit(key: str, value: Any) -> Decimal | None:
    return None if value == "none" else read_decimal(key, value)


def _places(key: str, value: Any) -> int:
    places = read_count(key, value)
    if places > 8:
        raise PolicyProblem(f"policy value {key} = {value!r}: at most 8 places are kept")
    return places


def _order(key: str, value: Any) -> YearOrder:
    try:
        return read_order(value)
    except ValueError as problem:
        raise PolicyProblem(f"policy value {key} = {value!r}: {problem}") from None


def _value_places(key: str, value: Any) -> int | None:
    return None if value == "exact" else _places(key, value)


_READERS: dict[str, tuple[str, Any]] = {
    "rounding.mean_dp": ("mean_dp", _places),
    "rounding.points_dp": ("points_dp", _places),
    "rounding.coef_dp": ("coef_dp", _places),
    "rounding.value_dp": ("value_dp", _value_places),
    "trim.first": ("trim_first", lambda key, value: read_choice(key, value, TrimMethod)),
    "trim.lo": ("trim_lo", _quantile),
    "trim.hi": ("trim_hi", _quantile),
    "trim.min_n": ("trim_min_n", read_count),
    "trim.middle_lo": ("trim_middle_lo", _quantile),
    "trim.middle_hi": ("trim_middle_hi", _quantile),
    "stable.min_n": ("stable_min_n", read_count),
    "stable.max_cv": ("stable_max_cv", read_rate),
    "cv.ddof": ("cv_ddof", read_count),
    "level_coef.min": ("level_coef_min", read_rate),
    "level_coef.max": ("level_coef_max", read_rate),
    "level_coef.missing_primary": ("level_coef_missing_primary", read_rate),
    "level_coef.missing_max": ("level_coef_missing_max", read_rate),
    "base_group.coefficient": ("base_group_coefficient", read_rate),
    "outlier.bands": ("outlier_bands", _bands),
    "outlier.low_ratio": ("outlier_low_ratio", read_rate),
    "upload.deadline_days": ("upload_deadline_days", read_working_days),
    "special_review.quota_drg": ("review_quota", read_rate),
    "new_tech.rate": ("new_tech_rate", read_rate),
    "month.pay_ratio": ("month_pay_ratio", read_rate),
    "deposit.rate": ("deposit_rate", read_rate),
    "reserve.share": ("reserve_share", read_rate),
    "reserve.deduct_before_points": ("reserve_deduct_before_points", read_flag),
    "cap.level": ("cap_level", _caps),
    "surplus.keep_share": ("surplus_keep_share", read_rate),
    "deficit.tiers": ("deficit_tiers", _tiers),
    "deficit.max_share_of_budget": ("deficit_max_share_of_budget", read_rate),
    "second_distribution.enabled": ("second_distribution", read_flag),
    "clearing.order": ("clearing_order", _order),
    "out_of_area.pool": ("out_of_area_pool", lambda key, value: read_choice(key, value, OutOfAreaPool)),
    "point_value.kind": ("point_value_kind", lambda key, value: read_choice(key, value, PointValueKind)),
    "point_value.fixed": ("point_value_fixed", read_numbers),
    "point_value.elastic_split": ("point_value_elastic_split", read_rate),
    "point_value.elastic_max": ("point_value_elastic_max", _limit),
    **READING_READERS,
}
# A province folder need not have these: a floating value needs none of the first, the law has an order, each reading
# its usual one.
_OPTIONAL = frozenset(
    {"clearing.order", *READING_READERS, *(key for key in _READERS if key.startswith("point_value."))}
)

POLICY_KEYS: tuple[str, ...] = tuple(_READERS)


def read_policy(values: Mapping[str, Any]) -> Policy:
    """Policy values by key -> `Policy`. Raises `PolicyProblem` on an unknown, missing or ill-formed value.

    What the kind of point value does not use is left out, so that two policies that pay alike are equal.
    """
    policy = Policy(**read_values(_READERS, values, _OPTIONAL))
    _check_pairs(policy)
    if policy.point_value_kind is PointValueKind.FLOATING:
        return replace(policy, point_value_fixed=(), point_value_elastic_split=None, point_value_elastic_max=None)
    if policy.point_value_kind is PointValueKind.FIXED:
        return replace(policy, point_value_elastic_split=None, point_value_elastic_max=None)
    split = policy.point_value_elastic_split
    if split is None or not 0 < split < 1:
        raise PolicyProblem(f"policy value point_value.elastic_split = {split}: an elastic value needs a share in 0..1")
    return policy


def _check_pairs(policy: Policy) -> None:
    pairs = (
        ("trim.lo", policy.trim_lo, "trim.hi", policy.trim_hi),
        ("trim.middle_lo", policy.trim_middle_lo, "trim.middle_hi", policy.trim_middle_hi),
        ("level_coef.min", policy.level_coef_min, "level_coef.max", policy.level_coef_max),
        ("assessment.min", policy.assessment_min, "assessment.max", policy.assessment_max),
    )
    for low, least, high, most in pairs:
        if least is not None and most is not None and least > most:
            raise PolicyProblem(f"policy value {low} = {least} is above {high} = {most}; exchange or correct them")
