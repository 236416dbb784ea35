"""Monthly pre-settlement (月预结算): policy/002 articles 31(三) and 31(四), OP-47..OP-49.

A hospital's months of a year stand in one row, so that a negative rest runs from month to month inside the row.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from settlement.money import share_of
from settlement.policies import with_policies
from settlement.policy import Policy
from settlement.readings import DepositBase, NegativeMonth
from settlement.sums import MEASURES, MONTHS, YEAR_SLOT, year_and_slot

ACCOUNT = ("area", "fixmedins_code", "insutype", "year")
NEW_TECHNIQUES = ("new_cases", "new_fen", "new_fund_fen")  # number, what is paid for them, their fund
# What of a hospital's month can be added up.
TERMS = (*MEASURES, "amount_fen", "gross_fen", "deposit_fen", "audit_fen")
_TYPES = {name: "decimal(38,0)" if name == "points" else "bigint" for name in TERMS}


def account_cases(sums: DataFrame) -> DataFrame:
    """`ACCOUNT` of every hospital and insurance with any case in `case_sums`, with `NEW_TECHNIQUES`."""
    return sums.groupBy(*ACCOUNT).agg(*[F.sum(name).alias(name) for name in NEW_TECHNIQUES])


def month_terms(present: DataFrame, amounts: DataFrame, audit: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """What the periods of hospitals come to: `ACCOUNT`, slot and `TERMS`, in the months and the year (slot 0).

    Args:
        present: `account_cases`.
        amounts: `hospital_amounts`.
        audit: `AUDIT`; sums of hospitals that are not in `present` have no account.
        policies: by area.
    """
    rows = _paid_rows(amounts, policies).unionByName(_audit_rows(audit, present))
    return rows.groupBy(*ACCOUNT, "slot").agg(*[F.sum(name).alias(name) for name in TERMS])


def hospital_accounts(
    present: DataFrame, terms: DataFrame, policies: Mapping[str, Policy], openings: DataFrame | None = None
) -> DataFrame:
    """One row for a hospital, insurance and year: its months and its year.

    Args:
        present: `account_cases`, of all accounts in `terms`.
        terms: `month_terms`; slot 13 is what closed months leave to the year.
        policies: by area.
        openings: `account_openings`, of accounts in `present`.

    Returns `ACCOUNT`, `year_sums` (struct of `MEASURES` and amount_fen; missing without cases in the pool),
    `months` (array of 12 structs: slot, `MEASURES`, amount_fen, gross_fen, deposit_fen, audit_fen, brought_fen,
    paid_fen, carried_fen, present), `late_audit_fen` (audit sums that no month could take any more; missing where
    closed months leave nothing to the year), owed_fen (what the year before left to owe, OP-54), `NEW_TECHNIQUES`.
    """
    entry = F.struct("slot", F.struct(*TERMS).alias("sums"))
    slots = terms.groupBy(*ACCOUNT).agg(F.map_from_entries(F.collect_list(entry)).alias("_by_slot"))
    joined = with_policies(present.join(slots, list(ACCOUNT), "left"), policies, "month_negative")
    opened = _with_openings(joined, openings)
    filled = opened.withColumn("_months", F.transform(F.sequence(F.lit(1), F.lit(MONTHS)), _month))
    carried = filled.withColumn("_carried", F.aggregate("_months", F.array("_opening"), _carry))
    settled = F.transform("_months", lambda month: _settled(month, F.col("_carried")))
    year = F.try_element_at("_by_slot", F.lit(YEAR_SLOT))
    in_pool = F.when(year["cases"] > 0, year)
    late = F.try_element_at("_by_slot", F.lit(MONTHS + 1))["audit_fen"]
    return carried.select(
        *ACCOUNT,
        in_pool.alias("year_sums"),
        settled.alias("months"),
        late.alias("late_audit_fen"),
        "owed_fen",
        *NEW_TECHNIQUES,
    )


def _with_openings(accounts: DataFrame, openings: DataFrame | None) -> DataFrame:
    nothing = F.lit(0).cast("bigint")
    if openings is None:
        return accounts.withColumns({"_opening": nothing, "owed_fen": nothing})
    joined = accounts.join(F.broadcast(openings), list(ACCOUNT), "left")
    return joined.withColumns(
        {"_opening": F.coalesce("opening_fen", nothing), "owed_fen": F.coalesce("owed_fen", nothing)}
    )


def _paid_rows(amounts: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """Amounts with gross (amount x `month.pay_ratio`) and deposit (质量保证金: of gross, amount or fund, OP-47)."""
    ruled = with_policies(amounts, policies, "month_pay_ratio", "deposit_rate", "deposit_base")
    gross = ruled.withColumn("gross_fen", share_of(F.col("amount_fen"), F.col("month_pay_ratio")).cast("bigint"))
    kind = F.col("deposit_base")
    base = (
        F.when(kind == DepositBase.AMOUNT.value, F.col("amount_fen"))
        .when(kind == DepositBase.FUND.value, F.col("fund_fen"))
        .otherwise(F.col("gross_fen"))
    )
    deposit = F.when(base > 0, share_of(base, F.col("deposit_rate"))).otherwise(0)
    held = gross.withColumn("deposit_fen", deposit.cast("bigint")).withColumn("audit_fen", F.lit(0).cast("bigint"))
    return held.select(*ACCOUNT, "slot", *TERMS)


def _audit_rows(audit: DataFrame, present: DataFrame) -> DataFrame:
    """Audit sums as rows without cases; `cases` is 0, so that a month with only an audit sum is still there."""
    given = audit.select(
        "fixmedins_code", "insutype", *year_and_slot(F.col("month")), F.col("amount_fen").alias("audit_fen")
    )
    known = given.join(present.select(*ACCOUNT), ["fixmedins_code", "insutype", "year"])
    zeros = [F.lit(0).cast(_TYPES[name]).alias(name) for name in TERMS if name != "audit_fen"]
    return known.select(*ACCOUNT, "slot", "audit_fen", *zeros)


def _month(slot: Column) -> Column:
    found = F.try_element_at("_by_slot", slot)
    sums = [F.coalesce(found[name], F.lit(0).cast(_TYPES[name])).alias(name) for name in TERMS]
    return F.struct(slot.alias("slot"), found.isNotNull().alias("given"), *sums)


def _net(month: Column, brought: Column) -> Column:
    return month["gross_fen"] - month["deposit_fen"] - month["audit_fen"] + brought


def _carry(carried: Column, month: Column) -> Column:
    """What goes from each month into the next: the negative rest, where it is carried (OP-49). carried[0] goes into
    January: 0, or what the year before left to owe (OP-54).
    """
    nothing = F.lit(0).cast("bigint")
    rest = F.least(_net(month, F.element_at(carried, -1)), nothing)
    kept = F.when(F.col("month_negative") == NegativeMonth.CARRIED.value, rest).otherwise(nothing)
    return F.concat(carried, F.array(kept))


def _settled(month: Column, carried: Column) -> Column:
    brought = F.get(carried, month["slot"] - 1)
    names = ("slot", *TERMS)
    net = _net(month, brought)
    paid_back = F.col("month_negative") == NegativeMonth.PAID_BACK.value
    return F.struct(
        *[month[name].alias(name) for name in names],
        brought.alias("brought_fen"),
        F.when(paid_back, net).otherwise(F.greatest(net, F.lit(0).cast("bigint"))).alias("paid_fen"),
        F.get(carried, month["slot"]).alias("carried_fen"),
        (month["given"] | (brought != 0)).alias("present"),
    )


def hospital_months(accounts: DataFrame) -> DataFrame:
    """The months of `hospital_accounts` as rows: where the hospital has cases in the pool, an audit sum, or something
    brought forward.
    """
    each = accounts.select(*ACCOUNT, F.explode("months").alias("_month"))
    return each.where("_month.present").select(*ACCOUNT, "_month.*").drop("present")
