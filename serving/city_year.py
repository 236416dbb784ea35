"""What a city pulls of a clearing year: its own results and nobody else's, at the versions its last runs name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import functions as F

from lake.errors import MissingParameters
from lake.parameters import ParameterSet, elements_of, published
from lake.runs import RunBook, read_slices, union_all
from lake.tables.base import Table
from lake.tables.closings import MONTH_CORRECTIONS
from lake.tables.ledger import DRUG_LEDGER, INCENTIVE_LEDGER, LEDGER, PREPAY_LEDGER
from lake.tables.results import CLEARING_MATRIX, HOSPITAL_MONTH, HOSPITAL_YEAR, POOLS
from lake.views import scored_cases
from settlement.sums import yearly_points

BESIDE = {"drugs": DRUG_LEDGER, "incentives": INCENTIVE_LEDGER, "prepay": PREPAY_LEDGER}


@dataclass(frozen=True)
class CityYear:
    """Published results of one treating area and year, sorted by their keys. Money is fen.

    `corrections`: `month_corrections`; empty where no month was closed when the year was settled. `beside`: the ledgers
    of drugs, incentives and prepayment, of the last run of each job; empty where none has run.
    """

    area: str
    year: int
    run_id: str
    parameters: ParameterSet
    pools: pa.Table
    hospital_month: pa.Table
    hospital_year: pa.Table
    matrix: pa.Table
    ledger: pa.Table
    corrections: pa.Table
    beside: pa.Table
    classes: pa.Table
    elements: pa.Table

    @property
    def yearly_pools(self) -> pa.Table:
        """Rows of `pools` for the whole year."""
        return self.pools.filter(pc.equal(self.pools["period"], str(self.year)))


def read_city_year(runs: RunBook, area: str, year: int) -> CityYear:
    """Read a city's year. Raises `MissingParameters` where it was never settled."""
    run = runs.required("settle", area, str(year), f"run `dianshu settle --year {year} --city {area}` first")
    parameters = published(runs.lake, [area], year)[area]

    def table(one: Table) -> pa.Table:
        if one.name not in run.outputs:
            raise MissingParameters(
                f"area {area}, {year} was settled before the table {one.name} was there: "
                f"run `dianshu settle --year {year} --city {area}` again"
            )
        return rows_of(one, {(area, str(year)): run.outputs[one.name]})

    def rows_of(one: Table, slices: Mapping[tuple[str, str], int]) -> pa.Table:
        return read_slices(runs.lake, one, slices, "year").orderBy(*one.keys).toArrow()

    booked = {(area, str(year)): run.outputs[one.name] for one in (MONTH_CORRECTIONS,) if one.name in run.outputs}
    scored = scored_cases(runs, [area], year)
    classes = (
        scored.groupBy("insutype", "scope", "class")
        .agg(
            F.count(F.lit(1)).alias("cases"),
            F.sum(yearly_points()).alias("points"),
            F.sum("cost_fen").alias("cost_fen"),
            F.sum("fund_fen").alias("fund_fen"),
        )
        .orderBy("insutype", "scope", "class")
        .toArrow()
    )
    elements = elements_of(runs.lake, [parameters]).orderBy("kind", "drg", "level", "fixmedins_code").toArrow()
    return CityYear(
        area=area,
        year=year,
        run_id=run.run_id,
        parameters=parameters,
        pools=table(POOLS),
        hospital_month=table(HOSPITAL_MONTH),
        hospital_year=table(HOSPITAL_YEAR),
        matrix=table(CLEARING_MATRIX),
        ledger=table(LEDGER),
        corrections=rows_of(MONTH_CORRECTIONS, booked),
        beside=read_beside(runs, area, year),
        classes=classes,
        elements=elements,
    )


def read_beside(runs: RunBook, area: str, year: int) -> pa.Table:
    """The ledgers of the jobs beside the clearing, as their last runs of the area and year left them."""
    key = (area, str(year))
    parts = [runs.lake.rows(LEDGER, [])]
    for job, table in BESIDE.items():
        run = runs.last(job, *key)
        if run is not None and table.name in run.outputs:
            parts.append(read_slices(runs.lake, table, {key: run.outputs[table.name]}, "year"))
    return union_all(parts).orderBy(*LEDGER.keys).toArrow()
