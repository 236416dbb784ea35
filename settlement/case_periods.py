"""The month and the year that a case counts in: policy/002 articles 30, 31(一) and 32, OP-12, OP-14, OP-15, OP-50."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from settlement.case_readings import CaseReadings
from settlement.late import days_column, is_late, working_days_after
from settlement.readings import AbnormalYearEnd, CaseDate, CountFrom, NoData, UploadCalendar

_GONE = ("dscg_date", "upload_date", "upload_deadline_days")


def with_periods(
    cases: DataFrame,
    dates: DataFrame,
    calendar: DataFrame,
    readings: CaseReadings,
    by_points: Column,
    ungrouped: Column,
) -> DataFrame:
    """Add in_month, in_year, pay_month and `by_item`.

    Args:
        cases: with year, month, dscg_date, upload_date, upload_deadline_days and the readings' columns.
        dates: dscg_date of all cases.
        calendar: `CALENDAR`.
        readings: of all areas.
        by_points: whether a case is paid by points, if its list came in time.
        ungrouped: whether it is not for want of a group.

    pay_month is missing where it is the month of settlement. `by_item`: abnormal data that the year's end pays by item
    (非正常数据按项目付费, OP-14). A missing date counts as late.
    """
    days = max((policy.upload_deadline_days for policy in readings.policies.values()), default=0)
    ways = readings.day_counts()
    counted = cases.join(F.broadcast(working_days_after(dates, calendar, days, ways)), "dscg_date", "left")
    in_time = F.coalesce(
        ~is_late(F.col("upload_date"), F.col("dscg_date"), _days(readings, ways), F.col("upload_deadline_days")),
        F.lit(False),
    )
    timed = counted.withColumn("_in_time", in_time)
    arrives = _arrives(readings)
    late = ~(F.col("_in_time") | arrives)
    unpaid = readings.reads("abnormal_year_end", AbnormalYearEnd.UNPAID)
    by_item = readings.reads("abnormal_year_end", AbnormalYearEnd.FEE_FOR_SERVICE) & ((by_points & late) | ungrouped)
    return timed.select(
        "*",
        (by_points & ~late).cast("int").alias("in_month"),
        ((by_points & ~(late & unpaid)) | by_item).cast("int").alias("in_year"),
        _pay_month(readings, by_points & ~F.col("_in_time") & arrives).alias("pay_month"),
        by_item.alias("by_item"),
    ).drop(*_GONE, "_in_time", *[days_column(number) for number in range(len(ways))])


def _arrives(readings: CaseReadings) -> Column:
    """Whether a late list is settled when it comes: its upload is of the clearing year (OP-50)."""
    if not readings.any("month_no_data", NoData.ON_ARRIVAL):
        return F.lit(False)
    of_year = F.coalesce(_month_of("upload_date") <= _month(12), F.lit(False))
    return readings.reads("month_no_data", NoData.ON_ARRIVAL) & of_year


def _pay_month(readings: CaseReadings, waited: Column) -> Column:
    """The month that a case counts in, missing where it is that of settlement.

    A list that was waited for counts when it came, but not before the case's own month.
    """
    of_discharge = readings.any("period_case_date", CaseDate.DISCHARGE)
    if not of_discharge and not readings.any("month_no_data", NoData.ON_ARRIVAL):
        return F.lit(None).cast("string")
    own = _month_of_case(readings) if of_discharge else F.col("month")
    counts = F.when(waited, F.greatest(own, _month_of("upload_date"))).otherwise(own)
    return F.when(counts != F.col("month"), counts)


def _days(readings: CaseReadings, ways: list[tuple[UploadCalendar, CountFrom]]) -> Column:
    """The days for the upload, counted as the case's area counts them."""
    found = F.col(days_column(0))
    for number, (calendar, start) in enumerate(ways[1:], 1):
        mine = readings.reads("upload_calendar", calendar) & readings.reads("upload_count_from", start)
        found = F.when(mine, F.col(days_column(number))).otherwise(found)
    return found


def _month_of_case(readings: CaseReadings) -> Column:
    """The month of settlement, or of discharge; the clearing year stays that of settlement (article 32)."""
    within = F.least(F.greatest(F.coalesce(_month_of("dscg_date"), F.col("month")), _month(1)), _month(12))
    return F.when(readings.reads("period_case_date", CaseDate.DISCHARGE), within).otherwise(F.col("month"))


def _month_of(date: str) -> Column:
    return F.substring(F.col(date).cast("string"), 1, 7)


def _month(number: int) -> Column:
    """A month of the case's clearing year, YYYY-MM."""
    return F.concat(F.col("year").cast("string"), F.lit(f"-{number:02d}"))
