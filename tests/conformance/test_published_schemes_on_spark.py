"""The grouping job's own pass, cities with different published schemes at once, against expected.csv."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from grouper.compile import compile_scheme
from grouper.workbook import read_scheme
from lake.codes import CodeArrays
from lake.group_pass import Grouped, GroupWork, by_files, by_rows
from lake.grouping import SCALARS, bind
from lake.store import Lake
from lake.tables.cases import CASES
from lake.tables.groups import GROUPS

NONE = ("", "", "0000")
MONTH = "2025-01"
CITIES = {"1": "chs_drg_20", "2": "chs_drg_20_henan", "3": "chs_drg_20_hubei"}


def split(cell: str) -> list[str]:
    return cell.split("|") if cell else []


def read_expected(folder: Path) -> list[dict[str, str]]:
    with (folder / "expected.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def number_codes(rows: list[dict[str, str]]) -> tuple[CodeArrays, dict[str, dict[str, int]]]:
    diagnoses = sorted({code for row in rows for code in [row["principal_diagnosis"], *split(row["other_diagnoses"])]})
    procedures = sorted({code for row in rows for code in split(row["procedures"])})
    lists = {"DI": [code for code in diagnoses if code], "OP": procedures}
    ids = {system: {code: place + 1 for place, code in enumerate(codes)} for system, codes in lists.items()}
    return {system: pa.array(codes, pa.string()) for system, codes in lists.items()}, ids


def case_row(area: str, row: dict[str, str], ids: dict[str, dict[str, int]], blocked: str = "") -> tuple[object, ...]:
    """A row of `cases`; what grouping does not need is empty."""
    names = {"sex": "sex", "age": "age", "age_days": "age_days", "birth_weight": "birth_weight", "los": "los"}
    names |= {"discharge_way": "discharge_way", "icu_hours": "icu_hours"}
    decimals = {"age", "birth_weight", "icu_hours"}
    held: dict[str, object] = {"setl_id": row["case_id"], "blocked": blocked, "area": area, "month": MONTH}
    for name in SCALARS.values():
        cell = row[names[name]]
        held[name] = None if not cell else Decimal(cell) if name in decimals else int(cell)
    held["principal_id"] = ids["DI"].get(row["principal_diagnosis"], 0)
    held["other_ids"] = [ids["DI"][code] for code in split(row["other_diagnoses"])]
    held["procedure_ids"] = [ids["OP"][code] for code in split(row["procedures"])]
    return tuple(held.get(name) for name in CASES.columns)


@pytest.mark.parametrize("group_by", [by_files, by_rows])
def test_three_schemes_in_one_pass(
    spark: SparkSession, shared: Path, tmp_path: Path, group_by: Callable[[Lake, GroupWork, str], Grouped]
) -> None:
    """All rows of the three schemes, and one case of each city that a finding blocks; both ways of carrying rows."""
    cases = {area: read_expected(shared / "schemes" / name) for area, name in CITIES.items()}
    codes, ids = number_codes([row for rows in cases.values() for row in rows])
    rows = [case_row(area, row, ids) for area, of in cases.items() for row in of]
    refused = {f"refused-{area}": f"rule {area}" for area in cases}
    for area, of in cases.items():
        rows.append(case_row(area, of[0] | {"case_id": f"refused-{area}"}, ids, f"rule {area}"))
    lake = Lake(spark, str(tmp_path / "lake"))
    version = lake.append(CASES, rows, "cases")
    work = GroupWork(
        {(area, MONTH): version for area in cases},
        {area: bind(compile_scheme(read_scheme(shared / "schemes" / name)), codes) for area, name in CITIES.items()},
        {(area, MONTH[:4]): f"run {area}" for area in cases},
    )
    done = group_by(lake, work, "group")
    collected = lake.table(GROUPS, done.version).to_pylist()
    assert len(collected) == len(rows)
    assert done.outcomes == Counter(row["outcome"] for row in collected)
    assert {row["setl_id"]: row["reason"] for row in collected if row["setl_id"] in refused} == refused
    assert all(row["outcome"] == "ungrouped" and groups(row) == NONE for row in collected if row["setl_id"] in refused)
    assert all(row["run_id"] == f"run {row['area']}" for row in collected)
    found = {(row["area"], row["setl_id"]): groups(row) for row in collected if row["setl_id"] not in refused}
    assert len(found) == sum(len(of) for of in cases.values())
    for area, of in cases.items():
        wrong = [row["case_id"] for row in of if found[(area, row["case_id"])] != (row["mdc"], row["adrg"], row["drg"])]
        print(f"{CITIES[area]}: {len(of)} cases, {len(of) - len(wrong)} agree")
        assert not wrong


def groups(row: dict[str, str]) -> tuple[str, str, str]:
    return row["mdc"], row["adrg"], row["drg"]
