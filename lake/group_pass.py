"""One pass that groups slices of `cases` and puts the answers in the place of the same slices of `groups`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import functions as F

from lake.data_files import files_at
from lake.errors import ContractBroken
from lake.file_grouping import CaseFile, group_files
from lake.grouping import LakeScheme, Tally, group_cases
from lake.runs import Key, read_slices
from lake.store import Lake, literal_map, quote, slice_predicate
from lake.tables.cases import CASES
from lake.tables.groups import GROUPS


@dataclass(frozen=True)
class GroupWork:
    """What is to be grouped.

    `slices`: (area, month) -> version of `cases`; `schemes`: area -> its scheme; `runs`: (area, year) -> run id.
    """

    slices: Mapping[Key, int]
    schemes: Mapping[str, LakeScheme]
    runs: Mapping[Key, str]


@dataclass(frozen=True)
class Grouped:
    """The version of `groups` that holds the answers, and how many cases had which outcome."""

    version: int
    outcomes: Mapping[str, int]


def group_slices(lake: Lake, work: GroupWork, note: str) -> Grouped:
    """Group by files where workers can open them, else by rows; the answers are the same.

    Raises:
        ContractBroken: a case was lost or came out twice.
        ConcurrentRun: another run wrote one of the slices meanwhile.
    """
    return by_files(lake, work, note) if lake.folder(GROUPS) else by_rows(lake, work, note)


def by_files(lake: Lake, work: GroupWork, note: str) -> Grouped:
    """Workers read and write the tables' files themselves: a third of the time, for no row goes through Java."""
    write = lake.begin_replace(GROUPS, _predicate(work), note)
    files = case_files(lake, work)
    schemes = {scheme.version: scheme for scheme in work.schemes.values()}
    grouped = group_files(lake.spark, files, schemes, str(write.folder))
    _check_none_lost(sum(file.rows for file in files), sum(grouped.outcomes.values()))
    return Grouped(lake.end_replace(write, grouped.files, note), grouped.outcomes)


def case_files(lake: Lake, work: GroupWork) -> list[CaseFile]:
    """The files of `cases` that hold the slices, each at its version."""
    wanted: dict[int, set[Key]] = {}
    for key, version in work.slices.items():
        wanted.setdefault(version, set()).add(key)
    folder = lake.folder(CASES)
    if folder is None:
        raise ValueError(f"{lake.root} is no folder of this machine")
    found = []
    for version, keys in sorted(wanted.items()):
        for file in files_at(folder, CASES, version):
            area, month = file.values
            if (area, month) in keys:
                path = str(folder / file.path)
                run = work.runs[(area, month[:4])]
                found.append(CaseFile(path, area, month, file.rows, work.schemes[area].version, run))
    return found


def by_rows(lake: Lake, work: GroupWork, note: str) -> Grouped:
    """Spark reads and writes the tables: for any storage that Spark knows."""
    cases = read_slices(lake, CASES, work.slices, "month")
    tally = Tally()
    grouped = group_cases(cases, work.schemes, tally)
    ids = {f"{area}{year}": run for (area, year), run in work.runs.items()}
    rows = grouped.withColumn("run_id", literal_map(ids, F.concat("area", F.substring("month", 1, 4))))
    written = lake.replace(GROUPS, rows, _predicate(work), note)
    _check_none_lost(tally.cases, sum(tally.outcomes.values()))
    return Grouped(written, tally.outcomes)


def _predicate(work: GroupWork) -> str:
    slices: dict[str, list[Key]] = {}
    for area, month in work.slices:
        slices.setdefault(work.schemes[area].version, []).append((area, month))
    return " OR ".join(
        f"(({slice_predicate(keys)}) AND scheme_version = {quote(version)})" for version, keys in sorted(slices.items())
    )


def _check_none_lost(cases: int, grouped: int) -> None:
    if grouped != cases:
        raise ContractBroken(
            f"{cases} cases went into the grouper and {grouped} came out; nothing was published. "
            "This is an error of the program."
        )
