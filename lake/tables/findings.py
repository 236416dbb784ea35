"""Findings (质控发现): what is wrong with a list, cell by cell. Bad rows come here, never silently away."""

from __future__ import annotations

from pyspark.sql.types import StringType, StructType

from lake.tables.base import Table, column

FINDINGS = Table(
    name="findings",
    grain="a case x rule x occurrence",
    keys=("setl_id", "rule", "field", "value"),
    schema=StructType(
        [
            column("setl_id", StringType(), "结算ID, empty where it is missing"),
            column("fixmedins_code", StringType(), "定点医药机构编号"),
            column("rule", StringType(), "rule of conf/quality/rules.yaml"),
            column("severity", StringType(), "block: the case cannot be grouped; warn"),
            column("field", StringType(), "national field name"),
            column("value", StringType(), "value as found"),
            column("message", StringType(), "说明"),
            column("run_id", StringType(), "calculation that wrote the row"),
            column("area", StringType(), "treating area"),
            column("month", StringType(), "settlement month YYYY-MM"),
        ]
    ),
    partition_by=("area", "month"),
    per_case=True,
)
