"""Job `generate`: a synthetic province as deliveries (`lists/`, `registry/`); the same call gives the same bytes."""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import ExitStack
from importlib import resources
from pathlib import Path

from jobs.arguments import clearing_year, whole_number
from jobs.shell import run_job
from jobs.synthetic.manifest import Manifest
from jobs.synthetic.province import generate_province
from jobs.synthetic.schemes import demo_schemes, given_schemes
from jobs.synthetic.settings_file import read_settings
from lake.errors import UsageProblem
from lake.places import check_folder_place
from lake.settings import history_years

NAME = "generate"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu generate`."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder that gets the deliveries")
    parser.add_argument(
        "--year", type=clearing_year, metavar="Y", help="settlement year (default: that of the settings)"
    )
    parser.add_argument("--cases", type=int, metavar="N", help="cases a year (default: that of the settings)")
    parser.add_argument("--seed", type=whole_number, default=1, metavar="N", help="seed of all draws (%(default)s)")
    parser.add_argument(
        "--schemes",
        type=Path,
        nargs="+",
        metavar="DIR",
        help="schemes for the areas, in turn: folders or workbooks in the national layout, or a folder of such "
        "(default: the demonstration scheme and its overlays)",
    )
    parser.add_argument(
        "--settings", type=Path, metavar="DIR", help="folder of settings (default: the packaged conf/demo)"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="processes (%(default)s)")
    parser.add_argument("--quiet", action="store_true", help="no progress lines")


def run(args: argparse.Namespace) -> int:
    """Run the job from the command line."""
    for name in ("cases", "workers"):
        if getattr(args, name) is not None and getattr(args, name) < 1:
            raise UsageProblem(f"--{name} {getattr(args, name)}: give a whole number, 1 or more")
    check_folder_place(args.out.absolute().parent)
    with ExitStack() as stack:
        packaged = resources.files("conf").joinpath("demo")
        folder = args.settings or stack.enter_context(resources.as_file(packaged))
        manifest = _generate(args, folder)
    print(f"{args.out}\t{manifest.cases} cases\t{manifest.rows} rows\t{len(manifest.files)} files")
    return 0


def _generate(args: argparse.Namespace, folder: Path) -> Manifest:
    began = time.monotonic()

    def say(line: str) -> None:
        if not args.quiet:
            print(f"[{time.monotonic() - began:6.1f} s] {NAME:<10} {line}", file=sys.stderr, flush=True)

    settings = read_settings(folder)
    named = given_schemes(args.schemes, settings) if args.schemes else demo_schemes(folder, settings)
    year = args.year or settings.year
    return generate_province(
        args.out,
        seed=args.seed,
        cases_per_year=args.cases or settings.cases_per_year,
        years=[*history_years(year), year],
        settings=settings,
        schemes={area: one.scheme for area, one in named.items()},
        progress=say,
        workers=args.workers,
    )


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
