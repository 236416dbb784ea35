"""Late upload (非正常数据): working days after discharge, policy/002 article 30, OP-12.

The days are counted once for each discharge date, not for each case: the table of deadlines is small.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from settlement.readings import CountFrom, UploadCalendar

_WEEK = 7
_SATURDAY = 5  # F.weekday: Monday is 0
DayCount = tuple[UploadCalendar, CountFrom]


def days_column(number: int) -> str:
    """The column of `working_days_after` for the way of counting with this number."""
    return f"working_days_{number}"


def working_days_after(dates: DataFrame, calendar: DataFrame, days: int, ways: Sequence[DayCount]) -> DataFrame:
    """The first `days` working days after each date, counted in each of the `ways`.

    Args:
        dates: one column, `dscg_date`; doubles and missing dates are dropped.
        calendar: `CALENDAR`; a day that is not listed works from Monday to Friday.
        days: how many; 0 or more.
        ways: which days work, and whether the date itself may be the first of them.

    Returns dscg_date and, for each way, `days_column` (array of dates, ascending, `days` long).
    """
    closed = calendar.where("working = 0").agg(F.count("*").alias("_closed"))
    # Any 7 days hold 5 weekdays; of those at most all that the calendar closes are lost.
    enough = ((F.col("_closed") + days) * 2 + 2 * _WEEK).cast("int")
    apart = dates.where("dscg_date is not null").distinct().crossJoin(F.broadcast(closed))
    first = 0 if any(start is CountFrom.DISCHARGE_DAY for _, start in ways) else 1
    after = F.sequence(F.date_add("dscg_date", F.lit(first)), F.date_add("dscg_date", enough))
    each = apart.select("dscg_date", F.explode(after).alias("date"))
    listed = each.join(F.broadcast(calendar.select("date", "working")), "date", "left")
    counted = [_counts(way, first) for way in ways]
    arrays = [
        F.slice(F.sort_array(F.collect_list(F.when(counts, F.col("date")))), 1, days).alias(days_column(number))
        for number, counts in enumerate(counted)
    ]
    return listed.where(reduce(or_, counted)).groupBy("dscg_date").agg(*arrays)


def _counts(way: DayCount, first: int) -> Column:
    """Whether `date` is one of the days; those before day `first` are not there."""
    calendar, start = way
    weekday = F.weekday("date") < _SATURDAY
    works = {
        UploadCalendar.NATIONAL: F.coalesce(F.col("working") == 1, weekday),
        UploadCalendar.WEEKDAYS: weekday,
        UploadCalendar.ALL_DAYS: F.lit(True),
    }[calendar]
    return works & (F.col("date") > F.col("dscg_date")) if start is CountFrom.DAY_AFTER and not first else works


def is_late(uploaded: Column, discharged: Column, working_days: Column, deadline_days: Column) -> Column:
    """Uploaded after the `deadline_days`-th of the days counted; with 0 days, after the day of discharge."""
    deadline = F.when(deadline_days == 0, discharged).otherwise(F.get(working_days, deadline_days - 1))
    return uploaded > deadline
