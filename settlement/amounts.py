"""What each hospital is due from its pool (DRG统筹基金应结算金额): policy/002 articles 31(三), 32(三), OP-01, OP-02."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from settlement.money import allocate, divide, integer
from settlement.sums import MEASURES, POOL

_KEPT = ("fixmedins_code", *MEASURES)


def amount_above(points: Column, cost: Column, fund: Column, value_above: Column, value_below: Column) -> Column:
    """Numerator, over `value_below`, of points x value - (cost - fund), in fen."""
    return points * value_above - integer(cost - fund) * value_below


def hospital_amounts(hospitals: DataFrame, pools: DataFrame) -> DataFrame:
    """`hospital_sums` with `amount_fen`, by the value of the pool and period in `pool_periods`.

    Where the value shares out what is used (`allocated`) the amounts sum to it; else each is rounded to the fen.
    Without points nobody is paid.
    """
    values = pools.select(*POOL, "slot", "used_fen", "value_above", "value_below", "allocated")
    joined = hospitals.join(F.broadcast(values), [*POOL, "slot"])
    names = ("fund_fen", "value_above", "value_below")
    by_points = F.col("cost_fen") - F.col("item_cost_fen")
    shares = joined.withColumn("_above", amount_above(F.col("points"), by_points, *[F.col(name) for name in names]))
    settled = allocate(
        shares.withColumn("_below", F.when(F.col("allocated"), F.col("value_below"))),
        [*POOL, "slot"],
        "_above",
        "_below",
        "used_fen",
        "fixmedins_code",
        "_allocated",
    )
    rounded = divide(F.col("_above"), F.when(~F.col("allocated"), F.col("value_below")))
    amount = F.coalesce(F.col("_allocated"), rounded.cast("bigint"), F.col("item_fund_fen"))
    return settled.select(*POOL, "slot", *_KEPT, amount.alias("amount_fen"))


def pools_with_residue(pools: DataFrame, amounts: DataFrame) -> DataFrame:
    """`pool_periods` with `residue_fen`: what of the budget used the rounded amounts leave over (OP-02)."""
    paid = amounts.groupBy(*POOL, "slot").agg(F.sum("amount_fen").alias("_paid"))
    joined = pools.join(paid, [*POOL, "slot"], "left")
    residue = F.col("used_fen") - F.coalesce("_paid", F.lit(0))
    return joined.withColumn("residue_fen", residue).drop("_paid")
