"""A province folder grown to millions of cases: its cases again and again, under new ids and with other costs.

Written with Arrow, without Spark, a file an area and month, as the lake keeps them: 16 million cases take seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lake.province_folder import ProvinceFolder

DEARER = 100_000  # a repeated case costs up to this much more, fen


def grow(source: ProvinceFolder, times: int, folder: Path) -> ProvinceFolder:
    """Write `times` as many cases and reviews; gives the province with budgets and audit sums to match.

    `folder/cases/area=.../month=.../part.parquet` and `folder/reviews/part.parquet`; every repetition has its reviews.
    """
    for number, (area, month, cases) in enumerate(_slices(source)):
        place = folder / "cases" / f"area={area}" / f"month={month}"
        place.mkdir(parents=True)
        random = np.random.default_rng(number)
        more = pa.array(random.integers(0, DEARER, cases.num_rows * times))
        many = _repeated(cases, times)
        pq.write_table(_with(many, "cost_fen", pc.add(many["cost_fen"], more)), place / "part.parquet")
    (folder / "reviews").mkdir()
    pq.write_table(_repeated(source.reviews, times), folder / "reviews" / "part.parquet")
    money = {name: source.table(name) for name in ("budgets", "audit")}
    scaled = {
        name: _with(table, "amount_fen", pc.multiply(table["amount_fen"], times)) for name, table in money.items()
    }
    return replace(source, **scaled)


def _slices(source: ProvinceFolder) -> Iterator[tuple[str, str, pa.Table]]:
    """The cases of each area and month of settlement."""
    areas = dict(zip(*(source.hospitals[name].to_pylist() for name in ("fixmedins_code", "area")), strict=True))
    treating = np.array([areas[code] for code in source.cases["fixmedins_code"].to_pylist()])
    months = np.array([day.isoformat()[:7] for day in source.cases["setl_date"].to_pylist()])
    for area in np.unique(treating):
        for month in np.unique(months[treating == area]):
            yield str(area), str(month), source.cases.filter(pa.array((treating == area) & (months == month)))


def _repeated(rows: pa.Table, times: int) -> pa.Table:
    """The rows `times` over; setl_id gets the number of the repetition."""
    many = rows.take(pa.array(np.tile(np.arange(rows.num_rows), times)))
    again = pa.array(np.repeat(np.arange(times), rows.num_rows)).cast(pa.string())
    return _with(many, "setl_id", pc.binary_join_element_wise(many["setl_id"], again, "-"))


def _with(rows: pa.Table, name: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    return rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), values)
