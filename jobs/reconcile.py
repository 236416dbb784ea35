"""Command `reconcile`: a hospital's or bank's amounts (对账文件) against the published results; differences listed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from jobs.arguments import area_code, clearing_year, out_file
from jobs.context import JobContext, add_lake_arguments, cities_of, open_context
from jobs.shell import run_job
from lake.province_write import write_table
from lake.reconciliation_file import read_reconciliation_file
from lake.runs import read_published
from lake.tables.results import HOSPITAL_MONTH, HOSPITAL_YEAR
from serving.reconciliation import (
    ITEMS,
    Amounts,
    ReconciledLine,
    counts,
    differences,
    in_question,
    reconcile,
    system_amounts,
)
from serving.terms import INSURANCE, yuan
from serving.text_table import text_table

NAME = "reconcile"
DIFFERENT = 8  # exit code: the file was read and compared, and there are differences
SHOWN = 50  # lines on the terminal; the file of --out has all
HEADER = ("医疗机构编号", "险种", "期间", "项目", "项目名称", "对账文件金额", "系统金额", "差额", "结果")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu reconcile`."""
    parser.add_argument("file", type=Path, metavar="FILE.csv", help="fixmedins_code,insutype,period,item,amount (yuan)")
    parser.add_argument("--year", type=clearing_year, required=True, metavar="Y", help="clearing year")
    parser.add_argument("--city", required=True, type=area_code, metavar="AREA", help="treating area")
    parser.add_argument(
        "--hospital", action="append", default=[], metavar="CODE", help="the file is of these hospitals only"
    )
    parser.add_argument(
        "--period", action="append", default=[], metavar="PERIOD", help="the file is of these periods only"
    )
    parser.add_argument("--out", type=Path, metavar="DIFFERENCES.csv", help="all lines that do not agree")
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; 0: all agree, 8: there are differences."""
    out_file(args.out)
    items = {grain: list(names) for grain, names in ITEMS.items()}
    file = read_reconciliation_file(args.file, args.year, items, args.hospital, args.period)
    context = open_context(args, NAME)
    cities_of(context, [args.city], args.year)
    lines = reconciled(context, file, args.city, args.year, args.hospital, args.period)
    found = differences(lines)
    if args.out:
        write_table(args.out, HEADER, [difference_cells(line) for line in found])
    print("\n".join(summary(lines, found, args.out)))
    return DIFFERENT if found else 0


def reconciled(
    context: JobContext, file: Amounts, area: str, year: int, hospitals: Sequence[str] = (), periods: Sequence[str] = ()
) -> list[ReconciledLine]:
    """The file held against the last published clearing of the area's year."""
    months, years = (
        read_published(context.runs, table, "settle", [(area, str(year))], "year").orderBy(*table.keys).toArrow()
        for table in (HOSPITAL_MONTH, HOSPITAL_YEAR)
    )
    return reconcile(file, in_question(system_amounts(months, years), file, hospitals, periods))


def difference_cells(line: ReconciledLine) -> tuple[str, ...]:
    """A line as cells of `HEADER`; amounts in yuan, empty where a side does not have the line."""
    return (
        line.fixmedins_code,
        line.insutype,
        line.period,
        line.item,
        line.title,
        *("" if fen is None else str(yuan(fen)) for fen in (line.file_fen, line.system_fen, line.difference_fen)),
        str(line.outcome),
    )


def summary(lines: Sequence[ReconciledLine], found: Sequence[ReconciledLine], out: Path | None) -> list[str]:
    """How many lines came out how, then the differences, `SHOWN` of them at most."""
    said = [f"{outcome} {number} 行" for outcome, number in counts(lines).items()]
    if not found:
        return ["，".join(said), "全部对平"]
    rows = [(one[0], INSURANCE.get(one[1], one[1]), one[2], *one[4:]) for one in map(difference_cells, found[:SHOWN])]
    header = tuple(name for name in HEADER if name != "项目")
    more = f"其余 {len(found) - SHOWN} 行未列出" if len(found) > SHOWN else ""
    place = f"全部差异见 {out}" if out else "用 --out 写出全部差异" if more else ""
    return ["，".join(said), "", text_table(header, rows, right=(4, 5, 6)), *filter(None, (more, place))]


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
