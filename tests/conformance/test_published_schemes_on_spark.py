"""The grouping job's own function, three cities with three published schemes in one pass, against expected.csv."""

from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
from pyspark.sql import Row, SparkSession

from grouper.compile import compile_scheme
from grouper.workbook import read_scheme
from lake.codes import CodeArrays
from lake.grouping import SCALARS, Tally, bind, group_cases
from lake.tables.cases import CASES

NONE = ("", "", "0000")
CITIES = {"1": "chs_drg_20", "2": "chs_drg_20_henan", "3": "chs_drg_20_hubei"}
COLUMNS = ("setl_id", "principal_id", "other_ids", "procedure_ids", *SCALARS.values(), "blocked", "area", "month")


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
    names = {"sex": "sex", "age": "age", "age_days": "age_days", "birth_weight": "birth_weight", "los": "los"}
    names |= {"discharge_way": "discharge_way", "icu_hours": "icu_hours"}
    decimals = {"age", "birth_weight", "icu_hours"}
    scalars = []
    for name in SCALARS.values():
        cell = row[names[name]]
        scalars.append(None if not cell else Decimal(cell) if name in decimals else int(cell))
    return (
        row["case_id"],
        ids["DI"].get(row["principal_diagnosis"], 0),
        [ids["DI"][code] for code in split(row["other_diagnoses"])],
        [ids["OP"][code] for code in split(row["procedures"])],
        *scalars,
        blocked,
        area,
        "2025-01",
    )


def test_three_schemes_in_one_pass(spark: SparkSession, shared: Path) -> None:
    cases = {area: read_expected(shared / "schemes" / name) for area, name in CITIES.items()}
    codes, ids = number_codes([row for rows in cases.values() for row in rows])
    rows = [case_row(area, row, ids) for area, of in cases.items() for row in of]
    refused = {f"refused-{area}": f"rule {area}" for area in cases}
    for area, of in cases.items():
        rows.append(case_row(area, of[0] | {"case_id": f"refused-{area}"}, ids, f"rule {area}"))
    frame = spark.createDataFrame(rows, CASES.schema.__class__([CASES.schema[name] for name in COLUMNS]))
    schemes = {
        area: bind(compile_scheme(read_scheme(shared / "schemes" / name)), codes) for area, name in CITIES.items()
    }
    tally = Tally()
    collected = group_cases(frame.repartition(3), schemes, tally).collect()
    assert tally.cases == len(collected) == len(rows)
    assert tally.outcomes == Counter(row.outcome for row in collected)
    assert {row.setl_id: row.reason for row in collected if row.setl_id in refused} == refused
    assert all(row.outcome == "ungrouped" and groups(row) == NONE for row in collected if row.setl_id in refused)
    found = {(row.area, row.setl_id): groups(row) for row in collected if row.setl_id not in refused}
    assert len(found) == sum(len(of) for of in cases.values())
    for area, of in cases.items():
        wrong = [row["case_id"] for row in of if found[(area, row["case_id"])] != (row["mdc"], row["adrg"], row["drg"])]
        print(f"{CITIES[area]}: {len(of)} cases, {len(of) - len(wrong)} agree")
        assert not wrong


def groups(row: Row) -> tuple[str, str, str]:
    return row.mdc, row.adrg, row.drg
