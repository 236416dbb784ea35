"""The core elements in force, and what is read from them: coefficient K and ruler (policy/002 articles 18 and 19)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from settlement.policy import Policy
from settlement.reference.inputs import Element, Hospital

_Key = tuple[str, str, str | None, int | None, str | None]

# 就高相近: which levels stand in for one without a coefficient, in order (OP-26).
_STAND_IN = {2: (3, 1), 3: (2, 1)}


class CoefficientSource(StrEnum):
    """Where the level part of K came from."""

    BASE_GROUP = "base_group"
    OWN_LEVEL = "own_level"
    OTHER_LEVEL = "other_level"
    MISSING_PRIMARY = "missing_primary"
    NO_LEVEL = "no_level"


class RulerSource(StrEnum):
    """Where the ruler of the outlier tests came from."""

    LEVEL_MEAN = "level_mean"
    GROUP_MEAN = "group_mean_times_coefficient"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Coefficient:
    """K (DRG付费调节系数) = `level_part + add_on`; `level` is the level whose coefficient was taken, if any."""

    level_part: Fraction
    add_on: Fraction
    source: CoefficientSource
    level: int | None

    @property
    def value(self) -> Fraction:
        """K itself."""
        return self.level_part + self.add_on


@dataclass(frozen=True, slots=True)
class Ruler:
    """The mean cost in yuan that outliers are told by; None: there are no outliers."""

    value: Fraction | None
    source: RulerSource


@dataclass(frozen=True)
class Elements:
    """Elements by area, kind, group, level and hospital."""

    values: Mapping[_Key, Fraction]

    @classmethod
    def in_force(cls, measured: Iterable[Element], given: Iterable[Element]) -> Elements:
        """The measured elements with the given (negotiated) ones over them."""
        return cls({_key(element): element.value for element in (*measured, *given)})

    def find(
        self, area: str, kind: str, drg: str | None = None, level: int | None = None, hospital: str | None = None
    ) -> Fraction | None:
        """The value of one element, or None."""
        return self.values.get((area, kind, drg, level, hospital))

    def flagged(self, area: str, kind: str, drg: str) -> bool:
        """Whether a group carries a flag (`stable`, `base_group`, `whole_review`, `tcm_advantage`)."""
        return self.find(area, kind, drg) == 1

    def all_mean(self, area: str) -> Fraction:
        """M, yuan. Raises `ValueError` where the area was not measured."""
        mean = self.find(area, "all_mean")
        if mean is None:
            raise ValueError(f"area {area} has no all_mean; measure it or give the element")
        return mean

    def coefficient(self, hospital: Hospital, drg: str, policy: Policy) -> Coefficient:
        """K of a hospital for a group (policy/002 article 18)."""
        if self.flagged(hospital.area, "base_group", drg):
            base = Fraction(policy.base_group_coefficient)
            return Coefficient(base, Fraction(0), CoefficientSource.BASE_GROUP, None)
        add_on = self.find(hospital.area, "add_on", drg, hospital=hospital.fixmedins_code) or Fraction(0)
        own = self.find(hospital.area, "level_coefficient", drg, hospital.level)
        if own is not None:
            return Coefficient(own, add_on, CoefficientSource.OWN_LEVEL, hospital.level)
        return self._without_own_level(hospital, drg, add_on, policy)

    def _without_own_level(self, hospital: Hospital, drg: str, add_on: Fraction, policy: Policy) -> Coefficient:
        """基层 has its own number; the limit is that of 就高相近 (policy/002 article 18(一)2(3))."""
        if hospital.level not in _STAND_IN:
            primary = Fraction(policy.level_coef_missing_primary)
            return Coefficient(primary, add_on, CoefficientSource.MISSING_PRIMARY, None)
        highest = Fraction(policy.level_coef_missing_max)
        for level in _STAND_IN[hospital.level]:
            other = self.find(hospital.area, "level_coefficient", drg, level)
            if other is not None:
                return Coefficient(min(other, highest), add_on, CoefficientSource.OTHER_LEVEL, level)
        return Coefficient(min(Fraction(1), highest), add_on, CoefficientSource.NO_LEVEL, None)

    def ruler(self, hospital: Hospital, drg: str, coefficient: Coefficient) -> Ruler:
        """同级别本病组平均住院费用, or what stands in for it (OP-35)."""
        ruler = Ruler(self.find(hospital.area, "level_mean", drg, hospital.level), RulerSource.LEVEL_MEAN)
        if ruler.value is None:
            group_mean = self.find(hospital.area, "group_mean", drg)
            by_group = None if group_mean is None else group_mean * coefficient.level_part
            ruler = Ruler(by_group, RulerSource.GROUP_MEAN)
        return ruler if ruler.value else Ruler(None, RulerSource.NONE)


def _key(element: Element) -> _Key:
    return element.area, element.kind, element.drg, element.level, element.fixmedins_code
