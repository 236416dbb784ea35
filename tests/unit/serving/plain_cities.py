"""Cities of a province settled in plain Python, in the form in which a city pulls its year from the lake."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from lake.parameters import ParameterSet
from lake.province_schema import arrow_schema
from serving.city_year import CityYear
from settlement.frames import RATIO
from settlement.reference.inputs import Province
from settlement.reference.ledger import settle_ledger
from settlement.reference.scope import in_pool
from settlement.reference.settle import Settlement
from settlement.reference.sums import Sums
from settlement.results import HOSPITAL_MONTH, HOSPITAL_YEAR, LEDGER, MATRIX, MONTH_CORRECTIONS, POOLS

RUN = "a-run"


def plain_cities(province: Province, settlement: Settlement) -> dict[str, CityYear]:
    """The year of every area; tables have the columns of the lake's."""
    areas = {hospital.fixmedins_code: hospital.area for hospital in province.hospitals}
    year = int(str(province.year))
    ledger = settle_ledger(province, settlement)
    rows: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for pool in settlement.pools:
        budget = {"budget_used_fen": pool.used_fen, "value": _decimal(pool.value)}
        rows[pool.area]["pools"].append({**_plain(pool), **_sums(pool.sums), **budget, "year": year})
    for name, of_hospitals in (("hospital_month", settlement.months), ("hospital_year", settlement.years)):
        for one in of_hospitals:
            known = {
                "year": year,
                "ratio": _decimal(getattr(one, "ratio", None), RATIO.scale),
                "area": areas[one.fixmedins_code],
            }
            rows[areas[one.fixmedins_code]][name].append({**_plain(one), **_sums(one.sums), **known})
    for entry in ledger:
        rows[entry.area]["ledger"].append({**asdict(entry), "run_id": RUN})
    return {area: _city(area, year, rows[area]) for area in sorted(set(areas.values()))}


def plain_matrix(settlement: Settlement) -> pa.Table:
    """`clearing_matrix` of all areas."""
    rows = [
        {**asdict(debt), "scope": debt.scope.value, "run_id": f"run of {debt.treating_area}"}
        for debt in settlement.matrix
    ]
    return pa.Table.from_pylist(rows, pa.schema([*_schema(MATRIX), pa.field("run_id", pa.string())]))


def plain_classes(province: Province, settlement: Settlement) -> pa.Table:
    """The cases by hospital, insurance, scope and class, all and counted: what `read_hospital_classes` gives."""
    sums: dict[tuple[str, ...], tuple[Sums, Sums]] = defaultdict(lambda: (Sums(), Sums()))
    for one in settlement.points:
        key = (one.case.fixmedins_code, one.case.insutype, one.scope.value, one.case_class.value)
        mine = Sums(1, one.points, one.case.paid_cost_fen, one.case.fund_fen)
        counts = one.in_year and in_pool(one.scope, province.policies[one.area])
        every, counted = sums[key]
        sums[key] = (every.plus(mine), counted.plus(mine) if counts else counted)
    names = ("fixmedins_code", "insutype", "scope", "class")
    rows = [
        {
            **dict(zip(names, key, strict=True)),
            **_sums(every),
            **{f"counted_{name}": value for name, value in _sums(counted).items()},
        }
        for key, (every, counted) in sorted(sums.items())
    ]
    numbers = ("cases", "points", "cost_fen", "fund_fen")
    kinds = {"points": pa.decimal128(28, 8)}
    fields = [
        pa.field(f"{prefix}{name}", kinds.get(name, pa.int64())) for prefix in ("", "counted_") for name in numbers
    ]
    return pa.Table.from_pylist(rows, pa.schema([*[pa.field(name, pa.string()) for name in names], *fields]))


def _city(area: str, year: int, rows: dict[str, list[dict[str, Any]]]) -> CityYear:
    parameters = ParameterSet(
        f"{area}-set",
        area,
        year,
        1,
        "published",
        "f",
        "scheme-7",
        {},
        "tester",
        "test",
        datetime(2025, 1, 1, tzinfo=UTC),
    )
    tables = {
        name: pa.Table.from_pylist(rows[name], _schema(frame))
        for name, frame in (("pools", POOLS), ("hospital_month", HOSPITAL_MONTH), ("hospital_year", HOSPITAL_YEAR))
    }
    ledger = pa.Table.from_pylist(
        sorted(rows["ledger"], key=lambda row: (row["period"], row["entry"], row["insutype"]))
    )
    nothing = pa.table({})
    return CityYear(
        area=area,
        year=year,
        run_id=RUN,
        parameters=parameters,
        matrix=nothing,
        ledger=ledger,
        beside=pa.Table.from_pylist([], _schema(LEDGER)),
        corrections=pa.Table.from_pylist([], _schema(MONTH_CORRECTIONS)),
        classes=nothing,
        elements=nothing,
        **tables,
    )


def _schema(frame: Any) -> pa.Schema:
    return pa.schema([pa.field(field.name, field.type) for field in arrow_schema(frame)])


def _plain(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__ if not isinstance(getattr(row, name), dict)}


def _sums(sums: Sums) -> dict[str, Any]:
    return {
        "cases": sums.cases,
        "points": _decimal(sums.points, 8),
        "cost_fen": sums.cost_fen,
        "fund_fen": sums.fund_fen,
    }


def _decimal(number: Any, places: int = 12) -> Decimal | None:
    return None if number is None else Decimal(round(number * 10**places)).scaleb(-places)
