"""Job `group`: every case of a year by the scheme of its treating city, all cities in one pass.

A case takes the version that its city uses on the first day of its settlement year. `--compare` groups the year's cases
by other versions too, side by side in the same table, and shows how many cases move.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

from jobs.arguments import clearing_year
from jobs.context import JobContext, add_city_year_arguments, add_lake_arguments, cities_of, open_context
from jobs.group_compare import MOVE_COLUMNS, Move, find_moves, report_moves, write_moves
from jobs.shell import run_job
from lake.case_csv import CaseWriter
from lake.codes import load_codes
from lake.errors import UsageProblem
from lake.group_pass import GroupWork, group_slices
from lake.grouping import bind
from lake.identity import fingerprint
from lake.mapped_codes import record_mapped
from lake.runs import Calculation
from lake.scheme_store import find_version, load_compiled, load_scheme, schemes_in_use
from lake.settings import history_years
from lake.tables.groups import GROUPS
from lake.views import Place, case_slices, city_years, group_period, ingest_ids

NAME = "group"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu group`."""
    add_city_year_arguments(parser)
    parser.add_argument(
        "--scheme-year",
        type=clearing_year,
        metavar="Y",
        help="use the schemes in force in this year (default: --year); for history",
    )
    parser.add_argument("--with-history", action="store_true", help="also the years of history of --year")
    parser.add_argument(
        "--compare",
        action="append",
        metavar="ID",
        help="group the cases of --year by this scheme too (name or fingerprint) and show which move; may be repeated",
    )
    parser.add_argument("--out", type=Path, metavar="MOVES.csv", help="with --compare: all moves, city by city")
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the job from the command line."""
    if args.out and not args.compare:
        raise UsageProblem("--out is the file of moves between versions: give --compare ID with it")
    writer = CaseWriter(args.out, MOVE_COLUMNS) if args.out else None
    context = open_context(args, NAME)
    scheme_year = args.scheme_year or args.year
    years = [*history_years(args.year), args.year] if args.with_history else [args.year]
    cities = cities_of(context, args.city, scheme_year)
    others = [find_version(context.lake, name).fingerprint for name in args.compare or ()]
    group(context, cities, years, scheme_year)
    if others:
        moves = compare(context, cities, args.year, scheme_year, others)
        report_moves(moves)
        if writer:
            write_moves(moves, lambda version: load_scheme(context.lake, version), writer)
    return 0


def group(context: JobContext, cities: Collection[str], years: Sequence[int], scheme_year: int) -> int:
    """Group the cities' cases of the years under the schemes of `scheme_year`; gives the calculations done."""
    return group_by(context, schemes_in_use(context.lake, cities, date(scheme_year, 1, 1)), years)


def compare(
    context: JobContext, cities: Collection[str], year: int, scheme_year: int, others: Iterable[str]
) -> list[Move]:
    """Group the cities' cases of the year by other versions too; gives how many cases each of them moves.

    `group` comes first: the schemes compared with are those in force in `scheme_year`.
    """
    in_force = schemes_in_use(context.lake, cities, date(scheme_year, 1, 1))
    moves = []
    for version in dict.fromkeys(others):
        other = dict.fromkeys(in_force, version)
        group_by(context, other, [year])
        moves.extend(find_moves(context.runs, in_force, other, year))
    return moves


def group_by(context: JobContext, schemes: Mapping[str, str], years: Sequence[int]) -> int:
    """Group the cases of areas by given versions (area -> version); gives the calculations done."""
    calculations = {}
    for area, year in city_years(schemes, years):
        by = {"lists": ingest_ids(context.runs, area, year), "scheme": schemes[area]}
        calculations[Calculation(NAME, area, group_period(year, schemes[area]), by)] = (area, year)
    due = {key: calculations[key] for key in context.runs.due(calculations, context.force)}
    context.say(NAME, f"{len(calculations)} city-years, {len(due)} to group")
    if due:
        _write(context, due, schemes)
    return len(due)


def _write(context: JobContext, due: Mapping[Calculation, Place], schemes: Mapping[str, str]) -> None:
    started = context.now()
    lake = context.lake
    codes = load_codes(lake)
    compiled = load_compiled(lake, {schemes[area] for area, _ in due.values()})
    bound = {version: bind(scheme, codes) for version, scheme in compiled.items()}
    context.say(NAME, f"{len(bound)} scheme(s) ready: {', '.join(version[:12] for version in bound)}")
    changing = [load_scheme(lake, version) for version, scheme in compiled.items() if any(scheme.changed.values())]
    mapped = record_mapped(lake, changing, codes)
    work = GroupWork(
        slices=case_slices(context.runs, due.values()),
        schemes={area: bound[schemes[area]] for area, _ in due.values()},
        runs={(area, str(year)): key.run_id for key, (area, year) in due.items()},
    )
    grouped = group_slices(lake, work, f"{NAME} {fingerprint(sorted(work.runs.values()))[:20]}")
    context.runs.finish(due, started, {}, {GROUPS.name: grouped.version, **mapped})
    context.say(NAME, ", ".join(f"{count} {outcome}" for outcome, count in sorted(grouped.outcomes.items())))


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
