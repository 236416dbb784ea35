"""Provinces as files for these tests: a small reader of its own, so that the product's reader is not judged here."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import DateType, DecimalType, IntegerType, LongType, StructType

from settlement import frames
from settlement.policy import Policy, read_policy

SCHEMAS: dict[str, StructType] = {
    "hospitals": frames.HOSPITALS,
    "history": frames.HISTORY,
    "base_groups": frames.BASE_GROUPS,
    "elements": frames.ELEMENTS,
    "elements_given": frames.ELEMENTS,
    "cases": frames.CASES,
    "reviews": frames.REVIEWS,
    "budgets": frames.BUDGETS,
    "audit": frames.AUDIT,
    "calendar": frames.CALENDAR,
}


def text_rows(path: Path) -> list[tuple[str, ...]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [tuple(row) for row in csv.reader(file)]


def _typed(text: str, kind: Any, fen: bool) -> Any:
    if text == "":
        return None
    if isinstance(kind, LongType):
        return int(Decimal(text).scaleb(2)) if fen else int(text)
    if isinstance(kind, IntegerType):
        return int(text)
    if isinstance(kind, DecimalType):
        return Decimal(text)
    return date.fromisoformat(text) if isinstance(kind, DateType) else text


def read_frame(spark: SparkSession, folder: Path, name: str) -> DataFrame:
    schema, path = SCHEMAS[name], folder / f"{name}.csv"
    if not path.exists():
        return spark.createDataFrame([], schema)
    header, *rows = text_rows(path)
    assert [field.name.removesuffix("_fen") for field in schema.fields] == list(header)
    typed = [
        tuple(_typed(cell, f.dataType, f.name.endswith("_fen")) for cell, f in zip(row, schema.fields, strict=True))
        for row in rows
    ]
    return spark.createDataFrame(typed, schema)


def read_policies(folder: Path) -> dict[str, Policy]:
    loaded = yaml.safe_load((folder / "policy.yaml").read_text(encoding="utf-8"))
    areas = {row[1] for row in text_rows(folder / "hospitals.csv")[1:]}
    areas |= {row[0] for row in text_rows(folder / "budgets.csv")[1:]} if (folder / "budgets.csv").exists() else set()
    return {area: read_policy({**loaded["province"], **loaded["areas"].get(area, {})}) for area in areas}


def assert_same_rows(found: list[tuple[str, ...]], expected: list[tuple[str, ...]]) -> None:
    """Compare two tables as text, and show the first rows that differ."""
    left, right = sorted(found), sorted(expected)
    missing = sorted(set(right) - set(left))[:5]
    extra = sorted(set(left) - set(right))[:5]
    assert left == right, f"missing {missing}, extra {extra}; {len(left)} rows, expected {len(right)}"


def province_frames(spark: SparkSession, folder: Path) -> frames.ProvinceFrames:
    return frames.ProvinceFrames(**{name: read_frame(spark, folder, name) for name in SCHEMAS})
