"""Cases of the lake as the settlement wants them; and those that it cannot place, kept in sight with no points."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from settlement.case_points import UNPAID
from settlement.frames import CASES
from settlement.results import CASE_POINT, CASE_POINTS

UNKNOWN_HOSPITAL = "unknown_hospital"
NEVER = "9999-12-31"  # an upload without a readable date is later than any deadline (policy/002 article 30.3)


def settlement_cases(grouped: DataFrame, hospitals: DataFrame) -> DataFrame:
    """Cases with groups -> `settlement.frames.CASES`, for cases of registered hospitals.

    The settlement month is that of the delivery: a settlement date that is missing or lies elsewhere counts as its
    first day (the finding says so).
    """
    first = F.to_date(F.concat("month", F.lit("-01")))
    inside = F.date_format("setl_date", "yyyy-MM") == F.col("month")
    known = hospitals.select("fixmedins_code", F.col("area"))
    return (
        grouped.join(F.broadcast(known), ["fixmedins_code", "area"], "left_semi")
        .withColumn("setl_date", F.when(inside, F.col("setl_date")).otherwise(first))
        .withColumn("dscg_date", F.coalesce("dscg_date", "setl_date"))
        .withColumn("upload_date", F.coalesce("upload_date", F.to_date(F.lit(NEVER))))
        .withColumn("insu_admdvs", F.coalesce("insu_admdvs", F.lit("")))
        .withColumn("insutype", F.coalesce("insutype", F.lit("")))
        .select(*CASES.names)
    )


def unplaced_cases(grouped: DataFrame, hospitals: DataFrame) -> DataFrame:
    """Cases of hospitals that the year's registry does not have in this area, as `CASE_POINTS`: no points."""
    known = hospitals.select("fixmedins_code", F.col("area"))
    rows = grouped.join(F.broadcast(known), ["fixmedins_code", "area"], "left_anti")
    nothing = {
        "year": F.substring("month", 1, 4).cast("int"),
        "scope": F.lit(""),
        "class": F.lit(UNKNOWN_HOSPITAL),
        "points": F.lit(0).cast(CASE_POINT),
        "in_month": F.lit(0),
        "in_year": F.lit(0),
        "uplift": F.lit(0).cast(CASE_POINT),
        "pay_month": F.lit(None).cast("string"),
        "review": F.lit(None).cast("string"),
        "cost_fen": F.col("cost_fen") - F.col("special_cost_fen"),
    }
    return rows.select(*[nothing.get(name, F.col(name)).alias(name) for name in CASE_POINTS.names])


def cases_by_points(scored: DataFrame, hospitals: DataFrame) -> DataFrame:
    """Of scored cases those that points were computed for, in time or late: area, drg, level, cost_fen."""
    levels = hospitals.select("fixmedins_code", "area", "level")
    inside = F.col("drg").isNotNull() & ~F.col("class").isin(UNKNOWN_HOSPITAL, *UNPAID)
    joined = scored.where(inside).join(F.broadcast(levels), ["fixmedins_code", "area"])
    return joined.select("area", "drg", "level", "cost_fen")
