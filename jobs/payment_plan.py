"""Job `payment-plan`: what a month pays each hospital, and by when (基金支付计划, policy/002 article 30.2)."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pyspark.sql import functions as F

from jobs.arguments import area_code, calendar_day, month, out_file
from jobs.context import (
    JobContext,
    add_lake_arguments,
    add_policy_argument,
    cities_of,
    open_context,
)
from jobs.shell import run_job
from jobs.slices import publish_slices
from lake.errors import MissingParameters
from lake.identity import canonical
from lake.policy_files import PolicyBook, load_policies
from lake.registry import registry_frame
from lake.runs import Calculation, read_published
from lake.tables.registry import CALENDAR
from lake.tables.results import HOSPITAL_MONTH
from lake.tables.rules import PAYMENT_PLAN, PREPAY_RECOVERIES
from lake.views import months_ingested
from serving.payment_plan import plan_lines, plan_sheets
from serving.workbook import update_workbook
from settlement.payment_plan import month_deadlines, payment_plan

NAME = "payment-plan"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu payment-plan`."""
    parser.add_argument("--month", type=month, required=True, metavar="YYYY-MM", help="month that is paid")
    parser.add_argument(
        "--city", action="append", type=area_code, metavar="AREA", help="treating area; may be repeated (default: all)"
    )
    parser.add_argument(
        "--confirmed",
        type=calendar_day,
        metavar="YYYY-MM-DD",
        help="day on which the grouping results of the month were confirmed (分组结果确认)",
    )
    parser.add_argument("--out", type=Path, metavar="FILE.xlsx", help="write a workbook as well")
    add_policy_argument(parser)
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the job from the command line."""
    book = load_policies(args.policy)
    out_file(args.out)
    context = open_context(args, NAME)
    cities = cities_of(context, args.city, int(args.month[:4]))
    plan(context, cities, args.month, book, args.confirmed)
    rows = published_plan(context, cities, args.month)
    if args.out:
        update_workbook(args.out, plan_sheets(rows, args.month))
    print("\n".join(plan_lines(rows)))
    return 0


def plan(context: JobContext, cities: Collection[str], of: str, book: PolicyBook, confirmed: date | None = None) -> int:
    """Plan the month for the cities whose inputs changed; gives their number.

    Raises `MissingParameters` for a city that has not settled the year or taken in the month.
    """
    started = context.now()
    calculations = [_calculation(context, book, area, of, confirmed) for area in sorted(cities)]
    due = context.runs.due(calculations, context.force)
    context.say(NAME, f"{len(calculations)} cities, {len(due)} to plan")
    if due:
        areas = [key.area for key in due]
        slices = [(area, of[:4]) for area in areas]
        months = read_published(context.runs, HOSPITAL_MONTH, "settle", slices, "year").where(F.col("month") == of)
        prepaid = [(area, year) for area, year in slices if context.runs.last("prepay", area, year)]
        offsets = read_published(context.runs, PREPAY_RECOVERIES, "prepay", prepaid, "year")
        policies = {area: book.rules_at(area, _first_day(of)) for area in areas}
        calendar = registry_frame(context.lake, context.registry(int(of[:4])), CALENDAR)
        places = months.select("area", "month").distinct()
        rows = payment_plan(months, offsets, month_deadlines(places, calendar, policies, confirmed))
        publish_slices(context, due, {PAYMENT_PLAN: rows}, started, "month")
    return len(due)


def _first_day(of: str) -> date:
    return date.fromisoformat(f"{of}-01")


def _calculation(context: JobContext, book: PolicyBook, area: str, of: str, confirmed: date | None) -> Calculation:
    year = int(of[:4])
    if of not in months_ingested(context.runs, area, [year]):
        raise MissingParameters(
            f"no lists of {of} of area {area} are in the lake: ingest the month and settle it first"
        )
    settled = context.runs.required("settle", area, str(year), f"run `dianshu settle --year {year}` first")
    prepaid = context.runs.last("prepay", area, str(year))
    by = {
        "settled": settled.run_id,
        "prepaid": prepaid.run_id if prepaid else None,
        "calendar": context.registry(year).fingerprint("calendar", area),
        "rules": canonical(book.rule_values_at(area, _first_day(of))),
        "confirmed": confirmed.isoformat() if confirmed else None,
    }
    return Calculation(NAME, area, of, by)


def published_plan(context: JobContext, cities: Collection[str], of: str) -> Sequence[dict[str, Any]]:
    """The plan of the cities as last published, in order of area, hospital and insurance."""
    rows = read_published(context.runs, PAYMENT_PLAN, NAME, [(area, of) for area in sorted(cities)], "month")
    return [row.asDict() for row in rows.orderBy("area", "fixmedins_code", "insutype").collect()]


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
