"""Closing months in the lake: one append makes them closed, with all their rows; `settle` reads them back.

A month is closed as its last finished settlement shows it. Of several rows for one month the first counts, so that
closing it twice, or twice at once, changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lake.errors import MissingParameters
from lake.identity import fingerprint
from lake.registry import Registry
from lake.runs import FinishedRun, RunBook, read_slices
from lake.store import Lake
from lake.tables.base import Table
from lake.tables.closings import CLOSED_MONTHS, MONTH_CORRECTIONS
from lake.tables.results import CLEARING_MATRIX, HOSPITAL_MONTH, POOLS
from settlement.closing import Closings

# Column of `CLOSED_MONTHS` -> table that its rows come from, and the column that says in which month they stand.
_SOURCES: dict[str, tuple[Table, str]] = {
    "hospital_month": (HOSPITAL_MONTH, "month"),
    "pools": (POOLS, "period"),
    "matrix": (CLEARING_MATRIX, "period"),
    "corrections": (MONTH_CORRECTIONS, "booked_in"),
}


@dataclass(frozen=True)
class ClosedMonth:
    """A closed month of an area: who closed it, why and when, and the settlement that was closed."""

    area: str
    month: str
    closing_id: str
    settle_run_id: str
    who: str
    why: str
    at: datetime


def closed_months(lake: Lake, areas: Collection[str] | None = None, year: int | None = None) -> list[ClosedMonth]:
    """The closed months of the areas (None: all) and the year (None: all), by area and month."""
    rows = lake.read_or_empty(CLOSED_MONTHS)
    if year is not None:
        rows = rows.where(F.col("year") == year)
    first: dict[tuple[str, str], ClosedMonth] = {}
    for row in rows.select(*ClosedMonth.__dataclass_fields__).collect():
        one = ClosedMonth(**row.asDict())
        key = (one.area, one.month)
        if (areas is None or one.area in areas) and (key not in first or _before(one, first[key])):
            first[key] = one
    return [first[key] for key in sorted(first)]


def _before(one: ClosedMonth, other: ClosedMonth) -> bool:
    return (one.at, one.closing_id) < (other.at, other.closing_id)


def closing_mark(closed: Iterable[ClosedMonth], area: str) -> str:
    """What the closed months of an area are, as part of a calculation's identity; empty where there are none."""
    ids = sorted(one.closing_id for one in closed if one.area == area)
    return fingerprint(ids)[:20] if ids else ""


def closings(lake: Lake, closed: Sequence[ClosedMonth], keep: Callable[[str, DataFrame], DataFrame]) -> Closings | None:
    """The rows of closed months of one year, as they were closed; None where there are none.

    `keep`: caches a frame that is read several times.
    """
    if not closed:
        return None
    ids = [one.closing_id for one in closed]
    rows = lake.read(CLOSED_MONTHS).where(F.col("closing_id").isin(ids)).dropDuplicates(["closing_id"])
    kept = keep("closings", rows)
    frames = {name: kept.select(F.inline(name)) for name in _SOURCES}
    return Closings(through=closed_through(closed), **frames)


def closed_through(closed: Iterable[ClosedMonth]) -> dict[str, str]:
    """Area -> its last closed month."""
    return {one.area: one.month for one in sorted(closed, key=lambda one: one.month)}


def append_closings(
    runs: RunBook, new: Mapping[str, Sequence[str]], year: int, who: str, why: str, at: datetime
) -> list[str]:
    """Close months (area -> months) as their last finished `settle` shows them, in one commit; gives their ids."""
    settled = {area: runs.required("settle", area, str(year), f"run `dianshu settle --year {year}`") for area in new}
    keys = [
        (area, year, month, fingerprint([area, month, settled[area].run_id])[:20], settled[area].run_id, who, why, at)
        for area, months in sorted(new.items())
        for month in months
    ]
    names = CLOSED_MONTHS.columns[: -len(_SOURCES)]
    closing = runs.lake.spark.createDataFrame(keys, StructType([CLOSED_MONTHS.schema[name] for name in names]))
    for name, (table, period) in _SOURCES.items():
        kind = CLOSED_MONTHS.schema[name].dataType
        columns = kind.elementType.names  # type: ignore[attr-defined]
        rows = published_rows(runs.lake, table, settled, year).withColumn("_closed", F.col(period))
        listed = F.sort_array(F.collect_list(F.struct(*columns))).alias(name)
        each = rows.groupBy("area", "_closed").agg(listed).withColumnRenamed("_closed", "month")
        nothing = F.array().cast(kind)
        closing = closing.join(each, ["area", "month"], "left").withColumn(name, F.coalesce(name, nothing).cast(kind))
    ids = sorted(key[3] for key in keys)
    runs.lake.append(CLOSED_MONTHS, closing.coalesce(1), f"close {fingerprint([ids, at])}")
    return ids


def published_rows(lake: Lake, table: Table, settled: Mapping[str, FinishedRun], year: int) -> DataFrame:
    """Rows of the areas' year in the settlements (area -> run); none where a settlement did not write the table."""
    slices = {(area, str(year)): run.outputs[table.name] for area, run in settled.items() if table.name in run.outputs}
    return read_slices(lake, table, slices, "year")


def check_hospitals(found: Closings, registry: Registry) -> None:
    """Every hospital of a closed month is still in the registry, in its area; else `MissingParameters` names it."""
    for row in (
        found.hospital_month.select("area", "fixmedins_code").distinct().orderBy("area", "fixmedins_code").collect()
    ):
        if registry.area_of.get(row.fixmedins_code) != row.area:
            raise MissingParameters(
                f"hospital {row.fixmedins_code} has closed months in area {row.area}, but hospitals.csv of "
                f"{registry.year} has it {_where(registry, row.fixmedins_code)}: keep it there until the year is "
                "cleared and ingest the registry again"
            )


def _where(registry: Registry, code: str) -> str:
    return f"in area {registry.area_of[code]}" if code in registry.area_of else "nowhere"
