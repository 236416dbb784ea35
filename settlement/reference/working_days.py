"""Working days and the deadline for uploading a list (policy/002 article 30.1)."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

_ONE_DAY = datetime.timedelta(days=1)


def is_working(day: datetime.date, special: Mapping[datetime.date, bool]) -> bool:
    """Whether a day is a working day: as the calendar says, else Monday to Friday."""
    return special.get(day, day.isoweekday() <= 5)


def upload_deadline(
    discharge: datetime.date, working_days: int, special: Mapping[datetime.date, bool]
) -> datetime.date:
    """The last day for the list: the `working_days`-th working day after discharge (OP-12)."""
    day = discharge
    while working_days:
        day += _ONE_DAY
        working_days -= is_working(day, special)
    return day
