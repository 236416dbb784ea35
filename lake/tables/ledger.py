"""The ledger (资金分录) of a clearing year. Columns: settlement/results.py; accounts and articles: docs/ledger.md."""

from __future__ import annotations

from pyspark.sql.types import StringType, StructType

from lake.tables.base import Table, column
from settlement import results
from settlement.ledger import KEY


def _ledger(name: str, grain: str) -> Table:
    fields = [*results.LEDGER.fields, column("run_id", StringType(), "calculation that wrote the row")]
    return Table(name=name, grain=grain, keys=KEY, schema=StructType(fields), partition_by=("area", "year"))


LEDGER = _ledger(
    "ledger",
    "a movement of money from one account to another; statements, hospital tables and the matrix are views of it",
)
# Each job has books of its own, so that a rerun replaces its own rows only; read together they are one ledger.
PREPAY_LEDGER = _ledger("prepay_ledger", "a movement of money paid in advance, set off or returned (预付金)")
DRUG_LEDGER = _ledger("drug_ledger", "a movement of money for negotiated drugs (谈判药品补偿)")
INCENTIVE_LEDGER = _ledger("incentive_ledger", "a movement of money by case sharing or growth incentive (激励约束)")
