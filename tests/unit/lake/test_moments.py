"""Times of events on machines whose clocks differ."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lake.moments import later_than, moment


def test_what_comes_later_is_dated_later() -> None:
    """Where the last event was dated by a clock that is ahead, by the least that a table can hold."""
    ahead = datetime.now(UTC) + timedelta(hours=1)
    assert later_than(ahead) == ahead + timedelta(microseconds=1)


def test_the_clock_counts_where_it_can() -> None:
    """Before any event, and after one of the past."""
    before = datetime.now(UTC)
    assert before <= later_than(None) <= datetime.now(UTC)
    assert before <= later_than(before - timedelta(hours=1)) <= datetime.now(UTC)


def test_microseconds_are_exact() -> None:
    """No float on the way."""
    assert moment(4_102_444_799_999_999) == datetime(2099, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
