"""Provinces as files for these tests: a small reader of its own, so that the product's reader is not judged here."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
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


MAY_LACK = {"points", "score"}


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


def read_rows(folder: Path, name: str) -> list[tuple[Any, ...]]:
    """The typed rows of a file, none where it is not there."""
    schema, path = SCHEMAS[name], folder / f"{name}.csv"
    if not path.exists():
        return []
    header, *rows = text_rows(path)
    names = [field.name.removesuffix("_fen") for field in schema.fields]
    assert list(header) in (names, [one for one in names if one not in MAY_LACK])
    typed = [
        tuple(_typed(cell, f.dataType, f.name.endswith("_fen")) for cell, f in zip(row, schema.fields, strict=False))
        for row in rows
    ]
    return [padded(row, name) for row in typed]


def padded(row: tuple[Any, ...], name: str) -> tuple[Any, ...]:
    """The row with an empty cell for each of the last columns that it lacks and may lack."""
    lacking = SCHEMAS[name].names[len(row) :]
    assert MAY_LACK.issuperset(lacking)
    return (*row, *[None] * len(lacking))


def read_frame(spark: SparkSession, folder: Path, name: str) -> DataFrame:
    return spark.createDataFrame(read_rows(folder, name), SCHEMAS[name])


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


# Columns that say whose a row is; `prefixed` makes them those of one province among several.
OWNERS = ("area", "fixmedins_code", "setl_id", "insu_admdvs", "insured_area", "treating_area")


def prefixed(row: tuple[Any, ...], columns: tuple[str, ...], prefix: str) -> tuple[Any, ...]:
    """The row with the prefix before its codes of areas, hospitals and settlements."""
    cells = zip(row, columns, strict=True)
    return tuple(f"{prefix}{cell}" if name in OWNERS and cell is not None else cell for cell, name in cells)


def united_frames(
    spark: SparkSession, folders: Mapping[str, Path], seed: int, partitions: int
) -> frames.ProvinceFrames:
    """The provinces by prefix as one, rows mixed by the seed and spread over partitions. One calendar for all."""
    made = {}
    for name, schema in SCHEMAS.items():
        rows = [
            prefixed(row, tuple(schema.names), prefix)
            for prefix, folder in folders.items()
            for row in read_rows(folder, name)
        ]
        if name == "calendar":
            rows = sorted(set(rows))
            assert len({day for day, _ in rows}) == len(rows), "a day has two answers"
        Random(seed).shuffle(rows)
        made[name] = spark.createDataFrame(rows, schema).repartition(partitions)
    return frames.ProvinceFrames(**made)


def united_policies(folders: Mapping[str, Path]) -> dict[str, Policy]:
    return {
        f"{prefix}{area}": policy
        for prefix, folder in folders.items()
        for area, policy in read_policies(folder).items()
    }
