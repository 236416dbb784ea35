"""Annual clearing (年度清算) of each hospital: policy/002 articles 9, 23, 32, 33 and 34, OP-51..OP-56, OP-69..OP-78."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from settlement.money import RATE_ONE, allocate, divide, integer, share_of, to_units
from settlement.month import ACCOUNT
from settlement.policies import with_policies
from settlement.policy import Policy
from settlement.sums import MEASURES, POOL, YEAR_SLOT

RATIO_PLACES = 6  # of the settlement ratio, and of assessment and deposit return in `HOSPITALS`
_RATIO_ONE = 10**RATIO_PLACES
_POLICY = (
    "cap_level",
    "surplus_keep_share",
    "deficit_tiers",
    "deficit_max_share_of_budget",
    "second_distribution",
)
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


def hospital_years(
    accounts: DataFrame, pools: DataFrame, hospitals: DataFrame, policies: Mapping[str, Policy]
) -> DataFrame:
    """The year of every hospital and insurance with cases in the pool, a month's row, or a new technique.

    Args:
        accounts: `hospital_accounts`.
        pools: `pool_periods`.
        hospitals: `HOSPITALS`.
        policies: by area.

    Returns `ACCOUNT`, points (integer at `POINT_PLACES`), cost_fen, fund_fen, amount_fen, `ratio` (integer at
    `RATIO_PLACES`), and `YEAR_TERMS` in fen.
    """
    started = _judged(_opened(accounts, pools, hospitals, policies))
    shared = _second_distribution(_limited_shares(started))
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
    final = clearing + F.col("new_fen") + F.col("second_distribution")
    named = {"clearing": clearing, "new_technique": F.col("new_fen"), "final": final}
    terms = [named.get(name, F.col(name)).alias(name) for name in YEAR_TERMS]
    return shared.select(*ACCOUNT, "points", "cost_fen", "fund_fen", "amount_fen", "ratio", *terms)


def _over_months(name: str) -> Column:
    return F.aggregate("months", F.lit(0).cast("bigint"), lambda total, month: total + month[name])


def _opened(accounts: DataFrame, pools: DataFrame, hospitals: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """The year's rows with the sums of their months, the hospital's marks and the pool's budget and reserve."""
    kinds = {name: "decimal(38,0)" if name == "points" else "bigint" for name in (*MEASURES, "amount_fen")}
    sums = [F.coalesce(F.col(f"year_sums.{name}"), F.lit(0).cast(kind)).alias(name) for name, kind in kinds.items()]
    wanted = F.col("year_sums").isNotNull() | F.exists("months", lambda month: month["present"])
    rows = accounts.where(wanted | (F.col("new_cases") > 0)).select(
        *ACCOUNT,
        *sums,
        _over_months("deposit_fen").alias("deposit_held"),
        _over_months("audit_fen").alias("audit"),
        _over_months("paid_fen").alias("paid"),
        "new_fen",
    )
    marks = hospitals.select(
        "fixmedins_code",
        "level",
        (F.col("suspended") == 1).alias("_suspended"),
        to_units(F.col("assessment"), RATIO_PLACES).alias("_assessment"),
        to_units(F.col("deposit_return"), RATIO_PLACES).alias("_return"),
    )
    years = pools.where(F.col("slot") == YEAR_SLOT).select(
        *POOL, F.col("budget_fen").alias("_budget"), F.col("carried_fen").alias("_reserve")
    )
    joined = rows.join(F.broadcast(marks), "fixmedins_code").join(F.broadcast(years), list(POOL), "left")
    money = {name: F.coalesce(name, F.lit(0).cast("bigint")) for name in ("_budget", "_reserve")}
    return with_policies(joined.withColumns(money), policies, *_POLICY)


