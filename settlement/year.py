"""Annual clearing (年度清算) of each hospital: policy/002 articles 9, 23, 32, 33 and 34, OP-51..OP-56, OP-69..OP-78."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from settlement.claims import write_off
from settlement.money import RATE_PLACES, divide, integer, to_units
from settlement.month import ACCOUNT
from settlement.policies import with_policies
from settlement.policy import Policy
from settlement.sums import MEASURES, POOL, YEAR_SLOT
from settlement.year_steps import RATIO_PLACES, policy_values, take_steps

# The money of the year after the amount, in the order of the table.
YEAR_TERMS = (
    "cap_excess",
    "surplus_not_kept",
    "deficit_share",
    "assessment_adjustment",
    "deposit_held",
    "deposit_not_returned",
    "audit",
    "paid",
    "clearing",
    "new_technique",
    "second_distribution",
    "final",
)
# Beside the columns of the province folders: part of the final amount where an area wants it (article 37); what of the
# hospital's claim is not paid (article 40); what the year before left to owe and this one takes (OP-54).
MORE_TERMS = ("negotiated_drugs", "new_technique_fund", "write_off", "owed_before")
# Policy values that say what marks a hospital comes with.
_MARKS = ("fund_net_of_violations", "assessment_min", "assessment_max", "deposit_return_table")


def hospital_years(
    accounts: DataFrame,
    pools: DataFrame,
    hospitals: DataFrame,
    policies: Mapping[str, Policy],
    drugs: DataFrame | None = None,
) -> DataFrame:
    """The year of every hospital and insurance with cases in the pool, a month's row, a new technique, `drugs`, or
    something to owe from the year before.

    Args:
        accounts: `hospital_accounts`.
        pools: `pool_periods`.
        hospitals: `HOSPITALS`.
        policies: by area.
        drugs: `ACCOUNT` and compensation_fen for negotiated drugs that is part of the final amount.

    Returns `ACCOUNT`, points (integer at `POINT_PLACES`), cost_fen, fund_fen, amount_fen, `ratio` (integer at
    `RATIO_PLACES`), `YEAR_TERMS` and `MORE_TERMS` in fen.
    """
    taken = take_steps(_opened(_with_drugs(accounts, drugs), pools, hospitals, policies), policies)
    ratio = F.when(F.col("_fund") > 0, divide(F.col("amount_fen"), F.col("_fund"), RATIO_PLACES)).alias("ratio")
    clearing = (
        F.col("amount_fen")
        - F.col("deposit_not_returned")
        + F.col("assessment_adjustment")
        - F.col("cap_excess")
        - F.col("surplus_not_kept")
        + F.col("deficit_share")
        - F.col("paid")
        - F.col("audit")
    )
    beside = F.col("new_fen") + F.col("second_distribution") + F.col("negotiated_drugs") - F.col("owed_fen")
    final = clearing + beside
    received = F.col("paid") + final + F.col("owed_fen")
    named = {
        "clearing": clearing,
        "new_technique": F.col("new_fen"),
        "final": final,
        "new_technique_fund": F.col("new_fund_fen"),
        "write_off": write_off(F.col("fund_fen") + F.col("new_fund_fen"), F.col("audit"), received),
        "owed_before": F.col("owed_fen"),
    }
    terms = [named.get(name, F.col(name)).alias(name) for name in (*YEAR_TERMS, *MORE_TERMS)]
    return taken.select(*ACCOUNT, "points", "cost_fen", "fund_fen", "amount_fen", ratio, *terms)


def _with_drugs(accounts: DataFrame, drugs: DataFrame | None) -> DataFrame:
    """With `negotiated_drugs`; missing where nothing is compensated."""
    if drugs is None:
        return accounts.withColumn("negotiated_drugs", F.lit(None).cast("bigint"))
    given = drugs.groupBy(*ACCOUNT).agg(F.sum("compensation_fen").alias("negotiated_drugs"))
    return accounts.join(given, list(ACCOUNT), "left")


def _over_months(name: str) -> Column:
    return F.aggregate("months", F.lit(0).cast("bigint"), lambda total, month: total + month[name])


def _opened(accounts: DataFrame, pools: DataFrame, hospitals: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """The year's rows with the sums of their months, the hospital's marks, the pool's budget and reserve, policies."""
    kinds = {name: "decimal(38,0)" if name == "points" else "bigint" for name in (*MEASURES, "amount_fen")}
    sums = [F.coalesce(F.col(f"year_sums.{name}"), F.lit(0).cast(kind)).alias(name) for name, kind in kinds.items()]
    wanted = F.col("year_sums").isNotNull() | F.exists("months", lambda month: month["present"])
    given = F.col("negotiated_drugs").isNotNull() | (F.col("owed_fen") > 0)
    late = F.coalesce("late_audit_fen", F.lit(0).cast("bigint"))
    rows = accounts.where(wanted | F.col("late_audit_fen").isNotNull() | (F.col("new_cases") > 0) | given).select(
        *ACCOUNT,
        *sums,
        _over_months("deposit_fen").alias("deposit_held"),
        (_over_months("audit_fen") + late).alias("audit"),
        _over_months("paid_fen").alias("paid"),
        "new_fen",
        "new_fund_fen",
        "owed_fen",
        F.coalesce("negotiated_drugs", F.lit(0).cast("bigint")).alias("negotiated_drugs"),
    )
    marks = hospitals.select(
        "fixmedins_code",
        "level",
        (F.col("suspended") == 1).alias("_suspended"),
        to_units(F.col("assessment"), RATIO_PLACES).alias("_given_assessment"),
        to_units(F.col("deposit_return"), RATE_PLACES).alias("_given_return"),
        to_units(F.col("score"), RATE_PLACES).alias("_score"),
    )
    years = pools.where(F.col("slot") == YEAR_SLOT).select(
        *POOL, F.col("budget_fen").alias("_budget"), F.col("carried_fen").alias("_reserve")
    )
    joined = rows.join(F.broadcast(marks), "fixmedins_code").join(F.broadcast(years), list(POOL), "left")
    money = {name: F.coalesce(name, F.lit(0).cast("bigint")) for name in ("_budget", "_reserve")}
    ruled = with_policies(joined.withColumns(money), policies, *policy_values(policies), *_MARKS)
    refused = F.when(F.col("fund_net_of_violations"), F.col("audit")).otherwise(0)
    marked = {"_fund": F.col("fund_fen") - refused, "_assessment": _assessment(), "_return": _return()}  # F' (OP-72)
    return ruled.withColumns(marked).drop("_given_assessment", "_given_return", "_score", *_MARKS)


def _assessment() -> Column:
    """考核系数 within the limits of the area (article 33, OP-55), at `RATIO_PLACES`."""
    least, most = (
        divide(F.col(f"assessment_{name}"), integer(10 ** (RATE_PLACES - RATIO_PLACES))) for name in ("min", "max")
    )
    return F.least(F.greatest("_given_assessment", least), most).cast("decimal(38,0)")  # a missing limit is none


def _return() -> Column:
    """Share of the deposits that is returned: of the last step of the area's table that the score reaches, below the
    first one nothing; without table or score the share that stands with the hospital (article 32(四), OP-56).
    """
    reached = F.filter("deposit_return_table", lambda step: integer(step["score"]) <= F.col("_score"))
    share = F.coalesce(F.try_element_at(reached, F.lit(-1))["share"], F.lit(0))
    by_score = F.col("_score").isNotNull() & (F.size("deposit_return_table") > 0)
    return F.when(by_score, integer(share)).otherwise(F.col("_given_return"))
