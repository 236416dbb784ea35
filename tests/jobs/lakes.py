"""Small lakes for tests, and what a table says, as text that two runs can be compared by."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from importlib import resources
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.context import JobContext
from jobs.demo import store_schemes
from jobs.ingest import ingest
from jobs.synthetic.province import generate_province
from jobs.synthetic.schemes import NamedScheme, demo_schemes
from jobs.synthetic.settings import ProvinceSettings
from jobs.synthetic.settings_file import read_settings
from lake.runs import RunBook
from lake.settings import history_years
from lake.store import Lake
from lake.tables.base import Table
from lake.tables.case_points import CASE_POINTS
from lake.tables.groups import GROUPS
from lake.tables.ledger import LEDGER
from lake.tables.parameters import CORE_ELEMENTS
from lake.tables.results import RESULTS

COMPARED = (GROUPS, CORE_ELEMENTS, CASE_POINTS, *RESULTS, LEDGER)


def small_settings() -> ProvinceSettings:
    """The demonstration province with its two smaller cities and two months, so that tests stay short."""
    with resources.as_file(resources.files("conf").joinpath("demo")) as folder:
        settings = read_settings(folder)
    months = tuple(1.0 if month in (1, 6) else 0.0 for month in range(1, 13))
    return replace(settings, areas=settings.areas[1:], months=months)


SETTINGS = small_settings()
YEAR = SETTINGS.year
CITIES = sorted(area.code for area in SETTINGS.areas)


def small_schemes(settings: ProvinceSettings) -> dict[str, NamedScheme]:
    """The demonstration schemes of the cities."""
    with resources.as_file(resources.files("conf").joinpath("demo")) as folder:
        return demo_schemes(folder, settings)


def deliver(out: Path, settings: ProvinceSettings, schemes: dict[str, NamedScheme], cases: int = 1500) -> None:
    """Landing files of a small province."""
    generate_province(
        out,
        seed=7,
        cases_per_year=cases,
        years=[*history_years(settings.year), settings.year],
        settings=settings,
        schemes={area: named.scheme for area, named in schemes.items()},
        progress=lambda _: None,
    )


def open_lake(spark: SparkSession, root: Path) -> JobContext:
    """A context on a lake folder."""
    lake = Lake(spark, str(root))
    return JobContext(lake, RunBook(lake), quiet=True)


def fill(context: JobContext, landing: Path, schemes: dict[str, NamedScheme], year: int) -> None:
    """Schemes and deliveries into the lake."""
    store_schemes(context, schemes, date(min(history_years(year)), 1, 1))
    ingest(context, landing)


def table_mark(lake: Lake, table: Table) -> tuple[int, str]:
    """Rows and SHA-256 over all rows as JSON, sorted: what a result table says, whatever its files are called."""
    rows = lake.read(table).select(F.to_json(F.struct(*table.columns)).alias("row")).orderBy("row").toArrow()["row"]
    digest = hashlib.sha256("\n".join(rows.to_pylist()).encode("utf-8"))
    return len(rows), digest.hexdigest()


def marks(lake: Lake) -> dict[str, tuple[int, str]]:
    """Table -> rows and hash, for every result table."""
    return {table.name: table_mark(lake, table) for table in COMPARED}
