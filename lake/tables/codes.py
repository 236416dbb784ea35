"""Codes: one integer id for each diagnosis and procedure code ever seen. Ids never change."""

from __future__ import annotations

from pyspark.sql.types import IntegerType, StringType, StructType

from lake.tables.base import Table, column

CODES = Table(
    name="codes",
    grain="a code of a code system; an unknown code gets an id too, so that nothing is lost",
    keys=("system", "code"),
    schema=StructType(
        [
            column("system", StringType(), "DI diagnoses, OP procedures"),
            column("code", StringType(), "as written in the lists"),
            column("id", IntegerType(), "dense from 1 inside the system; 0 is 'no code'"),
        ]
    ),
    append_only=True,
)
