"""Job `drugs`: what is paid at the year's end for negotiated drugs (国家谈判药品, policy/002 article 37)."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path

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
from lake.errors import InputProblem
from lake.identity import canonical
from lake.policy_files import PolicyBook, load_policies
from lake.rule_files import RuleFile, read_rule_file
from lake.runs import Calculation, read_published
from lake.tables.ledger import DRUG_LEDGER
from lake.tables.rules import DRUG_COMPENSATION
from lake.views import scored_cases
from settlement.case_points import in_year_by_points
from settlement.negotiated_drugs import drug_compensation
from settlement.reference.exact import yuan
from settlement.rule_ledger import drug_differences, drug_ledger

NAME = "drugs"
HEADER = "统筹区,险种,医疗机构编号,病例数,药品费用,补偿金额"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu drugs`."""
    add_city_year_arguments(parser)
    parser.add_argument(
        "--items", type=Path, required=True, metavar="FILE.csv", help="what cases used: setl_id, code, amount (yuan)"
    )
    add_policy_argument(parser)
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the job from the command line."""
    book = load_policies(args.policy)
    read_rule_file(args.items, "drugs", {})  # what is wrong with the file itself is told before a session starts
    context = open_context(args, NAME)
    cities = cities_of(context, args.city, args.year)
    drugs(context, cities, args.year, args.items, book)
    print("\n".join(drug_lines(context, cities, args.year)))
    return 0


def drugs(context: JobContext, cities: Collection[str], year: int, items: Path, book: PolicyBook) -> int:
    """Compensate the cities whose inputs changed; gives their number.

    What is paid stands beside the clearing; where `negotiated_drug.in_final` is true, the next `settle` takes it in.
    Items of cases that do not count in the year of one of the cities are refused: `InputProblem` names them.
    """
    started = context.now()
    file = read_rule_file(items, "drugs", {})
    hint = f"run `dianshu points --year {year}` first"
    whole = file.mark("setl_id", set(file.rows["setl_id"].to_pylist()))
    calculations = [
        Calculation(
            NAME,
            area,
            str(year),
            {
                "points": context.runs.required("points", area, str(year), hint).run_id,
                "items": whole,
                "rules": canonical(book.rule_values_at(area, date(year, 1, 1))),
            },
        )
        for area in sorted(cities)
    ]
    due = context.runs.due(calculations, context.force)
    if due:
        used = _used(context, file, sorted(cities), year, items)
        policies = {area: book.rules_at(area, date(year, 1, 1)) for area in sorted(cities)}
        paid = drug_compensation(used, policies).withColumn("year", F.lit(year))
        frames = {DRUG_LEDGER: drug_ledger(paid), DRUG_COMPENSATION: paid}
        publish_slices(context, due, frames, started, check=partial(_check, context, due))
        inside = [area for area in sorted(cities) if policies[area].negotiated_drug_in_final]
        if inside:
            context.say(NAME, f"part of the final amount in {', '.join(inside)}: `settle` of {year} takes it in")
    context.say(NAME, f"{len(calculations)} cities, {len(due)} compensated")
    return len(due)


def _check(context: JobContext, due: Sequence[Calculation], outputs: Mapping[str, int]) -> None:
    """Hospitals' accounts close with what the cases are paid; else `ContractBroken`, nothing is published."""
    tables = [written(context.lake, one, outputs, due) for one in (DRUG_LEDGER, DRUG_COMPENSATION)]
    check_books(DRUG_LEDGER.name, tables[0], drug_differences(*tables))


def _used(context: JobContext, file: RuleFile, cities: Sequence[str], year: int, path: Path) -> DataFrame:
    """The items with area, insurance and hospital of their case (`DRUG_ITEMS`)."""
    counted = scored_cases(context.runs, cities, year).where(in_year_by_points())
    places = counted.select("setl_id", "area", "insutype", "fixmedins_code")
    joined = file.frame(context.lake.spark).join(places, "setl_id", "left")
    strange = joined.where("area IS NULL").select("setl_id").distinct().orderBy("setl_id").limit(3).collect()
    if strange:
        raise InputProblem(
            f"{path}: setl_id {', '.join(row.setl_id for row in strange)}: no case that is paid by points in {year} in "
            f"{', '.join(cities)}; drop the row, or name its city with --city"
        )
    return joined


def drug_lines(context: JobContext, cities: Collection[str], year: int) -> list[str]:
    """What hospitals get for the drugs of their cases, as CSV lines with a Chinese header, in yuan."""
    rows = read_published(context.runs, DRUG_COMPENSATION, NAME, [(area, str(year)) for area in sorted(cities)], "year")
    keys = ("area", "insutype", "fixmedins_code")
    sums: Mapping[str, str] = {"drug_fen": "drug", "compensation_fen": "paid"}
    summed = rows.groupBy(*keys).agg(
        F.count(F.lit(1)).alias("cases"), *[F.sum(name).alias(short) for name, short in sums.items()]
    )
    return [
        HEADER,
        *[
            f"{row.area},{row.insutype},{row.fixmedins_code},{row.cases},{yuan(row.drug)},{yuan(row.paid)}"
            for row in summed.orderBy(*keys).collect()
        ],
    ]


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
