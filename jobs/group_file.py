"""Group a file of cases without a lake.

CASES is a CSV file with a header and the columns of a published scheme's expected.csv: case_id, sex, age, age_days,
birth_weight, los, discharge_way, icu_hours, principal_diagnosis, other_diagnoses, procedures (`|` between codes). Only
principal_diagnosis must be there. Every row comes out in its place, with all its columns and behind them mdc, adrg, drg
(0000 where there is none), outcome, reason and problem (numbers that could not be read and count as missing, codes with
another sign than `|` between them); columns of CASES with these names are called input_mdc, ... in OUT. A file whose
rows cannot be told apart is refused as a whole.

Where the scheme has code_map.csv or grey_codes.csv beside its sheets, --mapped adds the columns mapped_principal,
mapped_others and mapped_procedures: the codes as they were grouped, place by place; the place of a grey code is empty.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from grouper.edition import changes_codes
from grouper.scheme import Scheme
from jobs.scheme_source import scheme_at
from lake.case_codes import MAPPED_COLUMNS, mapped_cells
from lake.case_columns import Layout, lay_out, read_cells
from lake.case_csv import CaseCsv, CaseWriter, open_case_csv
from lake.case_engines import GROUP_COLUMNS, Engine, Explainer, kernel_engine, reference_engine, spark_engine

KERNEL, REFERENCE, SPARK = "kernel", "reference", "spark"
PROBLEM, TRACE = "problem", "trace"
BATCH_ROWS = {KERNEL: 50_000, REFERENCE: 10_000, SPARK: 200_000}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu group-file`."""
    parser.add_argument("cases", type=Path, metavar="CASES.csv", help="the cases (UTF-8 or GB18030)")
    parser.add_argument("out", type=Path, metavar="OUT.csv", help="the cases with their groups")
    parser.add_argument("--scheme", type=Path, required=True, metavar="PATH", help="csv folder or workbook.xlsx")
    parser.add_argument(
        "--engine",
        choices=(KERNEL, REFERENCE, SPARK),
        default=KERNEL,
        help="the kernel in this process, the plain-Python reference, or the kernel on Spark (default: %(default)s)",
    )
    parser.add_argument(
        "--mapped",
        action="store_true",
        help="columns of the codes as grouped, where the scheme maps some or has grey ones",
    )
    parser.add_argument(
        "--trace", action="store_true", help="a column `trace`: every rule tried, in Chinese (slow); also --mapped"
    )


def run(args: argparse.Namespace) -> int:
    """Read, group and write, batch by batch."""
    source = open_case_csv(args.cases)
    lay_out(source, GROUP_COLUMNS)  # a bad header is told before a large scheme is read
    scheme = scheme_at(args.scheme)
    mapped = MAPPED_COLUMNS if (args.mapped or args.trace) and changes_codes(scheme) else ()
    layout = lay_out(source, (*GROUP_COLUMNS, PROBLEM, *mapped, *([TRACE] if args.trace else [])))
    writer = CaseWriter(args.out, layout.header)
    if source.encoding != "utf-8-sig":
        print(f"group-file: {args.cases} is not UTF-8; read as {source.encoding.upper()}", file=sys.stderr)
    counts = _group(source, layout, writer, scheme, args, bool(mapped))
    found = ", ".join(f"{counts[outcome]:,} {outcome}" for outcome in ("grouped", "ambiguous", "ungrouped"))
    print(
        f"group-file: {counts.total() - counts[PROBLEM]:,} cases: {found}; {counts[PROBLEM]:,} with unreadable cells",
        file=sys.stderr,
    )
    return 0


def _group(
    source: CaseCsv, layout: Layout, writer: CaseWriter, scheme: Scheme, args: argparse.Namespace, mapped: bool
) -> Counter[str]:
    engine = _engine(args.engine, scheme)
    explainer = Explainer(scheme) if args.trace else None
    codes_as_read = mapped_cells(scheme) if mapped else None
    counts: Counter[str] = Counter()
    with writer:
        for rows in source.batches(BATCH_ROWS[args.engine]):
            cases = read_cells(layout.case_table(rows))
            found = engine(cases.table)
            columns = [*(found[name].to_pylist() for name in GROUP_COLUMNS), cases.problems]
            if codes_as_read:
                columns.extend(codes_as_read(cases.table))
            if explainer:
                columns.append(explainer.lines(cases.table, found))
            writer.write_rows([*row, *cells] for row, cells in zip(rows, zip(*columns, strict=True), strict=True))
            counts.update(columns[GROUP_COLUMNS.index("outcome")])
            counts[PROBLEM] += sum(map(bool, cases.problems))
    return counts


def _engine(name: str, scheme: Scheme) -> Engine:
    if name == REFERENCE:
        return reference_engine(scheme)
    if name == KERNEL:
        return kernel_engine(scheme)
    from lake.session import build_session

    return spark_engine(scheme, build_session("dianshu-group-file"))


if __name__ == "__main__":
    from jobs.shell import run_job

    run_job("group-file", add_arguments, run)
