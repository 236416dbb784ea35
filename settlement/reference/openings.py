"""What one year leaves to the next (OP-46, OP-54): the roll-over of December, and what hospitals are left to owe.

- Where the new year's policy has `month.carry_year_end: next_year`, what the pool's last December carried on opens its
  January. It divides the months' budgets only: the annual clearing knows the annual budget (policy/002 article 32).
- Where the policy of the year that ended has `clearing.negative: next_payments`, a negative final amount is set against
  the payments of the next year, from January on: it is brought forward there, and what it took of them counts as paid,
  so that the year's final amount is less by it (policy/002 article 34(五)). What is not used up makes it negative.

The opening of a hospital is fixed once January is closed; a change of it after that is settled by the year.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from settlement.policy import Policy
from settlement.readings import CarryYearEnd, NegativeClearing
from settlement.reference.month import Account, HospitalMonth, first_month
from settlement.reference.pools import PoolKey, PoolPeriod
from settlement.reference.year import HospitalYear


@dataclass(frozen=True)
class Openings:
    """What opens a year; fen. Hospitals that are left to owe something are of the province."""

    pools: Mapping[PoolKey, int] = field(default_factory=dict)  # what is carried into January
    owed: Mapping[Account, int] = field(default_factory=dict)  # set against the payments; above 0


NOTHING_OPENED = Openings()


def openings_of(
    pools: Iterable[PoolPeriod],
    years: Iterable[HospitalYear],
    areas: Mapping[str, str],
    ended: Mapping[str, Policy],
    policies: Mapping[str, Policy],
) -> Openings:
    """What a settled year leaves.

    Args:
        pools: of the year that ended.
        years: of the year that ended.
        areas: hospital -> its treating area, of hospitals that stand there in both years; what others owe stays a
            receivable.
        ended: policies of the year that ended, by area.
        policies: those of the new year.
    """
    carried = {
        (pool.area, pool.insutype): pool.carried_or_reserve_fen
        for pool in pools
        if pool.period.endswith("-12") and _carries(pool.area, policies)
    }
    owed = {
        (row.fixmedins_code, row.insutype): -row.final_fen
        for row in years
        if row.final_fen < 0 and row.fixmedins_code in areas and _sets_off(areas[row.fixmedins_code], ended)
    }
    return Openings({key: amount for key, amount in carried.items() if amount}, owed)


def _carries(area: str, policies: Mapping[str, Policy]) -> bool:
    return area in policies and policies[area].month_carry_year_end is CarryYearEnd.NEXT_YEAR


def _sets_off(area: str, ended: Mapping[str, Policy]) -> bool:
    return area in ended and ended[area].clearing_negative is NegativeClearing.NEXT_PAYMENTS


def month_openings(
    openings: Openings, closed: Iterable[HospitalMonth], january_closed: Iterable[Account], year: str
) -> dict[Account, int]:
    """What is brought into January, below 0: as it was closed with where January is closed, else what is owed.

    Args:
        openings: of the year.
        closed: rows of closed months.
        january_closed: accounts whose area has closed January.
        year: YYYY.
    """
    fixed = dict.fromkeys(january_closed, 0)
    fixed |= {
        (row.fixmedins_code, row.insutype): row.brought_forward_fen for row in closed if row.month == first_month(year)
    }
    return {account: -amount for account, amount in openings.owed.items()} | fixed
