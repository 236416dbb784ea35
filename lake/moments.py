"""Times of events, in an order that holds on machines whose clocks differ: what comes later is dated later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_LEAST = timedelta(microseconds=1)


def moment(micros: int) -> datetime:
    """The time so many microseconds after 1970, as `unix_micros` gives it: the same on every machine."""
    return _BEGINNING + micros * _LEAST


def later_than(last: datetime | None) -> datetime:
    """Now; or just after `last`, where the clock that dated it is ahead of this machine's."""
    now = datetime.now(UTC)
    return now if last is None else max(now, last + _LEAST)


def moment_after(rows: DataFrame, column: str) -> datetime:
    """Now, but later than all times in a column."""
    newest = rows.agg(F.max(F.unix_micros(column))).collect()[0][0]
    return later_than(None if newest is None else moment(newest))
