"""One generated province, made once for all who look at it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grouper.scheme import Scheme
from grouper.workbook import read_scheme
from jobs.synthetic.manifest import Manifest
from jobs.synthetic.province import generate_province
from jobs.synthetic.settings import ProvinceSettings
from jobs.synthetic.settings_file import read_settings
from tests.unit.jobs.generated import CASES, DEMO, YEARS, Generate, Rows, landing


@pytest.fixture(scope="session")
def settings() -> ProvinceSettings:
    """The demonstration settings with ten times the faults, so that each occurs."""
    read = read_settings(DEMO)
    return replace(read, faults={name: rate * 10 for name, rate in read.faults.items()})


@pytest.fixture(scope="session")
def scheme() -> Scheme:
    return read_scheme(DEMO / "scheme")


@pytest.fixture(scope="session")
def small(settings: ProvinceSettings) -> dict[str, Any]:
    """Arguments of a province that is made in a moment."""
    few = replace(settings, templates=replace(settings.templates, per_adrg=1))
    return {"cases_per_year": 60, "years": YEARS[-1:], "settings": few}


@pytest.fixture(scope="session")
def generate(settings: ProvinceSettings, scheme: Scheme) -> Generate:
    def call(out: Path, **changes: Any) -> Manifest:
        arguments: dict[str, Any] = {
            "seed": 3,
            "cases_per_year": CASES,
            "years": YEARS,
            "settings": settings,
            "schemes": {area.code: scheme for area in settings.areas},
            "progress": lambda line: None,
        }
        return generate_province(out, **(arguments | changes))

    return call


@pytest.fixture(scope="session")
def made(generate: Generate, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    out = tmp_path_factory.mktemp("generated") / "province"
    return out, generate(out)


@pytest.fixture(scope="session")
def rows(made: tuple[Path, Manifest]) -> Rows:
    listed: Rows = landing(made[0]).to_pylist()
    return listed


@pytest.fixture(scope="session")
def newest(rows: Rows) -> Rows:
    """One row a list: of several versions the one uploaded last."""
    latest: dict[str, dict[str, Any]] = {}
    for row in rows:
        known = latest.get(row["setl_id"])
        if known is None or row["upload_date"] > known["upload_date"]:
            latest[row["setl_id"]] = row
    return list(latest.values())
