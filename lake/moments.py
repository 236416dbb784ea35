"""Times of events, in an order that holds on machines whose clocks differ: what comes later is dated later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_LEAST = timedelta(microseconds=1)


def moment(micros: int) -> datetime:
    """The time so many microseconds after 1970, as `unix_micros` gives it: the same on every machine."""
    return _BEGINNING + micros * _LEAST


def later_than(last: datetime | None) -> datetime:
    """Now; or just after `last`, where the clock that dated it is ahead of this machine's."""
    now = datetime.now(UTC)
    return now if last is None else max(now, last + _LEAST)


def moment_after(rows: pa.Table, column: str) -> datetime:
    """Now, but later than all times in a column."""
    newest = pc.max(rows[column].cast(pa.timestamp("us", "UTC")).cast(pa.int64())).as_py()
    return later_than(None if newest is None else moment(newest))
