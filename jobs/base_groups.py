"""Job `base-groups`: groups that history speaks for as base groups, and those listed (policy/002 article 13)."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.arguments import out_file
from jobs.context import (
    JobContext,
    add_city_year_arguments,
    add_lake_arguments,
    add_policy_argument,
    cities_of,
    open_context,
)
from jobs.shell import run_job
from jobs.slices import publish_slices
from lake.identity import canonical
from lake.policy_files import PolicyBook, load_policies
from lake.province_write import write_table
from lake.registry import Registry, newest_hospitals, registry_frame
from lake.runs import Calculation, read_published
from lake.scheme_store import schemes_in_use
from lake.tables.registry import BASE_GROUPS
from lake.tables.rules import BASE_GROUP_FINDINGS
from lake.views import grouped_history, history_runs
from settlement import frames
from settlement.base_groups import BOTH, CANDIDATE, LISTED, base_group_candidates

NAME = "base-groups"
HEADER = "统筹区,病组,病例数,基层病例数,基层占比,变异系数,结论"
FINDINGS = {CANDIDATE: "符合条件、未列入", BOTH: "符合条件、已列入", LISTED: "已列入、不符合条件"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu base-groups`."""
    add_city_year_arguments(parser)
    parser.add_argument(
        "--out", type=Path, metavar="FILE.csv", help="the groups that qualify as rows for base_groups.csv"
    )
    add_policy_argument(parser)
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the job from the command line."""
    book = load_policies(args.policy)
    out_file(args.out)
    context = open_context(args, NAME)
    cities = cities_of(context, args.city, args.year)
    base_groups(context, cities, args.year, book)
    print("\n".join(finding_lines(context, cities, args.year)))
    if args.out is not None:
        write_table(args.out, frames.BASE_GROUPS.names, base_group_rows(context, cities, args.year))
    return 0


def base_groups(context: JobContext, cities: Collection[str], year: int, book: PolicyBook) -> int:
    """Test the groups of the cities whose history, list or values changed; gives the number of cities."""
    started = context.now()
    registry, day = context.registry(year), date(year, 1, 1)
    schemes = schemes_in_use(context.lake, cities, day)
    calculations = [
        Calculation(
            NAME,
            area,
            str(year),
            {
                "groups": history_runs(context.runs, area, year, schemes[area]),
                "policy": canonical(book.values_at(area, day)),
                "rules": canonical(book.rule_values_at(area, day)),
                "scheme": schemes[area],
                **{name: registry.fingerprint(name, area) for name in ("hospitals", "base_groups")},
            },
        )
        for area in sorted(cities)
    ]
    due = context.runs.due(calculations, context.force)
    if due:
        chosen = {key.area: schemes[key.area] for key in due}
        found = _findings(context, registry, chosen, book).withColumn("year", F.lit(year))
        publish_slices(context, due, {BASE_GROUP_FINDINGS: found}, started)
    context.say(NAME, f"{len(calculations)} cities, {len(due)} tested")
    return len(due)


def _findings(context: JobContext, registry: Registry, schemes: Mapping[str, str], book: PolicyBook) -> DataFrame:
    lake, day = context.lake, date(registry.year, 1, 1)
    return base_group_candidates(
        newest_hospitals(lake),
        grouped_history(context.runs, schemes, registry.year),
        registry_frame(lake, registry, BASE_GROUPS).where(F.col("area").isin(sorted(schemes))),
        {area: book.at(area, day) for area in schemes},
        {area: book.rules_at(area, day) for area in schemes},
    )


def _found(context: JobContext, cities: Collection[str], year: int) -> pa.Table:
    slices = [(area, str(year)) for area in sorted(cities)]
    rows = read_published(context.runs, BASE_GROUP_FINDINGS, NAME, slices, "year").toArrow()
    return rows.sort_by([("area", "ascending"), ("drg", "ascending")])


def finding_lines(context: JobContext, cities: Collection[str], year: int) -> list[str]:
    """The findings as CSV lines with a Chinese header."""
    lines = [HEADER]
    for row in _found(context, cities, year).to_pylist():
        figures = (_shown(row["share"]), _shown(row["cv_squared"] and row["cv_squared"].sqrt()))
        cells = (row["area"], row["drg"], row["cases"], row["primary_cases"], *figures, FINDINGS[row["finding"]])
        lines.append(",".join(str(cell) for cell in cells))
    return lines


def base_group_rows(context: JobContext, cities: Collection[str], year: int) -> list[tuple[str, ...]]:
    """The groups that qualify, listed or not, as rows of base_groups.csv: a proposal, which the agency selects from."""
    found = _found(context, cities, year)
    chosen = found.filter(pc.is_in(found["finding"], value_set=pa.array([CANDIDATE, BOTH])))
    return [(row["area"], row["drg"]) for row in chosen.to_pylist()]


def _shown(number: Decimal | None) -> str:
    return "" if number is None else f"{number:.4f}"


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
