"""Job `budget`: the year's by-disease budget by the area's method, within the limit of growth (总额预算).

policy/001 article 13 names the methods, policy/000 article 9 the limit. What comes out is a proposal: the budget that
counts is the one of the registry.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection
from datetime import date
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
from lake.identity import canonical
from lake.policy_files import PolicyBook, load_policies
from lake.rule_files import read_rule_file
from lake.runs import Calculation, read_published
from lake.tables.rules import BUDGET_PROPOSALS
from settlement.budget import yearly_budgets
from settlement.reference.exact import yuan

NAME = "budget"
HEADER = "统筹区,险种,年度,按方法测算,增长基数,建议预算,增长率,结果"
OUTCOMES = {"within": "未超增长率上限", "capped": "按增长率上限核减", "no_base": "无增长基数"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu budget`."""
    add_city_year_arguments(parser)
    parser.add_argument(
        "--inputs", type=Path, required=True, metavar="FILE.csv", help="what the budgets are made of (docs/rules.md)"
    )
    add_policy_argument(parser)
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the job from the command line."""
    book = load_policies(args.policy)
    read_rule_file(args.inputs, "budget", {})  # what is wrong with the file itself is told before a session starts
    context = open_context(args, NAME)
    cities = cities_of(context, args.city, args.year - 1)
    budget(context, cities, args.year, args.inputs, book)
    print("\n".join(budget_lines(context, cities, args.year)))
    return 0


def budget(context: JobContext, cities: Collection[str], year: int, inputs: Path, book: PolicyBook) -> int:
    """Propose budgets for the cities whose inputs changed; gives their number. Areas are of last year's registry."""
    started = context.now()
    file = read_rule_file(inputs, "budget", {"area": context.registry(year - 1).areas})
    calculations = [
        Calculation(
            NAME,
            area,
            str(year),
            {"inputs": file.mark("area", [area]), "rules": canonical(book.rule_values_at(area, date(year, 1, 1)))},
        )
        for area in sorted(cities)
    ]
    due = context.runs.due(calculations, context.force)
    if due:
        areas = [key.area for key in due]
        rows = file.frame(context.lake.spark).where(F.col("area").isin(areas)).withColumn("year", F.lit(year))
        proposed = yearly_budgets(rows, {area: book.rules_at(area, date(year, 1, 1)) for area in areas})
        publish_slices(context, due, {BUDGET_PROPOSALS: proposed}, started)
    context.say(NAME, f"{len(calculations)} cities, {len(due)} proposed")
    return len(due)


def budget_lines(context: JobContext, cities: Collection[str], year: int) -> list[str]:
    """The proposals as CSV lines with a Chinese header, in yuan."""
    rows = read_published(context.runs, BUDGET_PROPOSALS, NAME, [(area, str(year)) for area in sorted(cities)], "year")
    lines = [HEADER]
    for row in rows.orderBy("area", "insutype").collect():
        base = "" if row.base_fen is None else yuan(row.base_fen)
        growth = "" if row.growth_rate is None else f"{row.growth_rate:f}"
        lines.append(
            f"{row.area},{row.insutype},{row.year},{yuan(row.wanted_fen)},{base},{yuan(row.budget_fen)},{growth},"
            f"{OUTCOMES[row.outcome]}"
        )
    return lines


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
