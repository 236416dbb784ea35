"""How a job writes the slices of its areas: labelled with their run, side by side, recorded last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.context import JobContext
from lake.identity import fingerprint
from lake.runs import Calculation
from lake.store import Lake, literal_map, slice_predicate
from lake.tables.base import Table


def write_slices(
    lake: Lake, due: Sequence[Calculation], frames: Mapping[Table, DataFrame], period: str = "year"
) -> dict[str, int]:
    """Replace the slices of the calculations (all of one job) in each table; gives table -> version.

    `frames` have a column `area` and the column `period` that the tables are partitioned by.
    Raises `ConcurrentRun` when another run took the first table's slices meanwhile.
    """
    ids = {key.area: key.run_id for key in due}
    predicate = slice_predicate([(key.area, key.period) for key in due], period)

    def labelled(table: Table, frame: DataFrame) -> DataFrame:
        rows = frame.withColumn("run_id", literal_map(ids, F.col("area"))).where(predicate)
        return rows.repartition(1).sortWithinPartitions(*table.keys)

    rows = {table: labelled(table, frame) for table, frame in frames.items()}
    return lake.replace_each(rows, predicate, f"{due[0].job} {fingerprint(sorted(ids.values()))[:20]}")


def publish_slices(
    context: JobContext,
    due: Sequence[Calculation],
    frames: Mapping[Table, DataFrame],
    started: datetime,
    period: str = "year",
    check: Callable[[Mapping[str, int]], None] | None = None,
) -> dict[str, int]:
    """Write the slices of the calculations (see `write_slices`), then make them visible. Gives table -> version.

    `check` is called with what was written, before it can be seen; where it raises, nothing is published.
    """
    outputs = write_slices(context.lake, due, frames, period)
    if check:
        check(outputs)
    context.runs.finish(due, started, {}, outputs)
    return outputs
