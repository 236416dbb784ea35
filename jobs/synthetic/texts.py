"""Numbers as the text that hospitals deliver, column by column."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Int64s = NDArray[np.int64]
Mask = NDArray[np.bool_]


def money(fen: Int64s) -> pa.Array:
    """Fen -> yuan with two decimals, exactly: the integers are read as decimals of scale 2."""
    halves = np.empty((len(fen), 2), dtype=np.int64)  # low and high half of a 128-bit integer
    halves[:, 0] = fen
    halves[:, 1] = fen >> 63
    decimals = pa.Array.from_buffers(pa.decimal128(18, 2), len(fen), [None, pa.py_buffer(halves)])
    return decimals.cast(pa.string())


def whole(numbers: NDArray[np.integer], present: Mask | None = None) -> pa.Array:
    """Whole numbers; null where not present."""
    return pa.array(numbers, mask=None if present is None else ~present).cast(pa.string())


def days(dates: NDArray[np.datetime64]) -> pa.Array:
    """Days as YYYY-MM-DD."""
    values, places = np.unique(dates.astype("datetime64[D]"), return_inverse=True)
    return pa.array([str(value) for value in values], pa.string()).take(pa.array(places))


def moments(dates: NDArray[np.datetime64], seconds: Int64s) -> pa.Array:
    """Days and seconds of the day as YYYY-MM-DD HH:MM:SS."""
    instants = dates.astype("datetime64[D]").astype(np.int64) * 86_400 + seconds
    return pa.array(instants).cast(pa.timestamp("s")).cast(pa.string())


def one_of(words: tuple[str, ...], places: NDArray[np.integer], present: Mask | None = None) -> pa.Array:
    """Words by their places; null where not present."""
    index = pa.array(places, mask=None if present is None else ~present)
    return pa.array(words, pa.string()).take(index)


def numbered(prefix: str, first: int, count: int, width: int) -> pa.Array:
    """prefix + 000..., `count` numbers from `first` on, padded to `width` digits."""
    digits = pc.utf8_lpad(pa.array(np.arange(first, first + count)).cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, digits, "")
