"""Job `add-ons`: add-ons to coefficients (医疗机构调节系数) that were applied for, and their limits.

policy/002 article 18(二).
"""

from __future__ import annotations

import argparse
from collections.abc import Collection
from datetime import date
from pathlib import Path

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
from lake.errors import InputProblem
from lake.identity import canonical
from lake.policy_files import PolicyBook, load_policies
from lake.province_write import write_table
from lake.registry import registry_frame
from lake.rule_files import RuleFile, read_rule_file
from lake.runs import Calculation, read_published
from lake.tables.registry import HOSPITALS
from lake.tables.rules import ADD_ON_FINDINGS
from settlement.addons import add_on_findings, effective_add_ons
from settlement.frames import ELEMENTS

NAME = "add-ons"
HEADER = "统筹区,医疗机构编号,病组,理由,问题,申请值,上限"
RULES = {
    "over_limit": "超过上限",
    "kind_not_allowed": "该理由不能以此方式调整",
    "too_many_groups": "病组数超过上限",
}
GROUNDS = {
    "national": "国家级重点专科或区域医疗中心",
    "provincial": "省级重点专科",
    "discipline": "学科发展",
    "other": "其他",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu add-ons`."""
    add_city_year_arguments(parser)
    parser.add_argument(
        "--applications",
        type=Path,
        required=True,
        metavar="FILE.csv",
        help="what institutions applied for: fixmedins_code, drg, ground, kind, value",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE.csv", help="add-ons as rows for elements_given.csv; only where none is wrong"
    )
    add_policy_argument(parser)
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the job from the command line."""
    book = load_policies(args.policy)
    out_file(args.out)
    read_rule_file(
        args.applications, "add_ons", {}
    )  # what is wrong with the file itself is told before a session starts
    context = open_context(args, NAME)
    cities = cities_of(context, args.city, args.year)
    add_ons(context, cities, args.year, args.applications, book)
    lines = finding_lines(context, cities, args.year)
    print("\n".join(lines))
    if args.out is not None:
        if len(lines) > 1:
            raise InputProblem(f"{args.applications}: {len(lines) - 1} findings; nothing was written to {args.out}")
        write_table(args.out, ELEMENTS.names, element_rows(context, cities, args.year, args.applications, book))
    return 0


def add_ons(context: JobContext, cities: Collection[str], year: int, path: Path, book: PolicyBook) -> int:
    """Test the applications of the cities whose inputs changed; gives their number."""
    started = context.now()
    registry = context.registry(year)
    file = _read(context, year, path)
    calculations = []
    for area in sorted(cities):
        own = [code for code, of in registry.area_of.items() if of == area]
        by = {
            "applications": file.mark("fixmedins_code", own),
            "hospitals": registry.fingerprint("hospitals", area),
            "rules": canonical(book.rule_values_at(area, date(year, 1, 1))),
        }
        calculations.append(Calculation(NAME, area, str(year), by))
    due = context.runs.due(calculations, context.force)
    if due:
        areas = [key.area for key in due]
        policies = {area: book.rules_at(area, date(year, 1, 1)) for area in areas}
        found = add_on_findings(_placed(context, file, areas, year), policies).withColumn("year", F.lit(year))
        publish_slices(context, due, {ADD_ON_FINDINGS: found}, started)
    context.say(NAME, f"{len(calculations)} cities, {len(due)} tested")
    return len(due)


def _read(context: JobContext, year: int, path: Path) -> RuleFile:
    return read_rule_file(path, "add_ons", {"fixmedins_code": list(context.registry(year).area_of)})


def _placed(context: JobContext, file: RuleFile, areas: Collection[str], year: int) -> DataFrame:
    """The applications of the areas' hospitals (`ADD_ONS`)."""
    hospitals = registry_frame(context.lake, context.registry(year), HOSPITALS).select("fixmedins_code", "area")
    chosen = hospitals.where(F.col("area").isin(sorted(areas)))
    return file.frame(context.lake.spark).join(F.broadcast(chosen), "fixmedins_code")


def finding_lines(context: JobContext, cities: Collection[str], year: int) -> list[str]:
    """What is wrong, as CSV lines with a Chinese header; the header alone where nothing is."""
    found = read_published(context.runs, ADD_ON_FINDINGS, NAME, [(area, str(year)) for area in sorted(cities)], "year")
    rows = found.orderBy("area", "fixmedins_code", "drg", "ground", "rule").collect()
    lines = [HEADER]
    for row in rows:
        most = "" if row.most is None else f"{row.most.normalize():f}"
        ground = GROUNDS.get(row.ground or "", "")
        value = f"{row.value.normalize():f}"
        lines.append(f"{row.area},{row.fixmedins_code},{row.drg or ''},{ground},{RULES[row.rule]},{value},{most}")
    return lines


def element_rows(
    context: JobContext, cities: Collection[str], year: int, path: Path, book: PolicyBook
) -> list[tuple[str, ...]]:
    """Add-ons to coefficients as rows of elements_given.csv; where several meet in a group, by `addon.stack`."""
    policies = {area: book.rules_at(area, date(year, 1, 1)) for area in sorted(cities)}
    rows = effective_add_ons(_placed(context, _read(context, year, path), cities, year), policies)
    found = rows.orderBy("area", "drg", "fixmedins_code").collect()
    return [(row.area, row.kind, row.drg, "", row.fixmedins_code, f"{row.value.normalize():f}") for row in found]


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
