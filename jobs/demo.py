"""Job `demo`: a synthetic province from nothing to its hospitals' money, on the embedded default."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import date
from importlib import resources
from pathlib import Path

from jobs.arguments import clearing_year, whole_number
from jobs.context import JobContext, add_lake_arguments, open_context
from jobs.ingest import ingest
from jobs.recalc import recalculate
from jobs.shell import run_job
from jobs.synthetic.province import generate_province
from jobs.synthetic.schemes import NamedScheme, demo_schemes, given_schemes
from jobs.synthetic.settings import ProvinceSettings
from jobs.synthetic.settings_file import read_settings
from lake.errors import UsageProblem
from lake.policy_files import load_policies
from lake.scheme_store import SchemeVersion, import_scheme, use_scheme
from lake.settings import history_years
from lake.store import local_path

NAME = "demo"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu demo`."""
    parser.add_argument(
        "--year", type=clearing_year, metavar="Y", help="settlement year (default: that of the demonstration data)"
    )
    parser.add_argument("--cases", type=int, metavar="N", help="cases a year (default: that of the demonstration data)")
    parser.add_argument("--seed", type=whole_number, default=1, help="seed of the synthetic province (%(default)s)")
    parser.add_argument(
        "--schemes",
        type=Path,
        nargs="+",
        metavar="DIR",
        help="real schemes for the cities, in order: folders or workbooks in the national layout, or a folder of such",
    )
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the job from the command line."""
    if args.cases is not None and args.cases < 1:
        raise UsageProblem(f"--cases {args.cases}: give a number of cases a year, 1 or more")
    if local_path(args.lake) is None:
        raise UsageProblem(f"--lake {args.lake}: the demonstration makes its province in a local folder; give one")
    with ExitStack() as stack:
        folder = stack.enter_context(resources.as_file(resources.files("conf").joinpath("demo")))
        settings = read_settings(folder)
        named = given_schemes(args.schemes, settings) if args.schemes else demo_schemes(folder, settings)
        demo(open_context(args, NAME, creates=True), settings, named, args.year or settings.year, args.cases, args.seed)
    return 0


def demo(
    context: JobContext,
    settings: ProvinceSettings,
    schemes: Mapping[str, NamedScheme],
    year: int,
    cases: int | None,
    seed: int,
) -> None:
    """Generate, ingest and recalculate; `schemes` by treating area."""
    years = [*history_years(year), year]
    landing = Path(context.lake.root) / "landing"
    generate_province(
        landing,
        seed=seed,
        cases_per_year=cases or settings.cases_per_year,
        years=years,
        settings=settings,
        schemes={area: named.scheme for area, named in schemes.items()},
        progress=lambda line: context.say("generate", line),
        workers=os.cpu_count() or 1,
    )
    store_schemes(context, schemes, date(min(years), 1, 1))
    ingest(context, landing)
    recalculate(context, sorted(schemes), year, load_policies(), "dianshu demo", "demonstration, not for payment")


def store_schemes(context: JobContext, schemes: Mapping[str, NamedScheme], since: date) -> None:
    """Import the cities' schemes and record who uses which."""
    uses, versions = {}, {named.scheme_id: named.scheme.fingerprint for named in schemes.values()}
    for area, named in sorted(schemes.items()):
        base = versions.get(named.base) if named.base else None
        mark = import_scheme(context.lake, named.scheme, named.scheme_id, named.source, base)
        uses[area] = SchemeVersion(named.scheme_id, mark, base, named.source)
        context.say("scheme", f"{area} uses {named.scheme_id} ({mark[:12]}, {len(named.scheme.drgs)} DRG)")
    use_scheme(context.lake, uses, since)


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
