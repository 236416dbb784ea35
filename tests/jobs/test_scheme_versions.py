"""Versions of schemes side by side and in time, on a copy of the settled lake; codes mapped beside the original."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from grouper.case import Case
from grouper.explain import explain_lines
from grouper.reference import ReferenceGrouper
from grouper.scheme import CodeSystem, Scheme
from jobs.cli import main
from jobs.context import JobContext
from jobs.group import group, group_by
from jobs.group_compare import find_moves
from lake.codes import load_codes
from lake.errors import MissingParameters, UsageProblem
from lake.mapped_codes import codes_side_by_side, mapped_codes
from lake.scheme_store import SchemeVersion, find_version, import_scheme, load_scheme, schemes_in_use, use_scheme
from lake.tables.cases import CASES
from lake.tables.codes import CODES
from lake.tables.groups import GROUPS
from lake.tables.lists import LISTS
from lake.tables.mapped_codes import MAPPED_CODES
from lake.views import groups_of
from tests.jobs.lakes import CITIES, YEAR, open_lake

DI, OP = CodeSystem.DIAGNOSIS, CodeSystem.PROCEDURE
AREA = CITIES[0]


@pytest.fixture(scope="module")
def context(settled: JobContext, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> JobContext:
    """A lake of its own: other tests count the rows of the settled one."""
    root = tmp_path_factory.mktemp("versions") / "lake"
    shutil.copytree(settled.lake.root, root)
    return open_lake(spark, root)


@pytest.fixture(scope="module")
def cases(context: JobContext) -> list[tuple[Row, Case]]:
    """The area's cases of the year, as rows and as the reference takes them."""
    codes = {system: ["", *array.to_pylist()] for system, array in load_codes(context.lake).items()}
    rows = context.lake.read(CASES).where((F.col("area") == AREA) & F.col("month").startswith(str(YEAR))).collect()
    scalars = ("sex", "age", "age_days", "birth_weight", "los", "discharge_way", "icu_hours")
    return [
        (
            row,
            Case(
                row.setl_id,
                **{name: row[name] for name in scalars},
                principal_diagnosis=codes["DI"][row.principal_id] or None,
                other_diagnoses=tuple(codes["DI"][one] for one in row.other_ids),
                procedures=tuple(codes["OP"][one] for one in row.procedure_ids),
            ),
        )
        for row in rows
    ]


def with_tables(scheme: Scheme, cases: list[tuple[Row, Case]]) -> Scheme:
    """The scheme with tables that touch many cases: the commonest codes are mapped to one another, or grey."""
    principal = [code for code, _ in Counter(case.principal_diagnosis for _, case in cases).most_common() if code]
    other = [code for code, _ in Counter(code for _, case in cases for code in case.other_diagnoses).most_common()]
    procedure = [code for code, _ in Counter(code for _, case in cases for code in case.procedures).most_common()]
    mapped = {principal[0]: principal[1], principal[2]: principal[3], "never.seen": principal[1]}
    return replace(
        scheme,
        code_map={DI: mapped, OP: {procedure[0]: procedure[1]}},
        grey_codes={DI: frozenset({principal[3], *other[:1]} - set(mapped)), OP: frozenset({procedure[2]})},
    )


