"""Source batches: counts and money that must add up between what was delivered and what was kept."""

from __future__ import annotations

from pyspark.sql.types import LongType, StringType, StructType

from lake.tables.base import Table, column

BATCHES = Table(
    name="batches",
    grain="one source batch: a treating area and month as delivered; delivered = kept + superseded",
    keys=("area", "month", "batch_fingerprint"),
    schema=StructType(
        [
            column("area", StringType(), "treating area"),
            column("month", StringType(), "settlement month YYYY-MM"),
            column("batch_fingerprint", StringType(), "SHA-256 over the files' contents"),
            column("files", LongType(), "files"),
            column("delivered", LongType(), "rows delivered"),
            column("kept", LongType(), "rows in lists"),
            column("superseded", LongType(), "rows in lists_superseded"),
            column("findings", LongType(), "findings"),
            column("medfee_sumamt_fen", LongType(), "sum of 医疗总费用 of the rows kept, fen"),
            column("run_id", StringType(), "calculation"),
        ]
    ),
    append_only=True,
)
