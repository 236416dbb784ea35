"""Schemes (分组方案): every imported version, whole, by its fingerprint; and which city uses which from when."""

from __future__ import annotations

from pyspark.sql.types import BinaryType, DateType, LongType, StringType, StructType, TimestampType

from lake.tables.base import Table, column

SCHEMES = Table(
    name="schemes",
    grain="one scheme version as one document (the six sheets, zipped)",
    keys=("fingerprint",),
    schema=StructType(
        [
            column("scheme_id", StringType(), "name of the scheme"),
            column("fingerprint", StringType(), "SHA-256 over everything that can change a group: the version"),
            column("overlay_of", StringType(), "fingerprint of the base scheme, where this is an overlay"),
            column("source", StringType(), "where it was read from"),
            column("mdcs", LongType(), "rows of the MDC sheet"),
            column("adrgs", LongType(), "rows of the ADRG sheet"),
            column("drgs", LongType(), "rows of the DRG sheet"),
            column("document", BinaryType(), "the sheets as CSV in one zip"),
            column("compiled", BinaryType(), "the document ready to group; made anew where it is of an older form"),
            column("imported_at", TimestampType(), "time of import"),
        ]
    ),
    append_only=True,
)

SCHEME_USE = Table(
    name="scheme_use",
    grain="from a day on, cases of a treating area are grouped by a scheme version",
    keys=("area", "from_date", "recorded_at"),
    schema=StructType(
        [
            column("area", StringType(), "treating area"),
            column("from_date", DateType(), "first discharge day"),
            column("scheme_id", StringType(), "name of the scheme"),
            column("fingerprint", StringType(), "version of the scheme"),
            column("recorded_at", TimestampType(), "later rows for the same area and day win"),
        ]
    ),
    append_only=True,
)
