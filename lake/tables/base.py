"""What a table of the lake is: name, grain, keys, schema with comments, partitions. Written once, never inferred."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql.types import DataType, StructField, StructType


@dataclass(frozen=True)
class Table:
    """A Delta table. `grain` says in words what one row is; `keys` are the columns that identify it."""

    name: str
    grain: str
    keys: tuple[str, ...]
    schema: StructType
    partition_by: tuple[str, ...] = ()
    append_only: bool = False

    @property
    def columns(self) -> list[str]:
        """Column names in the schema's order."""
        return list(self.schema.names)


def column(name: str, kind: DataType, comment: str, nullable: bool = True) -> StructField:
    """A column with its comment (Chinese term, unit, dictionary)."""
    return StructField(name, kind, nullable, {"comment": comment})