def _judged(rows: DataFrame) -> DataFrame:
    """Ratio, cap, surplus, raw deficit share (article 34), assessment (article 33) and deposit of each hospital."""
    base = rows.withColumn("_fund", F.col("fund_fen") - F.col("audit"))  # F': net of audit sums (OP-72)
    limits = base.withColumn("_cap", share_of(F.col("_fund"), F.col("cap_level")[F.col("level")]).cast("bigint"))
    amount, fund, limit = F.col("amount_fen"), F.col("_fund"), F.col("_cap")
    judged, suspended = fund > 0, F.col("_suspended")
    zero = F.lit(0).cast("bigint")
    surplus = F.when(judged & ~suspended, F.greatest(F.least(amount, limit) - fund, F.lit(0).cast("bigint"))).otherwise(
        0
    )
    excess = F.greatest(amount - F.when(suspended, fund).otherwise(limit), zero)
    marked = limits.select(
        "*",
        F.when(judged, divide(amount, fund, RATIO_PLACES)).alias("ratio"),
        F.when(judged, excess).otherwise(0).cast("bigint").alias("cap_excess"),
        surplus.cast("bigint").alias("_surplus"),
        F.when(judged & ~suspended & (amount < fund), _tiered(fund - amount, fund))
        .otherwise(0)
        .cast("bigint")
        .alias("_share"),
    )
    kept = share_of(F.col("_surplus"), F.col("surplus_keep_share")).cast("bigint")
    adjustment = divide(integer(amount) * (F.col("_assessment") - _RATIO_ONE), integer(_RATIO_ONE))
    lost = divide(integer(F.col("deposit_held")) * (integer(_RATIO_ONE) - F.col("_return")), integer(_RATIO_ONE))
    return marked.select(
        "*",
        (F.col("_surplus") - kept).alias("surplus_not_kept"),
        adjustment.cast("bigint").alias("assessment_adjustment"),
        lost.cast("bigint").alias("deposit_not_returned"),
    )


def _tiered(deficit: Column, fund: Column) -> Column:
    """The fund's part of a deficit (OP-70): its share of each tier's stretch of F', rounded once."""
    scaled, base = integer(deficit) * RATE_ONE, integer(fund)

    def add(total: Column, tier: Column) -> Column:
        upper = F.least(scaled, F.coalesce(base * tier["end"], scaled))
        stretch = F.greatest(upper - base * tier["start"], integer(0))
        return (total + stretch * tier["fund_share"]).cast("decimal(38,0)")

    return divide(F.aggregate("deficit_tiers", integer(0), add), integer(RATE_ONE * RATE_ONE))


def _limited_shares(rows: DataFrame) -> DataFrame:
    """deficit_share: the raw shares, or where a pool's sum passes its limit, the limit allocated by them (OP-71)."""
    pool = Window.partitionBy(*POOL)
    most = share_of(F.col("_budget"), F.col("deficit_max_share_of_budget")).cast("bigint")
    summed = rows.select("*", F.sum("_share").over(pool).alias("_shares"), F.least(most, "_reserve").alias("_most"))
    over = F.col("_shares") > F.col("_most")
    cut = summed.select(
        "*",
        (integer(F.col("_share")) * F.col("_most")).alias("_above"),
        F.when(over, integer(F.col("_shares"))).alias("_below"),
    )
    scaled = allocate(cut, list(POOL), "_above", "_below", "_most", "fixmedins_code", "_scaled")
    limited = scaled.withColumn("deficit_share", F.coalesce("_scaled", "_share"))
    return limited.drop("_above", "_below", "_shares", "_most", "_scaled", "_share")


def _second_distribution(rows: DataFrame) -> DataFrame:
    """second_distribution: what the shares leave of the reserve, by points x assessment (article 9, OP-77, OP-78)."""
    pool = Window.partitionBy(*POOL)
    eligible = F.col("second_distribution") & ~F.col("_suspended") & (F.col("cap_excess") == 0)
    weight = F.when(eligible, F.col("points") * F.col("_assessment")).otherwise(integer(0)).cast("decimal(38,0)")
    weighed = rows.withColumn("_weight", weight).select(
        "*",
        (F.col("_reserve") - F.sum("deficit_share").over(pool)).alias("_rest"),
        F.sum("_weight").over(pool).cast("decimal(38,0)").alias("_weights"),
    )
    cut = weighed.select(
        "*",
        (F.col("_weight") * F.col("_rest")).cast("decimal(38,0)").alias("_above"),
        F.when(F.col("_weights") > 0, F.col("_weights")).alias("_below"),
    ).withColumnRenamed("_rest", "_left")
    given = allocate(cut, list(POOL), "_above", "_below", "_left", "fixmedins_code", "_given")
    return given.withColumn("second_distribution", F.coalesce("_given", F.lit(0).cast("bigint")))
