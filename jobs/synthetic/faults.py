"""Planted faults: which cases get which, and what each does to a column. A case has one fault at most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


class Fault(StrEnum):
    """What can be wrong with a delivered list."""

    MISSING_PRINCIPAL = "missing_principal_diagnosis"
    UNKNOWN_CODE = "unknown_code"
    MISSING_SEX = "missing_sex"
    DISCHARGE_BEFORE_ADMISSION = "discharge_before_admission"
    DUPLICATE = "duplicate"  # an older version of the list stands beside it
    ITEMS_NOT_ADDING_UP = "items_not_adding_up"
    UNREADABLE_MONEY = "unreadable_money"
    UNREADABLE_DATE = "unreadable_date"
    UNKNOWN_HOSPITAL = "unknown_hospital"


@dataclass(frozen=True)
class Faults:
    """The fault of each case as its place in `Fault`, -1 for none."""

    places: NDArray[np.int32]

    def at(self, fault: Fault) -> Mask:
        """Cases that have the fault."""
        found: Mask = self.places == list(Fault).index(fault)
        return found

    def counts(self) -> dict[str, int]:
        """Cases by fault."""
        return {fault.value: int(self.at(fault).sum()) for fault in Fault}


def draw_faults(generator: np.random.Generator, rates: Mapping[str, float], count: int) -> Faults:
    """Faults of `count` cases, each at its rate (share of the cases)."""
    cumulative = np.cumsum([rates[fault.value] for fault in Fault])
    places = np.searchsorted(cumulative, generator.random(count), side="right").astype(np.int32)
    return Faults(np.where(places < len(cumulative), places, np.int32(-1)))


def put(column: pa.Array, where: Mask, text: str | None) -> pa.Array:
    """The column with one text (or nothing) in the given rows."""
    return pc.if_else(pa.array(where), pa.scalar(text, pa.string()), column)


def swap(first: pa.Array, second: pa.Array, where: Mask) -> tuple[pa.Array, pa.Array]:
    """Both columns, exchanged in the given rows."""
    mask = pa.array(where)
    return pc.if_else(mask, second, first), pc.if_else(mask, first, second)
