"""Grouping schemes: import versions, list and show them, say which city uses which from when; look into them.

`lint`, `diff` and `witness` take a csv folder or workbook.xlsx (and start no Spark), or a name in the lake.
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from grouper.catalogue import read_catalogue
from grouper.overlay import apply_overlay, read_overlay
from jobs.arguments import area_code, scheme_name
from jobs.context import DEFAULT_LAKE, JobContext, add_lake_arguments, open_context
from jobs.scheme_report import report_diff, report_lint, report_witnesses
from jobs.scheme_source import draft_named, scheme_at, scheme_named
from jobs.shell import run_job
from lake.errors import InputProblem, UsageProblem
from lake.scheme_store import find_version, import_scheme, list_schemes, load_scheme, use_scheme

NAME = "scheme"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu scheme`."""
    actions = parser.add_subparsers(dest="action", required=True)
    importing = actions.add_parser("import", help="store a scheme version (folder of CSV sheets, or workbook.xlsx)")
    importing.add_argument("path", type=Path)
    importing.add_argument("--id", dest="scheme_id", type=scheme_name, required=True, help="name of the scheme")
    importing.add_argument(
        "--from", dest="from_date", type=_day, metavar="DATE", help="with --city: first discharge day"
    )
    importing.add_argument("--city", action="append", type=area_code, metavar="AREA", help="treating area that uses it")
    importing.add_argument("--overlay-of", metavar="ID", help="the folder or workbook has only changes of this scheme")
    listing = actions.add_parser("list", help="all versions")
    showing = actions.add_parser("show", help="one version: its groups")
    showing.add_argument("scheme_id", metavar="ID", help="name or fingerprint")
    using = actions.add_parser("use", help="a city uses a scheme from a day on")
    using.add_argument("scheme_id", metavar="ID", help="name or fingerprint")
    using.add_argument("--city", action="append", required=True, type=area_code, metavar="AREA")
    using.add_argument("--from", dest="from_date", type=_day, required=True, metavar="DATE")
    for action in (importing, listing, showing, using):
        add_lake_arguments(action)
    _add_looking(actions)


def _add_looking(actions: argparse._SubParsersAction) -> None:
    linting = actions.add_parser("lint", help="everything that is wrong or odd in a scheme")
    linting.add_argument("scheme", metavar="PATH|ID")
    linting.add_argument("--national", metavar="PATH|ID", help="its ADRGs must stay, its codes are known")
    linting.add_argument("--catalogue", type=Path, metavar="FILE.csv", help="known codes: system (DI, OP), code, name")
    differing = actions.add_parser("diff", help="what differs between two schemes")
    differing.add_argument("before", metavar="A", help="path or name in the lake")
    differing.add_argument("after", metavar="B", help="path or name in the lake")
    differing.add_argument("--cases", type=Path, metavar="CASES.csv", help="also group these cases: how many move")
    witnessing = actions.add_parser("witness", help="a case for each group of a scheme")
    witnessing.add_argument("scheme", metavar="PATH|ID")
    witnessing.add_argument("--out", type=Path, metavar="CASES.csv", help="a case file instead of a table on stdout")
    for action in (linting, differing, witnessing):
        action.add_argument("--lake", default=DEFAULT_LAKE, metavar="DIR", help="lake of schemes given by name")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write it like 2025-01-01") from None


def run(args: argparse.Namespace) -> int:
    """Do what the action says."""
    if args.action == "lint":
        return _lint(args)
    if args.action == "diff":
        return report_diff(scheme_named(args.before, args.lake), scheme_named(args.after, args.lake), args.cases)
    if args.action == "witness":
        return report_witnesses(scheme_named(args.scheme, args.lake), args.out)
    if args.action == "import":
        _import(args)
        return 0
    context = open_context(args, NAME)
    lake = context.lake
    if args.action == "use":
        _use(context, args.city, args.scheme_id, args.from_date)
    elif args.action == "list":
        print("scheme\tfingerprint\toverlay of\tsource")
        for one in list_schemes(lake):
            print(one.scheme_id, one.fingerprint[:16], (one.overlay_of or "")[:16], one.source, sep="\t")
    else:
        scheme = load_scheme(lake, args.scheme_id)
        print(f"fingerprint {scheme.fingerprint}")
        print(f"{len(scheme.mdcs)} MDC, {len(scheme.adrgs)} ADRG, {len(scheme.drgs)} DRG, {len(scheme.sets)} sets")
        mapped, grey = (sum(map(len, codes.values())) for codes in (scheme.code_map, scheme.grey_codes))
        if mapped or grey:
            print(f"{mapped} mapped codes, {grey} grey codes")
        for row in scheme.drgs:
            print(row.mdc, row.parent, row.code, row.name, row.rule or "(true)", sep="\t")
    return 0


def _lint(args: argparse.Namespace) -> int:
    national = scheme_named(args.national, args.lake) if args.national else None
    try:
        catalogue = read_catalogue(args.catalogue) if args.catalogue else None
    except ValueError as problem:
        raise InputProblem(str(problem)) from problem
    return report_lint(draft_named(args.scheme, args.lake), national, catalogue)


def _import(args: argparse.Namespace) -> None:
    """Files are read before a session is started: they are what is wrong most often."""
    if bool(args.city) != bool(args.from_date):
        raise UsageProblem("--city and --from go together: which city uses the scheme, and from which discharge day")
    if not args.overlay_of:
        scheme, base = scheme_at(args.path), None
        context = open_context(args, NAME, creates=True)
    else:
        try:
            changes = read_overlay(args.path)
            context = open_context(args, NAME)
            base = load_scheme(context.lake, args.overlay_of)
            scheme = apply_overlay(base, changes)
        except ValueError as problem:
            raise InputProblem(str(problem)) from problem
    mark = base.fingerprint if base else None
    fingerprint = import_scheme(context.lake, scheme, args.scheme_id, str(args.path), mark)
    print(f"{args.scheme_id}\t{fingerprint}")
    if args.city:
        _use(context, args.city, fingerprint, args.from_date)


def _use(context: JobContext, cities: list[str], name: str, from_date: date) -> None:
    use_scheme(context.lake, dict.fromkeys(cities, find_version(context.lake, name)), from_date)
    first = from_date.year if (from_date.month, from_date.day) == (1, 1) else from_date.year + 1
    context.say(NAME, f"in force for the cases of {first} and later: a year takes the version of its first day")


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
