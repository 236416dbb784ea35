"""What a hospital pulls of a clearing year: its own rows of its city's published results. Money is fen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pyarrow as pa
from pyspark.sql import functions as F

from lake.errors import MissingParameters
from lake.runs import RunBook
from lake.views import scored_cases
from serving.city_year import CityYear
from serving.statement import ledger_rows
from settlement.case_points import BY_ITEM
from settlement.policy import OutOfAreaPool, Policy
from settlement.reference.ledger import LedgerRow
from settlement.sums import yearly_points

Row = Mapping[str, Any]
MEASURES = ("cases", "points", "cost_fen", "fund_fen")


@dataclass
class HospitalYear:
    """One hospital's rows of a year, in the order of the tables' keys.

    `years`: `hospital_year`; `months`: `hospital_month`; `corrections`: `month_corrections`; `classes`: its cases by
    insurance, scope and class, with
    `MEASURES`, and with `counted_...` of those that the clearing of its pool counts.
    """

    code: str
    years: list[Row] = field(default_factory=list)
    months: list[Row] = field(default_factory=list)
    classes: list[Row] = field(default_factory=list)
    corrections: list[Row] = field(default_factory=list)
    ledger: list[LedgerRow] = field(default_factory=list)
    beside: list[LedgerRow] = field(default_factory=list)
    pool_items: Mapping[str, int] = field(default_factory=dict)  # cost of its pools' cases by item, by insurance

    @property
    def items(self) -> dict[str, int]:
        """Cost of its own cases that its pools pay by item, by insurance (OP-14, OP-63)."""
        return item_costs(self.classes)


def read_hospital_classes(runs: RunBook, area: str, year: int, policy: Policy) -> pa.Table:
    """The scored cases of an area's year by hospital, insurance, scope and class: no case is left out.

    Points are those of the year (with 中治率). Counted are the cases of the year whose scope is settled inside the
    pool (OP-79).
    """
    joint = policy.out_of_area_pool is OutOfAreaPool.JOINT
    inside = F.col("scope").isin("local", "in_province") if joint else F.col("scope") == "local"
    counts = (F.col("in_year") == 1) & inside
    keys = ("fixmedins_code", "insutype", "scope", "class")
    yearly = {"points": yearly_points()}
    sums = [
        F.coalesce(F.sum(F.when(condition, yearly.get(name, F.col(name)))), F.lit(0)).alias(f"{prefix}{name}")
        for prefix, condition in (("", F.lit(True)), ("counted_", counts))
        for name in MEASURES[1:]
    ]
    numbers = [F.count(F.lit(1)).alias("cases"), F.count(F.when(counts, 1)).alias("counted_cases")]
    return scored_cases(runs, [area], year).groupBy(*keys).agg(*numbers, *sums).orderBy(*keys).toArrow()


def item_costs(classes: Iterable[Row]) -> dict[str, int]:
    """Cost of the cases that pools pay by item, by insurance, in rows by class."""
    costs: dict[str, int] = defaultdict(int)
    for row in classes:
        if row["class"] in BY_ITEM and row["counted_cases"]:
            costs[row["insutype"]] += row["counted_cost_fen"]
    return dict(costs)


def hospital_years(city: CityYear, classes: pa.Table, hospitals: Iterable[str]) -> list[HospitalYear]:
    """The rows of each of the hospitals, by code; hospitals without any row are left out.

    Raises `MissingParameters` where the cases are not those that were settled.
    """
    pool_items = item_costs(classes.to_pylist())
    found = {code: HospitalYear(code, pool_items=pool_items) for code in sorted(set(hospitals))}
    sources = {
        "years": city.hospital_year,
        "months": city.hospital_month,
        "corrections": city.corrections,
        "classes": classes,
    }
    for name, table in sources.items():
        for row in table.to_pylist():
            if row["fixmedins_code"] in found:
                getattr(found[row["fixmedins_code"]], name).append(row)
    for entry in ledger_rows(city.ledger):
        if entry.fixmedins_code in found:
            found[entry.fixmedins_code].ledger.append(entry)
    for entry in ledger_rows(city.beside):
        if entry.fixmedins_code in found:
            found[entry.fixmedins_code].beside.append(entry)
    for one in found.values():
        _check_counted(one, city)
    return [one for one in found.values() if one.years or one.months or one.classes or one.ledger or one.beside]


def _check_counted(hospital: HospitalYear, city: CityYear) -> None:
    """The counted cases are those that the clearing summed."""
    settled = {row["insutype"]: tuple(row[name] for name in MEASURES[1:]) for row in hospital.years}
    counted: dict[str, list[Decimal | int]] = defaultdict(lambda: [Decimal(0), 0, 0])
    for row in hospital.classes:
        sums = counted[row["insutype"]]
        counted[row["insutype"]] = [old + row[f"counted_{name}"] for old, name in zip(sums, MEASURES[1:], strict=True)]
    nothing = (Decimal(0), 0, 0)
    for insutype in sorted({*settled, *counted}):
        if tuple(counted.get(insutype, nothing)) != settled.get(insutype, nothing):
            raise MissingParameters(
                f"hospital {hospital.code}, insutype {insutype}: its cases were scored again after the clearing of "
                f"{city.year}; run `dianshu settle --year {city.year} --city {city.area}` first"
            )
