"""One delivered province and one settled lake, shared by the tests of the jobs."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.context import JobContext
from jobs.recalc import recalculate
from lake.policy_files import load_policies
from tests.jobs.lakes import CITIES, SETTINGS, YEAR, deliver, fill, open_lake, small_schemes


@dataclass(frozen=True)
class Once:
    """A folder that several test processes build things in, each thing once."""

    folder: Path

    def build(self, name: str, make: Callable[[Path], None]) -> Path:
        """The thing's place; made by the first who asks, while the others wait. One that failed is made anew."""
        place, done = self.folder / name, self.folder / f"{name}.done"
        with (self.folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(place, ignore_errors=True)
                make(place)
                done.touch()
        return place


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Once:
    """What is dear to build is built by the first of the test processes that asks for it."""
    base = tmp_path_factory.getbasetemp()
    return Once(base if worker_id == "master" else base.parent)


@pytest.fixture(scope="session")
def landing(once: Once) -> Path:
    """A small province's deliveries; nobody writes here."""
    return once.build("deliveries", lambda out: deliver(out, SETTINGS, small_schemes(SETTINGS)))


@pytest.fixture(scope="session")
def filled(spark: SparkSession, landing: Path, once: Once) -> Path:
    """A lake that has taken in schemes and deliveries, no more; nobody writes here."""
    return once.build("filled", lambda root: fill(open_lake(spark, root), landing, small_schemes(SETTINGS), YEAR))


@pytest.fixture(scope="session")
def settled(spark: SparkSession, filled: Path, once: Once, tmp_path_factory: pytest.TempPathFactory) -> JobContext:
    """A lake with the whole year recalculated in bulk; a copy for each test process."""

    def recalculated(root: Path) -> None:
        shutil.copytree(filled, root)
        context = open_lake(spark, root)
        recalculate(context, CITIES, YEAR, load_policies(), "tester", "test")

    copy = tmp_path_factory.mktemp("lakes") / "settled"
    shutil.copytree(once.build("lake", recalculated), copy)
    return open_lake(spark, copy)