def test_another_version_side_by_side(
    context: JobContext, cases: list[tuple[Row, Case]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The moves are those of the reference, case by case; what was mapped stands beside what was written."""
    lake = context.lake
    in_force = schemes_in_use(lake, [AREA], date(YEAR, 1, 1))[AREA]
    scheme = load_scheme(lake, in_force)
    other = with_tables(scheme, cases)
    version = import_scheme(lake, other, "with-tables", "test")
    assert load_scheme(lake, "with-tables") == other
    written = {table.name: lake.version(table) for table in (CASES, LISTS, CODES)}
    runs_before = groups_of(context.runs, {AREA: in_force}, [(AREA, YEAR)]).count()

    out = tmp_path / "moves.csv"
    place = ["--lake", lake.root, "--year", str(YEAR), "--city", AREA]
    assert main(["group", *place, "--compare", "with-tables", "--out", str(out)]) == 0
    said = capsys.readouterr().out.splitlines()
    context.runs.load()
    moves = find_moves(context.runs, {AREA: in_force}, {AREA: version}, YEAR)

    before, after = ReferenceGrouper(scheme), ReferenceGrouper(other)
    expected = Counter(
        ("0000", "0000") if row.blocked else (before.group(case).drg, after.group(case).drg) for row, case in cases
    )
    assert {(one.before, one.after): one.cases for one in moves} == expected
    moved = sum(count for (old, new), count in expected.items() if old != new)
    assert said[1].split("\t") == [AREA, in_force[:16], version[:16], str(len(cases)), str(moved)]
    with out.open(encoding="utf-8", newline="") as stream:
        assert {(row["from"], row["to"]): int(row["cases"]) for row in csv.DictReader(stream)} == expected
    assert any(one.before != one.after != "0000" for one in moves)
    assert any(one.after == "0000" != one.before for one in moves)
    assert {(one.area, one.scheme, one.compared_with) for one in moves} == {(AREA, in_force, version)}
    assert written == {table.name: lake.version(table) for table in (CASES, LISTS, CODES)}

    both = lake.read(GROUPS).where((F.col("area") == AREA) & F.col("month").startswith(str(YEAR)))
    counts = {row.scheme_version: row["count"] for row in both.groupBy("scheme_version").count().collect()}
    assert counts == {in_force: runs_before, version: len(cases)}
    grey = both.where(F.col("reason") == "grey_principal_diagnosis")
    assert grey.count() == sum(
        not row.blocked and after.group(case).reason == "grey_principal_diagnosis" for row, case in cases
    )
    assert group_by(context, {AREA: version}, [YEAR]) == 0

    recorded = [tuple(row) for row in lake.read(MAPPED_CODES).collect()]
    assert sorted(recorded) == sorted(mapped_codes(other, load_codes(lake)))
    outputs = context.runs.required("group", AREA, f"{YEAR}/{version[:16]}", "").outputs
    assert outputs[MAPPED_CODES.name] == lake.version(MAPPED_CODES)
    assert MAPPED_CODES.name not in context.runs.required("group", AREA, f"{YEAR}/{in_force[:16]}", "").outputs
    some = [(row, case) for row, case in cases if after.explain(case).codes][:40]
    labelled = lake.read(CASES).where(F.col("setl_id").isin([case.case_id for _, case in some]))
    beside = codes_side_by_side(
        labelled.withColumn("scheme_version", F.lit(version)), lake.read(CODES), lake.read(MAPPED_CODES)
    ).collect()
    assert len(beside) == sum(
        bool(code) for _, case in some for code in (case.principal_diagnosis, *case.other_diagnoses, *case.procedures)
    )
    changed = Counter(
        (row.setl_id, row.code, row.mapped_code, row.grey) for row in beside if row.grey or row.code != row.mapped_code
    )
    assert changed == Counter(
        (case.case_id, one.original, one.code, one.grey) for _, case in some for one in after.explain(case).codes
    )
    assert any("编码映射 主要诊断" in line for _, case in some for line in explain_lines(after.explain(case)))


def test_versions_in_time(context: JobContext) -> None:
    """A year takes the version of its first day; what was said for a day stays said, whatever comes in between."""
    lake = context.lake
    old = find_version(lake, schemes_in_use(lake, [AREA], date(YEAR, 1, 1))[AREA])
    new = replace(old, fingerprint="n" * 64, scheme_id="new")

    def say(version: SchemeVersion, *day: int) -> None:
        use_scheme(lake, {AREA: version}, date(*day))

    def used(*day: int) -> str:
        return schemes_in_use(lake, [AREA], date(*day))[AREA][:1]

    first = old.fingerprint[:1]
    say(new, YEAR + 1, 1, 1)
    assert (used(YEAR, 12, 31), used(YEAR + 1, 1, 1), used(YEAR + 5, 6, 1)) == (first, "n", "n")
    say(new, YEAR + 3, 1, 1)  # in force then already, and said once more
    say(old, YEAR + 2, 7, 1)
    assert (used(YEAR + 2, 1, 1), used(YEAR + 2, 7, 1), used(YEAR + 3, 1, 1)) == ("n", first, "n")
    say(old, YEAR + 3, 1, 1)  # corrected: the later word for a day wins
    assert used(YEAR + 3, 1, 1) == first
    with pytest.raises(MissingParameters, match=f"no grouping scheme for area.s. {AREA} on {YEAR - 20}-01-01"):
        schemes_in_use(lake, [AREA], date(YEAR - 20, 1, 1))
    with pytest.raises(UsageProblem, match="no scheme 'nobody' in the lake"):
        find_version(lake, "nobody")


def test_a_case_takes_the_version_of_its_year(context: JobContext) -> None:
    """Years before a new version keep theirs."""
    lake = context.lake
    old = schemes_in_use(lake, [AREA], date(YEAR - 1, 1, 1))[AREA]
    changed = replace(load_scheme(lake, old), grey_codes={DI: frozenset({"never.seen"})})
    version = import_scheme(lake, changed, "next", "test")
    use_scheme(lake, {AREA: find_version(lake, "next")}, date(YEAR, 1, 1))

    def versions(year: int) -> set[str]:
        rows = lake.read(GROUPS).where((F.col("area") == AREA) & F.col("month").startswith(str(year)))
        return {row.scheme_version for row in rows.select("scheme_version").distinct().collect()}

    assert group(context, [AREA], [YEAR - 1], YEAR - 1) == 0  # done, by the version of that year
    assert group(context, [AREA], [YEAR], YEAR) == 1
    assert version in versions(YEAR)
    assert versions(YEAR - 1) == {old}
