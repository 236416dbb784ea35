"""What a calculation of a year reads: cases and groups at the versions that finished runs name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from grouper.case import Outcome
from lake.errors import MissingParameters
from lake.runs import RunBook, read_slices, union_all
from lake.settings import history_years
from lake.tables.case_points import CASE_POINTS
from lake.tables.cases import CASES
from lake.tables.groups import GROUPS


def months_ingested(runs: RunBook, area: str, years: Iterable[int]) -> list[str]:
    """Settlement months of the years that have been ingested for an area."""
    wanted = {str(year) for year in years}
    return [month for month in runs.periods("ingest", area) if month[:4] in wanted]


def ingest_ids(runs: RunBook, area: str, year: int) -> dict[str, str]:
    """Month -> id of the ingest run: what a year's cases of an area are determined by."""
    months = months_ingested(runs, area, [year])
    if not months:
        raise MissingParameters(f"no lists of area {area} for {year} in the lake: run `dianshu ingest LANDING` first")
    return {month: runs.required("ingest", area, month, "run `dianshu ingest`").run_id for month in months}


Place = tuple[str, int]  # treating area, year


def city_years(areas: Iterable[str], years: Sequence[int]) -> list[Place]:
    """Every area with every year."""
    return [(area, year) for area in sorted(areas) for year in years]


def case_slices(runs: RunBook, places: Iterable[Place]) -> dict[tuple[str, str], int]:
    """(area, month) -> version of `cases` that holds the cases of the areas settled in the years."""
    slices = {}
    for area, year in places:
        for month in months_ingested(runs, area, [year]):
            slices[(area, month)] = runs.required("ingest", area, month, "run `dianshu ingest`").outputs[CASES.name]
    return slices


def cases_of(runs: RunBook, places: Iterable[Place]) -> DataFrame:
    """Cases of the areas settled in the years."""
    return read_slices(runs.lake, CASES, case_slices(runs, places), "month")


def group_period(year: int, scheme: str) -> str:
    """Period of a `group` run: a year's cases under a scheme version (several versions may stand side by side)."""
    return f"{year}/{scheme[:16]}"


def groups_of(runs: RunBook, schemes: Mapping[str, str], places: Iterable[Place]) -> DataFrame:
    """Groups of the areas' cases of the years, each area under its scheme version (area -> fingerprint)."""
    by_scheme: dict[str, dict[tuple[str, str], int]] = {}
    for area, year in places:
        period = group_period(year, schemes[area])
        run = runs.required("group", area, period, f"run `dianshu group --year {year}` first")
        for month in months_ingested(runs, area, [year]):
            by_scheme.setdefault(schemes[area], {})[(area, month)] = run.outputs[GROUPS.name]
    parts = [
        read_slices(runs.lake, GROUPS, slices, "month").where(F.col("scheme_version") == scheme)
        for scheme, slices in sorted(by_scheme.items())
    ]
    return union_all(parts) if parts else runs.lake.rows(GROUPS, [])


def with_groups(cases: DataFrame, groups: DataFrame) -> DataFrame:
    """Cases with `drg` (null where there is no payment group), outcome and reason. No case is lost."""
    payable = F.when(F.col("outcome") == Outcome.GROUPED.value, F.col("drg"))
    found = groups.select("area", "month", "setl_id", payable.alias("drg"), "outcome", "reason", "scheme_version")
    return cases.join(found, ["area", "month", "setl_id"], "left")


def history_runs(runs: RunBook, area: str, year: int, scheme: str) -> dict[str, str]:
    """Year of history -> id of the `group` run of an area's cases under the scheme that the clearing year has."""
    hints = {past: f"run `dianshu group --year {past} --scheme-year {year}` first" for past in history_years(year)}
    return {
        str(past): runs.required("group", area, group_period(past, scheme), hint).run_id for past, hint in hints.items()
    }


def grouped_history(runs: RunBook, schemes: Mapping[str, str], year: int) -> DataFrame:
    """Grouped cases of the years before (`settlement.frames.HISTORY`), each area under its scheme version."""
    places = city_years(schemes, history_years(year))
    grouped = with_groups(cases_of(runs, places), groups_of(runs, schemes, places))
    return grouped.where(F.col("drg").isNotNull()).select(
        "fixmedins_code", F.substring("month", 1, 4).cast("int").alias("year"), "drg", "cost_fen", "special_cost_fen"
    )


def moves_between(before: DataFrame, after: DataFrame) -> DataFrame:
    """How many cases go from which DRG to which, by area; `before` and `after` are groups of the same cases.

    Columns: area, before, after, cases. Cases that stay are counted too (`before` is `after`).
    """
    case = ["area", "month", "setl_id"]
    old, new = before.select(*case, F.col("drg").alias("before")), after.select(*case, F.col("drg").alias("after"))
    return old.join(new, case, "full").groupBy("area", "before", "after").agg(F.count(F.lit(1)).alias("cases"))


def scored_cases(runs: RunBook, areas: Iterable[str], year: int) -> DataFrame:
    """Scored cases of the areas' year, at the versions that the last `points` runs name."""
    slices = {}
    for area in areas:
        run = runs.required("points", area, str(year), f"run `dianshu points --year {year}` first")
        for month in months_ingested(runs, area, [year]):
            slices[(area, month)] = run.outputs[CASE_POINTS.name]
    rows = read_slices(runs.lake, CASE_POINTS, slices, "month")
    return rows.withColumn("year", F.substring("month", 1, 4).cast("int"))
