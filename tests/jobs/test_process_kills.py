"""Real processes: `settle` killed in the middle of its writing, and two of them at once."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from jobs.context import JobContext
from lake.errors import ConcurrentRun
from lake.runs import RunBook, read_published
from lake.store import Lake
from lake.tables.ledger import LEDGER
from lake.tables.results import CLEARING_MATRIX, HOSPITAL_MONTH, HOSPITAL_YEAR, POOLS
from lake.tables.runs import RUNS
from tests.conftest import ROOT
from tests.jobs.lakes import CITIES, YEAR, marks

WRITTEN = (LEDGER, POOLS, HOSPITAL_MONTH, HOSPITAL_YEAR, CLEARING_MATRIX)
LIMIT = 900  # seconds after which a process that neither writes nor ends is a failure of its own


@pytest.fixture(scope="module")
def copied(settled: JobContext, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A settled lake of its own, in another place."""
    root = tmp_path_factory.mktemp("copies") / "lake"
    shutil.copytree(settled.lake.root, root)
    return Lake(settled.lake.spark, str(root))


def start_settling(lake: Lake) -> subprocess.Popen[str]:
    """`dianshu settle --force` as a scheduler starts it, in a process group of its own."""
    command = [sys.executable, "-m", "jobs.cli", "settle", "--year", str(YEAR), "--lake", lake.root, "--force"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=ROOT, text=True, start_new_session=True, **pipes)  # type: ignore[call-overload]


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and what was said."""
    _, said = process.communicate(timeout=LIMIT)
    return process.returncode, said


def published(lake: Lake) -> dict[str, list[str]]:
    """What readers see of the results, through the runs that have finished."""
    runs = RunBook(lake)
    keys = [(city, str(YEAR)) for city in CITIES]
    return {
        table.name: sorted(str(row) for row in read_published(runs, table, "settle", keys, "year").collect())
        for table in WRITTEN
    }


def test_a_killed_run_shows_nothing_and_a_rerun_gives_the_same_bytes(copied: Lake) -> None:
    """Killed as soon as some of its tables are written: readers still see the run before; then it is run again."""
    before, seen = marks(copied), published(copied)
    versions = {table.name: copied.version(table) for table in WRITTEN}
    finished = copied.version(RUNS)
    enough = random.SystemRandom().randint(1, len(WRITTEN) - 1)
    process = start_settling(copied)
    began = time.monotonic()
    while sum(copied.version(table) > versions[table.name] for table in WRITTEN) < enough:
        assert process.poll() is None, f"ended by itself after {enough=}: {process.communicate()[1]}"
        assert time.monotonic() - began < LIMIT, "wrote nothing"
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert copied.version(RUNS) == finished, f"the run was already published ({enough=})"
    assert published(copied) == seen
    code, said = end(start_settling(copied))
    assert code == 0, said
    assert copied.version(RUNS) > finished
    assert published(copied) == seen
    assert marks(copied) == before


def test_two_runs_at_once_end_with_a_clean_winner(copied: Lake) -> None:
    """One at least finishes; one that lost says so with its own exit code; what is published is one whole run."""
    before, seen = marks(copied), published(copied)
    finished = copied.version(RUNS)
    ended = [end(process) for process in [start_settling(copied), start_settling(copied)]]
    codes = sorted(code for code, _ in ended)
    assert codes in ([0, 0], [0, ConcurrentRun.exit_code]), ended
    for code, said in ended:
        assert code == 0 or "another run wrote the same slice" in said
    assert copied.version(RUNS) == finished + codes.count(0)
    assert published(copied) == seen
    assert marks(copied) == before
