"""Job `prepay`: money paid in advance for a year, and what comes back (预付金, policy/002 article 24)."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.arguments import month
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
from lake.policy_files import PolicyBook, load_policies
from lake.prepay_files import PrepayFiles, read_prepay_files
from lake.registry import registry_frame
from lake.runs import Calculation, read_published
from lake.tables.base import Table
from lake.tables.ledger import PREPAY_LEDGER
from lake.tables.registry import HOSPITALS
from lake.tables.results import HOSPITAL_MONTH, HOSPITAL_YEAR
from lake.tables.rules import PREPAY_PUBLICATION, PREPAY_RECOVERIES, PREPAY_TESTS, PREPAYMENTS
from lake.views import months_ingested
from settlement.prepay import prepay_tests, prepayments, publication, recoveries
from settlement.reference.exact import yuan
from settlement.rule_ledger import prepay_differences, prepay_ledger

NAME = "prepay"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu prepay`."""
    add_city_year_arguments(parser)
    parser.add_argument(
        "--inputs",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder with funds.csv, applications.csv and, where there are limits, scales.csv",
    )
    parser.add_argument(
        "--as-of", type=month, metavar="YYYY-MM", help="last month of the rolling twelve (last year's December)"
    )
    add_policy_argument(parser)
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the job from the command line."""
    book = load_policies(args.policy)
    read_prepay_files(args.inputs)  # what is wrong with the files themselves is told before a session starts
    context = open_context(args, NAME)
    cities = cities_of(context, args.city, args.year - 1)
    prepay(context, cities, args.year, args.inputs, book, args.as_of)
    for line in prepay_lines(context, cities, args.year):
        print(line)
    return 0


def prepay(
    context: JobContext, cities: Collection[str], year: int, inputs: Path, book: PolicyBook, as_of: str | None = None
) -> int:
    """Decide the applications of the cities whose inputs changed; gives their number.

    A month is a twelfth of what `settle` settled for the year before. Recoveries and the publication are there once
    `settle` has run for the year itself, up to its December.
    """
    started = context.now()
    files = read_prepay_files(inputs, context.registry(year - 1).area_of)
    at = as_of or f"{year - 1}-12"
    calculations = [_calculation(context, files, book, area, year, at) for area in sorted(cities)]
    due = context.runs.due(calculations, context.force)
    context.say(NAME, f"{len(calculations)} cities, {len(due)} to decide")
    if due:
        frames = _frames(context, files, book, [key.area for key in due], year, at)
        outputs = publish_slices(context, due, frames, started, check=partial(_check, context, due))
        _say_outcomes(context, outputs, due)
    return len(due)


def _calculation(
    context: JobContext, files: PrepayFiles, book: PolicyBook, area: str, year: int, as_of: str
) -> Calculation:
    hint = f"run `dianshu settle --year {year - 1}` first: a month is a twelfth of what that year was settled at"
    registry = context.registry(year - 1)
    own = sorted(code for code, of in registry.area_of.items() if of == area)
    months = context.runs.last("settle", area, str(year)) if area in _ended(context, [area], year) else None
    by = {
        "settled": context.runs.required("settle", area, str(year - 1), hint).run_id,
        "months": months.run_id if months else None,
        "files": files.mark(area, own),
        "hospitals": registry.fingerprint("hospitals", area),
        "rules": canonical(book.rule_values_at(area, date(year, 1, 1))),
        "as_of": as_of,
    }
    return Calculation(NAME, area, str(year), by)


def _ended(context: JobContext, areas: Sequence[str], year: int) -> list[str]:
    """Areas whose year is settled up to its December."""
    december = f"{year}-12"
    return [
        area
        for area in areas
        if context.runs.last("settle", area, str(year)) and december in months_ingested(context.runs, area, [year])
    ]


def _frames(
    context: JobContext, files: PrepayFiles, book: PolicyBook, areas: Sequence[str], year: int, as_of: str
) -> Mapping[Table, DataFrame]:
    lake = context.lake
    policies = {area: book.rules_at(area, date(year, 1, 1)) for area in areas}
    chosen = F.col("area").isin(list(areas))
    hospitals = registry_frame(lake, context.registry(year - 1), HOSPITALS).where(chosen)
    settled = read_published(context.runs, HOSPITAL_YEAR, "settle", [(area, str(year - 1)) for area in areas], "year")
    set_off = F.coalesce("owed_before_fen", F.lit(0))  # was due too, and set against what was owed before (OP-54)
    due = F.col("paid_fen") + F.col("final_fen") + set_off
    last_year = settled.select("fixmedins_code", "insutype", due.alias("settled_fen"), "fund_fen")
    tests = prepay_tests(files.frame(lake.spark, "funds").where(chosen), policies, year, as_of)
    paid = prepayments(
        files.frame(lake.spark, "applications"),
        hospitals,
        last_year,
        tests,
        files.frame(lake.spark, "scales").where(chosen),
        policies,
        year,
    )
    ended = _ended(context, areas, year)
    months = read_published(context.runs, HOSPITAL_MONTH, "settle", [(area, str(year)) for area in ended], "year")
    paid_of_ended = paid.where(F.col("area").isin(ended))
    payments = months.select("fixmedins_code", "insutype", "month", "paid_fen")
    recovered = recoveries(paid_of_ended, payments, policies)
    published = publication(paid_of_ended, recovered)
    return {
        PREPAY_LEDGER: prepay_ledger(paid, recovered, published),
        PREPAY_TESTS: tests,
        PREPAYMENTS: paid,
        PREPAY_RECOVERIES: recovered,
        PREPAY_PUBLICATION: published,
    }


def _check(context: JobContext, due: Sequence[Calculation], outputs: Mapping[str, int]) -> None:
    """What was paid in advance is out until it is published, and then all of it is back; else `ContractBroken`."""
    tables = [written(context.lake, one, outputs, due) for one in (PREPAY_LEDGER, PREPAYMENTS, PREPAY_PUBLICATION)]
    check_books(PREPAY_LEDGER.name, tables[0], prepay_differences(*tables))


def prepay_lines(context: JobContext, cities: Collection[str], year: int) -> list[str]:
    """What was paid in advance as CSV lines with a Chinese header; what came back is empty until the year has ended."""
    slices = [(area, str(year)) for area in sorted(cities)]
    keys = ["area", "fixmedins_code", "insutype"]
    back = read_published(context.runs, PREPAY_PUBLICATION, NAME, slices, "year")
    paid = read_published(context.runs, PREPAYMENTS, NAME, slices, "year").join(
        back.select(*keys, "offset_fen", "returned_fen"), keys, "left"
    )
    rows = paid.orderBy("area", "insutype", "place").collect()
    header = "统筹区,险种,次序,医疗机构编号,预付金额,结果,冲抵金额,交回金额"
    return [
        header,
        *[
            f"{row.area},{row.insutype},{row.place},{row.fixmedins_code},{_yuan(row.paid_fen)},{row.outcome},"
            f"{_yuan(row.offset_fen)},{_yuan(row.returned_fen)}"
            for row in rows
        ],
    ]


def _yuan(fen: int | None) -> str:
    return "" if fen is None else yuan(fen)


def _say_outcomes(context: JobContext, outputs: Mapping[str, int], due: Sequence[Calculation]) -> None:
    rows = context.lake.read(PREPAYMENTS, outputs[PREPAYMENTS.name])
    mine = rows.where(F.col("run_id").isin([key.run_id for key in due]))
    counts = mine.groupBy("outcome").agg(F.count(F.lit(1)).alias("count"), F.sum("paid_fen").alias("fen")).collect()
    said = [f"{row['count']} {row.outcome} ({row.fen} fen)" for row in sorted(counts, key=lambda row: row.outcome)]
    context.say(NAME, ", ".join(said) or "no applications")


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
