"""What every ledger of a job must hold before it is published: proper movements, and accounts that close."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lake.errors import ContractBroken
from lake.runs import Calculation
from lake.store import Lake, slice_predicate
from lake.tables.base import Table
from settlement.ledger_views import improper, legs

_NOTHING = "nothing was published. This is an error of the program."


def written(lake: Lake, table: Table, outputs: Mapping[str, int], due: Sequence[Calculation]) -> DataFrame:
    """The slices by year of a table that a run wrote."""
    slices = [(key.area, key.period) for key in due]
    return lake.read(table, outputs[table.name]).where(slice_predicate(slices, "year"))


def check_books(name: str, ledger: DataFrame, differences: DataFrame) -> None:
    """Every row moves money between two accounts, all accounts sum to zero, and each closes with what the tables say.

    Args:
        name: of the table, for the message.
        ledger: what was written of it.
        differences: account and `change_fen` that should not be.

    Raises `ContractBroken`.
    """
    moves_nothing = improper(ledger).count()
    if moves_nothing:
        raise ContractBroken(f"{name}: {moves_nothing} rows move nothing; {_NOTHING}")
    total = legs(ledger).agg(F.sum("change_fen").alias("fen")).collect()[0].fen or 0
    if total:
        raise ContractBroken(f"{name}: the accounts sum to {total} fen; {_NOTHING}")
    found = differences.orderBy("account").limit(3).collect()
    if found:
        named = "; ".join(f"account {row.account}: {row.change_fen} fen" for row in found)
        raise ContractBroken(f"{name} closes otherwise than the tables say ({named}); {_NOTHING}")
