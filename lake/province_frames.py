"""Result frames of text as rows in Python: for small provinces, at the edge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def text_rows(frame: DataFrame, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """The rows of a frame of text columns, in no particular order. Raises `ValueError` on a missing (null) cell."""
    table = frame.select(*columns).toArrow()
    for name in columns:
        if table[name].null_count:
            raise ValueError(f"column {name} of a result is null in {table[name].null_count} row(s)")
    return list(zip(*(table[name].to_pylist() for name in columns), strict=True))
