"""Job `publish`: a draft becomes the city's parameter version of the year: immutable, dated, with who and why."""

from __future__ import annotations

import argparse
from collections.abc import Collection

from jobs.context import JobContext, add_city_year_arguments, add_lake_arguments, cities_of, open_context
from jobs.shell import run_job
from lake.errors import UsageProblem
from lake.parameters import ParameterSet, check_publication, publish

NAME = "publish"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu publish`."""
    add_city_year_arguments(parser)
    parser.add_argument("--set", dest="set_id", metavar="ID", help="this draft (default: the newest of each city)")
    parser.add_argument("--who", required=True, help="who publishes")
    parser.add_argument("--why", required=True, help="reason or document")
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the job from the command line."""
    check_publication(args.who, args.why)
    context = open_context(args, NAME)
    publish_cities(context, cities_of(context, args.city, args.year), args.year, args.who, args.why, args.set_id)
    return 0


def publish_cities(
    context: JobContext, cities: Collection[str], year: int, who: str, why: str, set_id: str | None = None
) -> list[ParameterSet]:
    """Publish the newest (or the named) draft of each city; what is published already stays as it is."""
    chosen = sorted(area for area in cities if set_id is None or set_id.startswith(f"{area}-"))
    if not chosen:
        raise UsageProblem(f"--set {set_id}: it is of none of the cities {', '.join(sorted(cities))}")
    done = publish(context.lake, chosen, year, who, why, set_id)
    for one in done:
        context.say(NAME, f"{one.area}: version {one.version} of {year} is {one.set_id}")
    return done


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
