"""One case as the grouper sees it, and what comes out: group, outcome, reason."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

Number = int | Decimal


@dataclass(frozen=True, slots=True)
class Case:
    """The fields that rules may ask for. `None` is a missing value; codes are compared exactly.

    `procedures` is in order, the principal procedure (主要手术) first; `other_diagnoses` may repeat the principal one.
    """

    case_id: str
    sex: int | None = None
    age: Number | None = None
    age_days: Number | None = None
    birth_weight: Number | None = None
    los: Number | None = None
    discharge_way: int | None = None
    icu_hours: Number | None = None
    principal_diagnosis: str | None = None
    other_diagnoses: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()


class Outcome(StrEnum):
    """What became of a case: a case is never lost and never grouped twice."""

    GROUPED = "grouped"
    AMBIGUOUS = "ambiguous"  # 歧义组 (QY): not a payment group
    UNGROUPED = "ungrouped"  # 未入组: 0000


class Reason(StrEnum):
    """Why a case has no group; empty for grouped and ambiguous cases."""

    NONE = ""
    NO_PRINCIPAL_DIAGNOSIS = "no_principal_diagnosis"
    GREY_PRINCIPAL_DIAGNOSIS = "grey_principal_diagnosis"  # 灰码: may not be a principal diagnosis
    UNKNOWN_PRINCIPAL_DIAGNOSIS = "unknown_principal_diagnosis"  # in no table of the scheme
    NO_MDC = "principal_diagnosis_in_no_mdc"
    NO_RULE_HELD = "no_rule_held"
    MISSING_SEX = "missing_sex"
    MISSING_AGE = "missing_age"
    MISSING_BIRTH_WEIGHT = "missing_birth_weight"


UNGROUPED_CODE = "0000"


@dataclass(frozen=True, slots=True)
class GroupResult:
    """The group of one case. `mdc` and `adrg` are empty and `drg` is `0000` where there is none.

    `*_row` are positions in the scheme's tuples of rows (`Scheme.mdcs`, ...), -1 where there is none.
    """

    mdc: str
    adrg: str
    drg: str
    outcome: Outcome
    reason: Reason
    mdc_row: int = -1
    adrg_row: int = -1
    drg_row: int = -1
