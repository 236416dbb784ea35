"""Job `results`: the contracts of the results, one workbook a city, and the closing table."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Collection, Mapping
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import pyarrow.compute as pc
from pyspark.sql import functions as F

from jobs.arguments import out_folder
from jobs.context import JobContext, add_city_year_arguments, add_lake_arguments, cities_of, open_context
from jobs.shell import run_job
from lake.contracts import require, without
from lake.errors import UsageProblem
from lake.parameters import published
from lake.policy_files import load_policies
from lake.runs import Calculation, FinishedRun, Key, read_slices
from lake.store import local_path
from lake.tables.results import HOSPITAL_YEAR
from lake.views import scored_cases
from serving.city_book import write_city_book
from serving.city_year import CityYear, read_city_year
from serving.terms import INSURANCE, yuan
from serving.text_table import text_table
from settlement.readings import NegativeMonth, SurplusTerm
from settlement.year_order import judged_together

NAME = "results"
_HEADER = ("city", "insurance", "cases", "grouped %", "point value", "paid", "budget used", "residue")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu results`."""
    add_city_year_arguments(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the workbooks (default: LAKE/exports)")
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the job from the command line."""
    out_folder(args.out)
    context = open_context(args, NAME)
    results(context, cities_of(context, args.city, args.year), args.year, args.out)
    return 0


def results(context: JobContext, cities: Collection[str], year: int, out: Path | None = None) -> None:
    """Check and present the cities' year; prints one row a city and insurance."""
    folder = out or _exports(context)
    calculations = {area: _calculation(context, area, year) for area in sorted(cities)}
    due = set(context.runs.due(calculations.values(), context.force))
    started = context.now()
    slices = {(area, str(year)): _settled(context, area, year).outputs[HOSPITAL_YEAR.name] for area in calculations}
    _check_years(context, slices, year)
    context.say(NAME, "contract of hospital_year holds")
    rows = []
    for area, calculation in calculations.items():
        city = read_city_year(context.runs, area, year)
        book = folder / f"{quote(area, safe='')}-{year}.xlsx"
        # What lies in the lake's own folder was written by the last run; elsewhere it may say anything.
        if (calculation in due or out or not book.exists()) and write_city_book(book, city, area_name(area)):
            context.say(NAME, f"{book} written")
        rows += _summary(context, city)
    context.runs.finish([one for one in calculations.values() if one in due], started, {}, {})
    print(text_table(_HEADER, rows))
    print(
        f"\nLook next: {folder}/*.xlsx, `dianshu why SETL_ID --lake {context.lake.root}`, "
        f"`mlflow ui --backend-store-uri sqlite:///{context.lake.root}/mlflow.db`"
    )


def _check_years(context: JobContext, slices: Mapping[Key, int], year: int) -> None:
    """The contract of hospital_year. Kept surplus that is added is a negative deduction (OP-51), what a month pays may
    come back (OP-49), and steps that read different amounts may find a surplus and a deficit (OP-52): areas that read
    it so have no such bound.
    """
    by_free: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for area, one in published(context.lake, [area for area, _ in slices], year).items():
        free = {
            "surplus_not_kept_fen": one.policy.surplus_term is SurplusTerm.PLUS_KEPT,
            "paid_fen": one.policy.month_negative is NegativeMonth.PAID_BACK,
            "surplus_and_deficit_exclude_each_other": not judged_together(one.policy.clearing_order),
        }
        by_free[tuple(name for name, is_free in free.items() if is_free)].append(area)
    for free_names, areas in sorted(by_free.items()):
        chosen = {key: version for key, version in slices.items() if key[0] in areas}
        rows = read_slices(context.lake, HOSPITAL_YEAR, chosen, "year")
        require(rows, without("hospital_year", free_names))


def area_name(area: str) -> str:
    """The name of an area as its policy file has it; its code where it has no file."""
    layer = load_policies().layers.get(area)
    return layer.title if layer and layer.title else area


def _exports(context: JobContext) -> Path:
    root = local_path(context.lake.root)
    if root is None:
        raise UsageProblem("--out DIR is needed: the lake is not in a local folder, the workbooks must go somewhere")
    return root / "exports"


def _settled(context: JobContext, area: str, year: int) -> FinishedRun:
    return context.runs.required("settle", area, str(year), f"run `dianshu settle --year {year}` first")


def _calculation(context: JobContext, area: str, year: int) -> Calculation:
    return Calculation(NAME, area, str(year), {"settle": _settled(context, area, year).run_id})


def _summary(context: JobContext, city: CityYear) -> list[tuple[str, ...]]:
    counts = (
        scored_cases(context.runs, [city.area], city.year)
        .groupBy("insutype")
        .agg(F.count(F.lit(1)).alias("cases"), F.sum(F.col("drg").isNotNull().cast("int")).alias("grouped"))
    )
    by_insurance = {row.insutype: row for row in counts.collect()}
    rows: list[tuple[str, ...]] = []
    for pool in city.yearly_pools.to_pylist():
        mine = city.hospital_year.filter(pc.equal(city.hospital_year["insutype"], pool["insutype"]))
        count = by_insurance.get(pool["insutype"])
        share = Decimal(count.grouped * 100) / count.cases if count else Decimal(0)
        rows.append(
            (
                f"{city.area} {area_name(city.area)}",
                INSURANCE.get(pool["insutype"], pool["insutype"]),
                f"{count.cases if count else 0:,}",
                f"{share:.2f}",
                "" if pool["value"] is None else f"{pool['value']:.6f}",
                f"{yuan(pc.sum(mine['amount_fen']).as_py() or 0):,}",
                f"{yuan(pool['budget_used_fen']):,}",
                f"{yuan(pool['residue_fen']):,}",
            )
        )
    return rows


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
