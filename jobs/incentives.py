"""Job `incentives`: growth of each hospital's fund, and sharing case by case (policy/002 articles 35 and 36)."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.context import (
    JobContext,
    add_city_year_arguments,
    add_lake_arguments,
    add_policy_argument,
    cities_of,
    open_context,
)
from jobs.ledger_checks import check_books, written
from jobs.shell import run_job
from jobs.slices import publish_slices
from lake.identity import canonical
from lake.parameters import ParameterSet, elements_of, published
from lake.policy_files import PolicyBook, load_policies
from lake.priced import cases_with_standards, fund_growth
from lake.registry import registry_frame
from lake.runs import Calculation, read_published
from lake.tables.base import Table
from lake.tables.ledger import INCENTIVE_LEDGER
from lake.tables.registry import HOSPITALS
from lake.tables.results import POOLS
from lake.tables.rules import CASE_SHARING, GROWTH_INCENTIVES
from lake.views import cases_of, city_years, ingest_ids, scored_cases
from settlement.case_sharing import case_shares
from settlement.growth import growth_adjustments
from settlement.policy import OutOfAreaPool
from settlement.rule_ledger import incentive_differences, incentive_ledger

NAME = "incentives"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu incentives`."""
    add_city_year_arguments(parser)
    add_policy_argument(parser)
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the job from the command line."""
    context = open_context(args, NAME)
    incentives(context, cities_of(context, args.city, args.year), args.year, load_policies(args.policy))
    return 0


def incentives(context: JobContext, cities: Collection[str], year: int, book: PolicyBook) -> int:
    """Calculate the cities whose inputs changed; gives their number. What comes out is no part of the clearing."""
    started = context.now()
    sets = published(context.lake, cities, year)
    calculations = [_calculation(context, one, year, book) for one in sets.values()]
    due = context.runs.due(calculations, context.force)
    context.say(NAME, f"{len(calculations)} cities, {len(due)} to calculate")
    if due:
        frames = _frames(context, {key.area: sets[key.area] for key in due}, year, book)
        outputs = publish_slices(context, due, frames, started, check=partial(_check, context, due))
        _say_sums(context, outputs, [key.run_id for key in due])
    return len(due)


def _calculation(context: JobContext, chosen: ParameterSet, year: int, book: PolicyBook) -> Calculation:
    area = chosen.area
    by = {
        "settle": context.runs.required("settle", area, str(year), f"run `dianshu settle --year {year}` first").run_id,
        "lists": {str(one): ingest_ids(context.runs, area, one) for one in (year - 1, year)},
        "hospitals": context.registry(year).fingerprint("hospitals", area),
        "parameters": chosen.fingerprint,
        "rules": canonical(book.rule_values_at(area, date(year, 1, 1))),
    }
    return Calculation(NAME, area, str(year), by)


def _frames(
    context: JobContext, sets: Mapping[str, ParameterSet], year: int, book: PolicyBook
) -> Mapping[Table, DataFrame]:
    areas = sorted(sets)
    policies = {area: book.rules_at(area, date(year, 1, 1)) for area in areas}
    hospitals = registry_frame(context.lake, context.registry(year), HOSPITALS).where(F.col("area").isin(areas))
    cases = cases_of(context.runs, city_years(areas, [year - 1, year]))
    pools = read_published(context.runs, POOLS, "settle", [(area, str(year)) for area in areas], "year")
    joint = [area for area, one in sets.items() if one.policy.out_of_area_pool is OutOfAreaPool.JOINT]
    priced = cases_with_standards(
        scored_cases(context.runs, areas, year), pools, elements_of(context.lake, sets.values()), joint
    )
    frames = {
        GROWTH_INCENTIVES: growth_adjustments(fund_growth(cases, hospitals, year), policies),
        CASE_SHARING: case_shares(priced, policies),
    }
    dated = {table: frame.withColumn("year", F.lit(year)) for table, frame in frames.items()}
    return {INCENTIVE_LEDGER: incentive_ledger(dated[CASE_SHARING], dated[GROWTH_INCENTIVES]), **dated}


def _check(context: JobContext, due: Sequence[Calculation], outputs: Mapping[str, int]) -> None:
    """Hospitals' accounts close with the two tables, and no pool of cases gives more than it got."""
    tables = [written(context.lake, one, outputs, due) for one in (INCENTIVE_LEDGER, CASE_SHARING, GROWTH_INCENTIVES)]
    check_books(INCENTIVE_LEDGER.name, tables[0], incentive_differences(*tables))


def _say_sums(context: JobContext, outputs: Mapping[str, int], run_ids: Collection[str]) -> None:
    for table, names in ((GROWTH_INCENTIVES, ("adjustment_fen",)), (CASE_SHARING, ("given_fen", "aid_fen"))):
        rows = context.lake.read(table, outputs[table.name]).where(F.col("run_id").isin(list(run_ids)))
        sums = rows.agg(F.count(F.lit(1)).alias("rows"), *[F.sum(name).alias(name) for name in names]).collect()[0]
        context.say(NAME, f"{table.name}: {', '.join(f'{name} {sums[name] or 0}' for name in sums.asDict())}")


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
