"""Closed months (月度关账) with the rows as they were closed, and the corrections that came afterwards."""

from __future__ import annotations

from pyspark.sql.types import ArrayType, IntegerType, StringType, StructType, TimestampType

from lake.tables.base import Table, column
from settlement import results


def _rows_of(schema: StructType) -> ArrayType:
    """Rows inside a row; in storage every field may be missing."""
    return ArrayType(StructType([column(field.name, field.dataType, field.metadata["comment"]) for field in schema]))


CLOSED_MONTHS = Table(
    name="closed_months",
    grain="a closed month of a treating area, with its rows as they were closed; the first row of a month counts",
    keys=("area", "month", "closing_id"),
    schema=StructType(
        [
            column("area", StringType(), "treating area (就医地统筹区)"),
            column("year", IntegerType(), "clearing year"),
            column("month", StringType(), "YYYY-MM"),
            column("closing_id", StringType(), "hash of area, month and settlement"),
            column("settle_run_id", StringType(), "settlement whose rows were closed"),
            column("who", StringType(), "who closed it"),
            column("why", StringType(), "reason, document"),
            column("at", TimestampType(), "time of closing"),
            column("hospital_month", _rows_of(results.HOSPITAL_MONTH), "the month's rows of hospital_month"),
            column("pools", _rows_of(results.POOLS), "the month's rows of pools"),
            column("matrix", _rows_of(results.MATRIX), "the month's rows of clearing_matrix"),
            column("corrections", _rows_of(results.MONTH_CORRECTIONS), "rows of month_corrections booked in the month"),
        ]
    ),
    partition_by=("year",),
    append_only=True,
)

MONTH_CORRECTIONS = Table(
    name="month_corrections",
    grain="what a closed month of a hospital and insurance comes to less what it was closed at, and where it is booked",
    keys=("fixmedins_code", "insutype", "month", "booked_in"),
    schema=StructType(
        [*results.MONTH_CORRECTIONS.fields, column("run_id", StringType(), "calculation that wrote the row")]
    ),
    partition_by=("area", "year"),
)
