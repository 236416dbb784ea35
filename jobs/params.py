"""Command `params`: parameter versions listed, and two of them compared."""

from __future__ import annotations

import argparse
from collections.abc import Collection

from jobs.arguments import clearing_year
from jobs.context import add_lake_arguments, open_context
from jobs.shell import run_job
from lake.errors import UsageProblem
from lake.parameters import diff, parameter_sets

NAME = "params"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu params`."""
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="all versions")
    listing.add_argument("--city", metavar="AREA")
    listing.add_argument("--year", type=clearing_year, metavar="Y")
    add_lake_arguments(listing)
    comparing = actions.add_parser("diff", help="elements and policy values that differ between two sets")
    comparing.add_argument("first", metavar="A")
    comparing.add_argument("second", metavar="B")
    add_lake_arguments(comparing)


def run(args: argparse.Namespace) -> int:
    """Print the listing or the comparison."""
    lake = open_context(args, NAME).lake
    if args.action == "list":
        sets = parameter_sets(lake)
        _check_known("--city", args.city, {one.area for one in sets})
        _check_known("--year", args.year, {one.year for one in sets})
        print("set\tarea\tyear\tversion\tstatus\twho\twhy\tat")
        for one in sets:
            if args.city in (None, one.area) and args.year in (None, one.year):
                cells = (one.set_id, one.area, one.year, one.version, one.status, one.who or "", one.why or "")
                print(*cells, f"{one.at:%Y-%m-%d %H:%M:%S%z}", sep="\t")
        return 0
    by_id = {one.set_id: one for one in parameter_sets(lake)}
    rows = diff(lake, args.first, args.second).toLocalIterator()
    before, after = by_id[args.first], by_id[args.second]
    print("kind\tdrg\tlevel\tfixmedins_code\tsource\tbefore\tafter")
    if before.scheme_version != after.scheme_version:
        print("scheme", "", "", "", "", before.scheme_version, after.scheme_version, sep="\t")
    for key in sorted({*before.policy_values, *after.policy_values}):
        old, new = before.policy_values.get(key), after.policy_values.get(key)
        if old != new:
            print(f"policy {key}", "", "", "", "", old, new, sep="\t")
    for row in rows:
        print(*("" if value is None else _plain(value) for value in row), sep="\t")
    return 0


def _check_known(option: str, given: str | int | None, known: Collection[str] | Collection[int]) -> None:
    """Raises `UsageProblem` for a city or year without any version, where there are versions of others."""
    if given is not None and known and given not in known:
        named = ", ".join(map(str, sorted(known)))
        raise UsageProblem(f"{option} {given}: there is no parameter version of it; there are some of {named}")


def _plain(value: object) -> str:
    text = f"{value:f}" if hasattr(value, "as_tuple") else str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
