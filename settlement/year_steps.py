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
from settlement.readings import DistributionKey, ExcessTo, OverLimit, SurplusTerm, SuspensionEffect
from settlement.sums import POOL
from settlement.year_order import TERMS, YearStep, steps_at

RATIO_PLACES = 6  # of assessment and deposit return in `HOSPITALS`, and of the settlement ratio
_RATIO_ONE = 10**RATIO_PLACES
_ORDER = "clearing_order"
Taken = Callable[[YearStep, Column], Column]  # a step and its figure -> its column
OfPool = Callable[[DataFrame, Column, Taken], DataFrame]
_VALUES = (
    "cap_level",
    "surplus_keep_share",
    "surplus_term",
    "suspension_effect",
    "assessment_neutral",
    "deficit_tiers",
    "deficit_max_share_of_budget",
    "deficit_over_limit",
    "reserve_single_fund",
    "second_distribution",
    "second_distribution_key",
    "second_distribution_capped",
    "cap_excess_to",
)


def policy_values(policies: Mapping[str, Policy]) -> tuple[str, ...]:
    """Names of the policy values that the steps read; the order only where areas differ in it."""
    same = len({policy.clearing_order for policy in policies.values()}) <= 1
    return _VALUES if same else (*_VALUES, _ORDER)


def take_steps(rows: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """`rows` with the columns of `TERMS`.

    Args:
        rows: hospitals of pools: `POOL`, fixmedins_code, level, amount_fen, deposit_held, points, `_fund` (F'),
            `_suspended`, `_assessment` (at `RATIO_PLACES`), `_return` (at `RATE_PLACES`), `_budget`, `_reserve`,
            `policy_values`.
        policies: by area.
    """
    orders = sorted({policy.clearing_order for policy in policies.values()})
    nothing = {term.name: F.lit(0).cast("bigint") for term in TERMS.values()}
    limit = share_of(F.col("_fund"), F.col("cap_level")[F.col("level")]).cast("bigint")
    started = rows.withColumnRenamed("second_distribution", "_enabled").withColumns(
        {**nothing, "_cap": limit, "_judged": F.col("_fund") > 0, "_running": F.col("amount_fen")}
    )
    for number in range(max(map(len, orders), default=0)):
        started = _take_entry(started, number, steps_at(orders, number), _of_pools(policies))
    return started.drop("_cap", "_judged", "_running", "_enabled")


def _of_pools(policies: Mapping[str, Policy]) -> Mapping[YearStep, OfPool]:
    """The steps that look at all hospitals of a pool; the assessment only where an area keeps it neutral."""
    primary = any(policy.deficit_over_limit is OverLimit.PRIMARY_FIRST for policy in policies.values())
    found: dict[YearStep, OfPool] = {
        YearStep.DEFICIT: _deficit_shares_by_level if primary else _deficit_shares,
        YearStep.SECOND_DISTRIBUTION: _second_distribution,
    }
    neutral = any(policy.assessment_neutral for policy in policies.values())
    return {**found, YearStep.ASSESSMENT: _neutral_assessment} if neutral else found


def _take_entry(
    rows: DataFrame, number: int, steps: Mapping[YearStep, bool], of_pools: Mapping[YearStep, OfPool]
) -> DataFrame:
    """One entry: its steps all read the same amount; then their terms change it."""

    def here(step: YearStep) -> Column:
        return F.lit(True) if steps[step] else F.array_contains(F.get(_ORDER, F.lit(number)), F.lit(step.value))

    def taken(step: YearStep, figure: Column) -> Column:
        kept = figure if steps[step] else F.when(here(step), figure).otherwise(F.col(TERMS[step].name))
        return kept.cast("bigint")

    single = {TERMS[step].name: taken(step, figure()) for step, figure in _SINGLE.items() if step in steps}
    written = rows.withColumns(single)
    for step, of_pool in of_pools.items():
        if step in steps:
            written = of_pool(written, here(step), taken)
    return written.withColumn("_running", F.col("_running") + _moved(steps, here))


def _moved(steps: Collection[YearStep], here: Callable[[YearStep], Column]) -> Column:
    """What the terms of an entry do to the running amount."""
    moved = F.lit(0).cast("bigint")
    for step in steps:
        moved = moved + F.when(here(step), F.col(TERMS[step].name) * TERMS[step].sign).otherwise(0)
    return moved


def _to_fund() -> Column:
    """Whether a suspended hospital gets nothing above F' (article 34.4, OP-73)."""
    return F.col("_suspended") & (F.col("suspension_effect") == SuspensionEffect.LIMIT_TO_FUND.value)


def _cap_excess() -> Column:
    """超封顶线: above the cap; of a suspended hospital above F' (article 34.2, 34.4, OP-73)."""
    limit = F.when(_to_fund(), F.col("_fund")).otherwise(F.col("_cap"))
    return F.when(F.col("_judged"), F.greatest(F.col("_running") - limit, F.lit(0))).otherwise(0)


def _shares() -> Column:
    """Whether a hospital keeps surplus and is helped with deficits (article 34.4)."""
    return F.col("_judged") & ~F.col("_suspended")


def _surplus_not_kept() -> Column:
    """结余不留用: of what lies between F' and the cap, the part that may not be kept (article 34.1, OP-69).

    Where the formula adds what is kept (OP-51): that part as a negative amount. A suspended hospital keeps nothing.
    """
    above = F.greatest(F.least("_running", "_cap") - F.col("_fund"), F.lit(0).cast("bigint"))
    surplus = F.when(F.col("_judged") & ~_to_fund(), above).otherwise(0)
    kept = F.when(_shares(), share_of(surplus, F.col("surplus_keep_share")).cast("bigint")).otherwise(0)
    return F.when(F.col("surplus_term") == SurplusTerm.PLUS_KEPT.value, -kept).otherwise(surplus - kept)


def _assessment_adjustment() -> Column:
    """考核系数调整资金: amount x (assessment - 1) (article 33)."""
    return divide(integer(F.col("_running")) * (F.col("_assessment") - _RATIO_ONE), integer(_RATIO_ONE))


def _deposit_not_returned() -> Column:
    """质量保证金不予返还: of the deposits held; reads no amount (article 32(四))."""
    return divide(integer(F.col("deposit_held")) * (integer(RATE_ONE) - F.col("_return")), integer(RATE_ONE))


def _neutral_assessment(rows: DataFrame, here: Column, taken: Taken) -> DataFrame:
    """考核系数调整资金 that moves money between hospitals only (OP-53): where an area reads it so, its positive amounts
    are allocated anew by amount x assessment; what that changes is the adjustment.
    """
    pool = Window.partitionBy(*POOL)
    part = here & F.col("assessment_neutral") & (F.col("_running") > 0)
    money = F.when(part, F.col("_running")).otherwise(0).cast("bigint")
    weighed = rows.withColumn("_money", money).select(
        "*",
        (integer(F.col("_money")) * F.col("_assessment")).cast("decimal(38,0)").alias("_weight"),
        F.sum("_money").over(pool).alias("_moved"),
    )
    summed = weighed.withColumn("_weights", F.sum("_weight").over(pool).cast("decimal(38,0)"))
    cut = summed.select(
        "*",
        (F.col("_weight") * F.col("_moved")).cast("decimal(38,0)").alias("_above"),
        F.when(F.col("_weights") > 0, F.col("_weights")).alias("_below"),
    )
    given = allocate(cut, list(POOL), "_above", "_below", "_moved", "fixmedins_code", "_given")
    figure = F.when(F.col("assessment_neutral"), F.coalesce(F.col("_given") - F.col("_money"), F.lit(0)))
    name = TERMS[YearStep.ASSESSMENT].name
    written = given.withColumn(name, taken(YearStep.ASSESSMENT, F.coalesce(figure, F.col(name))))
    return written.drop("_money", "_weight", "_moved", "_weights", "_above", "_below", "_given")


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
    whole = _with_shares(rows, here)
    summed = whole.select("*", F.sum("_share").over(Window.partitionBy(*POOL)).alias("_shares"))
    return _limited(summed, POOL, taken)


def _deficit_shares_by_level(rows: DataFrame, here: Column, taken: Taken) -> DataFrame:
    """The same where an area lets level 1 go first, then 2, then 3: each turn has what the turns before left (OP-71).

    In the other areas all hospitals have one turn.
    """
    turn = F.when(F.col("deficit_over_limit") == OverLimit.PRIMARY_FIRST.value, F.col("level")).otherwise(0)
    earlier = Window.partitionBy(*POOL).orderBy("_turn").rangeBetween(Window.unboundedPreceding, -1)
    before = F.coalesce(F.sum("_share").over(earlier), F.lit(0))
    summed = (
        _with_shares(rows, here)
        .withColumn("_turn", turn.cast("int"))
        .select("*", F.sum("_share").over(Window.partitionBy(*POOL, "_turn")).alias("_shares"), before.alias("_before"))
        .withColumn("_most", F.greatest(F.col("_most") - F.col("_before"), F.lit(0).cast("bigint")))
    )
    return _limited(summed, (*POOL, "_turn"), taken).drop("_turn", "_before")


def _with_shares(rows: DataFrame, here: Column) -> DataFrame:
    """`_share`: what the tiers give, and `_most`: what a pool's shares may come to.

    That is a share of the budget and, where the reserve pays them, the reserve (OP-11).
    """
    below = here & _shares() & (F.col("_running") < F.col("_fund"))
    share = F.when(below, _tiered(F.col("_fund") - F.col("_running"), F.col("_fund"))).otherwise(0).cast("bigint")
    most = share_of(F.col("_budget"), F.col("deficit_max_share_of_budget")).cast("bigint")
    limit = F.when(F.col("reserve_single_fund"), F.least(most, "_reserve")).otherwise(most)
    return rows.withColumns({"_share": share, "_most": limit})


def _limited(summed: DataFrame, within: Collection[str], taken: Taken) -> DataFrame:
    """`deficit_share`: the `_share`, or a part of `_most` where the `_shares` of those of `within` pass it."""
    over = F.col("_shares") > F.col("_most")
    cut = summed.select(
        "*",
        (integer(F.col("_share")) * F.col("_most")).alias("_above"),
        F.when(over, integer(F.col("_shares"))).alias("_below"),
    )
    scaled = allocate(cut, list(within), "_above", "_below", "_most", "fixmedins_code", "_scaled")
    limited = scaled.withColumn("deficit_share", taken(YearStep.DEFICIT, F.coalesce("_scaled", "_share")))
    return limited.drop("_above", "_below", "_shares", "_most", "_scaled", "_share")


def _second_distribution(rows: DataFrame, here: Column, taken: Taken) -> DataFrame:
    """二次分配: the reserve, less the shares that it pays (OP-11), with what is above caps where it goes there (OP-74);
    by the key of the area (article 9, OP-77, OP-78).
    """
    pool = Window.partitionBy(*POOL)
    within = F.col("second_distribution_capped") | (F.col("cap_excess") == 0)
    eligible = here & F.col("_enabled") & ~F.col("_suspended") & within
    weight = F.when(eligible, _distribution_weight()).otherwise(integer(0)).cast("decimal(38,0)")
    spent = F.when(F.col("reserve_single_fund"), F.col("deficit_share")).otherwise(0)
    added = F.when(F.col("cap_excess_to") == ExcessTo.SECOND_DISTRIBUTION.value, F.col("cap_excess")).otherwise(0)
    weighed = rows.withColumn("_weight", weight).select(
        "*",
        (F.col("_reserve") + F.sum(added - spent).over(pool)).alias("_left"),
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


def _distribution_weight() -> Column:
    """Points x assessment, points, or the positive part of the amount that the steps before left (OP-77)."""
    key = F.col("second_distribution_key")
    amount = integer(F.greatest("_running", F.lit(0).cast("bigint")))
    other = F.when(key == DistributionKey.AMOUNT.value, amount).otherwise(integer(F.col("points")))
    assessed = (F.col("points") * F.col("_assessment")).cast("decimal(38,0)")
    return F.when(key == DistributionKey.POINTS_ASSESSMENT.value, assessed).otherwise(other)


_SINGLE: Mapping[YearStep, Callable[[], Column]] = {
    YearStep.CAP: _cap_excess,
    YearStep.SURPLUS: _surplus_not_kept,
    YearStep.ASSESSMENT: _assessment_adjustment,
    YearStep.DEPOSIT: _deposit_not_returned,
}
