"""Budgets, roll-over and point values (点值) of the pools: policy/002 articles 9, 31 and 32, OP-43..OP-46.

A pool is an area and an insurance type. Its year has 13 periods: the months, and the year as slot 0.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from settlement.common_value import shares_out, with_common_value
from settlement.money import VALUE_PLACES, divide, integer, power_of_ten, share_of
from settlement.point_value import VALUE_TERMS, YUAN_PER_POINT, set_value
from settlement.policies import with_policies
from settlement.policy import Policy
from settlement.sums import ALL_MEASURES, MONTHS, POOL, YEAR_SLOT, year_and_slot

_AMOUNTS = (*ALL_MEASURES, "budget_fen")
_RULES = ("reserve_share", "reserve_deduct_before_points", "month_carry_before_test")


def pool_periods(
    hospitals: DataFrame, budgets: DataFrame, policies: Mapping[str, Policy], openings: DataFrame | None = None
) -> DataFrame:
    """Every period of every pool, with its budget and point value.

    Args:
        hospitals: `hospital_sums`.
        budgets: `BUDGETS`; a period without a budget has 0.
        policies: by area.
        openings: `POOL` and opening_fen, which last December carried into January (OP-46).

    Returns `POOL`, slot, `ALL_MEASURES` (points at `POINT_PLACES`), budget_fen, used_fen, carried_fen (month: carried
    to the next; year: the reserve), and the point value: `value` (integer at `VALUE_PLACES`, yuan a point) and the
    exact one as `value_above` ÷ `value_below` (fen for a point at `POINT_PLACES`); missing where there are no points.
    Where `rounding.value_dp` is a number, the value is rounded to it. `allocated`: the value is exact and shares out
    what is used; false for a rounded, set or common value, and where the residue is booked.
    """
    rows = hospitals.select(*POOL, "slot", *ALL_MEASURES, F.lit(0).cast("bigint").alias("budget_fen"))
    given = budgets.select("area", "insutype", *year_and_slot(F.col("period")), F.col("amount_fen").alias("budget_fen"))
    zeros = [F.lit(0).cast("bigint").alias(name) for name in ALL_MEASURES if name != "points"]
    given = given.select("*", integer(0).alias("points"), *zeros)
    both = rows.unionByName(given).groupBy(*POOL, "slot").agg(*[F.sum(name).alias(name) for name in _AMOUNTS])
    entry = F.struct("slot", F.struct(*_AMOUNTS).alias("sums"))
    years = both.groupBy(*POOL).agg(F.map_from_entries(F.collect_list(entry)).alias("_by_slot"))
    nothing = F.lit(0).cast("bigint")
    opened = years.withColumn("_opening", nothing)
    if openings is not None:
        given = years.join(F.broadcast(openings), list(POOL), "left")
        opened = given.withColumn("_opening", F.coalesce("opening_fen", nothing)).drop("opening_fen")
    ruled = with_policies(opened, policies, *_RULES, *VALUE_TERMS)
    return _with_value(_with_used(_spread(ruled)), policies)


def _spread(years: DataFrame) -> DataFrame:
    """13 rows a pool's year, with `_available` and `_reserve`; a period without rows has zeros."""
    kinds = ",".join(f"{name}:{'decimal(38,0)' if name == 'points' else 'bigint'}" for name in _AMOUNTS)
    zero = F.struct(*[F.lit(0).alias(name) for name in _AMOUNTS]).cast(f"struct<{kinds}>")

    def sums(slot: Column) -> Column:
        return F.coalesce(F.try_element_at("_by_slot", slot), zero)

    def carry(carried: Column, month: Column) -> Column:
        available = F.element_at(carried, -1) + month["budget_fen"]
        return F.concat(carried, F.array(available - _used(available, month["budget_fen"], month["fund_fen"])))

    slots = F.sequence(F.lit(YEAR_SLOT), F.lit(MONTHS))
    full = years.withColumn("_sums", F.transform(slots, sums))
    months = F.slice("_sums", 2, MONTHS)
    # carried[m] goes from month m into month m + 1; carried[0] is 0, unless last December opens January (OP-46)
    rolled = full.withColumn("_carried", F.aggregate(months, F.array("_opening"), carry))
    each = rolled.select("*", F.posexplode("_sums").alias("slot", "_now"))
    brought = F.when(F.col("slot") == YEAR_SLOT, F.lit(0)).otherwise(F.get("_carried", F.col("slot") - 1))
    reserve = share_of(F.col("_now.budget_fen"), F.col("reserve_share")).cast("bigint")
    return each.select(
        *POOL,
        "slot",
        "_now.*",
        (F.col("_now.budget_fen") + brought).alias("_available"),
        reserve.alias("_reserve"),
        *_RULES[1:],
        *VALUE_TERMS,
    )


