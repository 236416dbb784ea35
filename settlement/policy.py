"""Typed view of the dated policy values of one area.

The names are those of the policy files (`conf/policy/`, `policy.yaml` of a province folder); the values are data.
Nothing here knows a number: what is missing is an error that names the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any


class PolicyProblem(ValueError):
    """A policy value is missing, unknown, or of the wrong kind; the message names key, value and remedy."""


class TrimMethod(StrEnum):
    """`trim.first`: OP-16."""

    QUANTILE = "quantile"
    NONE = "none"


class OutOfAreaPool(StrEnum):
    """`out_of_area.pool`: OP-79."""

    TREATING_VALUE = "treating_value"
    JOINT = "joint"


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


@dataclass(frozen=True, slots=True)
class Policy:
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


def _decimal(key: str, value: Any) -> Decimal:
    if isinstance(value, bool | float) or value is None:
        raise PolicyProblem(f"policy value {key} = {value!r}: write a decimal number as text, like '0.05'")
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        raise PolicyProblem(f"policy value {key} = {value!r} is not a number; write it like '0.05'") from None
    if not number.is_finite():
        raise PolicyProblem(f"policy value {key} = {value!r} is not finite")
    return number


def _count(key: str, value: Any) -> int:
    number = _decimal(key, value)
    if number != int(number) or number < 0:
        raise PolicyProblem(f"policy value {key} = {value!r} must be a whole number, 0 or more")
    return int(number)


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise PolicyProblem(f"policy value {key} = {value!r} must be true or false")
    return value


def _choice(key: str, value: Any, kind: type[StrEnum]) -> Any:
    try:
        return kind(value)
    except ValueError:
        raise PolicyProblem(f"policy value {key} = {value!r}: known are {', '.join(kind)}") from None


def _optional(key: str, value: Any) -> Decimal | None:
    return None if value is None else _decimal(key, value)


def _rows(key: str, value: Any, names: tuple[str, ...]) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or any(not isinstance(row, Mapping) or set(row) != set(names) for row in value):
        raise PolicyProblem(f"policy value {key} must be a list of rows with exactly {', '.join(names)}")
    return value


def _bands(key: str, value: Any) -> tuple[Band, ...]:
    rows = _rows(key, value, ("up_to", "multiple"))
    bands = tuple(Band(_optional(key, row["up_to"]), _decimal(key, row["multiple"])) for row in rows)
    bounds = [band.up_to for band in bands]
    known = [bound for bound in bounds if bound is not None]
    if not bands or bounds[-1] is not None or len(known) != len(bounds) - 1 or known != sorted(set(known)):
        raise PolicyProblem(f"policy value {key}: bounds must rise, and only the last may be open (null)")
    return bands


def _tiers(key: str, value: Any) -> tuple[Tier, ...]:
    rows = _rows(key, value, ("from", "to", "fund_share"))
    return tuple(
        Tier(_decimal(key, row["from"]), _optional(key, row["to"]), _decimal(key, row["fund_share"])) for row in rows
    )


def _caps(key: str, value: Any) -> tuple[tuple[int, Decimal], ...]:
    if not isinstance(value, Mapping) or {str(level) for level in value} != {"1", "2", "3"}:
        raise PolicyProblem(f"policy value {key} needs one number for each of the levels '1', '2', '3'")
    return tuple(sorted((int(level), _decimal(key, cap)) for level, cap in value.items()))


def _places(key: str, value: Any) -> int:
    places = _count(key, value)
    if places > 8:
        raise PolicyProblem(f"policy value {key} = {value!r}: at most 8 places are kept")
    return places


def _value_places(key: str, value: Any) -> int | None:
    return None if value == "exact" else _places(key, value)


_READERS: dict[str, tuple[str, Any]] = {
    "rounding.mean_dp": ("mean_dp", _places),
    "rounding.points_dp": ("points_dp", _places),
    "rounding.coef_dp": ("coef_dp", _places),
    "rounding.value_dp": ("value_dp", _value_places),
    "trim.first": ("trim_first", lambda key, value: _choice(key, value, TrimMethod)),
    "trim.lo": ("trim_lo", _decimal),
    "trim.hi": ("trim_hi", _decimal),
    "trim.min_n": ("trim_min_n", _count),
    "trim.middle_lo": ("trim_middle_lo", _decimal),
    "trim.middle_hi": ("trim_middle_hi", _decimal),
    "stable.min_n": ("stable_min_n", _count),
    "stable.max_cv": ("stable_max_cv", _decimal),
    "cv.ddof": ("cv_ddof", _count),
    "level_coef.min": ("level_coef_min", _decimal),
    "level_coef.max": ("level_coef_max", _decimal),
    "level_coef.missing_primary": ("level_coef_missing_primary", _decimal),
    "level_coef.missing_max": ("level_coef_missing_max", _decimal),
    "base_group.coefficient": ("base_group_coefficient", _decimal),
    "outlier.bands": ("outlier_bands", _bands),
    "outlier.low_ratio": ("outlier_low_ratio", _decimal),
    "upload.deadline_days": ("upload_deadline_days", _count),
    "special_review.quota_drg": ("review_quota", _decimal),
    "new_tech.rate": ("new_tech_rate", _decimal),
    "month.pay_ratio": ("month_pay_ratio", _decimal),
    "deposit.rate": ("deposit_rate", _decimal),
    "reserve.share": ("reserve_share", _decimal),
    "reserve.deduct_before_points": ("reserve_deduct_before_points", _flag),
    "cap.level": ("cap_level", _caps),
    "surplus.keep_share": ("surplus_keep_share", _decimal),
    "deficit.tiers": ("deficit_tiers", _tiers),
    "deficit.max_share_of_budget": ("deficit_max_share_of_budget", _decimal),
    "second_distribution.enabled": ("second_distribution", _flag),
    "out_of_area.pool": ("out_of_area_pool", lambda key, value: _choice(key, value, OutOfAreaPool)),
}

POLICY_KEYS: tuple[str, ...] = tuple(_READERS)


def read_policy(values: Mapping[str, Any]) -> Policy:
    """Policy values by key -> `Policy`. Raises `PolicyProblem` on an unknown, missing or ill-formed value."""
    unknown = sorted(set(values) - set(_READERS))
    if unknown:
        raise PolicyProblem(f"unknown policy value(s) {', '.join(unknown)}; known: {', '.join(POLICY_KEYS)}")
    missing = [key for key in _READERS if key not in values]
    if missing:
        raise PolicyProblem(f"policy value(s) missing: {', '.join(missing)}")
    return Policy(**{name: reader(key, values[key]) for key, (name, reader) in _READERS.items()})
