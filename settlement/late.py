"""Late upload (非正常数据): working days after discharge, policy/002 article 30, OP-12.

The days are counted once for each discharge date, not for each case: the table of deadlines is small.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

_WEEK = 7
_SATURDAY = 5  # F.weekday: Monday is 0


def working_days_after(dates: DataFrame, calendar: DataFrame, days: int) -> DataFrame:
    """The first `days` working days after each date.

    Args:
        dates: one column, `dscg_date`; doubles and missing dates are dropped.
        calendar: `CALENDAR`; a day that is not listed works from Monday to Friday.
        days: how many; 0 or more.

    Returns dscg_date, `working_days` (array of dates, ascending, `days` long).
    """
    closed = calendar.where("working = 0").agg(F.count("*").alias("_closed"))
    # Any 7 days hold 5 weekdays; of those at most all that the calendar closes are lost.
    enough = ((F.col("_closed") + days) * 2 + 2 * _WEEK).cast("int")
    apart = dates.where("dscg_date is not null").distinct().crossJoin(F.broadcast(closed))
    after = F.sequence(F.date_add("dscg_date", F.lit(1)), F.date_add("dscg_date", enough))
    each = apart.select("dscg_date", F.explode(after).alias("date"))
    listed = each.join(F.broadcast(calendar.select("date", "working")), "date", "left")
    works = F.coalesce(F.col("working") == 1, F.weekday("date") < _SATURDAY)
    sorted_days = F.sort_array(F.collect_list("date"))
    return listed.where(works).groupBy("dscg_date").agg(F.slice(sorted_days, 1, days).alias("working_days"))


def is_late(uploaded: Column, discharged: Column, working_days: Column, deadline_days: Column) -> Column:
    """Uploaded after the `deadline_days`-th working day after discharge; with 0 days, after the day of discharge."""
    deadline = F.when(deadline_days == 0, discharged).otherwise(F.get(working_days, deadline_days - 1))
    return uploaded > deadline
