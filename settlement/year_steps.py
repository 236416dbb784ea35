"""The steps of the year (policy/002 articles 9 and 32 to 34) as frames, taken in the order of each area's policy.

A step reads `_running`, the hospital's amount as earlier entries of `clearing.order` left it, and writes one column of
fen. Areas with other orders stand in the same frame: a step is taken at every entry where some area has it, and keeps
its column elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from settlement.money import RATE_ONE, allocate, divide, integer, share_of
from settlement.policy import Policy
from settlement.sums import POOL
from settlement.year_order import TERMS, YearStep, steps_at

RATIO_PLACES = 6  # of assessment and deposit return in `HOSPITALS`, and of the settlement ratio
_RATIO_ONE = 10**RATIO_PLACES
_ORDER = "clearing_order"
Taken = Callable[[YearStep, Column], Column]  # a step and its figure -> its column


def policy_values(policies: Mapping[str, Policy]) -> tuple[str, ...]:
    """Names of the policy values that the steps read; the order only where areas differ in it."""
    same = len({policy.clearing_order for policy in policies.values()}) <= 1
    names = ("cap_level", "surplus_keep_share", "deficit_tiers", "deficit_max_share_of_budget", "second_distribution")
    return names if same else (*names, _ORDER)


def take_steps(rows: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """`rows` with the columns of `TERMS`.

    Args:
        rows: hospitals of pools: `POOL`, fixmedins_code, level, amount_fen, deposit_held, points, `_fund` (F'),
            `_suspended`, `_assessment`, `_return` (at `RATIO_PLACES`), `_budget`, `_reserve`, `policy_values`.
        policies: by area.
    """
    orders = sorted({policy.clearing_order for policy in policies.values()})
    nothing = {term.name: F.lit(0).cast("bigint") for term in TERMS.values()}
    limit = share_of(F.col("_fund"), F.col("cap_level")[F.col("level")]).cast("bigint")
    started = rows.withColumnRenamed("second_distribution", "_enabled").withColumns(
        {**nothing, "_cap": limit, "_judged": F.col("_fund") > 0, "_running": F.col("amount_fen")}
    )
    for number in range(max(map(len, orders), default=0)):
        started = _take_entry(started, number, steps_at(orders, number))
    return started.drop("_cap", "_judged", "_running", "_enabled")


def _take_entry(rows: DataFrame, number: int, steps: Mapping[YearStep, bool]) -> DataFrame:
    """One entry: its steps all read the same amount; then their terms change it."""

    def here(step: YearStep) -> Column:
        return F.lit(True) if steps[step] else F.array_contains(F.get(_ORDER, F.lit(number)), F.lit(step.value))

    def taken(step: YearStep, figure: Column) -> Column:
        kept = figure if steps[step] else F.when(here(step), figure).otherwise(F.col(TERMS[step].name))
        return kept.cast("bigint")

    single = {TERMS[step].name: taken(step, figure()) for step, figure in _SINGLE.items() if step in steps}
    written = rows.withColumns(single)
    for step, of_pool in _OF_POOL.items():
        if step in steps:
            written = of_pool(written, here(step), taken)
    return written.withColumn("_running", F.col("_running") + _moved(steps, here))


def _moved(steps: Collection[YearStep], here: Callable[[YearStep], Column]) -> Column:
    """What the terms of an entry do to the running amount."""
    moved = F.lit(0).cast("bigint")
    for step in steps:
        moved = moved + F.when(here(step), F.col(TERMS[step].name) * TERMS[step].sign).otherwise(0)
    return moved


def _cap_excess() -> Column:
    """超封顶线: above the cap; of a suspended hospital above F' (article 34.2, 34.4)."""
    limit = F.when(F.col("_suspended"), F.col("_fund")).otherwise(F.col("_cap"))
    return F.when(F.col("_judged"), F.greatest(F.col("_running") - limit, F.lit(0))).otherwise(0)


def _shares() -> Column:
    """Whether a hospital keeps surplus and is helped with deficits (article 34.4)."""
    return F.col("_judged") & ~F.col("_suspended")


def _surplus_not_kept() -> Column:
    """结余不留用: of what lies between F' and the cap, the part that may not be kept (article 34.1, OP-69)."""
    above = F.greatest(F.least("_running", "_cap") - F.col("_fund"), F.lit(0).cast("bigint"))
    surplus = F.when(_shares(), above).otherwise(0)
    return surplus - share_of(surplus, F.col("surplus_keep_share")).cast("bigint")


def _assessment_adjustment() -> Column:
    """考核系数调整资金: amount x (assessment - 1) (article 33)."""
    return divide(integer(F.col("_running")) * (F.col("_assessment") - _RATIO_ONE), integer(_RATIO_ONE))


def _deposit_not_returned() -> Column:
    """质量保证金不予返还: of the deposits held; reads no amount (article 32(四))."""
    return divide(integer(F.col("deposit_held")) * (integer(_RATIO_ONE) - F.col("_return")), integer(_RATIO_ONE))


def _tiered(deficit: Column, fund: Column) -> Column:
    """The fund's part of a deficit (OP-70): its share of each tier's stretch of F', rounded once."""
    scaled, base = integer(deficit) * RATE_ONE, integer(fund)

    def add(total: Column, tier: Column) -> Column:
        upper = F.least(scaled, F.coalesce(base * tier["end"], scaled))
        stretch = F.greatest(upper - base * tier["start"], integer(0))
        return (total + stretch * tier["fund_share"]).cast("decimal(38,0)")

    return divide(F.aggregate("deficit_tiers", integer(0), add), integer(RATE_ONE * RATE_ONE))


def _deficit_shares(rows: DataFrame, here: Column, taken: Taken) -> DataFrame:
    """超支分担 (article 34.3): where a pool's sum passes its limit, the limit is allocated by the shares (OP-71)."""
    pool = Window.partitionBy(*POOL)
    most = share_of(F.col("_budget"), F.col("deficit_max_share_of_budget")).cast("bigint")
    below = here & _shares() & (F.col("_running") < F.col("_fund"))
    share = F.when(below, _tiered(F.col("_fund") - F.col("_running"), F.col("_fund"))).otherwise(0).cast("bigint")
    raw = rows.withColumn("_share", share)
    summed = raw.select("*", F.sum("_share").over(pool).alias("_shares"), F.least(most, "_reserve").alias("_most"))
    over = F.col("_shares") > F.col("_most")
    cut = summed.select(
        "*",
        (integer(F.col("_share")) * F.col("_most")).alias("_above"),
        F.when(over, integer(F.col("_shares"))).alias("_below"),
    )
    scaled = allocate(cut, list(POOL), "_above", "_below", "_most", "fixmedins_code", "_scaled")
    limited = scaled.withColumn("deficit_share", taken(YearStep.DEFICIT, F.coalesce("_scaled", "_share")))
    return limited.drop("_above", "_below", "_shares", "_most", "_scaled", "_share")


def _second_distribution(rows: DataFrame, here: Column, taken: Taken) -> DataFrame:
    """二次分配: what the shares leave of the reserve, by points x assessment (article 9, OP-77, OP-78)."""
    pool = Window.partitionBy(*POOL)
    eligible = here & F.col("_enabled") & ~F.col("_suspended") & (F.col("cap_excess") == 0)
    weight = F.when(eligible, F.col("points") * F.col("_assessment")).otherwise(integer(0)).cast("decimal(38,0)")
    weighed = rows.withColumn("_weight", weight).select(
        "*",
        (F.col("_reserve") - F.sum("deficit_share").over(pool)).alias("_left"),
        F.sum("_weight").over(pool).cast("decimal(38,0)").alias("_weights"),
    )
    cut = weighed.select(
        "*",
        (F.col("_weight") * F.col("_left")).cast("decimal(38,0)").alias("_above"),
        F.when(F.col("_weights") > 0, F.col("_weights")).alias("_below"),
    )
    given = allocate(cut, list(POOL), "_above", "_below", "_left", "fixmedins_code", "_given")
    figure = taken(YearStep.SECOND_DISTRIBUTION, F.coalesce("_given", F.lit(0).cast("bigint")))
    written = given.withColumn("second_distribution", figure)
    return written.drop("_weight", "_left", "_weights", "_above", "_below", "_given")


_SINGLE: Mapping[YearStep, Callable[[], Column]] = {
    YearStep.CAP: _cap_excess,
    YearStep.SURPLUS: _surplus_not_kept,
    YearStep.ASSESSMENT: _assessment_adjustment,
    YearStep.DEPOSIT: _deposit_not_returned,
}
_OF_POOL: Mapping[YearStep, Callable[[DataFrame, Column, Taken], DataFrame]] = {
    YearStep.DEFICIT: _deficit_shares,
    YearStep.SECOND_DISTRIBUTION: _second_distribution,
}
