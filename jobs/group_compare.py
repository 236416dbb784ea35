"""How many cases another scheme version moves, and from which group to which."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from grouper.case import UNGROUPED_CODE
from grouper.scheme import Scheme
from jobs.scheme_report import print_table, print_top_moves
from lake.case_csv import CaseWriter
from lake.runs import RunBook
from lake.views import city_years, groups_of, moves_between

MOVE_COLUMNS = ("area", "scheme", "compared_with", "from", "from_name", "to", "to_name", "cases")


@dataclass(frozen=True, order=True)
class Move:
    """How many of an area's cases the version in force (`scheme`) puts into `before` and the other into `after`.

    Cases that stay where they are count too: of an area and a pair of versions, the moves sum to its cases.
    """

    area: str
    scheme: str
    compared_with: str
    before: str
    after: str
    cases: int


def find_moves(runs: RunBook, in_force: Mapping[str, str], others: Mapping[str, str], year: int) -> list[Move]:
    """Moves of the year's cases from the schemes in force to the others (area -> version each); both are grouped."""
    places = city_years(in_force, [year])
    rows = moves_between(groups_of(runs, in_force, places), groups_of(runs, others, places)).collect()
    return sorted(
        Move(row.area, in_force[row.area], others[row.area], row.before, row.after, row.cases) for row in rows
    )


def report_moves(moves: Iterable[Move]) -> None:
    """For each version compared: cases and moved cases by city, and the most frequent moves, as tables on stdout."""
    by_version: dict[str, list[Move]] = {}
    for one in moves:
        by_version.setdefault(one.compared_with, []).append(one)
    for place, some in enumerate(by_version.values()):
        if place:
            print()
        print_table(("area", "scheme", "compared with", "cases", "moved"), _by_city(some))
        print()
        counts: Counter[tuple[str, str]] = Counter()
        for one in some:
            counts[one.before, one.after] += one.cases
        print_top_moves(counts)
        moved = sum(count for (before, after), count in counts.items() if before != after)
        print(f"{counts.total()}例中有{moved}例改变病组", file=sys.stderr)


def _by_city(moves: Sequence[Move]) -> list[tuple[str, str, str, int, int]]:
    cases: Counter[tuple[str, str, str]] = Counter()
    moved: Counter[tuple[str, str, str]] = Counter()
    for one in moves:
        place = (one.area, one.scheme[:16], one.compared_with[:16])
        cases[place] += one.cases
        moved[place] += one.cases if one.before != one.after else 0
    return [(*place, count, moved[place]) for place, count in sorted(cases.items())]


def write_moves(moves: Sequence[Move], scheme_of: Callable[[str], Scheme], writer: CaseWriter) -> None:
    """All moves as a csv file with the names of the groups; `scheme_of` gives the scheme of a version."""
    versions = sorted({version for one in moves for version in (one.scheme, one.compared_with)})
    names = {version: _group_names(scheme_of(version)) for version in versions}
    with writer:
        writer.write_rows(
            (
                one.area,
                one.scheme,
                one.compared_with,
                one.before,
                names[one.scheme].get(one.before, ""),
                one.after,
                names[one.compared_with].get(one.after, ""),
                str(one.cases),
            )
            for one in moves
        )


def _group_names(scheme: Scheme) -> dict[str, str]:
    return {UNGROUPED_CODE: "未入组"} | {row.code: row.name for row in scheme.drgs}
