"""Job `benchmark`: core elements of each city from its history, as a draft; one MLflow run a city and year.

policy/002 articles 17-18: trimming, stable and unstable groups, benchmark points, level coefficients.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from jobs.context import (
    JobContext,
    add_city_year_arguments,
    add_lake_arguments,
    add_policy_argument,
    cities_of,
    open_context,
)
from jobs.shell import run_job
from lake import tracking
from lake.errors import MissingParameters
from lake.identity import canonical
from lake.measurement import metrics, points_table
from lake.parameters import ElementRow, draft, write_drafts
from lake.plots import benchmark_points_figure, variation_figure
from lake.policy_files import PolicyBook, load_policies
from lake.registry import Registry, newest_hospitals, registry_frame
from lake.runs import Calculation
from lake.scheme_store import schemes_in_use
from lake.store import Lake
from lake.tables.cases import CASES
from lake.tables.groups import GROUPS
from lake.tables.registry import BASE_GROUPS
from lake.views import grouped_history, history_runs
from settlement.elements import measure_elements, measurement_detail

NAME = "benchmark"
UNITS = {
    "all_mean": "yuan",
    "group_mean": "yuan",
    "level_mean": "yuan",
    "benchmark_points": "points",
    "level_coefficient": "ratio",
    "add_on": "ratio",
    "mean_days": "days",
    "cases": "cases",
    "kept": "cases",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu benchmark`."""
    add_city_year_arguments(parser)
    add_policy_argument(parser)
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the job from the command line."""
    context = open_context(args, NAME)
    benchmark(context, cities_of(context, args.city, args.year), args.year, load_policies(args.policy))
    return 0


@dataclass(frozen=True)
class Measured:
    """What was measured of all cities due, in the driver: some hundred rows a city."""

    elements: pa.Table
    detail: pa.Table


def benchmark(context: JobContext, cities: Collection[str], year: int, policies: PolicyBook) -> list[str]:
    """Measure the cities whose inputs changed; gives the ids of the drafts, of all cities."""
    started = context.now()
    registry = context.registry(year)
    schemes = schemes_in_use(context.lake, cities, date(year, 1, 1))
    values = {area: policies.values_at(area, date(year, 1, 1)) for area in cities}
    calculations = {
        _calculation(context, registry, area, year, schemes[area], values[area]): area for area in sorted(cities)
    }
    due = {area: key for key, area in calculations.items() if key in context.runs.due(calculations, context.force)}
    context.say(NAME, f"{len(calculations)} cities, {len(due)} to measure")
    if not due:
        return []
    history = grouped_history(context.runs, {area: schemes[area] for area in due}, year)
    history.persist()
    measured = _measure(context.lake, registry, history, {area: policies.at(area, date(year, 1, 1)) for area in due})
    history.unpersist()
    drafts = {}
    for area in due:
        elements = _element_rows(measured.elements, registry, area)
        set_id, row = draft(area, year, elements, values[area], schemes[area])
        drafts[set_id] = (row, elements)
    outputs = write_drafts(context.lake, drafts, {set_id: due[row[1]].run_id for set_id, (row, _) in drafts.items()})
    context.say(NAME, f"{len(drafts)} drafts written")
    _track(context, measured, drafts, due, year)
    context.runs.finish(due.values(), started, {}, outputs)
    return sorted(drafts)


def _calculation(
    context: JobContext, registry: Registry, area: str, year: int, scheme: str, values: Mapping[str, Any]
) -> Calculation:
    given = {name: registry.fingerprint(name, area) for name in ("hospitals", "base_groups", "elements_given")}
    by = {
        "groups": history_runs(context.runs, area, year, scheme),
        "policy": canonical(values),
        "scheme": scheme,
        **given,
    }
    return Calculation(NAME, area, str(year), by)


def _measure(lake: Lake, registry: Registry, history: DataFrame, policies: Mapping[str, Any]) -> Measured:
    hospitals = newest_hospitals(lake)
    base_groups = registry_frame(lake, registry, BASE_GROUPS)
    elements = measure_elements(hospitals, history, base_groups, policies, registry.year).toArrow()
    if elements.num_rows == 0:
        raise MissingParameters("the history holds no grouped case: check the schemes with `dianshu scheme list`")
    return Measured(elements, measurement_detail(hospitals, history, policies).toArrow())


def _element_rows(elements: pa.Table, registry: Registry, area: str) -> list[ElementRow]:
    rows = []
    for table, source in ((elements, "measured"), (registry.tables["elements_given"], "given")):
        for row in table.filter(pc.equal(table["area"], area)).to_pylist():
            key = (row["kind"], row["drg"], row["level"], row["fixmedins_code"])
            rows.append((*key, row["value"], UNITS.get(row["kind"], "flag"), source))
    return sorted(rows, key=lambda row: tuple("" if part is None else str(part) for part in (*row[:4], row[6])))


def _track(
    context: JobContext, measured: Measured, drafts: Mapping[str, Any], due: Mapping[str, Calculation], year: int
) -> None:
    lake = context.lake
    inputs = [(table.name, lake.path(table), lake.version(table)) for table in (CASES, GROUPS)]
    with tracking.parent_run(lake.root, f"benchmark {year}", {"year": str(year)}) as parent:
        for set_id, (row, _) in sorted(drafts.items()):
            area = row[1]
            detail = measured.detail.filter(pc.equal(measured.detail["area"], area))
            elements = measured.elements.filter(pc.equal(measured.elements["area"], area))
            points = points_table(elements)
            tracking.log_city_year(
                parent,
                area,
                year,
                params={"set_id": set_id, "run_id": due[area].run_id, "scheme": row[6], **_flat(row[7])},
                metrics=metrics(detail),
                inputs=inputs,
                tables={"points": points},
                figures={
                    "benchmark_points": benchmark_points_figure(points),
                    "variation": variation_figure(detail),
                },
            )
    context.say(NAME, f"{len(drafts)} MLflow runs logged under one parent")


def _flat(policy: str) -> dict[str, str]:
    import json

    return {key: canonical(value) for key, value in json.loads(policy).items()}


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
