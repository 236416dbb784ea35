"""Job `points`: points and class of every case of a year (policy/002 article 19), by the published parameters."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.context import JobContext, add_city_year_arguments, add_lake_arguments, cities_of, open_context
from jobs.shell import run_job
from lake.contracts import require
from lake.errors import ContractBroken
from lake.identity import fingerprint
from lake.parameters import ParameterSet, elements_of, published
from lake.registry import Registry, registry_frame
from lake.runs import Calculation
from lake.scored import settlement_cases, unplaced_cases
from lake.stays import stays_by_rule
from lake.store import literal_map, slice_predicate
from lake.tables.case_points import CASE_POINTS
from lake.tables.registry import BUDGETS, CALENDAR, HOSPITALS, REVIEWS
from lake.views import cases_of, group_period, groups_of, ingest_ids, months_ingested, with_groups
from settlement.case_points import known_areas, score_cases

NAME = "points"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu points`."""
    add_city_year_arguments(parser)
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the job from the command line."""
    context = open_context(args, NAME)
    points(context, cities_of(context, args.city, args.year), args.year)
    return 0


def points(context: JobContext, cities: Collection[str], year: int) -> int:
    """Score the cities whose inputs changed; gives their number."""
    registry = context.registry(year)
    sets = published(context.lake, cities, year)
    calculations = {_calculation(context, registry, one, year): one for one in sets.values()}
    due = {key: calculations[key] for key in context.runs.due(calculations, context.force)}
    context.say(NAME, f"{len(calculations)} cities, {len(due)} to score")
    if due:
        _write(context, registry, due, year)
    return len(due)


def _calculation(context: JobContext, registry: Registry, chosen: ParameterSet, year: int) -> Calculation:
    period = group_period(year, chosen.scheme_version)
    hint = f"run `dianshu group --year {year}` first"
    by = {
        "lists": ingest_ids(context.runs, chosen.area, year),
        "groups": context.runs.required("group", chosen.area, period, hint).run_id,
        "parameters": chosen.fingerprint,
        # Reviews and the calendar are of the province; the areas of the province tell in_province from cross_province.
        "reviews": registry.fingerprint("reviews", chosen.area),
        "calendar": registry.fingerprint("calendar", chosen.area),
        "hospitals": registry.fingerprint("hospitals", chosen.area),
        "areas": registry.areas,
    }
    return Calculation(NAME, chosen.area, str(year), by)


def _write(context: JobContext, registry: Registry, due: Mapping[Calculation, ParameterSet], year: int) -> None:
    started = context.now()
    lake = context.lake
    places = [(one.area, year) for one in due.values()]
    schemes = {one.area: one.scheme_version for one in due.values()}
    grouped = with_groups(cases_of(context.runs, places), groups_of(context.runs, schemes, places))
    everywhere = registry_frame(lake, registry, HOSPITALS)
    hospitals = everywhere.where(F.col("area").isin(sorted(schemes)))
    policies = {one.area: one.policy for one in due.values()}
    scored = score_cases(
        settlement_cases(grouped, hospitals),
        hospitals,
        elements_of(lake, due.values()),
        registry_frame(lake, registry, REVIEWS),
        registry_frame(lake, registry, CALENDAR),
        known_areas(everywhere, registry_frame(lake, registry, BUDGETS)),
        policies,
        stays_by_rule(context.runs, {one.area: one.case_rules for one in due.values()}, policies, year),
    )
    rows = _labelled(scored.unionByName(unplaced_cases(grouped, hospitals)), due)
    slices = [(area, month) for area, _ in places for month in months_ingested(context.runs, area, [year])]
    predicate = slice_predicate(slices)
    note = f"{NAME} {fingerprint(sorted(key.run_id for key in due))[:20]}"
    version = lake.replace(CASE_POINTS, rows, predicate, note)
    written = lake.read(CASE_POINTS, version).where(predicate)
    counts = {row["class"]: row["count"] for row in written.groupBy("class").count().collect()}
    cases = cases_of(context.runs, places).count()
    if sum(counts.values()) != cases:
        raise ContractBroken(
            f"{cases} cases were to be scored, {sum(counts.values())} came out; nothing was published. Lists of a "
            "setl_id in two months, or an error of the program."
        )
    require(written, "case_points")
    context.runs.finish(due, started, {}, {CASE_POINTS.name: version})
    context.say(NAME, ", ".join(f"{count} {name}" for name, count in sorted(counts.items(), key=lambda item: -item[1])))


def _labelled(scored: DataFrame, due: Mapping[Calculation, ParameterSet]) -> DataFrame:
    area = F.col("area")
    return (
        scored.withColumn("set_id", literal_map({one.area: one.set_id for one in due.values()}, area))
        .withColumn("scheme_version", literal_map({one.area: one.scheme_version for one in due.values()}, area))
        .withColumn("run_id", literal_map({key.area: key.run_id for key in due}, area))
    )


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
