"""The core elements in force, and what is read from them: coefficient K and ruler (policy/002 articles 18 and 19).

Their open points are OP-26, OP-28, OP-29, OP-30 (coefficient), OP-34 and OP-35 (ruler).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from settlement.policy import Policy
from settlement.readings import Combine, MissingRule, RulerMissing, RulerPeriod
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
    YEAR_LEVEL_MEAN = "level_mean_of_the_year"
    GROUP_MEAN_TIMES_COEFFICIENT = "group_mean_times_coefficient"
    GROUP_MEAN = "group_mean"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Coefficient:
    """K (DRG付费调节系数), of `level_part` and `add_on`; `level` is the level whose coefficient was taken, if any.

    `limits` hold the whole of it, None: they do not (OP-30).
    """

    level_part: Fraction
    add_on: Fraction
    source: CoefficientSource
    level: int | None
    combine: Combine = Combine.ADD
    limits: tuple[Fraction, Fraction] | None = None

    @property
    def combined(self) -> Fraction:
        """Level part and add-on together, before the limits (OP-29)."""
        multiplied = self.combine is Combine.MULTIPLY
        return self.level_part * (1 + self.add_on) if multiplied else self.level_part + self.add_on

    @property
    def value(self) -> Fraction:
        """K itself."""
        return self.combined if self.limits is None else held_within(self.combined, self.limits)


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

    def without(self, kind: str, areas: Collection[str]) -> Elements:
        """The elements less those of a kind in some areas."""
        return Elements({key: value for key, value in self.values.items() if key[1] != kind or key[0] not in areas})

    def and_also(self, more: Iterable[Element]) -> Elements:
        """These elements and more of them, which go over those with the same key."""
        return Elements({**self.values, **{_key(element): element.value for element in more}})

    def find(
        self, area: str, kind: str, drg: str | None = None, level: int | None = None, hospital: str | None = None
    ) -> Fraction | None:
        """The value of one element, or None."""
        return self.values.get((area, kind, drg, level, hospital))

    def flagged(self, area: str, kind: str, drg: str) -> bool:
        """Whether a group carries a flag (`stable`, `base_group`, `whole_review`, `tcm_advantage`)."""
        return self.find(area, kind, drg) == 1

    def reviewed_as_a_whole(self, area: str, drg: str, policy: Policy) -> bool:
        """整组单议: flagged, or a group of the area's list (OP-38)."""
        return self.flagged(area, "whole_review", drg) or drg in policy.whole_review_groups

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
        limits = _limits(policy) if policy.coef_clamp_after_addons else None
        if own is not None:
            of_own = CoefficientSource.OWN_LEVEL
            return Coefficient(own, add_on, of_own, hospital.level, policy.coef_combine, limits)
        part, source, level = self._without_own_level(hospital, drg, policy)
        if policy.level_coef_clamp_missing:
            part = held_within(part, _limits(policy))
        return Coefficient(part, add_on, source, level, policy.coef_combine, limits)

    def _without_own_level(
        self, hospital: Hospital, drg: str, policy: Policy
    ) -> tuple[Fraction, CoefficientSource, int | None]:
        """基层 has its own number; the limit is that of 就高相近 (policy/002 article 18(一)2(3))."""
        if hospital.level not in _STAND_IN:
            return Fraction(policy.level_coef_missing_primary), CoefficientSource.MISSING_PRIMARY, None
        most = Fraction(policy.level_coef_missing_max)
        others = [
            (found, level)
            for level in _STAND_IN[hospital.level]
            if (found := self.find(hospital.area, "level_coefficient", drg, level)) is not None
        ]
        if policy.level_coef_missing_rule is MissingRule.HIGHEST:
            others.sort(reverse=True)
        if not others or policy.level_coef_missing_rule is MissingRule.ONE:
            return min(Fraction(1), most), CoefficientSource.NO_LEVEL, None
        found, level = others[0]
        return min(found, most), CoefficientSource.OTHER_LEVEL, level

    def ruler(self, hospital: Hospital, drg: str, coefficient: Coefficient, policy: Policy) -> Ruler:
        """同级别本病组平均住院费用, or what stands in for it (OP-35).

        Where it is that of the year (OP-34) the elements have the year's means (`with_year_means`).
        """
        of_year = policy.outlier_ruler_period is RulerPeriod.CURRENT_YEAR
        source = RulerSource.YEAR_LEVEL_MEAN if of_year else RulerSource.LEVEL_MEAN
        ruler = Ruler(self.find(hospital.area, "level_mean", drg, hospital.level), source)
        if ruler.value is None:
            ruler = self._without_level_mean(hospital, drg, coefficient, policy)
        return ruler if ruler.value else Ruler(None, RulerSource.NONE)

    def _without_level_mean(self, hospital: Hospital, drg: str, coefficient: Coefficient, policy: Policy) -> Ruler:
        group_mean = self.find(hospital.area, "group_mean", drg)
        if group_mean is None or policy.outlier_ruler_missing is RulerMissing.NO_OUTLIERS:
            return Ruler(None, RulerSource.NONE)
        if policy.outlier_ruler_missing is RulerMissing.GROUP_MEAN:
            return Ruler(group_mean, RulerSource.GROUP_MEAN)
        return Ruler(group_mean * coefficient.level_part, RulerSource.GROUP_MEAN_TIMES_COEFFICIENT)


def held_within(number: Fraction, limits: tuple[Fraction, Fraction]) -> Fraction:
    """The number, or the limit that it passes."""
    least, most = limits
    return max(min(number, most), least)


def _limits(policy: Policy) -> tuple[Fraction, Fraction]:
    """最低0.4，最高1.8 (policy/002 article 18(一)2(2))."""
    return Fraction(policy.level_coef_min), Fraction(policy.level_coef_max)


def _key(element: Element) -> _Key:
    return element.area, element.kind, element.drg, element.level, element.fixmedins_code