def _used(available: Column, budget: Column, fund: Column) -> Column:
    """What a month uses: all that is available where the fund reaches the budget, else the fund (article 31(二)).

    `available`: the budget T with the roll-over R of the months before. The roll-over enters before the test, then the
    fund F is held against T + R, or after it, then against T, and a month may use more than F (OP-45).
    """
    reached = fund >= F.when(F.col("month_carry_before_test"), available).otherwise(budget)
    return F.when(reached, available).otherwise(fund)


def _with_used(periods: DataFrame) -> DataFrame:
    """used_fen and carried_fen."""
    year = F.col("slot") == YEAR_SLOT
    held = F.when(F.col("reserve_deduct_before_points"), F.col("_reserve")).otherwise(0)
    month = _used(*[F.col(name) for name in ("_available", "budget_fen", "fund_fen")])
    used = F.when(year, F.col("budget_fen") - held).otherwise(month)
    carried = F.when(year, F.col("_reserve")).otherwise(F.col("_available") - month)
    return periods.select("*", used.alias("used_fen"), carried.alias("carried_fen"))


def _with_value(periods: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """The point value: (cost - fund + used) ÷ points, articles 31(二) and 32(二), or the one that was set.

    What is due by item is not shared out (`ITEM_MEASURES`).
    """
    places = F.col("value_dp")
    money = integer(F.col("cost_fen") - F.col("fund_fen") + F.col("used_fen") - F.col("item_cost_fen"))
    points = F.when(F.col("points") > 0, F.col("points"))
    own = periods.select("*", money.alias("_money"), points.alias("_points"))
    priced = set_value(with_common_value(own, policies))
    is_set = F.col("_set").isNotNull()
    scale = power_of_ten(F.col("_set_places"))
    # yuan a point; then fen for a point at POINT_PLACES
    yuan_above = F.when(is_set, F.col("_set")).otherwise(F.col("_money") * YUAN_PER_POINT)
    yuan_below = F.when(is_set, scale).otherwise(F.col("_points"))
    valued = priced.select("*", yuan_above.alias("_above"), yuan_below.alias("_below"))
    shown = F.when(places.isNull(), divide(F.col("_above"), F.col("_below"), VALUE_PLACES))
    rounded = valued.select("*", divide(F.col("_above"), F.col("_below"), places).alias("_rounded"))
    fen_above = F.when(is_set, F.col("_set")).otherwise(F.col("_money"))
    fen_below = F.when(is_set, scale * YUAN_PER_POINT).otherwise(F.col("_points"))
    rounded_below = F.when(F.col("_points").isNotNull(), power_of_ten(places) * YUAN_PER_POINT)
    return rounded.select(
        *POOL,
        "slot",
        *_AMOUNTS,
        "used_fen",
        "carried_fen",
        F.coalesce(shown, F.col("_rounded") * power_of_ten(F.lit(VALUE_PLACES) - places)).alias("value"),
        F.when(places.isNull(), fen_above).otherwise(F.col("_rounded")).alias("value_above"),
        F.when(places.isNull(), fen_below).otherwise(rounded_below).cast("decimal(38,0)").alias("value_below"),
        (places.isNull() & ~is_set & shares_out()).alias("allocated"),
    )
