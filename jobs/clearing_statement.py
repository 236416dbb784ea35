"""Command `clearing-statement`: an area's side of the clearing between areas, as text or as a workbook, in Chinese."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from jobs.arguments import clearing_year, out_file
from jobs.context import JobContext, add_lake_arguments, open_context
from jobs.results import area_name
from jobs.shell import run_job
from lake.errors import InputProblem, MissingParameters, UsageProblem
from serving.clearing_statement import (
    HEADER,
    OWED,
    RECEIVED,
    ClearingLine,
    ClearingStatement,
    booked_fen,
    clearing_sheets,
    clearing_statement,
    line_cells,
    read_clearing,
)
from serving.terms import yuan
from serving.text_table import text_table
from serving.workbook import update_workbook

NAME = "clearing-statement"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu clearing-statement`."""
    parser.add_argument("--year", type=clearing_year, required=True, metavar="Y", help="clearing year")
    parser.add_argument("--city", required=True, metavar="AREA", help="insured or treating area, of any province")
    parser.add_argument("--month", metavar="YYYY-MM", help="one month of the year (default: months, adjustment, year)")
    parser.add_argument("--out", type=Path, metavar="FILE.xlsx", help="write a workbook as well")
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print the statement, and write the workbook if one is asked for."""
    check_month(args.month, args.year)
    out_file(args.out)
    context = open_context(args, NAME)
    statement, missing = area_statement(context, args.city, args.year, args.month)
    if args.out:
        _write(args.out, statement, missing)
    print("\n".join(statement_lines(statement, missing)))
    return 0


def check_month(month: str | None, year: int) -> None:
    """Raises `UsageProblem` for what is no month of the year."""
    if month is not None and not re.fullmatch(rf"{year}-(0[1-9]|1[0-2])", month):
        raise UsageProblem(f"--month {month}: not a month of {year}; write {year}-MM")


def area_statement(
    context: JobContext, area: str, year: int, month: str | None = None
) -> tuple[ClearingStatement, list[str]]:
    """The statement of an area, and the areas of the registry that have not settled the year: their claims are not in.

    Raises `UsageProblem` for an area of which nobody knows, `MissingParameters` where nobody has settled the year.
    """
    settled = context.runs.areas("settle", str(year))
    if not settled:
        raise MissingParameters(f"no area has settled {year}: run `dianshu settle --year {year}` first")
    lines = read_clearing(context.runs, year)
    registered = context.registry(year).areas
    known = {*registered, *(place for line in lines for place in (line.insured_area, line.treating_area))}
    if area not in known:
        raise UsageProblem(f"--city {area}: no treating area of {year} and no insured area of its cases")
    return clearing_statement(lines, area, year, month), sorted(set(registered) - set(settled))


def statement_lines(statement: ClearingStatement, missing: Sequence[str]) -> list[str]:
    """The statement as text: what is owed, what is received, the net."""
    text = [f"{statement.period} 异地清算对账单  统筹区 {statement.area}"]
    if missing:
        text.append(f"未清算的统筹区：{'、'.join(missing)}（其应收未列入）")
    text += _block(f"【{OWED}】本地参保人在外地就医", statement.owed)
    text += _block(f"【{RECEIVED}】外地参保人在本地就医", statement.received)
    return [*text, "", f"净额（应收−应付） {yuan(statement.net_fen):,} 元"]


def _block(title: str, lines: Sequence[ClearingLine]) -> list[str]:
    if not lines:
        return ["", title, "无"]
    total = f"合计（各月与年终调整） {yuan(booked_fen(lines)):,} 元"
    return ["", title, text_table(HEADER, [line_cells(line) for line in lines], right=(5, 6)), total]


def _write(path: Path, statement: ClearingStatement, missing: Sequence[str]) -> None:
    try:
        update_workbook(path, clearing_sheets(statement, area_name(statement.area), missing))
    except OSError as problem:
        raise InputProblem(f"{path} cannot be written: {problem.strerror}; give a place that can") from problem


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
