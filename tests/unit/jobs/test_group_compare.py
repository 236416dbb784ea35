"""What is said and written of the cases that another scheme version moves."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from grouper.workbook import read_scheme
from jobs.cli import main
from jobs.group_compare import MOVE_COLUMNS, Move, report_moves, write_moves
from lake.case_csv import CaseWriter
from tests.unit.grouper.small_scheme import write_files

OLD, NEW, THIRD = "0" * 64, "1" * 64, "2" * 64
MOVES = [
    Move("A", OLD, NEW, "BB11", "BB11", 7),
    Move("A", OLD, NEW, "BB11", "BB15", 2),
    Move("A", OLD, NEW, "BR15", "0000", 1),
    Move("B", OLD, NEW, "BB11", "BB15", 3),
    Move("B", OLD, THIRD, "BB11", "BB11", 3),
]


def test_moves_are_told_by_city_and_by_frequency(capsys: pytest.CaptureFixture[str]) -> None:
    report_moves(MOVES)
    said = capsys.readouterr()
    blocks = [[line.split("\t") for line in block.split("\n")] for block in said.out.rstrip("\n").split("\n\n")]
    assert blocks == [
        [
            ["area", "scheme", "compared with", "cases", "moved"],
            ["A", OLD[:16], NEW[:16], "10", "3"],
            ["B", OLD[:16], NEW[:16], "3", "3"],
        ],
        [["from", "to", "cases"], ["BB11", "BB15", "5"], ["BR15", "0000", "1"]],
        [["area", "scheme", "compared with", "cases", "moved"], ["B", OLD[:16], THIRD[:16], "3", "0"]],
        [["from", "to", "cases"]],
    ]
    assert said.err.splitlines() == ["13例中有6例改变病组", "3例中有0例改变病组"]


def test_the_file_of_moves_has_names_and_loses_no_case(tmp_path: Path) -> None:
    scheme = read_scheme(write_files(tmp_path / "scheme"))
    renamed = replace(scheme, drgs=tuple(replace(row, name=f"新{row.name}") for row in scheme.drgs))
    schemes = {OLD: scheme, NEW: renamed, THIRD: scheme}
    write_moves(MOVES, schemes.__getitem__, CaseWriter(tmp_path / "moves.csv", MOVE_COLUMNS))
    with (tmp_path / "moves.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == MOVE_COLUMNS
    assert sum(int(row["cases"]) for row in rows) == sum(one.cases for one in MOVES)
    assert (rows[1]["from"], rows[1]["from_name"], rows[1]["to"], rows[1]["to_name"]) == (
        "BB11",
        "手术伴",
        "BB15",
        "新手术",
    )
    assert (rows[2]["to"], rows[2]["to_name"]) == ("0000", "未入组")
    assert rows[4]["compared_with"] == THIRD


def test_a_file_of_moves_needs_a_version(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Told before Spark is started."""
    assert main(["group", "--year", "2025", "--out", str(tmp_path / "moves.csv")]) == 2
    assert "give --compare ID with it" in capsys.readouterr().err
    assert main(["group", "--year", "2025", "--compare", "x", "--out", str(tmp_path)]) == 3
    assert "is a folder" in capsys.readouterr().err
