"""A pass of the grouper over files and over rows: the same answers, and a slice is replaced whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from grouper.compile import compile_scheme
from grouper.workbook import read_scheme
from lake import group_pass
from lake.data_files import files_at
from lake.errors import ConcurrentRun, ContractBroken
from lake.file_grouping import CaseFile, GroupedFiles, deal
from lake.group_pass import Grouped, GroupWork, by_files, by_rows
from lake.grouping import LakeScheme, bind, to_doubles
from lake.store import Lake
from lake.tables.cases import CASES
from lake.tables.groups import GROUPS
from tests.conftest import ROOT

ODD = "市/1 %2F=a"  # a name that no folder can have as it is
AREAS = ("110000", "120000", ODD)
MONTHS = ("2025-01", "2025-02")


@pytest.fixture(scope="module")
def schemes() -> dict[str, LakeScheme]:
    """Two versions over the same codes: the second calls the second diagnosis something else."""
    compiled = compile_scheme(read_scheme(ROOT / "conf" / "demo" / "scheme"))
    other = replace(compiled, fingerprint="another")
    codes = {"DI": ["I21.900", "P07.300", "J18.900", "?"], "OP": ["36.0600x004", "88.5700"]}
    arrays = {system: pa.array(texts, pa.string()) for system, texts in codes.items()}
    first, second = bind(compiled, arrays), bind(other, {**arrays, "DI": arrays["DI"].take([2, 1, 0, 3])})
    return {"110000": first, "120000": second, ODD: first}


def case(number: int, area: str, month: str) -> dict[str, Any]:
    """A case of some kind: whatever may be empty is empty in some of them."""
    return {
        "setl_id": f"{area[:6]}{month}{number:03d}",
        "sex": (1, 2, None)[number % 3],
        "age": (Decimal("0.3"), Decimal("64.9"), None)[number % 3],
        "age_days": (5, None)[number % 2],
        "birth_weight": (Decimal("1499.99"), None)[number % 2],
        "los": (number, None)[number % 5 == 4],
        "discharge_way": 1 + number % 5,
        "icu_hours": (None, Decimal("96.05"))[number % 2],
        "principal_id": number % 5,
        "other_ids": [[], [2, 3], [4]][number % 3],
        "procedure_ids": [[1], [], [2, 1]][number % 3],
        "blocked": "" if number % 7 else "a finding",
        "area": area,
        "month": month,
    }


def rows_of(areas: tuple[str, ...] = AREAS, size: int = 40) -> list[tuple[Any, ...]]:
    cases = [case(number, area, month) for area in areas for month in MONTHS for number in range(size)]
    return [tuple(one.get(name) for name in CASES.columns) for one in cases]


Filled = tuple[Lake, dict[tuple[str, str], int]]


@pytest.fixture(scope="module")
def cases(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """A lake with cases and the version that holds each slice: of one slice there are newer cases."""
    lake = Lake(spark, str(tmp_path_factory.mktemp("cases") / "lake"))
    first = lake.append(CASES, rows_of(), "cases")
    newer = [tuple(case(7, AREAS[0], MONTHS[0]).get(name) for name in CASES.columns)]
    second = lake.replace(CASES, lake.rows(CASES, newer), f"area = '{AREAS[0]}' AND month = '{MONTHS[0]}'", "newer")
    slices = {(area, month): first for area in AREAS for month in MONTHS}
    return lake, slices | {(AREAS[0], MONTHS[0]): second}


@pytest.fixture
def filled(cases: Filled, tmp_path: Path) -> Filled:
    """A copy of that lake."""
    lake, slices = cases
    shutil.copytree(lake.root, tmp_path / "lake")
    return Lake(lake.spark, str(tmp_path / "lake")), slices


def work_of(slices: dict[tuple[str, str], int], schemes: dict[str, LakeScheme], run: str = "run") -> GroupWork:
    areas = {area for area, _ in slices}
    return GroupWork(
        slices, {area: schemes[area] for area in areas}, {(area, "2025"): f"{run} {area}" for area in areas}
    )


def answers(lake: Lake, version: int | None = None) -> list[tuple[Any, ...]]:
    rows = lake.read(GROUPS, version).collect()
    return sorted(tuple(row[name] for name in GROUPS.columns) for row in rows)


def test_files_and_rows_give_the_same_answers(filled: Filled, schemes: dict[str, LakeScheme]) -> None:
    """Two schemes, two versions of `cases`, empty fields, blocked cases, an area that no folder can be named after."""
    lake, slices = filled
    work = work_of(slices, schemes)
    files = by_files(lake, work, "files")
    given = answers(lake, files.version)
    rows = by_rows(lake, work, "rows")
    assert given == answers(lake, rows.version)
    assert files.outcomes == rows.outcomes
    assert len(given) == 5 * 40 + 1
    assert set(files.outcomes) >= {"grouped", "ungrouped"}
    assert any("a finding" in row for row in given)


def test_only_the_slices_of_the_work_change(filled: Filled, schemes: dict[str, LakeScheme]) -> None:
    """Grouped again, one slice alone: the others stay, by whichever way they came; old versions stay readable."""
    lake, slices = filled
    before = by_rows(lake, work_of(slices, schemes, "before"), "rows").version
    mine = {(ODD, "2025-02"): slices[(ODD, "2025-02")]}
    after = by_files(lake, work_of(mine, schemes, "after"), "files").version
    first, then = answers(lake, before), answers(lake, after)
    column = {name: place for place, name in enumerate(GROUPS.columns)}
    changed = [row for row in then if row not in first]
    places = {(row[column["area"]], row[column["month"]], row[column["run_id"]]) for row in changed}
    assert places == {(ODD, "2025-02", f"after {ODD}")}
    assert len(changed) == 40
    assert len(first) == len(then)


@pytest.mark.parametrize("other", [by_files, by_rows])
@pytest.mark.parametrize("known", [True, False])
def test_two_runs_of_one_slice_have_one_winner(
    filled: Filled,
    schemes: dict[str, LakeScheme],
    monkeypatch: pytest.MonkeyPatch,
    other: Callable[[Lake, GroupWork, str], Grouped],
    known: bool,
) -> None:
    """The one that is in the middle of its pass when the other ends loses, also where the slice was empty before."""
    lake, slices = filled
    mine = {(ODD, "2025-01"): slices[(ODD, "2025-01")]}
    if known:
        by_files(lake, work_of(slices, schemes, "before"), "before")
    group_files = group_pass.group_files

    def meanwhile(*given: Any) -> GroupedFiles:
        monkeypatch.setattr(group_pass, "group_files", group_files)
        other(lake, work_of(mine, schemes, "winner"), "winner")
        return group_files(*given)

    monkeypatch.setattr(group_pass, "group_files", meanwhile)
    with pytest.raises(ConcurrentRun, match="table groups"):
        by_files(lake, work_of(slices, schemes, "loser"), "loser")
    runs = {row[GROUPS.columns.index("run_id")].split()[0] for row in answers(lake)}
    assert runs == ({"before", "winner"} if known else {"winner"})


def test_a_run_of_another_slice_is_no_conflict(
    filled: Filled, schemes: dict[str, LakeScheme], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both stay."""
    lake, slices = filled
    mine = {key: version for key, version in slices.items() if key[0] == ODD}
    theirs = {key: version for key, version in slices.items() if key[0] != ODD}
    group_files = group_pass.group_files

    def meanwhile(*given: Any) -> GroupedFiles:
        monkeypatch.setattr(group_pass, "group_files", group_files)
        by_files(lake, work_of(theirs, schemes), "theirs")
        return group_files(*given)

    monkeypatch.setattr(group_pass, "group_files", meanwhile)
    by_files(lake, work_of(mine, schemes), "mine")
    assert len(answers(lake)) == 5 * 40 + 1


