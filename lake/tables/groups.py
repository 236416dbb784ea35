"""Groups: what the grouper made of each case, by scheme version."""

from __future__ import annotations

from pyspark.sql.types import IntegerType, StringType, StructType

from lake.tables.base import Table, column

GROUPS = Table(
    name="groups",
    grain="a case x scheme version; a case is never lost and never grouped twice",
    keys=("setl_id", "scheme_version"),
    schema=StructType(
        [
            column("setl_id", StringType(), "结算ID"),
            column("outcome", StringType(), "grouped, ambiguous (歧义), ungrouped (未入组)"),
            column("reason", StringType(), "why there is no group; a finding's rule where a finding blocks it"),
            column("mdc", StringType(), "主要诊断大类, empty: none"),
            column("adrg", StringType(), "核心病组, empty: none"),
            column("drg", StringType(), "病组, 0000: none"),
            column("mdc_row", IntegerType(), "position of the rule in the scheme, -1: none"),
            column("adrg_row", IntegerType(), "position of the rule in the scheme, -1: none"),
            column("drg_row", IntegerType(), "position of the rule in the scheme, -1: none"),
            column("scheme_version", StringType(), "fingerprint of the scheme"),
            column("run_id", StringType(), "calculation that wrote the row"),
            column("area", StringType(), "treating area"),
            column("month", StringType(), "settlement month YYYY-MM"),
        ]
    ),
    partition_by=("scheme_version", "area", "month"),
    per_case=True,
)
