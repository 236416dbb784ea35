"""Small tables on a disk, without Spark: what is added is read, and a process that ends at once ends well."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lake.data_files import write_rows
from lake.disk_tables import append_rows, create_table, read_table, to_rows, version_marked
from lake.tables.runs import RUNS
from tests.conftest import ROOT

NOW = datetime(2025, 7, 1, 12, tzinfo=UTC)
TIMES = 12
READ_AND_END = """
import sys
from pathlib import Path
from lake.disk_tables import read_table
from lake.tables.runs import RUNS
read_table(Path(sys.argv[1]), RUNS)
"""


def row(name: str) -> tuple[object, ...]:
    return (name, "job", "a", "2025", "{}", [], [("cases", 3)], "finished", "code", NOW, NOW)


def test_what_is_added_is_read(tmp_path: Path) -> None:
    """In a folder whose name has to be quoted in an address; only after the version that was said."""
    folder = tmp_path / "a lake 100%" / "runs"
    create_table(folder, RUNS)
    create_table(folder, RUNS)  # there already
    assert append_rows(folder, RUNS, to_rows([row("first")], RUNS), "one mark", after=0)
    assert not append_rows(folder, RUNS, to_rows([row("late")], RUNS), "late", after=0)
    assert append_rows(folder, RUNS, to_rows([row("second")], RUNS), "two")
    assert version_marked(folder, "mark") == 1
    assert version_marked(folder, "late") is None
    assert sorted(read_table(folder, RUNS)["run_id"].to_pylist()) == ["first", "second"]
    assert read_table(folder, RUNS, 0).num_rows == 0
    kept = read_table(folder, RUNS, 1).to_pylist()[0]
    assert (kept["outputs"], kept["finished_at"]) == ([{"table": "cases", "version": 3}], NOW)


def test_a_row_without_a_slice_is_not_lost_silently(tmp_path: Path) -> None:
    """It is an error, as it was where Spark wrote the rows."""
    table = replace(RUNS, partition_by=("area",))
    assert [file.rows for file in write_rows(tmp_path, table, to_rows([row("one")], table))] == [1]
    nowhere = tuple(None if value == "a" else value for value in row("two"))
    with pytest.raises(ValueError, match="rows with an empty area"):
        write_rows(tmp_path, table, to_rows([row("one"), nowhere], table))


def test_a_process_ends_well_right_after_reading(tmp_path: Path) -> None:
    """Threads of a reader must not outlive the interpreter: that ended one process in three with an abort."""
    folder = tmp_path / "runs"
    create_table(folder, RUNS)
    rows = to_rows([row(f"run {place}") for place in range(20_000)], RUNS)
    append_rows(folder, RUNS, rows, "filled")
    command = [sys.executable, "-c", READ_AND_END, str(folder)]
    codes = [subprocess.run(command, cwd=ROOT, check=False).returncode for _ in range(TIMES)]
    assert codes == [0] * TIMES
