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
    per_case: bool = False  # has rows for each case; the others are small enough for the driver

    @property
    def columns(self) -> list[str]:
        """Column names in the schema's order."""
        return list(self.schema.names)

    @property
    def stored(self) -> StructType:
        """Everything may be null in storage: what must not be is checked by the contracts, with a message."""
        return StructType([StructField(field.name, field.dataType, True, field.metadata) for field in self.schema])

    @property
    def found_by(self) -> list[str]:
        """Columns whose least and greatest value each file says, for reading single rows.

        Those of all columns would cost a tenth of a wide write and serve nobody.
        """
        return [key for key in self.keys if key not in self.partition_by]


def column(name: str, kind: DataType, comment: str, nullable: bool = True) -> StructField:
    """A column with its comment (Chinese term, unit, dictionary)."""
    return StructField(name, kind, nullable, {"comment": comment})
