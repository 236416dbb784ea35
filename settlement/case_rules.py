"""Typed view of the policy values of rules that concern single cases: TCM share, bed days, day care.

They are off until an area sets them (policy/002 articles 12, 14 and 15). What is off says nothing: a parameter set made
before these rules were there, and one made with all of them off, are the same.
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
    read_codes,
    read_count,
    read_decimal,
    read_numbers,
    read_values,
)


class BedDayMethod(StrEnum):
    """`bed_day.method`: no bed-day payment, or points for each day (OP-41)."""

    OFF = "off"
    POINTS = "points"


@dataclass(frozen=True, slots=True)
class CaseRules:
    """The values of one area at one date; the defaults are those of rules that are off."""

    tcm_uplift: Decimal = Decimal(0)  # 0: off
    tcm_min_share: Decimal | None = None
    tcm_charge_types: tuple[str, ...] = ()  # med_chrgitm_type of TCM cost
    tcm_departments: tuple[str, ...] = ()  # beginnings of dscg_caty
    tcm_institutions: tuple[str, ...] = ()  # fixmedins_code
    bed_day_method: BedDayMethod = BedDayMethod.OFF
    bed_day_points: Numbers = ()  # points a day, by group
    day_care_groups: tuple[str, ...] = ()  # empty: off
    day_care_max_days: int | None = None

    @property
    def any_on(self) -> bool:
        """Whether any of the rules is on."""
        return self != OFF


OFF = CaseRules()


_READERS: dict[str, tuple[str, Any]] = {
    "tcm.uplift": ("tcm_uplift", read_decimal),
    "tcm.min_share": ("tcm_min_share", read_decimal),
    "tcm.charge_types": ("tcm_charge_types", read_codes),
    "tcm.departments": ("tcm_departments", read_codes),
    "tcm.institutions": ("tcm_institutions", read_codes),
    "bed_day.method": ("bed_day_method", lambda key, value: read_choice(key, value, BedDayMethod)),
    "bed_day.points": ("bed_day_points", read_numbers),
    "day_care.groups": ("day_care_groups", read_codes),
    "day_care.max_days": ("day_care_max_days", read_count),
}
CASE_RULE_KEYS: tuple[str, ...] = tuple(_READERS)


def read_case_rules(values: Mapping[str, Any]) -> CaseRules:
    """Policy values by key -> `CaseRules`; keys of rules that are off may be missing, and are left out.

    Raises `PolicyProblem` on an unknown or ill-formed value, and on one that a rule that is on lacks.
    """
    read = CaseRules(**read_values(_READERS, values, CASE_RULE_KEYS))
    if not read.tcm_uplift:
        read = replace(read, **{name: getattr(OFF, name) for name, _ in _READERS.values() if name.startswith("tcm_")})
    elif read.tcm_min_share is None:
        raise PolicyProblem("policy value tcm.min_share is missing: tcm.uplift needs it")
    if read.bed_day_method is BedDayMethod.OFF or not read.bed_day_points:
        read = replace(read, bed_day_method=BedDayMethod.OFF, bed_day_points=())
    if not read.day_care_groups:
        return replace(read, day_care_max_days=None)
    if read.day_care_max_days is None:
        raise PolicyProblem("policy value day_care.max_days is missing: day_care.groups needs it")
    return read


def in_effect(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the values that matter, a rule that is off having none."""
    rules = read_case_rules(values)
    return {key: values[key] for key, (name, _) in _READERS.items() if getattr(rules, name) != getattr(OFF, name)}
