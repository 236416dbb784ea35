"""Working days and the deadline for uploading a list (policy/002 article 30.1)."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from settlement.readings import CountFrom, UploadCalendar

_ONE_DAY = datetime.timedelta(days=1)
_FRIDAY = 5


def is_working(
    day: datetime.date, special: Mapping[datetime.date, bool], calendar: UploadCalendar = UploadCalendar.NATIONAL
) -> bool:
    """Whether a day counts: as the national calendar says, else Monday to Friday; Monday to Friday only; every day."""
    weekday = day.isoweekday() <= _FRIDAY
    return {
        UploadCalendar.NATIONAL: special.get(day, weekday),
        UploadCalendar.WEEKDAYS: weekday,
        UploadCalendar.ALL_DAYS: True,
    }[calendar]


def upload_deadline(
    discharge: datetime.date,
    working_days: int,
    special: Mapping[datetime.date, bool],
    calendar: UploadCalendar = UploadCalendar.NATIONAL,
    count_from: CountFrom = CountFrom.DAY_AFTER,
) -> datetime.date:
    """The last day for the list: the `working_days`-th working day after discharge, or from that day on (OP-12)."""
    day = discharge
    if working_days and count_from is CountFrom.DISCHARGE_DAY:
        working_days -= is_working(day, special, calendar)
    while working_days:
        day += _ONE_DAY
        working_days -= is_working(day, special, calendar)
    return day
