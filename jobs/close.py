"""Job `close`: months are closed (月度关账); from then on they stay, and a correction is booked in a later month."""

from __future__ import annotations

import argparse
import re
from collections.abc import Collection, Sequence

from pyspark.sql import functions as F

from jobs.arguments import area_code
from jobs.context import JobContext, add_lake_arguments, cities_of, open_context
from jobs.shell import run_job
from lake.closings import ClosedMonth, append_closings, closed_months, closed_through, closings, published_rows
from lake.errors import MissingParameters, UsageProblem
from lake.runs import FinishedRun
from lake.tables.results import CLEARING_MATRIX, HOSPITAL_MONTH, POOLS
from serving.text_table import text_table
from settlement.closing import closed_differences

NAME = "close"
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu close`."""
    parser.add_argument(
        "--month",
        action="append",
        metavar="YYYY-MM",
        help="month to close, as it was last settled; may be repeated, all of one year and in order from January",
    )
    parser.add_argument(
        "--city", action="append", type=area_code, metavar="AREA", help="treating area; may be repeated (default: all)"
    )
    parser.add_argument("--by", "--who", dest="who", default="", metavar="NAME", help="who closes")
    parser.add_argument("--why", default="", metavar="TEXT", help="reason or document")
    parser.add_argument("--list", action="store_true", dest="listing", help="show what is closed, and close nothing")
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Close months, or show the closed ones."""
    if args.listing:
        print(closed_table(closed_months(open_context(args, NAME).lake, args.city)))
        return 0
    year = year_of(args.month or [])
    check_named(args.who, args.why)
    context = open_context(args, NAME)
    close(context, cities_of(context, args.city, year), args.month, args.who, args.why)
    return 0


def year_of(months: Collection[str]) -> int:
    """The clearing year of the months. Raises `UsageProblem` where there is none, or more than one."""
    for month in months:
        if not _MONTH.fullmatch(month):
            raise UsageProblem(f"--month {month}: write a month like 2026-02")
    years = sorted({month[:4] for month in months})
    if len(years) != 1:
        named = f"these are of {' and '.join(years)}" if years else "none is given"
        raise UsageProblem(f"--month: give the months of one clearing year; {named}")
    return int(years[0])


def check_named(who: str, why: str) -> None:
    """Raises `UsageProblem` where nobody closes, or for no reason."""
    if not who.strip() or not why.strip():
        raise UsageProblem("closing needs --by (a person) and --why (a reason or document)")


def close(context: JobContext, cities: Collection[str], months: Collection[str], who: str, why: str) -> int:
    """Close the months of the cities as they were last settled; gives how many were not closed before.

    Months are closed in order: all earlier ones of the year are closed, or closed in the same call. What is closed
    stays closed. Raises `UsageProblem`, `MissingParameters`; then nothing is closed.
    """
    check_named(who, why)
    year = year_of(months)
    closed = closed_months(context.lake, cities, year)
    known = {(one.area, one.month) for one in closed}
    new = {area: [month for month in sorted(set(months)) if (area, month) not in known] for area in sorted(cities)}
    new = {area: mine for area, mine in new.items() if mine}
    through = closed_through(closed)
    for area, mine in new.items():
        check_order(area, through.get(area), mine)
    if new:
        hint = f"run `dianshu settle --year {year}` first"
        settled = {area: context.runs.required("settle", area, str(year), hint) for area in new}
        check_settled(context, settled, new, year)
        check_kept(context, settled, [one for one in closed if one.area in new], year)
        append_closings(context.runs, new, year, who, why, context.now())
    count = sum(len(mine) for mine in new.values())
    context.say(NAME, f"{len(cities)} cities, {count} months closed; `dianshu settle --year {year}` books what changes")
    return count


def check_order(area: str, last: str | None, months: Sequence[str]) -> None:
    """The months follow each other and the last closed one. Raises `UsageProblem` naming the month that is missing."""
    expected = int(last[5:]) + 1 if last else 1
    for number, month in enumerate(months, start=expected):
        if int(month[5:]) != number:
            raise UsageProblem(
                f"area {area}: {month[:5]}{number:02d} is still open; months are closed in order, so close it first or "
                f"give it in the same call (--month {month[:5]}{number:02d} --month {month})"
            )


def check_settled(context: JobContext, settled: dict[str, FinishedRun], new: dict[str, list[str]], year: int) -> None:
    """There is something to close: no month is closed beyond the last one with cases. Raises `MissingParameters`."""
    pools = published_rows(context.lake, POOLS, settled, year).where("length(period) > 4 AND cases > 0")
    last = {row.area: row.last for row in pools.groupBy("area").agg(F.max("period").alias("last")).collect()}
    for area, months in new.items():
        if months[-1] > last.get(area, ""):
            has = f"the last month with cases is {last[area]}" if area in last else "no month has cases"
            raise MissingParameters(
                f"area {area}: nothing is settled in {months[-1]} ({has}): ingest its lists and run `dianshu recalc "
                f"--year {year}` first"
            )


def check_kept(context: JobContext, settled: dict[str, FinishedRun], closed: Sequence[ClosedMonth], year: int) -> None:
    """The settlement shows the closed months as they were closed; else it is older: `MissingParameters`."""
    found = closings(context.lake, closed, lambda _, frame: frame)
    if found is None:
        return
    mine = {one.area: settled[one.area] for one in closed}
    tables = [published_rows(context.lake, table, mine, year) for table in (HOSPITAL_MONTH, POOLS, CLEARING_MATRIX)]
    row = closed_differences(found, *tables).orderBy("area", "period").first()
    if row is not None:
        raise MissingParameters(
            f"area {row.area}: its last settlement does not know that {row.period} is closed: run `dianshu settle "
            f"--year {year}` first"
        )


def closed_table(closed: Sequence[ClosedMonth]) -> str:
    """The closed months, one a line."""
    rows = [(one.area, one.month, f"{one.at:%Y-%m-%d %H:%M}", one.who, one.why, one.settle_run_id) for one in closed]
    return text_table(("city", "month", "closed at", "by", "why", "settlement"), rows)


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
