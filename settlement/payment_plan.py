"""Payment plan of a month (基金支付计划): who gets how much by when. Policy/002 articles 30.2 and 31(四), 004 二(一).

What a month pays a hospital (`HOSPITAL_MONTH`), less what is set against money paid in advance (policy/000 article 19),
is to be paid by a day that is counted in working days of the year's calendar.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DateType, IntegerType, LongType, StringType, StructField, StructType

from settlement.late import days_column, working_days_after
from settlement.policies import with_policies
from settlement.readings import CountFrom, UploadCalendar
from settlement.rule_frames import typed
from settlement.rule_policy import RulePolicy

_MONEY = (
    ("amount_fen", "月度预结算费用"),
    ("gross_fen", "amount by the monthly payment ratio"),
    ("deposit_fen", "质量保证金"),
    ("audit_fen", "审核扣款"),
    ("brought_forward_fen", "negative rest of the month before"),
    ("carried_forward_fen", "negative rest for the next month"),
    ("due_fen", "应拨付: what the month pays"),
    ("offset_fen", "冲抵预付金"),
    ("pay_fen", "实际拨付: due less offset"),
)


def _field(name: str, kind: object, comment: str, nullable: bool = False) -> StructField:
    return StructField(name, kind, nullable, {"comment": comment})  # type: ignore[arg-type]


# One row: what is paid to a hospital for a month of an insurance. Key: fixmedins_code, insutype, month.
PAYMENT_PLAN = StructType(
    [
        _field("area", StringType(), "treating area (就医地统筹区)"),
        _field("fixmedins_code", StringType(), "定点医药机构编号"),
        _field("insutype", StringType(), "险种"),
        _field("year", IntegerType(), "clearing year"),
        _field("month", StringType(), "YYYY-MM"),
        *[_field(name, LongType(), f"{comment}, fen") for name, comment in _MONEY],
        _field("declare_by", DateType(), "last day for the hospitals' declaration (申报截止)"),
        _field("presettle_by", DateType(), "last day of the pre-settlement; missing: not confirmed yet", nullable=True),
        _field("pay_by", DateType(), "last day for the payment"),
    ]
)


def month_deadlines(
    months: DataFrame, calendar: DataFrame, policies: Mapping[str, RulePolicy], confirmed: date | None = None
) -> DataFrame:
    """The days of each area's months.

    Args:
        months: area, month (YYYY-MM).
        calendar: `CALENDAR`.
        policies: by area: `month.declare_day`, `month.presettle_within`, `month.pay_within`.
        confirmed: the day on which the grouping results were confirmed (DRG分组结果确认), where it is known.

    Returns area, month, `declare_by` (that day of the next month), `pay_by` (that many working days after it),
    `presettle_by` (that many after `confirmed`).
    """
    ruled = with_policies(months, policies, "month_declare_day", "month_presettle_days", "month_pay_days")
    next_month = F.add_months(F.to_date(F.concat("month", F.lit("-01"))), 1)
    dated = ruled.withColumns(
        {
            "declare_by": F.date_add(next_month, F.col("month_declare_day") - 1),
            "confirmed": F.lit(confirmed).cast("date"),
        }
    )
    longest = max((max(one.month_presettle_days, one.month_pay_days) for one in policies.values()), default=0)
    starts = dated.select(F.explode(F.array("declare_by", "confirmed")).alias("dscg_date"))
    days = working_days_after(starts, calendar, longest, [(UploadCalendar.NATIONAL, CountFrom.DAY_AFTER)])
    counted = dated
    for start, number, to in (
        ("declare_by", "month_pay_days", "pay_by"),
        ("confirmed", "month_presettle_days", "presettle_by"),
    ):
        after = days.select(F.col("dscg_date").alias(start), F.col(days_column(0)).alias("working_days"))
        last = F.when(F.col(number) == 0, F.col(start)).otherwise(F.get("working_days", F.col(number) - 1))
        counted = counted.join(F.broadcast(after), start, "left").withColumn(to, last).drop("working_days")
    return counted.select("area", "month", "declare_by", "presettle_by", "pay_by")


def payment_plan(months: DataFrame, offsets: DataFrame, deadlines: DataFrame) -> DataFrame:
    """What is to be paid to each hospital, as `PAYMENT_PLAN`.

    Args:
        months: `HOSPITAL_MONTH`.
        offsets: `RECOVERIES`: what is set against the payments of these months.
        deadlines: `month_deadlines`.
    """
    keys = ["fixmedins_code", "insutype", "month"]
    joined = months.join(offsets.select(*keys, "offset_fen"), keys, "left").join(deadlines, ["area", "month"])
    offset = F.coalesce("offset_fen", F.lit(0).cast("bigint"))
    paid = joined.withColumns(
        {"due_fen": F.col("paid_fen"), "offset_fen": offset, "pay_fen": F.col("paid_fen") - offset}
    )
    return typed(paid, PAYMENT_PLAN)
