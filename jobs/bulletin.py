"""Job `bulletin`: the half-yearly bulletin of special-case review (特例单议半年通报, policy/002 article 22)."""

from __future__ import annotations

import argparse
from collections.abc import Collection

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.context import JobContext, add_city_year_arguments, add_lake_arguments, cities_of, open_context
from jobs.shell import run_job
from jobs.slices import publish_slices
from lake.runs import Calculation, read_published
from lake.tables.rules import REVIEW_BULLETIN
from lake.views import scored_cases
from settlement.bulletin import HALVES, review_bulletin

NAME = "bulletin"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu bulletin`."""
    add_city_year_arguments(parser)
    parser.add_argument("--half", type=int, required=True, choices=HALVES, help="half of the year")
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the job from the command line."""
    context = open_context(args, NAME)
    cities = cities_of(context, args.city, args.year)
    bulletin(context, cities, args.year, args.half)
    for line in bulletin_lines(context, cities, args.year, args.half):
        print(line)
    return 0


def period_of(year: int, half: int) -> str:
    """YYYY-H1 or YYYY-H2, as the table has it."""
    return f"{year}-H{half}"


def bulletin(context: JobContext, cities: Collection[str], year: int, half: int) -> int:
    """Count the reviews of the cities whose points changed; gives their number."""
    started = context.now()
    hint = f"run `dianshu points --year {year}` first"
    calculations = [
        Calculation(
            NAME,
            area,
            period_of(year, half),
            {"points": context.runs.required("points", area, str(year), hint).run_id},
        )
        for area in sorted(cities)
    ]
    due = context.runs.due(calculations, context.force)
    if due:
        rows = review_bulletin(scored_cases(context.runs, [key.area for key in due], year))
        publish_slices(context, due, {REVIEW_BULLETIN: rows}, started, "period")
    context.say(NAME, f"{len(calculations)} cities, {len(due)} counted")
    return len(due)


def published_bulletin(context: JobContext, cities: Collection[str], year: int, half: int) -> DataFrame:
    """The bulletin of the cities, as last published."""
    slices = [(area, period_of(year, half)) for area in sorted(cities)]
    return read_published(context.runs, REVIEW_BULLETIN, NAME, slices, "period")


def bulletin_lines(context: JobContext, cities: Collection[str], year: int, half: int) -> list[str]:
    """The bulletin as CSV lines with a Chinese header, hospitals in order of area and code."""
    names = ("area", "fixmedins_code", "discharges", "applied", "passed", "refused", "over_quota", "no_ground")
    shares = [F.col(share).cast("decimal(18,6)").alias(share) for share in ("applied_share", "passed_share")]
    published = published_bulletin(context, cities, year, half).orderBy("area", "fixmedins_code")
    rows = published.select(*[F.col(name) for name in names], *shares).collect()
    header = "统筹区,医疗机构编号,出院病例,申请数,通过数,未通过数,超出比例数,不符合申报条件数,申请占比,通过占比"
    return [header, *[",".join(str(cell) for cell in row) for row in rows]]


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
