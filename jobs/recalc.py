"""Job `recalc`: a clearing year end to end, each step the job of the same name.

Steps whose inputs have not changed are skipped, so a killed or repeated run goes on where it has to.
"""

from __future__ import annotations

import argparse
import getpass
import os
from collections.abc import Collection

from jobs.benchmark import benchmark
from jobs.context import (
    JobContext,
    add_city_year_arguments,
    add_lake_arguments,
    add_policy_argument,
    cities_of,
    open_context,
)
from jobs.group import group
from jobs.points import points
from jobs.publish import publish_cities
from jobs.results import results
from jobs.settle import settle
from jobs.shell import run_job
from lake.parameters import check_publication
from lake.policy_files import PolicyBook, load_policies
from lake.settings import history_years

NAME = "recalc"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu recalc`."""
    add_city_year_arguments(parser)
    add_policy_argument(parser)
    parser.add_argument("--who", default=_this_user(), help="who publishes the parameter version (%(default)s)")
    parser.add_argument("--why", default="recalc", help="reason or document of the publication (%(default)s)")
    parser.add_argument(
        "--published", action="store_true", help="keep the published parameter versions; measure and publish nothing"
    )
    add_lake_arguments(parser)


def _this_user() -> str:
    """Name of the user, or the number where the machine has no name for it, as in containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def run(args: argparse.Namespace) -> int:
    """Run all steps from the command line."""
    policies = load_policies(args.policy)
    check_publication(args.who, args.why)
    context = open_context(args, NAME)
    cities = cities_of(context, args.city, args.year)
    recalculate(context, cities, args.year, policies, args.who, args.why, args.published)
    return 0


def recalculate(
    context: JobContext,
    cities: Collection[str],
    year: int,
    policies: PolicyBook,
    who: str,
    why: str,
    keep_published: bool = False,
) -> None:
    """Group, measure, publish, score, settle and present the cities' year."""
    if not keep_published:
        group(context, cities, [*history_years(year), year], year)
        benchmark(context, cities, year, policies)
        publish_cities(context, cities, year, who, why)
    points(context, cities, year)
    settle(context, cities, year)
    results(context, cities, year)


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
