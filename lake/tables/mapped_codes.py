"""Mapped codes (编码映射, 灰码): what a scheme version reads the lake's codes as, beside how they were written."""

from __future__ import annotations

from pyspark.sql.types import BooleanType, IntegerType, StringType, StructType

from lake.tables.base import Table, column

MAPPED_CODES = Table(
    name="mapped_codes",
    grain="a code of the lake that a scheme version maps or calls grey; all other codes are read as they are written",
    keys=("scheme_version", "system", "id"),
    schema=StructType(
        [
            column("scheme_version", StringType(), "fingerprint of the scheme"),
            column("system", StringType(), "DI diagnoses, OP procedures"),
            column("id", IntegerType(), "of the code as written, in codes"),
            column("code", StringType(), "as written in the lists (国临版)"),
            column("mapped_code", StringType(), "as it was grouped (医保版); the same where it is only grey"),
            column("grey", BooleanType(), "灰码: takes no part in grouping; as a principal diagnosis, no group"),
        ]
    ),
    append_only=True,
)
