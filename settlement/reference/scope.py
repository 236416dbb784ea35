"""Where a case belongs: its treating area, its scope, its pool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from settlement.policy import OutOfAreaPool, Policy
from settlement.readings import CrossProvince
from settlement.reference.inputs import Case, Hospital, Province


class Scope(StrEnum):
    """Insured area against treating area (policy-formulas 13)."""

    LOCAL = "local"
    IN_PROVINCE = "in_province"
    CROSS_PROVINCE = "cross_province"


@dataclass(frozen=True)
class Places:
    """Hospitals by code, and the areas that make up the province."""

    hospitals: Mapping[str, Hospital]
    areas: frozenset[str]

    @classmethod
    def of(cls, province: Province) -> Places:
        """The hospitals and areas of a province: areas with hospitals or budgets."""
        return cls(
            {hospital.fixmedins_code: hospital for hospital in province.hospitals},
            frozenset(hospital.area for hospital in province.hospitals)
            | frozenset(budget.area for budget in province.budgets),
        )

    def hospital(self, case: Case) -> Hospital:
        """The hospital that treated the case; its area is the treating area (就医地)."""
        return self.hospitals[case.fixmedins_code]

    def scope(self, case: Case) -> Scope:
        """本地, 省内异地 or 跨省."""
        if case.insu_admdvs == self.hospital(case).area:
            return Scope.LOCAL
        return Scope.IN_PROVINCE if case.insu_admdvs in self.areas else Scope.CROSS_PROVINCE


def cross_by_item(scope: Scope, treating: Policy) -> bool:
    """Whether a case of this scope is paid its fund by item: of another province, unless the treating area pays those
    by points too (policy/004 二(四), OP-81).
    """
    return scope is Scope.CROSS_PROVINCE and treating.cross_province is CrossProvince.FEE_FOR_SERVICE


def in_pool(scope: Scope, treating: Policy) -> bool:
    """Whether a case of this scope is settled inside the pool of the treating area (OP-79)."""
    joint = treating.out_of_area_pool is OutOfAreaPool.JOINT
    return scope is Scope.LOCAL or (scope is Scope.IN_PROVINCE and joint)
