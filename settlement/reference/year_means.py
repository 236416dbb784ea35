"""Level means of the clearing year as rulers of the outlier tests (OP-34)."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from settlement.readings import RulerPeriod
from settlement.reference.elements import Elements
from settlement.reference.exact import round_half_up
from settlement.reference.inputs import Element, Province
from settlement.reference.review import cases_by_points
from settlement.reference.scope import Places


def with_year_means(elements: Elements, province: Province, places: Places) -> Elements:
    """The elements with the level means of the year where an area tells outliers by them.

    They are of all cases that are paid by points, untrimmed; those of history, measured or given, have no say there.
    """
    policies = province.policies
    areas = {area for area, one in policies.items() if one.outlier_ruler_period is RulerPeriod.CURRENT_YEAR}
    if not areas:
        return elements
    costs: dict[tuple[str, str | None, int], list[int]] = defaultdict(list)
    for case, hospital in cases_by_points(province, places):
        if hospital.area in areas:
            costs[hospital.area, case.drg, hospital.level].append(case.paid_cost_fen)
    means = [
        Element(area, "level_mean", drg, level, None, _mean(ones, policies[area].mean_dp))
        for (area, drg, level), ones in costs.items()
    ]
    return elements.without("level_mean", areas).and_also(means)


def _mean(costs_fen: list[int], places: int) -> Fraction:
    return round_half_up(Fraction(sum(costs_fen), 100 * len(costs_fen)), places)
