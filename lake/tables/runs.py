"""Runs: one finished calculation. Its row is written last and names the version of each table that it wrote."""

from __future__ import annotations

from pyspark.sql.types import ArrayType, LongType, StringType, StructField, StructType, TimestampType

from lake.tables.base import Table, column

_VERSIONS = ArrayType(StructType([StructField("table", StringType()), StructField("version", LongType())]))

RUNS = Table(
    name="runs",
    grain="one finished calculation of a job for one area and period",
    keys=("run_id", "finished_at"),
    schema=StructType(
        [
            column("run_id", StringType(), "hash of job, inputs, scheme, parameters and code"),
            column("job", StringType(), "ingest, group, benchmark, publish, points, settle, results"),
            column("area", StringType(), "treating area"),
            column("period", StringType(), "YYYY-MM or YYYY"),
            column("determined_by", StringType(), "what the hash was taken of, JSON with sorted keys"),
            column("inputs", _VERSIONS, "tables read, with their Delta versions"),
            column("outputs", _VERSIONS, "tables written, with their Delta versions"),
            column("state", StringType(), "finished"),
            column("code_version", StringType(), "fingerprint of the code"),
            column("started_at", TimestampType(), "start"),
            column(
                "finished_at", TimestampType(), "end; the last finished run of an area and period is what readers see"
            ),
        ]
    ),
    append_only=True,
)
