"""A province folder as the plain rows of the reference calculation."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pyarrow as pa

from lake.province_folder import ProvinceFolder
from settlement.reference.inputs import (
    Audit,
    BaseGroup,
    Budget,
    Case,
    Day,
    Element,
    HistoryCase,
    Hospital,
    Province,
    Review,
)

_ROWS: dict[str, type] = {
    "hospitals": Hospital,
    "history": HistoryCase,
    "base_groups": BaseGroup,
    "elements": Element,
    "elements_given": Element,
    "cases": Case,
    "reviews": Review,
    "budgets": Budget,
    "audit": Audit,
    "calendar": Day,
}
_FLAGS = {"suspended", "recognition", "new_tech", "working"}


def plain_province(folder: ProvinceFolder) -> Province:
    """The folder's rows as the frozen dataclasses of settlement/reference/inputs.py."""
    rows = {name: tuple(kind(**row) for row in _plain_rows(folder.table(name))) for name, kind in _ROWS.items()}
    return Province(policies=folder.policies, **rows)


def _plain_rows(table: pa.Table) -> list[dict[str, Any]]:
    columns = {name: [_plain(name, cell) for cell in table[name].to_pylist()] for name in table.schema.names}
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _plain(name: str, cell: Any) -> Any:
    if name in _FLAGS:
        return bool(cell)
    exact = name in ("value", "assessment", "deposit_return", "score", "points") and cell is not None
    return Fraction(cell) if exact else cell
