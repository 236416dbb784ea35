"""Prepayment (预付金): policy/002 article 24, policy/000 article 19, policy/004 二(二), OP-57..OP-60.

A fund may pay in advance where its balance lasts long enough and no deficit was or is foreseen; a hospital that applied
then gets about a month of its last year's settled fund; what was paid comes back before the year ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import add

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from settlement.frames import RATIO
from settlement.money import RATE_ONE, RATE_PLACES, divide, from_units, integer, to_units
from settlement.policies import with_policies
from settlement.prepay_frames import MARKS, MONTHS_COVERED, PREPAY_TESTS, PREPAYMENTS, PUBLICATION, RECOVERIES
from settlement.rule_policy import MonthsBasis, PrepayBasis, Recovery, RulePolicy
from settlement.sums import MONTHS

ELIGIBLE, INCOMPLETE = "eligible", "incomplete"
PAID, IN_PART, USED_UP, NO_HISTORY = "paid", "paid_in_part", "scale_used_up", "no_history"
_FUND = ("area", "insutype")


def _typed(frame: DataFrame, schema: StructType) -> DataFrame:
    return frame.select(*[F.col(field.name).cast(field.dataType).alias(field.name) for field in schema.fields])


def _month_number(month: Column) -> Column:
    """Months since year 0, of YYYY-MM: neighbours differ by one."""
    return F.substring(month, 1, 4).cast("int") * MONTHS + F.substring(month, 6, 2).cast("int")


def prepay_tests(funds: DataFrame, policies: Mapping[str, RulePolicy], year: int, as_of: str) -> DataFrame:
    """Whether each fund may pay in advance for `year`.

    Args:
        funds: `FUNDS`, months of last year and the twelve months up to `as_of`; more are not looked at.
        policies: by area.
        year: the year that money is paid in advance for.
        as_of: YYYY-MM, the last month of the rolling twelve.

    Returns `PREPAY_TESTS`. The balance covers `balance x 12 ÷ spending` months (OP-57); the limit is inclusive and
    tested without division. `outcome` is the first that fits: incomplete (a month is missing), no_rule (the policy has
    no months for the insurance), balance, last_year_deficit (上年已出现当期赤字), forecast_deficit (12个月滚动测算),
    eligible.
    """
    now = _month_number(F.lit(as_of))
    number = _month_number(F.col("month"))
    rolling = (number > now - MONTHS) & (number <= now)
    last_year = F.substring("month", 1, 4).cast("int") == year - 1

    def total(name: str, counts: Column) -> Column:
        return F.coalesce(F.sum(F.when(counts, F.col(name))), F.lit(0))

    summed = funds.groupBy(*_FUND).agg(
        F.coalesce(F.max(F.when(number == now, F.col("balance_fen"))), F.lit(0)).alias("balance_fen"),
        F.count(F.when(rolling, 1)).alias("_rolling"),
        F.count(F.when(last_year, 1)).alias("_last_year"),
        total("spending_fen", rolling).alias("_spent_rolling"),
        total("spending_fen", last_year).alias("_spent_last_year"),
        (total("income_fen", last_year) - total("spending_fen", last_year)).alias("last_year_fen"),
        (total("income_fen", rolling) - total("spending_fen", rolling)).alias("forecast_fen"),
    )
    ruled = with_policies(summed, policies, "prepay_min_months", "prepay_months_basis")
    by_year = F.col("prepay_months_basis") == MonthsBasis.LAST_YEAR.value
    needed = F.col("prepay_min_months")[F.col("insutype")]
    spending = F.when(by_year, F.col("_spent_last_year")).otherwise(F.col("_spent_rolling"))
    tested = ruled.select("*", needed.alias("_needed"), spending.alias("spending_fen"))
    covered = divide(
        integer(F.col("balance_fen")) * MONTHS, F.when(F.col("spending_fen") > 0, F.col("spending_fen")), RATIO.scale
    )
    return _typed(
        tested.select(
            "*",
            F.lit(year).alias("year"),
            F.lit(as_of).alias("as_of"),
            from_units(covered, RATIO.scale, MONTHS_COVERED).alias("months"),
            from_units(F.col("_needed"), RATE_PLACES, RATIO).alias("months_needed"),
            _test_outcome().alias("outcome"),
        ),
        PREPAY_TESTS,
    )


def _test_outcome() -> Column:
    lasts = integer(F.col("balance_fen")) * (MONTHS * RATE_ONE) >= integer(F.col("_needed")) * F.col("spending_fen")
    return (
        F.when((F.col("_rolling") < MONTHS) | (F.col("_last_year") < MONTHS), INCOMPLETE)
        .when(F.col("_needed").isNull(), "no_rule")
        .when(~lasts, "balance")
        .when(F.col("last_year_fen") < 0, "last_year_deficit")
        .when(F.col("forecast_fen") < 0, "forecast_deficit")
        .otherwise(ELIGIBLE)
    )


def prepayments(
    applications: DataFrame,
    hospitals: DataFrame,
    last_year: DataFrame,
    tests: DataFrame,
    scales: DataFrame,
    policies: Mapping[str, RulePolicy],
    year: int,
) -> DataFrame:
    """What each application gets.

    Args:
        applications: `APPLICATIONS`; hospitals apply of their own will (policy/004 二(二)).
        hospitals: `HOSPITALS`; applications of others are left out.
        last_year: `LAST_YEAR`.
        tests: `PREPAY_TESTS` of that year; a fund without a test is incomplete.
        scales: `SCALES`.
        policies: by area.
        year: the year that money is paid in advance for.

    Returns `PREPAYMENTS`. The amount is a twelfth of the base times `prepay.months`, rounded to the fen (OP-59). In
    order of the weighted marks, ties by code, each is paid in full until the area's scale is used up.
    """
    places = hospitals.select("fixmedins_code", "area")
    tested = tests.select(*_FUND, F.col("outcome").alias("_outcome"))
    limits = scales.select(*_FUND, F.col("amount_fen").alias("_scale"))
    joined = (
        applications.join(F.broadcast(places), "fixmedins_code")
        .join(F.broadcast(tested), list(_FUND), "left")
        .join(F.broadcast(limits), list(_FUND), "left")
        .join(F.broadcast(last_year), ["fixmedins_code", "insutype"], "left")
    )
    ruled = with_policies(joined, policies, "prepay_weights", "prepay_basis", "prepay_months", "prepay_pay_by")
    by_fund = F.col("prepay_basis") == PrepayBasis.FUND.value
    base = F.coalesce(F.when(by_fund, F.col("fund_fen")).otherwise(F.col("settled_fen")), F.lit(0))
    scored = ruled.select(
        "*",
        F.coalesce("_outcome", F.lit(INCOMPLETE)).alias("_test"),
        _weighed_marks().alias("_score"),
        base.alias("base_fen"),
        F.lit(year).alias("year"),
        F.concat_ws("-", F.lit(str(year)), "prepay_pay_by").alias("pay_by"),
    )
    month = divide(integer(F.col("base_fen")) * F.col("prepay_months"), integer(MONTHS * RATE_ONE)).cast("bigint")
    due = F.when((F.col("_test") == ELIGIBLE) & (F.col("base_fen") > 0), month).otherwise(0)
    in_turn = Window.partitionBy(*_FUND).orderBy(F.col("_score").desc(), "fixmedins_code")
    before = in_turn.rowsBetween(Window.unboundedPreceding, -1)
    placed = scored.withColumn("amount_fen", due).select(
        "*",
        F.row_number().over(in_turn).alias("place"),
        F.coalesce(F.sum("amount_fen").over(before), F.lit(0)).alias("_before"),
    )
    left = F.greatest(F.col("_scale") - F.col("_before"), F.lit(0))
    paid = F.when(F.col("_scale").isNull(), F.col("amount_fen")).otherwise(F.least("amount_fen", left))
    score = from_units(divide(F.col("_score"), integer(RATE_ONE)), RATIO.scale, MONTHS_COVERED)
    with_paid = placed.select("*", paid.alias("paid_fen"), score.alias("score"))
    return _typed(with_paid.withColumn("outcome", _application_outcome()), PREPAYMENTS)


def _weighed_marks() -> Column:
    """Sum of weight x mark: an integer at `RATE_PLACES` + the places of a mark."""
    marks = [
        integer(F.coalesce(F.col("prepay_weights")[F.lit(mark)], F.lit(0))) * to_units(F.col(mark), RATIO.scale)
        for mark in MARKS
    ]
    return reduce(add, marks).cast("decimal(38,0)")


def _application_outcome() -> Column:
    return (
        F.when(F.col("_test") != ELIGIBLE, F.col("_test"))
        .when(F.col("amount_fen") <= 0, NO_HISTORY)
        .when(F.col("paid_fen") == F.col("amount_fen"), PAID)
        .when(F.col("paid_fen") > 0, IN_PART)
        .otherwise(F.lit(USED_UP))
    )


def recoveries(paid: DataFrame, payments: DataFrame, policies: Mapping[str, RulePolicy]) -> DataFrame:
    """What is set against the payments of the year's last months (冲抵结算金额, policy/000 article 19, OP-60).

    Args:
        paid: `PREPAYMENTS`.
        payments: `PAYMENTS` of the same year.
        policies: by area.

    Returns `RECOVERIES`: from the first of the last `prepay.offset_months` months on, each payment as far as it goes.
    None where `prepay.recovery` is return.
    """
    owed = with_policies(
        paid.where("paid_fen > 0").select(
            "area", "fixmedins_code", "insutype", "year", F.col("paid_fen").alias("_owed")
        ),
        policies,
        "prepay_recovery",
        "prepay_offset_months",
    ).where(F.col("prepay_recovery") == Recovery.OFFSET.value)
    months = payments.select("fixmedins_code", "insutype", "month", F.col("paid_fen").alias("payment_fen"))
    joined = months.where("payment_fen > 0").join(F.broadcast(owed), ["fixmedins_code", "insutype"])
    same_year = F.substring("month", 1, 4).cast("int") == F.col("year")
    late = F.substring("month", 6, 2).cast("int") > MONTHS - F.col("prepay_offset_months")
    in_turn = Window.partitionBy("fixmedins_code", "insutype").orderBy("month")
    before = F.coalesce(F.sum("payment_fen").over(in_turn.rowsBetween(Window.unboundedPreceding, -1)), F.lit(0))
    set_off = F.greatest(F.least(F.col("payment_fen"), F.col("_owed") - F.col("_before")), F.lit(0))
    each = joined.where(same_year & late).withColumn("_before", before).withColumn("offset_fen", set_off)
    return _typed(each.where("offset_fen > 0"), RECOVERIES)


def publication(paid: DataFrame, recovered: DataFrame) -> DataFrame:
    """What is published to society at the year's end (年底公布): policy/002 article 24, policy/004 二(二).

    `PREPAYMENTS` and their `RECOVERIES` -> `PUBLICATION`, a row for every hospital that was paid in advance. What was
    not set against payments is returned by 31 December.
    """
    keys = ["fixmedins_code", "insutype"]
    offsets = recovered.groupBy(*keys).agg(F.sum("offset_fen").alias("_offset"))
    joined = paid.where("paid_fen > 0").join(offsets, keys, "left")
    offset = F.coalesce("_offset", F.lit(0))
    return _typed(
        joined.select("*", offset.alias("offset_fen"), (F.col("paid_fen") - offset).alias("returned_fen")), PUBLICATION
    )
