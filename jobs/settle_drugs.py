"""What `settle` takes in of the job `drugs`: compensation that is part of the final amount (policy/002 article 37).

The article compensates at the annual clearing, but the formula of article 34(五) has no term for it. So an area says
whether it is part of the final amount (`negotiated_drug.in_final`); without that it stays beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pyspark.sql import DataFrame

from jobs.context import JobContext
from lake.errors import MissingParameters
from lake.runs import read_published
from lake.tables.rules import DRUG_COMPENSATION
from settlement.case_points import in_year_by_points
from settlement.month import ACCOUNT

JOB = "drugs"
_CASE = ("setl_id", "area", "insutype", "fixmedins_code")


def drug_runs(context: JobContext, areas: Collection[str], year: int) -> dict[str, str]:
    """Area -> last finished `drugs` run, where what it pays is part of the final amount."""
    known = {area: context.runs.last(JOB, area, str(year)) for area in sorted(areas)}
    runs = {area: run.run_id for area, run in known.items() if run}
    if not runs:
        return {}
    inside = _inside(context, sorted(runs), year).select("area").distinct().collect()
    return {row.area: runs[row.area] for row in inside}


def drug_pay(context: JobContext, scored: DataFrame, areas: Sequence[str], year: int) -> DataFrame | None:
    """`ACCOUNT` and compensation_fen of cases of the areas; None where there are no areas.

    Raises `MissingParameters` for a case that does not count in the year by points any more.
    """
    if not areas:
        return None
    paid = _inside(context, areas, year)
    counted = scored.where(in_year_by_points()).select(*_CASE)
    strange = paid.join(counted, list(_CASE), "left_anti").select("area", "setl_id").orderBy("area", "setl_id").first()
    if strange:
        raise MissingParameters(
            f"area {strange.area}: case {strange.setl_id} is compensated for drugs, but does not count in {year} by "
            f"points any more: run `dianshu drugs --year {year} --city {strange.area}` again first"
        )
    return paid.select(*ACCOUNT, "compensation_fen")


def _inside(context: JobContext, areas: Sequence[str], year: int) -> DataFrame:
    paid = read_published(context.runs, DRUG_COMPENSATION, JOB, [(area, str(year)) for area in areas], "year")
    return paid.where("in_final = 1")
