"""Command `statement`: a hospital's annual statement (年度清算单) from the ledger, line by line, in Chinese."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

import pyarrow.compute as pc
from pyspark.sql import functions as F

from jobs.arguments import clearing_year
from jobs.context import JobContext, add_lake_arguments, open_context
from jobs.shell import run_job
from lake.errors import UsageProblem
from lake.runs import read_published
from lake.tables.ledger import LEDGER
from serving.beside import due_statements
from serving.city_year import read_beside
from serving.statement import StatementRow, article_text, hospital_claims, hospital_statements, ledger_rows
from serving.terms import INSURANCE, yuan
from serving.text_table import text_table

NAME = "statement"
_HEADER = ("项目", "依据", "金额（元）", "累计（元）")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu statement`."""
    parser.add_argument("hospital", metavar="FIXMEDINS_CODE", help="code of the hospital (定点医药机构编号)")
    parser.add_argument("--year", type=clearing_year, required=True, metavar="Y", help="clearing year")
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print the statement, one block an insurance."""
    context = open_context(args, NAME)
    print("\n\n".join(statement_blocks(context, args.hospital, args.year)))
    return 0


def statement_blocks(context: JobContext, hospital: str, year: int) -> list[str]:
    """The statements of a hospital as text, one an insurance, at the version that its city's last settlement names.

    Raises `UsageProblem` for a hospital that is not in the year's registry, or for which no money moved.
    """
    hospitals = context.registry(year).tables["hospitals"]
    known = hospitals.filter(pc.equal(hospitals["fixmedins_code"], hospital))["area"].to_pylist()
    if not known:
        raise UsageProblem(f"hospital {hospital!r} is not in the registry of {year}: give a code of hospitals.csv")
    published = read_published(context.runs, LEDGER, "settle", [(known[0], str(year))], "year")
    table = published.where(F.col("fixmedins_code") == hospital).orderBy(*LEDGER.keys).toArrow()
    rows = ledger_rows(table)
    beside = [row for row in ledger_rows(read_beside(context.runs, known[0], year)) if row.fixmedins_code == hospital]
    shown, claims = hospital_statements(rows), hospital_claims(rows)
    others = due_statements([*rows, *beside]) if beside else {}
    if not shown:
        raise UsageProblem(f"hospital {hospital}: no money moved in {year}, there is no statement")
    parts = {"清算以外": others, "核销（备查，不作医保欠费）": claims}
    return [
        _block(hospital, key[1], year, lines, {title: of[key] for title, of in parts.items() if key in of})
        for key, lines in shown.items()
    ]


def _block(
    hospital: str,
    insutype: str,
    year: int,
    lines: Sequence[StatementRow],
    more: Mapping[str, Sequence[StatementRow]],
) -> str:
    """Title, lines with article, amount and running total; then what is due beside, and what became of the claim."""
    title = f"{year}年度DRG清算单  医疗机构 {hospital}  险种 {INSURANCE.get(insutype, insutype)}"
    return "\n".join([title, _table(lines), *(f"{name}\n{_table(of)}" for name, of in more.items())])


def _table(lines: Sequence[StatementRow]) -> str:
    rows = [
        (line.title, article_text(line.article), _money(line.amount_fen), _money(line.running_fen)) for line in lines
    ]
    return text_table(_HEADER, rows, right=(2, 3))


def _money(fen: int | None) -> str:
    return "" if fen is None else f"{yuan(fen):,}"


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
