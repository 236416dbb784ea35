"""How a job writes the slices of its areas: labelled with their run, side by side, recorded last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.context import JobContext
from lake.identity import fingerprint
from lake.runs import Calculation
from lake.store import at_once, literal_map, slice_predicate
from lake.tables.base import Table


def publish_slices(
    context: JobContext,
    due: Sequence[Calculation],
    frames: Mapping[Table, DataFrame],
    started: datetime,
    period: str = "year",
) -> dict[str, int]:
    """Replace the slices of the calculations (all of one job) in each table, then make them visible.

    `frames` have a column `area` and the column `period` that the tables are partitioned by. Gives table -> version.
    """
    ids = {key.area: key.run_id for key in due}
    predicate = slice_predicate([(key.area, key.period) for key in due], period)
    note = f"{due[0].job} {fingerprint(sorted(ids.values()))[:20]}"

    def write(table: Table, frame: DataFrame) -> int:
        rows = frame.withColumn("run_id", literal_map(ids, F.col("area"))).where(predicate)
        return context.lake.replace(table, rows.repartition(1).sortWithinPartitions(*table.keys), predicate, note)

    versions = at_once([partial(write, table, frame) for table, frame in frames.items()])
    outputs = {table.name: version for table, version in zip(frames, versions, strict=True)}
    context.runs.finish(due, started, {}, outputs)
    return outputs
