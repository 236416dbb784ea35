"""Every published scheme, every case, both voices: the group that an independent grouper gave."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

from grouper.case import GroupResult
from grouper.case_rows import read_cases
from grouper.compile import CompiledScheme, compile_scheme
from grouper.reference import ReferenceGrouper
from grouper.scheme import Scheme
from grouper.tables import group_table
from grouper.witness import find_witnesses
from grouper.workbook import read_scheme
from tests.property.grouper_strategies import table_of
from tests.property.test_grouper_witnesses import with_one_part_less

SCHEMES = (
    "anyang_2021",
    "chongqing_2022",
    "chs_drg_10",
    "chs_drg_11",
    "chs_drg_20",
    "chs_drg_20_henan",
    "chs_drg_20_hubei",
    "foshan_2022",
    "guangxi_2022",
    "suzhou_2023",
    "wuhan_2022",
)
Groups = list[tuple[str, str, str]]


@pytest.fixture(scope="module", params=SCHEMES)
def folder(request: pytest.FixtureRequest, shared: Path) -> Path:
    return shared / "schemes" / str(request.param)


@pytest.fixture(scope="module")
def scheme(folder: Path) -> Scheme:
    return read_scheme(folder)


@pytest.fixture(scope="module")
def referred(folder: Path, scheme: Scheme) -> list[GroupResult]:
    grouper = ReferenceGrouper(scheme)
    return [grouper.group(case) for case, _ in read_cases(folder / "expected.csv")]


def expected_table(folder: Path) -> pa.Table:
    path = folder / "expected.csv"
    with path.open(encoding="utf-8") as stream:
        names = stream.readline().strip().split(",")
    options = pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    return pacsv.read_csv(path, convert_options=options)


def columns(table: pa.Table) -> Groups:
    return list(zip(*(table[name].to_pylist() for name in ("mdc", "adrg", "drg")), strict=True))


def report(capsys: pytest.CaptureFixture[str], folder: Path, voice: str, found: Groups, expected: Groups) -> None:
    agreed = sum(one == other for one, other in zip(found, expected, strict=True))
    with capsys.disabled():
        print(
            f"\n  {folder.name:18} {voice:9} {len(expected):6,} cases  {100 * agreed / len(expected):.2f}% agree",
            end=" ",
        )


def differences(found: Groups, expected: Groups) -> Iterator[str]:
    for row, (one, other) in enumerate(zip(found, expected, strict=True), start=2):
        if one != other:
            yield f"row {row}: found {one}, expected {other}"


def test_all_schemes_are_here(shared: Path) -> None:
    """A scheme that is added to the folder must be added to the test."""
    folders = {path.parent.name for path in (shared / "schemes").glob("*/expected.csv")}
    assert folders == set(SCHEMES)


def test_kernel_agrees_with_the_independent_grouper(
    folder: Path, scheme: Scheme, capsys: pytest.CaptureFixture[str]
) -> None:
    table = expected_table(folder)
    compiled = CompiledScheme.from_bytes(compile_scheme(scheme).to_bytes())
    found, expected = columns(group_table(compiled, table)), columns(table)
    report(capsys, folder, "kernel", found, expected)
    assert list(differences(found, expected)) == []
    assert len(expected) >= 2000


def test_reference_agrees_with_the_independent_grouper(
    folder: Path, referred: list[GroupResult], capsys: pytest.CaptureFixture[str]
) -> None:
    expected = columns(expected_table(folder))
    found = [(result.mdc, result.adrg, result.drg) for result in referred]
    report(capsys, folder, "reference", found, expected)
    assert list(differences(found, expected)) == []
    assert len(expected) >= 2000


def test_both_voices_give_the_same_outcome_and_reason(
    folder: Path, scheme: Scheme, referred: list[GroupResult]
) -> None:
    table = group_table(compile_scheme(scheme), expected_table(folder))
    names = ("outcome", "reason", "mdc_row", "adrg_row", "drg_row")
    found = list(zip(*(table[name].to_pylist() for name in names), strict=True))
    assert found == [tuple(getattr(result, name) for name in names) for result in referred]


def test_scheme_has_the_rows_that_its_readme_counts(folder: Path, scheme: Scheme, shared: Path) -> None:
    readme = (shared / "schemes" / "README.md").read_text(encoding="utf-8")
    line = next(line for line in readme.splitlines() if line.startswith(f"| {folder.name} |"))
    counts = [int(cell.replace(",", "")) for cell in line.split("|")[3:9] if re.fullmatch(r"[\d, ]+", cell)]
    members = sum(len(one.diagnoses) + len(one.procedures) for one in scheme.sets.values())
    exclusions = sum(len(codes) for codes in scheme.exclusions.values())
    rows = (len(scheme.mdcs), len(scheme.adrgs), len(scheme.drgs))
    assert counts == [*rows, members, len(scheme.complications), exclusions]


# Groups that the published tables themselves shut off; all others must have a case.
UNREACHABLE = {
    "chongqing_2022": "YR21 YR23 YR25",
    "chs_drg_10": "PC19 PJ19 PK19 PR11 PR13 PR15 PS11 PS13 PS15 PT19 PT29 PU19 YR11 YR13 YR15 YR29 "
    "WC11 WC13 WC15 WJ11 WJ13 WJ15 WR11 WR13 WR15 WZ11 WZ13 WZ15",
    "chs_drg_20_henan": "DG21 EB13 EB15 ES36 ES37 RL23",
    "foshan_2022": "PK10 BR28 BX18 BZ18 CB11 LF13 LF15 LL12 LL13 LL14 RE16 RE17 ST16 XR18 XR28",
    "suzhou_2023": "PV19",
    "wuhan_2022": "PC19 PJ19 PK11 PK1B PR19 PS19 PT19 PT29 PU1A PU15 YR11 YR13 YR15 YR29 "
    "WC19 WJ11 WJ13 WJ15 WR11 WR1B WZ1A WZ15",
}


def test_every_group_that_can_be_reached_has_a_smallest_case(folder: Path, scheme: Scheme) -> None:
    witnesses = find_witnesses(scheme)
    assert [one.code for one in witnesses.missing] == UNREACHABLE.get(folder.name, "").split()
    assert all(one.proven for one in witnesses.missing)
    grouper = ReferenceGrouper(scheme)
    for code, case in witnesses.found.items():
        assert grouper.group(case).drg == code
        assert code not in {grouper.group(one).drg for one in with_one_part_less(case)}
    cases = list(witnesses.found.values())
    assert group_table(compile_scheme(scheme), table_of(cases))["drg"].to_pylist() == list(witnesses.found)


@pytest.mark.parametrize("name", ["chs_drg_11", "chs_drg_20"])
def test_workbook_and_folder_are_one_scheme(shared: Path, name: str) -> None:
    folder = shared / "schemes" / name
    from_workbook, from_folder = read_scheme(folder / "workbook.xlsx"), read_scheme(folder)
    assert from_workbook.fingerprint == from_folder.fingerprint
    assert from_workbook.code_names == from_folder.code_names
    assert [row.name for row in from_workbook.drgs] == [row.name for row in from_folder.drgs]
