"""Settling a small province, in the order of the law: points, pools, months, year, clearing between cities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from settlement.reference.clearing import Debt, settle_debts, settle_net, with_adjustments
from settlement.reference.closing import (
    NOTHING_CLOSED,
    ClosedMonths,
    Correction,
    booked_debts,
    booked_months,
    booked_pools,
    month_corrections,
    with_closed_pools,
)
from settlement.reference.inputs import Province, TextRow
from settlement.reference.month import (
    Account,
    HospitalMonth,
    first_month,
    month_terms,
    negative_months,
    pay_months,
)
from settlement.reference.openings import NOTHING_OPENED, Openings, month_openings
from settlement.reference.points import PointsExplanation, PointsRules, explain_points
from settlement.reference.pools import PoolPeriod, settle_pools
from settlement.reference.text import TABLES, table_rows
from settlement.reference.year import NO_DRUGS, HospitalYear, settle_hospital_years


@dataclass(frozen=True)
class Settlement:
    """Everything that a settlement of a province comes to."""

    points: tuple[PointsExplanation, ...]
    pools: tuple[PoolPeriod, ...]
    months: tuple[HospitalMonth, ...]
    years: tuple[HospitalYear, ...]
    matrix: tuple[Debt, ...]
    net: dict[str, int]
    corrections: tuple[Correction, ...] = ()


def settle_province(
    province: Province,
    closed: ClosedMonths = NOTHING_CLOSED,
    drugs: Mapping[Account, int] = NO_DRUGS,
    openings: Openings = NOTHING_OPENED,
) -> Settlement:
    """Settle a province from its elements, cases and budgets. `history` and `base_groups` are not looked at.

    `closed`: the closed months of the year; their rows stay, and corrections are booked later. `drugs`: compensation
    for negotiated drugs that is part of the final amount, by hospital and insurance. `openings`: what the year before
    left.
    """
    year = province.year or ""
    rules = PointsRules.of(province)
    areas = {code: hospital.area for code, hospital in rules.places.hospitals.items()}
    points = tuple(explain_points(case, rules) for case in province.cases)
    pools = tuple(settle_pools(with_closed_pools(province, closed), points, openings.pools))
    accounts = {(case.fixmedins_code, case.insutype) for case in province.cases} | closed.accounts
    accounts |= openings.owed.keys()
    own = month_terms(province, rules.places, pools, accounts)
    corrections = tuple(month_corrections(own, closed, areas, year))
    booked = booked_months(own, closed, corrections, areas)
    fixed = [account for account in accounts if closed.holds(areas[account[0]], first_month(year))]
    brought = month_openings(openings, closed.months, fixed, year)
    months = tuple(pay_months(booked, year, negative_months(province), brought))
    late = {(one.fixmedins_code, one.insutype) for one in corrections}
    years = tuple(settle_hospital_years(province, rules.places, points, pools, months, late, drugs, openings.owed))
    matrix = tuple(with_adjustments(booked_debts(settle_debts(province, points, pools), closed)))
    net = settle_net(province.year, matrix)
    return Settlement(points, tuple(booked_pools(pools, closed)), months, years, matrix, net, corrections)


def settle(province: Province, closed: ClosedMonths = NOTHING_CLOSED) -> dict[str, list[TextRow]]:
    """The six result tables as sorted rows of text, by name; columns in `text.TABLES`."""
    settlement = settle_province(province, closed)
    return {name: sorted(table_rows(name, settlement)) for name in TABLES}
