"""What every job has in hand: the lake, its finished runs, and a way to say how far it is."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from jobs.arguments import area_code, clearing_year
from lake.errors import EnvironmentProblem, UsageProblem
from lake.places import check_folder_place
from lake.registry import Registry, load_registry
from lake.runs import RunBook
from lake.session import build_session
from lake.store import Lake
from lake.tables.runs import RUNS

DEFAULT_LAKE = "lakes/demo"


@dataclass
class JobContext:
    """One process, one session, one lake."""

    lake: Lake
    runs: RunBook
    force: bool = False
    quiet: bool = False
    began: float = field(default_factory=time.monotonic)
    _registries: dict[int, Registry] = field(default_factory=dict)

    def say(self, job: str, message: str) -> None:
        """A line of progress on stderr: seconds since the start, job, what was done."""
        if not self.quiet:
            print(f"[{time.monotonic() - self.began:6.1f} s] {job:<10} {message}", file=sys.stderr, flush=True)

    def registry(self, year: int) -> Registry:
        """The registry of a year, read once in this process."""
        if year not in self._registries:
            self._registries[year] = load_registry(self.runs, year)
        return self._registries[year]

    @staticmethod
    def now() -> datetime:
        """The clock, for `runs` only."""
        return datetime.now(UTC)


def add_lake_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments that all lake jobs share."""
    parser.add_argument("--lake", default=DEFAULT_LAKE, metavar="DIR", help="folder or URI of the lake (%(default)s)")
    parser.add_argument("--force", action="store_true", help="calculate again what is already up to date")
    parser.add_argument("--quiet", action="store_true", help="no progress lines")


def add_policy_argument(parser: argparse.ArgumentParser) -> None:
    """Argument of jobs that read policy values from files."""
    parser.add_argument(
        "--policy", type=Path, metavar="DIR", help="folder of policy files (default: the packaged ones)"
    )


def add_city_year_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of jobs that work on a clearing year."""
    parser.add_argument("--year", type=clearing_year, required=True, metavar="Y", help="clearing year")
    parser.add_argument(
        "--city", action="append", type=area_code, metavar="AREA", help="treating area; may be repeated (default: all)"
    )


def open_context(args: argparse.Namespace, app: str, creates: bool = False) -> JobContext:
    """Session and lake of a job. `creates`: the job makes the lake where there is none.

    Raises `UsageProblem` for a folder that is not there, `InputProblem` for one that cannot be made, before a session
    is started; `EnvironmentProblem` for a store that cannot be reached.
    """
    is_folder = "://" not in args.lake
    root = str(Path(args.lake).absolute()) if is_folder else args.lake
    if is_folder and not creates and not Path(root).is_dir():
        raise UsageProblem(f"no lake at {root}; give --lake DIR, or make one with `dianshu demo` or `dianshu ingest`")
    if is_folder and creates:
        check_folder_place(Path(root))
    lake = Lake(build_session(f"dianshu-{app}"), root)
    if not is_folder:
        _check_reachable(lake)
    return JobContext(lake, RunBook(lake), getattr(args, "force", False), getattr(args, "quiet", False))


def _check_reachable(lake: Lake) -> None:
    """The first look at a store elsewhere: Spark and Hadoop name what they lack in exceptions of many kinds."""
    try:
        lake.exists(RUNS)
    except Exception as problem:
        said = next(iter(str(problem).splitlines()), type(problem).__name__)
        raise EnvironmentProblem(
            f"the lake {lake.root} cannot be reached ({said}): check --lake, the network, and whether the jars of its "
            "store are there"
        ) from problem


def cities_of(context: JobContext, chosen: list[str] | None, year: int) -> list[str]:
    """The chosen cities, or all of the year's registry. Raises `UsageProblem` for a city that is not in it."""
    known = context.registry(year).areas
    unknown = sorted(set(chosen or ()) - set(known))
    if unknown:
        raise UsageProblem(
            f"--city {unknown[0]}: no such treating area in the registry of {year}; known are {', '.join(known)}"
        )
    return sorted(set(chosen)) if chosen else known