def test_a_lost_case_stops_the_pass(
    filled: Filled, schemes: dict[str, LakeScheme], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written then."""
    lake, slices = filled
    version = by_files(lake, work_of(slices, schemes), "whole").version
    group_files = group_pass.group_files

    def losing(*given: Any) -> GroupedFiles:
        found = group_files(*given)
        return replace(found, outcomes=found.outcomes | {"grouped": found.outcomes["grouped"] - 1})

    monkeypatch.setattr(group_pass, "group_files", losing)
    with pytest.raises(ContractBroken, match="went into the grouper"):
        by_files(lake, work_of(slices, schemes, "losing"), "losing")
    assert lake.version(GROUPS) == version


def test_files_say_what_they_hold(filled: Filled, schemes: dict[str, LakeScheme]) -> None:
    """Rows, partition values, and the least and greatest key, by which single cases are found."""
    lake, slices = filled
    by_files(lake, work_of(slices, schemes), "files")
    folder = lake.folder(GROUPS)
    assert folder
    files = files_at(folder, GROUPS)
    assert sum(file.rows for file in files) == 5 * 40 + 1
    assert {file.values[1:] for file in files} == set(slices)
    for file in files:
        rows = pq.read_table(folder / file.path)
        assert rows.column_names == [name for name in GROUPS.columns if name not in GROUPS.partition_by]
        assert rows.num_rows == file.rows
    found = lake.read(GROUPS).where("setl_id = '1200002025-01003'")
    assert [(row.area, row.month) for row in found.collect()] == [("120000", "2025-01")]


def test_cases_without_a_column_of_today_are_grouped(
    spark: SparkSession, tmp_path: Path, schemes: dict[str, LakeScheme]
) -> None:
    """Files of an older program: what they lack is missing in every case."""
    lake = Lake(spark, str(tmp_path / "lake"))
    older = replace(CASES, schema=type(CASES.schema)([field for field in CASES.schema if field.name != "icu_hours"]))
    place = CASES.columns.index("icu_hours")
    version = lake.append(older, [row[:place] + row[place + 1 :] for row in rows_of((AREAS[0],))], "older")
    work = work_of({(AREAS[0], month): version for month in MONTHS}, schemes)
    files = answers(lake, by_files(lake, work, "files").version)
    assert files == answers(lake, by_rows(lake, work, "rows").version)
    assert len(files) == 80


def test_files_are_dealt_into_parts_of_one_size() -> None:
    """Each file once; a part ends as soon as it has enough, and begins with the scheme of the one before."""
    files = [CaseFile(f"{place:03d}", "a", "m", 1 + 40_000 * (place % 3), str(place % 2), "run") for place in range(50)]
    parts = deal(files)
    assert sorted(file.path for part in parts for file in part) == sorted(file.path for file in files)
    assert all(sum(file.rows for file in part[:-1]) < 150_000 for part in parts)
    assert all(sum(file.rows for file in part) >= 150_000 for part in parts[:-1])
    assert [file.version for part in parts for file in part] == sorted(file.version for file in files)
    assert deal([]) == []


def test_decimals_become_the_nearest_doubles() -> None:
    """As Spark and Python read them; Arrow's own cast may be one unit off."""
    texts = ["0.1", "0.3", "64.9", "-0.7", "999.9", None, "2.2"]
    values = pa.array([None if text is None else Decimal(text) for text in texts], pa.decimal128(4, 1))
    wanted = [None if text is None else float(text) for text in texts]
    assert to_doubles(values).to_pylist() == wanted
    assert to_doubles(values.slice(2, 4)).to_pylist() == wanted[2:6]
    assert to_doubles(pa.array([1, None], pa.int32())).to_pylist() == [1.0, None]
