"""Fixtures of the whole run: one lazy Spark session, the folder of third-party facts, scratch lakes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from pyspark.sql import SparkSession

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden"
SHARED = ROOT.parent / "shared"

# One of several test processes is a program without a file. PySpark takes such a one for its own doctests and ends it
# as soon as Great Expectations is imported.
_main = sys.modules["__main__"]
if not hasattr(_main, "__file__"):
    _main.__file__ = __file__

settings.register_profile("dianshu", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("dianshu")


LONGEST = "tests/jobs/test_main_job.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for the Spark session is marked `spark`, so that `make test-fast` can leave it out.

    Whole files are put in such an order that of several test processes none idles: the longest first, which builds the
    shared lake; meanwhile what needs Spark but no lake; then what waits for the lake; what is short fills the end.
    """
    spark_files, lake_files = set(), set()
    for item in items:
        needs = getattr(item, "fixturenames", ())
        if "spark" in needs:
            item.add_marker(pytest.mark.spark)
            spark_files.add(item.path)
        if "landing" in needs:
            lake_files.add(item.path)

    def turn(item: pytest.Item) -> int:
        if item.path == ROOT / LONGEST:
            return 0
        return 2 if item.path in lake_files else 1 if item.path in spark_files else 3

    items.sort(key=turn)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """One session for the whole run, with small-test settings; starting one costs 6-10 s."""
    from lake.session import build_session

    warehouse = tmp_path_factory.mktemp("warehouse")
    session = build_session("dianshu-tests", "test", {"spark.sql.warehouse.dir": str(warehouse)})
    yield session
    session.stop()


@pytest.fixture(scope="session")
def shared() -> Path:
    """`../shared`: published schemes and small provinces. Not part of a clone."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared (published schemes and provinces) is not beside this clone")
    return SHARED
