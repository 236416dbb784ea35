"""The synthetic province of the tests of its making: sizes, and how its rows are read."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.synthetic.manifest import Manifest
from tests.conftest import ROOT

DEMO = ROOT / "conf" / "demo"
YEARS = (2022, 2023, 2024, 2025)
CASES = 4000
Rows = list[dict[str, Any]]
Generate = Callable[..., Manifest]


def landing(out: Path) -> pa.Table:
    return pa.concat_tables(
        [pq.read_table(path, partitioning=None) for path in sorted(out.glob("lists/*/*/*.parquet"))]
    )


def principal(row: dict[str, Any]) -> str | None:
    return next((one["diag_code"] for one in row["diseinfo"] if one["maindiag_flag"] == "1"), None)


def money(text: str | None) -> Decimal | None:
    try:
        return Decimal(text or "")
    except InvalidOperation:
        return None


def day(text: str) -> date:
    return date.fromisoformat(text[:10])


def is_day(text: str) -> bool:
    try:
        day(text)
    except ValueError:
        return False
    return True


def csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def hashes(manifest: Manifest) -> dict[str, str]:
    return {entry.path: entry.sha256 for entry in manifest.files}
