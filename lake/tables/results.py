"""Results of a clearing year: pools, hospitals by month and year, clearing matrix. Columns: settlement/results.py."""

from __future__ import annotations

from pyspark.sql.types import IntegerType, StringType, StructType

from lake.tables.base import Table, column
from settlement import results

_RUN = column("run_id", StringType(), "calculation that wrote the row")

POOLS = Table(
    name="pools",
    grain="a pool (treating area, insurance) in a month or year",
    keys=("area", "insutype", "period"),
    schema=StructType([*results.POOLS.fields, _RUN]),
    partition_by=("area", "year"),
)

HOSPITAL_MONTH = Table(
    name="hospital_month",
    grain="a hospital's month of an insurance",
    keys=("fixmedins_code", "insutype", "month"),
    schema=StructType([*results.HOSPITAL_MONTH.fields, _RUN]),
    partition_by=("area", "year"),
)

HOSPITAL_YEAR = Table(
    name="hospital_year",
    grain="a hospital's year of an insurance: the statement of policy/002 article 34(五), line by line",
    keys=("fixmedins_code", "insutype", "year"),
    schema=StructType([*results.HOSPITAL_YEAR.fields, _RUN]),
    partition_by=("area", "year"),
)

CLEARING_MATRIX = Table(
    name="clearing_matrix",
    grain="what an insured area owes a treating area, by insurance, scope and period",
    keys=("insured_area", "treating_area", "insutype", "scope", "period"),
    schema=StructType(
        [
            *results.MATRIX.fields,
            _RUN,
            column("area", StringType(), "treating area, whose run wrote the row"),
            column("year", IntegerType(), "clearing year"),
        ]
    ),
    partition_by=("area", "year"),
)

RESULTS = (POOLS, HOSPITAL_MONTH, HOSPITAL_YEAR, CLEARING_MATRIX)
