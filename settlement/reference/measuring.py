"""Measuring the core elements of each area from its history (policy/002 articles 17 and 18)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from settlement.policy import Policy, TrimMethod
from settlement.reference.exact import fixed
from settlement.reference.inputs import BaseGroup, HistoryCase, Hospital, TextRow

ELEMENT_COLUMNS = ("area", "kind", "drg", "level", "fixmedins_code", "value")


@dataclass(frozen=True, slots=True)
class Stay:
    """A case of a group: its cost without special-need services, in fen, and the level of its hospital."""

    cost_fen: int
    level: int


@dataclass(frozen=True, slots=True)
class MeasuredGroup:
    """A group after trimming: all cases, those kept first, those its elements are taken from, and whether stable."""

    stays: tuple[Stay, ...]
    kept_first: tuple[Stay, ...]
    kept: tuple[Stay, ...]
    stable: bool


def measure(
    hospitals: Iterable[Hospital],
    history: Iterable[HistoryCase],
    base_groups: Iterable[BaseGroup],
    policies: Mapping[str, Policy],
) -> list[TextRow]:
    """History -> rows of elements.csv as text, for each treating area that has history of grouped cases."""
    by_hospital = {hospital.fixmedins_code: hospital for hospital in hospitals}
    groups: dict[str, dict[str, list[Stay]]] = defaultdict(lambda: defaultdict(list))
    for case in history:
        hospital = by_hospital[case.fixmedins_code]
        if case.drg is not None:
            stay = Stay(case.cost_fen - case.special_cost_fen, hospital.level)
            groups[hospital.area][case.drg].append(stay)
    listed = {(group.area, group.drg) for group in base_groups}
    rows: list[TextRow] = []
    for area, by_drg in groups.items():
        base = {drg for drg in by_drg if (area, drg) in listed}
        rows += _measure_area(area, by_drg, base, policies[area])
    return sorted(rows)


def _measure_area(area: str, by_drg: Mapping[str, list[Stay]], base: set[str], policy: Policy) -> list[TextRow]:
    measured = {drg: trim_and_test(stays, policy) for drg, stays in by_drg.items()}
    rows: list[TextRow] = [(area, "base_group", drg, "", "", "1") for drg in base]
    for drg, group in measured.items():
        rows.append((area, "cases", drg, "", "", str(len(group.stays))))
        rows.append((area, "kept", drg, "", "", str(len(group.kept))))
        rows.append((area, "stable", drg, "", "", "1" if group.stable else "0"))
    kept_first = [stay for group in measured.values() for stay in group.kept_first]
    if not kept_first:
        return rows
    all_mean = mean_fen(kept_first)
    rows.append((area, "all_mean", "", "", "", fixed(all_mean / 100, policy.mean_dp)))
    for drg, group in measured.items():
        if group.kept:  # the trimming of two unlike cases keeps neither: then there is nothing to take a mean of
            rows += _group_rows(area, drg, group, all_mean, policy)
    return rows


def _group_rows(area: str, drg: str, group: MeasuredGroup, all_mean: Fraction, policy: Policy) -> list[TextRow]:
    """What is measured on the cases kept: mean, benchmark points, level means and coefficients."""
    group_mean = mean_fen(group.kept)
    rows: list[TextRow] = [(area, "group_mean", drg, "", "", fixed(group_mean / 100, policy.mean_dp))]
    if all_mean:
        typical = group_mean if group.stable else median_fen(group.kept)
        rows.append((area, "benchmark_points", drg, "", "", fixed(typical / all_mean * 100, policy.points_dp)))
    for level in sorted({stay.level for stay in group.kept}):
        level_mean = mean_fen(stay for stay in group.kept if stay.level == level)
        rows.append((area, "level_mean", drg, str(level), "", fixed(level_mean / 100, policy.mean_dp)))
        if group_mean:
            coefficient = level_coefficient(level_mean, group_mean, policy)
            rows.append((area, "level_coefficient", drg, str(level), "", fixed(coefficient, policy.coef_dp)))
    return rows


def level_coefficient(level_mean: Fraction, group_mean: Fraction, policy: Policy) -> Fraction:
    """病组级别调整系数 within its limits (policy/002 article 18(一)1-2)."""
    lowest, highest = Fraction(policy.level_coef_min), Fraction(policy.level_coef_max)
    return min(max(level_mean / group_mean, lowest), highest)


def trim_and_test(stays: Iterable[Stay], policy: Policy) -> MeasuredGroup:
    """First trimming, test, and for groups that fail the middle section and a second test (policy/002 article 17)."""
    everything = tuple(stays)
    first = everything
    if policy.trim_first is TrimMethod.QUANTILE and len(everything) >= policy.trim_min_n:
        first = keep_between(everything, Fraction(policy.trim_lo), Fraction(policy.trim_hi))
    if is_stable(first, policy):
        return MeasuredGroup(everything, first, first, stable=True)
    if len(first) > policy.stable_min_n:
        middle = keep_between(first, Fraction(policy.trim_middle_lo), Fraction(policy.trim_middle_hi))
        if is_stable(middle, policy):
            return MeasuredGroup(everything, first, middle, stable=True)
    return MeasuredGroup(everything, first, first, stable=False)


def keep_between(stays: tuple[Stay, ...], low: Fraction, high: Fraction) -> tuple[Stay, ...]:
    """The cases between two quantiles of their costs, bounds kept (OP-16)."""
    costs = sorted(stay.cost_fen for stay in stays)
    lowest, highest = quantile(costs, low), quantile(costs, high)
    return tuple(stay for stay in stays if lowest <= stay.cost_fen <= highest)


def quantile(ordered: list[int], share: Fraction) -> Fraction:
    """Linear interpolation at `(n - 1) * share` of the sorted costs."""
    place = (len(ordered) - 1) * share
    below = place.numerator // place.denominator
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def is_stable(stays: tuple[Stay, ...], policy: Policy) -> bool:
    """稳定病组: more than `stable.min_n` cases and CV below `stable.max_cv`, both strict (policy/002 article 17(一)).

    The test is of squares, so that no root is taken: deviation^2 < (max_cv * mean)^2.
    """
    if len(stays) <= policy.stable_min_n:
        return False
    mean = mean_fen(stays)
    squares = sum(((stay.cost_fen - mean) ** 2 for stay in stays), Fraction(0))
    return squares < (Fraction(policy.stable_max_cv) * mean) ** 2 * (len(stays) - policy.cv_ddof)


def mean_fen(stays: Iterable[Stay]) -> Fraction:
    """Mean cost in fen, unrounded."""
    costs = [stay.cost_fen for stay in stays]
    return Fraction(sum(costs), len(costs))


def median_fen(stays: Iterable[Stay]) -> Fraction:
    """Median cost in fen; of an even number of cases the mean of the middle two."""
    costs = sorted(stay.cost_fen for stay in stays)
    half = len(costs) // 2
    return Fraction(costs[half]) if len(costs) % 2 else Fraction(costs[half - 1] + costs[half], 2)
