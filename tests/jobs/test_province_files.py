"""`measure-files` and `settle-files`: published provinces byte by byte by both engines; how bad input ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.cli import main
from tests.conftest import GOLDEN, ROOT

PROVINCES = GOLDEN / "provinces"


def assert_same_files(found: Path, expected: Path) -> None:
    names = sorted(path.name for path in expected.iterdir())
    assert sorted(path.name for path in found.iterdir()) == names
    for name in names:
        assert (found / name).read_bytes() == (expected / name).read_bytes(), name


@pytest.mark.parametrize("name", ["worked", "p1", "p2"])
def test_settle_files_by_reference(name: str, tmp_path: Path) -> None:
    assert main(["settle-files", str(PROVINCES / name), str(tmp_path / "out"), "--engine", "reference"]) == 0
    assert_same_files(tmp_path / "out", PROVINCES / name / "expected")


@pytest.mark.parametrize("name", ["p1", "p2"])
def test_measure_files_by_reference(name: str, tmp_path: Path) -> None:
    assert main(["measure-files", str(PROVINCES / name), str(tmp_path / "out"), "--engine", "reference"]) == 0
    assert (tmp_path / "out" / "elements.csv").read_bytes() == (PROVINCES / name / "elements.csv").read_bytes()


@pytest.mark.slow
def test_both_by_spark(spark: SparkSession, tmp_path: Path) -> None:
    assert spark is not None  # the jobs take the running session
    assert main(["measure-files", str(PROVINCES / "p2"), str(tmp_path / "measured")]) == 0
    assert (tmp_path / "measured" / "elements.csv").read_bytes() == (PROVINCES / "p2" / "elements.csv").read_bytes()
    assert main(["settle-files", str(PROVINCES / "p2"), str(tmp_path / "settled")]) == 0
    assert_same_files(tmp_path / "settled", PROVINCES / "p2" / "expected")


def test_measuring_then_settling_in_place(tmp_path: Path) -> None:
    """OUT may be IN: elements.csv is measured beside the files it is then settled with."""
    folder = tmp_path / "p1"
    shutil.copytree(PROVINCES / "p1", folder, ignore=shutil.ignore_patterns("expected", "elements.csv"))
    assert main(["measure-files", str(folder), str(folder), "--engine", "reference"]) == 0
    assert main(["settle-files", str(folder), str(tmp_path / "out"), "--engine", "reference"]) == 0
    assert_same_files(tmp_path / "out", PROVINCES / "p1" / "expected")


@pytest.mark.parametrize("job", ["measure", "settle"])
def test_the_reference_needs_no_java(job: str, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "jobs" / f"{job}_files.py"), str(PROVINCES / "p1"), str(tmp_path)]
    surroundings = {**os.environ, "JAVA_HOME": str(tmp_path / "no-java"), "PATH": "", "PYTHONPATH": str(ROOT)}
    answer = subprocess.run(
        [*command, "--engine", "reference"], env=surroundings, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    assert any(tmp_path.glob("*.csv"))


def test_bad_input_ends_with_words_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = tmp_path / "p1", tmp_path / "out"
    shutil.copytree(PROVINCES / "p1", folder, ignore=shutil.ignore_patterns("expected"))
    cases = (folder / "cases.csv").read_text().replace("S00100000003,H99010000003", "S00100000003,H9", 1)
    (folder / "cases.csv").write_text(cases)
    assert main(["settle-files", str(folder), str(out), "--engine", "reference"]) == 3
    message = capsys.readouterr().err
    assert "cases.csv line 5: fixmedins_code = 'H9': this hospital is not in hospitals.csv" in message
    assert not out.exists()
    assert main(["measure-files", str(folder), str(out), "--engine", "reference"]) == 0  # cases are not its input


def test_what_was_not_measured_is_not_settled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "p1"
    shutil.copytree(PROVINCES / "p1", folder, ignore=shutil.ignore_patterns("expected", "elements.csv"))
    assert main(["settle-files", str(folder), str(tmp_path / "out"), "--engine", "reference"]) == 4
    assert "no all_mean" in capsys.readouterr().err
    assert main(["settle-files", str(tmp_path / "nowhere"), str(tmp_path / "out")]) == 3
    (tmp_path / "file").write_text("")
    assert main(["measure-files", str(folder), str(tmp_path / "file"), "--engine", "reference"]) == 3
    assert "cannot be written to" in capsys.readouterr().err
