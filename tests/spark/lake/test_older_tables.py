"""A lake written by an older program: columns that came later are empty in its rows and are added by the next write."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql.types import DecimalType, StringType, StructType

from lake.store import Lake
from lake.tables.base import Table, column

_OLD = [column("said", StringType(), "what"), column("area", StringType(), "area")]
OLDER = Table("pages", "a page", ("said",), StructType(_OLD), ("area",))
NEWER = Table(
    "pages",
    "a page",
    ("said",),
    StructType([_OLD[0], column("uplift", DecimalType(38, 6), "later"), _OLD[1]]),
    ("area",),
)


def test_an_older_table_is_read_and_written_on(spark: SparkSession, tmp_path: Path) -> None:
    """One area is written anew, the other stays as it was; both versions can be read."""
    lake = Lake(spark, str(tmp_path))
    before = lake.replace(OLDER, lake.rows(OLDER, [("old", "1"), ("old", "2")]), None, "older")
    assert sorted(tuple(row) for row in lake.read(NEWER).collect()) == [("old", None, "1"), ("old", None, "2")]
    lake.replace(NEWER, lake.rows(NEWER, [("new", None, "1")]), "area = '1'", "newer")
    lake.append(NEWER, lake.rows(NEWER, [("more", None, "2")]), "newer")
    assert sorted(tuple(row) for row in lake.read(NEWER).collect()) == [
        ("more", None, "2"),
        ("new", None, "1"),
        ("old", None, "2"),
    ]
    assert lake.read(NEWER, before).count() == 2
    assert lake.read(OLDER).columns == ["said", "area"]
