"""What `settle` takes in of the settlement of the year before: roll-over and what hospitals owe (OP-46, OP-54).

An area whose policies ask for neither, or whose year before was never settled, starts from nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pyspark.sql import DataFrame

from jobs.context import JobContext
from lake.parameters import ParameterSet, published
from lake.runs import read_published
from lake.tables.results import HOSPITAL_YEAR, POOLS
from settlement.openings import Openings, openings_of
from settlement.policy import Policy
from settlement.readings import CarryYearEnd, NegativeClearing

JOB = "settle"


@dataclass(frozen=True)
class YearBefore:
    """Area -> the last finished settlement of the year before, and its policy; of areas that take something in."""

    runs: Mapping[str, str] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)


def year_before(context: JobContext, sets: Mapping[str, ParameterSet], year: int) -> YearBefore:
    """The settlements that open the areas' year."""
    known = {area: run.run_id for area in sorted(sets) if (run := context.runs.last(JOB, area, str(year - 1)))}
    if not known:
        return YearBefore()
    ended = {area: one.policy for area, one in published(context.lake, known, year - 1).items()}
    taking = [
        area
        for area in known
        if ended[area].clearing_negative is NegativeClearing.NEXT_PAYMENTS
        or sets[area].policy.month_carry_year_end is CarryYearEnd.NEXT_YEAR
    ]
    return YearBefore({area: known[area] for area in taking}, {area: ended[area] for area in taking})


def read_openings(
    context: JobContext,
    before: YearBefore,
    areas: Sequence[str],
    hospitals: DataFrame,
    policies: Mapping[str, Policy],
    year: int,
) -> Openings | None:
    """What opens the year of the areas; None where nothing does. `hospitals`, `policies`: of the new year."""
    slices = [(area, str(year - 1)) for area in areas if area in before.runs]
    if not slices:
        return None
    pools, years = (read_published(context.runs, table, JOB, slices, "year") for table in (POOLS, HOSPITAL_YEAR))
    return openings_of(pools, years, hospitals, before.policies, policies)
