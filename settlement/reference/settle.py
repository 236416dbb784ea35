"""Settling a small province, in the order of the law: points, pools, months, year, clearing between cities."""

from __future__ import annotations

from dataclasses import dataclass

from settlement.reference.clearing import Debt, settle_matrix, settle_net
from settlement.reference.inputs import Province, TextRow
from settlement.reference.month import HospitalMonth, settle_hospital_months
from settlement.reference.points import PointsExplanation, PointsRules, explain_points
from settlement.reference.pools import PoolPeriod, settle_pools
from settlement.reference.text import TABLES, table_rows
from settlement.reference.year import HospitalYear, settle_hospital_years


@dataclass(frozen=True)
class Settlement:
    """Everything that a settlement of a province comes to."""

    points: tuple[PointsExplanation, ...]
    pools: tuple[PoolPeriod, ...]
    months: tuple[HospitalMonth, ...]
    years: tuple[HospitalYear, ...]
    matrix: tuple[Debt, ...]
    net: dict[str, int]


def settle_province(province: Province) -> Settlement:
    """Settle a province from its elements, cases and budgets. `history` and `base_groups` are not looked at."""
    rules = PointsRules.of(province)
    points = tuple(explain_points(case, rules) for case in province.cases)
    pools = tuple(settle_pools(province, points))
    months = tuple(settle_hospital_months(province, rules.places, pools))
    years = tuple(settle_hospital_years(province, rules.places, points, pools, months))
    matrix = tuple(settle_matrix(province, points, pools))
    return Settlement(points, pools, months, years, matrix, settle_net(province.year, matrix))


def settle(province: Province) -> dict[str, list[TextRow]]:
    """The six result tables as sorted rows of text, by name; columns in `text.TABLES`."""
    settlement = settle_province(province)
    return {name: sorted(table_rows(name, settlement)) for name in TABLES}
