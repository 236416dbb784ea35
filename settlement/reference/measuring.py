"""Measuring the core elements of each area from its history (policy/002 articles 17 and 18)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from settlement.policy import Policy, TrimMethod
from settlement.readings import Interpolation, MedianAfter
from settlement.reference.exact import fixed
from settlement.reference.inputs import BaseGroup, HistoryCase, Hospital, TextRow

ELEMENT_COLUMNS = ("area", "kind", "drg", "level", "fixmedins_code", "value")


@dataclass(frozen=True, slots=True)
class Stay:
    """A case of a group: its cost without special-need services, in fen, and the level of its hospital.

    `weight`: what the case counts in means, by its year (OP-20); it changes no count, no test and no median.
    """

    cost_fen: int
    level: int
    weight: int = 1


@dataclass(frozen=True, slots=True)
class MeasuredGroup:
    """A group after trimming: all cases, those kept first, those its means are taken of, and whether stable."""

    stays: tuple[Stay, ...]
    kept_first: tuple[Stay, ...]
    kept: tuple[Stay, ...]
    stable: bool


def measure(
    hospitals: Iterable[Hospital],
    history: Iterable[HistoryCase],
    base_groups: Iterable[BaseGroup],
    policies: Mapping[str, Policy],
    year: int | None = None,
) -> list[TextRow]:
    """History -> rows of elements.csv as text, for each treating area that has history of grouped cases.

    `year`: the clearing year that is measured for; needed where an area weighs the years before it (OP-20).
    """
    by_hospital = {hospital.fixmedins_code: hospital for hospital in hospitals}
    groups: dict[str, dict[str, list[Stay]]] = defaultdict(lambda: defaultdict(list))
    for case in history:
        hospital = by_hospital[case.fixmedins_code]
        if case.drg is not None:
            weight = year_weight(policies[hospital.area], year, case.year)
            stay = Stay(case.cost_fen - case.special_cost_fen, hospital.level, weight)
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
    all_mean = mean_fen(stay for group in measured.values() for stay in _of_all_mean(group, policy))
    if all_mean is not None:
        rows.append((area, "all_mean", "", "", "", fixed(all_mean / 100, policy.mean_dp)))
    for drg, group in measured.items():
        rows += _group_rows(area, drg, group, all_mean, policy) + _level_rows(area, drg, group, policy)
    return rows


def year_weight(policy: Policy, year: int | None, past: int) -> int:
    """What a case of a year before the clearing year counts in means (OP-20); a year that is not named counts 0."""
    if not policy.history_year_weights:
        return 1
    if year is None:
        raise ValueError("history.year_weights go by years before the clearing year: say which year is measured for")
    return int(dict(policy.history_year_weights).get(str(year - past), 0))


def _of_all_mean(group: MeasuredGroup, policy: Policy) -> tuple[Stay, ...]:
    """The cases that M is a mean of (OP-22)."""
    return group.kept_first if policy.trim_all_mean_trimmed else group.stays


def _group_rows(area: str, drg: str, group: MeasuredGroup, all_mean: Fraction | None, policy: Policy) -> list[TextRow]:
    """Mean and benchmark points of a group (policy/002 article 17(二)).

    The trimming of two unlike cases keeps neither: then there is nothing to take a mean of.
    """
    group_mean = mean_fen(group.kept)
    typical = group_mean if group.stable else _median(group, policy)
    rows: list[TextRow] = []
    if group_mean is not None:
        rows.append((area, "group_mean", drg, "", "", fixed(group_mean / 100, policy.mean_dp)))
    if all_mean and typical is not None:
        rows.append((area, "benchmark_points", drg, "", "", fixed(typical / all_mean * 100, policy.points_dp)))
    return rows


def _median(group: MeasuredGroup, policy: Policy) -> Fraction | None:
    """The median that an unstable group goes by (OP-21)."""
    stays = group.stays if policy.trim_median_after is MedianAfter.NONE else group.kept_first
    return median_fen(stays) if stays else None


def _level_rows(area: str, drg: str, group: MeasuredGroup, policy: Policy) -> list[TextRow]:
    """Means of the levels, of cases kept, and their coefficients, of those or of all cases (OP-25)."""
    rows: list[TextRow] = []
    compared = group.kept if policy.level_coef_trimmed else group.stays
    group_mean = mean_fen(compared)
    for level in sorted({stay.level for stay in group.stays}):
        level_mean = mean_fen(stay for stay in group.kept if stay.level == level)
        if level_mean is not None:
            rows.append((area, "level_mean", drg, str(level), "", fixed(level_mean / 100, policy.mean_dp)))
        own = [stay for stay in compared if stay.level == level]
        own_mean = mean_fen(own)
        if group_mean and own_mean is not None and len(own) >= policy.level_coef_min_n:
            coefficient = level_coefficient(own_mean, group_mean, policy)
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
        middle = middle_section(first, policy)
        if is_stable(middle, policy):
            return MeasuredGroup(everything, first, middle, stable=True)
    return MeasuredGroup(everything, first, first, stable=False)


def keep_between(stays: tuple[Stay, ...], low: Fraction, high: Fraction) -> tuple[Stay, ...]:
    """The cases between two quantiles of their costs, bounds kept (OP-16)."""
    costs = sorted(stay.cost_fen for stay in stays)
    lowest, highest = quantile(costs, low), quantile(costs, high)
    return tuple(stay for stay in stays if lowest <= stay.cost_fen <= highest)


def middle_section(stays: tuple[Stay, ...], policy: Policy) -> tuple[Stay, ...]:
    """The cases of the middle section (中间区段法): bounds interpolated or the nearest cost, kept or not (OP-18)."""
    costs = sorted(stay.cost_fen for stay in stays)
    bound = nearest_quantile if policy.trim_middle_interp is Interpolation.NEAREST else quantile
    lowest, highest = bound(costs, Fraction(policy.trim_middle_lo)), bound(costs, Fraction(policy.trim_middle_hi))
    if policy.trim_middle_inclusive:
        return tuple(stay for stay in stays if lowest <= stay.cost_fen <= highest)
    return tuple(stay for stay in stays if lowest < stay.cost_fen < highest)


def nearest_quantile(ordered: list[int], share: Fraction) -> Fraction:
    """The cost at the whole rank nearest to `(n - 1) * share`, half up."""
    place = (len(ordered) - 1) * share + Fraction(1, 2)
    return Fraction(ordered[place.numerator // place.denominator])


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
    mean = Fraction(sum(stay.cost_fen for stay in stays), len(stays))
    squares = sum(((stay.cost_fen - mean) ** 2 for stay in stays), Fraction(0))
    return squares < (Fraction(policy.stable_max_cv) * mean) ** 2 * (len(stays) - policy.cv_ddof)


def mean_fen(stays: Iterable[Stay]) -> Fraction | None:
    """Mean cost in fen by the weights of the cases, unrounded; None where no case has a weight."""
    counted = list(stays)
    weight = sum(stay.weight for stay in counted)
    return Fraction(sum(stay.weight * stay.cost_fen for stay in counted), weight) if weight else None


def median_fen(stays: Iterable[Stay]) -> Fraction:
    """Median cost in fen; of an even number of cases the mean of the middle two."""
    costs = sorted(stay.cost_fen for stay in stays)
    half = len(costs) // 2
    return Fraction(costs[half]) if len(costs) % 2 else Fraction(costs[half - 1] + costs[half], 2)
