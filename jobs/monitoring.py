"""Job `monitoring`: CMI, cost and time index, outlier rates of each hospital (监测指标, policy/001 article 35)."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.context import JobContext, add_city_year_arguments, add_lake_arguments, cities_of, open_context
from jobs.shell import run_job
from jobs.slices import publish_slices
from lake.monitored import group_figures
from lake.parameters import ParameterSet, elements_of, published
from lake.runs import Calculation, read_published
from lake.tables.rules import HOSPITAL_INDICES
from lake.views import cases_of, city_years, scored_cases
from settlement.monitoring import hospital_indices
from settlement.rule_frames import INDICES

NAME = "monitoring"
HEADER = "统筹区,医疗机构编号,病例组合指数(CMI),费用消耗指数,时间消耗指数,高倍率病例率,低倍率病例率"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu monitoring`."""
    add_city_year_arguments(parser)
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the job from the command line."""
    context = open_context(args, NAME)
    cities = cities_of(context, args.city, args.year)
    monitoring(context, cities, args.year)
    print("\n".join(monitoring_lines(context, cities, args.year)))
    return 0


def monitoring(context: JobContext, cities: Collection[str], year: int) -> int:
    """Measure the hospitals of the cities whose points changed; gives the number of cities."""
    started = context.now()
    sets = published(context.lake, cities, year)
    hint = f"run `dianshu points --year {year}` first"
    calculations = [
        Calculation(
            NAME,
            area,
            str(year),
            {
                "points": context.runs.required("points", area, str(year), hint).run_id,
                "parameters": one.fingerprint,
            },
        )
        for area, one in sorted(sets.items())
    ]
    due = context.runs.due(calculations, context.force)
    if due:
        chosen = {key.area: sets[key.area] for key in due}
        publish_slices(context, due, {HOSPITAL_INDICES: _indices(context, chosen, year)}, started)
    context.say(NAME, f"{len(calculations)} cities, {len(due)} measured")
    return len(due)


def _indices(context: JobContext, sets: Mapping[str, ParameterSet], year: int) -> DataFrame:
    scored = scored_cases(context.runs, sets, year)
    cases = cases_of(context.runs, city_years(sets, [year]))
    figures = group_figures(scored, cases, elements_of(context.lake, sets.values()))
    return hospital_indices(figures).withColumn("year", F.lit(year))


def monitoring_lines(context: JobContext, cities: Collection[str], year: int) -> list[str]:
    """The figures as CSV lines with a Chinese header, hospitals in order of area and code."""
    slices = [(area, str(year)) for area in sorted(cities)]
    rows = read_published(context.runs, HOSPITAL_INDICES, NAME, slices, "year").orderBy("area", "fixmedins_code")
    shares = [F.col(name).cast("decimal(18,6)") for name in INDICES]
    found = rows.select("area", "fixmedins_code", *shares).collect()
    return [HEADER, *[",".join(str(cell) for cell in row) for row in found]]


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
