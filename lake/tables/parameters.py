"""Parameter versions (核心要素版本): drafts that were measured, and what was published of them."""

from __future__ import annotations

from pyspark.sql.types import DecimalType, IntegerType, StringType, StructType, TimestampType

from lake.tables.base import Table, column

PARAMETER_SETS = Table(
    name="parameter_sets",
    grain="one event in the life of a city's parameter set of a year: drafted or published",
    keys=("set_id", "status"),
    schema=StructType(
        [
            column("set_id", StringType(), "area-year-fingerprint"),
            column("area", StringType(), "treating area"),
            column("year", IntegerType(), "clearing year"),
            column("version", IntegerType(), "1, 2, ... of the published ones; 0 for drafts"),
            column("status", StringType(), "draft, published"),
            column("fingerprint", StringType(), "SHA-256 over elements, policy values and scheme version"),
            column("scheme_version", StringType(), "fingerprint of the scheme it was measured with"),
            column("policy", StringType(), "policy values by key, JSON with sorted keys"),
            column("supersedes", StringType(), "set_id of the version before"),
            column("who", StringType(), "who published"),
            column("why", StringType(), "reason, document"),
            column("run_id", StringType(), "calculation that measured it"),
            column("at", TimestampType(), "time of the event"),
        ]
    ),
    append_only=True,
)

CORE_ELEMENTS = Table(
    name="core_elements",
    grain="parameter set x kind x key (group, level, hospital)",
    keys=("set_id", "kind", "drg", "level", "fixmedins_code"),
    schema=StructType(
        [
            column("set_id", StringType(), "parameter set"),
            column("area", StringType(), "treating area"),
            column("kind", StringType(), "benchmark_points, level_coefficient, all_mean, ..."),
            column("drg", StringType(), "病组"),
            column("level", IntegerType(), "3 三级, 2 二级及以下, 1 基层"),
            column("fixmedins_code", StringType(), "hospital, for add-ons"),
            column("value", DecimalType(38, 12), "value"),
            column("unit", StringType(), "points, yuan, ratio, cases, flag"),
            column("source", StringType(), "measured, given"),
        ]
    ),
    append_only=True,
)
