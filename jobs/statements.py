"""Job `statements`: every hospital's statement of a year as a workbook of its own, in Chinese."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jobs.arguments import out_folder
from jobs.context import JobContext, add_city_year_arguments, add_lake_arguments, cities_of, open_context
from jobs.results import area_name
from jobs.shell import run_job
from lake.errors import InputProblem, UsageProblem
from lake.views import group_period
from serving.city_year import CityYear, read_city_year
from serving.hospital_book import StatementFrame, hospital_sheets
from serving.hospital_year import hospital_years, read_hospital_classes
from serving.workbook import Sheet, update_workbook

NAME = "statements"
STEP = 100  # hospitals between two lines of progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu statements`."""
    add_city_year_arguments(parser)
    parser.add_argument(
        "--hospital", action="append", metavar="CODE", help="hospital; may be repeated (default: all of the cities)"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder; a subfolder for each city")
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the job from the command line."""
    out_folder(args.out)
    context = open_context(args, NAME)
    cities = cities_of(context, args.city, args.year)
    statements(context, chosen_hospitals(context, cities, args.year, args.hospital), args.year, args.out)
    return 0


def chosen_hospitals(
    context: JobContext, cities: Sequence[str], year: int, wanted: Collection[str] | None
) -> dict[str, list[Mapping[str, Any]]]:
    """Area -> rows of the registry: all hospitals of the cities, or the wanted ones and only their cities.

    Raises `UsageProblem` for a hospital that is none of the cities'.
    """
    rows = [row for row in context.registry(year).tables["hospitals"].to_pylist() if row["area"] in cities]
    unknown = sorted(set(wanted or ()) - {row["fixmedins_code"] for row in rows})
    if unknown:
        raise UsageProblem(
            f"--hospital {unknown[0]}: not in the registry of {year} of area(s) {', '.join(cities)}; "
            "give a code of hospitals.csv, or leave --city out"
        )
    mine = [row for row in rows if not wanted or row["fixmedins_code"] in wanted]
    by_area = {area: [row for row in mine if row["area"] == area] for area in cities}
    return {area: of for area, of in by_area.items() if of}


def statements(context: JobContext, chosen: Mapping[str, Sequence[Mapping[str, Any]]], year: int, out: Path) -> int:
    """Write the workbooks that are not there or say something else; gives the number of those written.

    Stopped and started again, it goes on: a workbook is whole or not there, and one that says the same is not touched.
    """
    written = 0
    for area, registry in sorted(chosen.items()):
        city = read_city_year(context.runs, area, year)
        classes = read_hospital_classes(context.runs, area, year, city.parameters.policy)
        by_code = {row["fixmedins_code"]: row for row in registry}
        frame = StatementFrame(city, area_name(area), _run_ids(context, city), by_code)
        hospitals = hospital_years(city, classes, by_code)
        for number, hospital in enumerate(hospitals, start=1):
            written += _update(statement_path(out, area, hospital.code, year), hospital_sheets(hospital, frame))
            if number % STEP == 0 or number == len(hospitals):
                context.say(NAME, f"{area}: {number} of {len(hospitals)} hospitals, {written} workbooks written")
        silent = len(by_code) - len(hospitals)
        if silent:
            context.say(NAME, f"{area}: {silent} hospitals have no case and no money in {year}, and no workbook")
    return written


def statement_path(out: Path, area: str, code: str, year: int) -> Path:
    """The file of a hospital; a sign of its code that no file name takes is written as %XX."""
    return out / quote(area, safe="") / f"{quote(code, safe='')}-{year}.xlsx"


def _update(path: Path, sheets: Sequence[Sheet]) -> bool:
    try:
        return update_workbook(path, sheets)
    except OSError as problem:
        raise InputProblem(f"{path} cannot be written: {problem.strerror}; give a folder that can") from problem


def _run_ids(context: JobContext, city: CityYear) -> dict[str, str]:
    """The calculations behind a statement, by title."""
    hint = f"run `dianshu recalc --year {city.year}` first"
    year, scheme = str(city.year), city.parameters.scheme_version
    periods = (("分组", "group", group_period(city.year, scheme)), ("点数", "points", year), ("清算", "settle", year))
    return {
        f"{title}计算编号": context.runs.required(job, city.area, period, hint).run_id for title, job, period in periods
    }


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
