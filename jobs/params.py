"""Command `params`: parameter versions listed, and two of them compared."""

from __future__ import annotations

import argparse

from jobs.context import add_lake_arguments, open_context
from jobs.shell import run_job
from lake.parameters import diff, parameter_sets

NAME = "params"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu params`."""
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="all versions")
    listing.add_argument("--city", metavar="AREA")
    listing.add_argument("--year", type=int, metavar="Y")
    add_lake_arguments(listing)
    comparing = actions.add_parser("diff", help="elements and policy values that differ between two sets")
    comparing.add_argument("first", metavar="A")
    comparing.add_argument("second", metavar="B")
    add_lake_arguments(comparing)


def run(args: argparse.Namespace) -> int:
    """Print the listing or the comparison."""
    lake = open_context(args, NAME).lake
    if args.action == "list":
        print("set\tarea\tyear\tversion\tstatus\twho\twhy\tat")
        for one in parameter_sets(lake, args.city, args.year):
            print(
                one.set_id,
                one.area,
                one.year,
                one.version,
                one.status,
                one.who or "",
                one.why or "",
                f"{one.at:%Y-%m-%d %H:%M:%S%z}",
                sep="\t",
            )
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


def _plain(value: object) -> str:
    text = f"{value:f}" if hasattr(value, "as_tuple") else str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
