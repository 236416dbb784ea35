"""The ledger (资金分录) of a clearing year. Columns: settlement/results.py; accounts and articles: docs/ledger.md."""

from __future__ import annotations

from pyspark.sql.types import StringType, StructType

from lake.tables.base import Table, column
from settlement import results
from settlement.ledger import KEY

LEDGER = Table(
    name="ledger",
    grain="a movement of money from one account to another; statements, hospital tables and the matrix are views of it",
    keys=KEY,
    schema=StructType([*results.LEDGER.fields, column("run_id", StringType(), "calculation that wrote the row")]),
    partition_by=("area", "year"),
)
