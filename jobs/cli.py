"""Command `dianshu`: every job by its name, and the whole main job as `demo` and `recalc`."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from importlib.metadata import version

from jobs.arguments import Parser, check_words
from jobs.shell import guarded

# Name of the command -> module. The module has SUMMARY, add_arguments(parser) and run(args) -> exit code.
COMMANDS = {
    "demo": "jobs.demo",
    "recalc": "jobs.recalc",
    "generate": "jobs.generate",
    "ingest": "jobs.ingest",
    "scheme": "jobs.scheme",
    "group": "jobs.group",
    "benchmark": "jobs.benchmark",
    "publish": "jobs.publish",
    "params": "jobs.params",
    "points": "jobs.points",
    "settle": "jobs.settle",
    "close": "jobs.close",
    "results": "jobs.results",
    "prepay": "jobs.prepay",
    "payment-plan": "jobs.payment_plan",
    "bulletin": "jobs.bulletin",
    "incentives": "jobs.incentives",
    "monitoring": "jobs.monitoring",
    "drugs": "jobs.drugs",
    "add-ons": "jobs.add_ons",
    "budget": "jobs.budget",
    "weights": "jobs.weights",
    "base-groups": "jobs.base_groups",
    "assessment": "jobs.assessment",
    "statement": "jobs.statement",
    "statements": "jobs.statements",
    "reconcile": "jobs.reconcile",
    "clearing-statement": "jobs.clearing_statement",
    "why": "jobs.why",
    "group-file": "jobs.group_file",
    "measure-files": "jobs.measure_files",
    "settle-files": "jobs.settle_files",
}


def build_parser(chosen: str | None) -> argparse.ArgumentParser:
    """The parser; only the chosen command's module is imported, so that `dianshu --help` needs no Spark."""
    parser = Parser(
        prog="dianshu", description="点数: groups settlement lists, computes points, settles every hospital to the fen."
    )
    parser.add_argument("--version", action="version", version=f"dianshu {version('dianshu')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, path in COMMANDS.items():
        if chosen == name:
            module = importlib.import_module(path)
            own = commands.add_parser(name, help=SUMMARIES[name], description=module.__doc__, epilog=HINTS.get(name))
            parser.hint = own.hint = HINTS.get(name, "")
            module.add_arguments(own)
        else:
            commands.add_parser(name, help=SUMMARIES[name], add_help=False)
    return parser


SUMMARIES = {
    "demo": "generate a demonstration province and recalculate it, end to end",
    "recalc": "recalculate a year: group, benchmark, publish, points, settle, results",
    "generate": "write a synthetic province as deliveries",
    "ingest": "take deliveries (lists, registry) into the lake",
    "scheme": "import grouping schemes, list them, say which city uses which",
    "group": "group every case of a year by its treating city's scheme",
    "benchmark": "measure core elements from history, as a draft parameter version",
    "publish": "publish a draft as the city's parameter version of the year",
    "params": "list and compare parameter versions",
    "points": "points of every case of a year",
    "settle": "point values and the amount of every hospital",
    "close": "close months: they stay as they are, corrections are booked later",
    "results": "check the results and write one workbook a city",
    "prepay": "money paid to hospitals in advance, and what comes back",
    "payment-plan": "what a month pays each hospital, and by when",
    "bulletin": "half-yearly bulletin of special-case review",
    "incentives": "growth of hospitals' funds, and sharing of surplus and deficit case by case",
    "monitoring": "CMI, cost and time index, outlier rates of each hospital",
    "drugs": "what is paid at the year's end for negotiated drugs",
    "add-ons": "applications for add-ons to coefficients, held against their limits",
    "budget": "the year's by-disease budget by the area's method, within the limit of growth",
    "weights": "payment weights from negotiated ones, the total kept",
    "base-groups": "groups that history speaks for as base groups, beside those that are listed",
    "assessment": "assessment coefficients that hospitals' figures of two years speak for",
    "statement": "one hospital's annual statement, printed line by line (all hospitals, as workbooks: statements)",
    "statements": "every hospital's annual statement as a workbook of its own (one hospital, printed: statement)",
    "reconcile": "a hospital's or bank's amounts held against the results, differences listed",
    "clearing-statement": "what an area owes and receives in the clearing between areas",
    "why": "one case's path from the rule's text to its money",
    "group-file": "group a file of cases without a lake",
    "measure-files": "measure core elements of a province given as files",
    "settle-files": "settle a province given as files",
}


# Two commands whose names differ by a letter: each says what the other is for.
HINTS = {
    "statement": "For all hospitals of a city, as workbooks: dianshu statements --year Y --out DIR",
    "statements": "For one hospital, printed: dianshu statement CODE --year Y",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Entry of the `dianshu` command; gives the exit code (docs/jobs.md)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    return guarded(lambda: _run(arguments))


def _run(arguments: Sequence[str]) -> int:
    """Only the chosen command's module is loaded, which may take a second and may be interrupted too."""
    check_words(arguments)
    chosen = next((word for word in arguments if word in COMMANDS), None)
    args = build_parser(chosen).parse_args(arguments)
    return int(importlib.import_module(COMMANDS[args.command]).run(args))


if __name__ == "__main__":
    sys.exit(main())
