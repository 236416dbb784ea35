"""Job `weights`: payment weights from negotiated ones, the total kept (总权重不变, policy/001 articles 16 and 46)."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from pyspark.sql import functions as F

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
from lake.errors import InputProblem, MissingParameters
from lake.identity import canonical
from lake.monitored import measured_weights
from lake.parameters import ParameterSet, parameter_sets
from lake.policy_files import PolicyBook, load_policies
from lake.rule_files import RuleFile, read_rule_file
from lake.runs import Calculation, read_published
from lake.tables.rules import PAYMENT_WEIGHTS
from settlement.rule_frames import WEIGHTS
from settlement.weights import payment_weights

NAME = "weights"
HEADER = "统筹区,病组,支付权重,基准点数,结果"
OUTCOMES = {"kept": "总权重不变", "off_total": "超出总权重容差", "impossible": "不能保持总权重"}
PLACES_BEYOND = 2  # benchmark points are weights x 100: a weight keeps two places more than points do


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu weights`."""
    add_city_year_arguments(parser)
    parser.add_argument(
        "--proposals", type=Path, required=True, metavar="FILE.csv", help="negotiated weights: area, drg, weight"
    )
    add_policy_argument(parser)
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the job from the command line."""
    book = load_policies(args.policy)
    read_rule_file(args.proposals, "weights", {})  # what is wrong with the file itself is told before a session starts
    context = open_context(args, NAME)
    cities = cities_of(context, args.city, args.year)
    weights(context, cities, args.year, args.proposals, book)
    print("\n".join(weight_lines(context, cities, args.year)))
    return 0


def weights(context: JobContext, cities: Collection[str], year: int, proposals: Path, book: PolicyBook) -> int:
    """Scale the weights of the cities whose inputs changed; gives their number.

    Measured weights and cases are those of the newest parameter set of the year, drafted or published. Weights have
    the places that make benchmark points of the policy's places.
    """
    started = context.now()
    file = read_rule_file(proposals, "weights", {"area": context.registry(year).areas})
    sets = {area: _newest(context, area, year) for area in sorted(cities)}
    calculations = [
        Calculation(
            NAME,
            area,
            str(year),
            {
                "parameters": one.fingerprint,
                "proposals": file.mark("area", [area]),
                "rules": canonical(book.rule_values_at(area, date(year, 1, 1))),
            },
        )
        for area, one in sets.items()
    ]
    due = context.runs.due(calculations, context.force)
    for places in sorted({sets[key.area].policy.points_dp + PLACES_BEYOND for key in due}):
        mine = [key for key in due if sets[key.area].policy.points_dp + PLACES_BEYOND == places]
        _write(context, mine, [sets[key.area] for key in mine], file, book, places, started)
    context.say(NAME, f"{len(calculations)} cities, {len(due)} scaled")
    return len(due)


def _newest(context: JobContext, area: str, year: int) -> ParameterSet:
    sets = parameter_sets(context.lake, area, year)
    if not sets:
        raise MissingParameters(
            f"no parameter set of area {area} for {year}: run `dianshu benchmark --year {year}` first"
        )
    return sets[-1]


def _write(
    context: JobContext,
    due: Sequence[Calculation],
    sets: Sequence[ParameterSet],
    file: RuleFile,
    book: PolicyBook,
    places: int,
    started: datetime,
) -> None:
    areas = [one.area for one in sets]
    proposed = file.frame(context.lake.spark).where(F.col("area").isin(areas))
    measured = measured_weights(context.lake, [one.set_id for one in sets])
    strange = proposed.join(measured, ["area", "drg"], "left_anti").orderBy("area", "drg").limit(3).collect()
    if strange:
        named = ", ".join(f"{row.drg} of {row.area}" for row in strange)
        raise InputProblem(f"proposals: no measured weight of group(s) {named}; drop the row or correct the group")
    asked = measured.join(proposed, ["area", "drg"], "left").select(*WEIGHTS.names)
    policies = {area: book.rules_at(area, date(one.year, 1, 1)) for area, one in zip(areas, sets, strict=True)}
    scaled = payment_weights(asked, policies, places).withColumn("year", F.lit(sets[0].year))
    publish_slices(context, due, {PAYMENT_WEIGHTS: scaled}, started)


def weight_lines(context: JobContext, cities: Collection[str], year: int) -> list[str]:
    """Payment weights as CSV lines with a Chinese header; 基准点数 are the weight x 100, for elements_given.csv."""
    rows = read_published(context.runs, PAYMENT_WEIGHTS, NAME, [(area, str(year)) for area in sorted(cities)], "year")
    lines = [HEADER]
    for row in rows.orderBy("area", "drg").collect():
        weight, points = ("", "") if row.weight is None else (_plain(row.weight), _plain(row.weight.scaleb(2)))
        lines.append(f"{row.area},{row.drg},{weight},{points},{OUTCOMES[row.outcome]}")
    return lines


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
