"""Trimming of history costs (裁剪): which costs of a group are kept (policy/002 article 17, OP-16..OP-18).

A bound lies at rank `(n - 1)·q` of the sorted costs, linearly interpolated, and is kept. Interpolated or not, the
costs within the bounds are those from the cost at the rank rounded up to the cost at the rank rounded down; so whole
ranks decide exactly, and no bound is computed. Costs strictly within them are those above the cost at the rank rounded
down, and below the cost at the rank rounded up.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from settlement.money import RATE_ONE
from settlement.policies import with_policies
from settlement.policy import Policy, TrimMethod
from settlement.readings import Interpolation, MedianAfter


def _rank(last: Column, quantile: Column, up: bool) -> Column:
    """The whole rank at or above (`up`), or at or below, `last x quantile`; ranks count from 0."""
    product = last.cast("bigint") * quantile + (RATE_ONE - 1 if up else 0)
    return F.call_function("div", product, F.lit(RATE_ONE)).cast("int")


def _nearest(last: Column, quantile: Column) -> Column:
    """The whole rank nearest to `last x quantile`, half up."""
    product = last.cast("bigint") * quantile * 2 + RATE_ONE
    return F.call_function("div", product, F.lit(2 * RATE_ONE)).cast("int")


def _middle_bound(last: Column, quantile: Column, lower: bool) -> Column:
    """The least (`lower`) or greatest cost that the middle section keeps (OP-18); costs are whole fen."""
    inward, outward = _rank(last, quantile, up=lower), _rank(last, quantile, up=not lower)
    kept = F.col("trim_middle_inclusive")
    between = F.when(kept, inward).otherwise(outward)
    rank = F.when(F.col("trim_middle_interp") == Interpolation.NEAREST.value, _nearest(last, quantile))
    past = F.when(kept, 0).otherwise(1 if lower else -1)
    return _at(F.col("_start") + rank.otherwise(between)) + past


def _half(number: Column) -> Column:
    return F.call_function("div", number, F.lit(2)).cast("int")


def _at(rank: Column) -> Column:
    return F.get("_costs", rank)


def group_bounds(costs: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """Trimming bounds of each group, from its sorted costs.

    Args:
        costs: area, drg, cost_fen (without 特需 cost).
        policies: by area.

    Returns area, drg, `first_low`, `first_high` (fen: costs kept by the first trimming), `middle_low`, `middle_high`
    (fen: costs kept by the middle-section cut, made on what the first kept), `median_twice` (fen, twice the median of
    what the first kept, or by `trim.median_after` of all, OP-21). They are missing where there are no such costs.
    """
    sorted_costs = costs.groupBy("area", "drg").agg(F.sort_array(F.collect_list("cost_fen")).alias("_costs"))
    first_cut = ("trim_first", "trim_lo", "trim_hi", "trim_min_n", "trim_median_after")
    middle_cut = ("trim_middle_lo", "trim_middle_hi", "trim_middle_interp", "trim_middle_inclusive")
    chosen = with_policies(sorted_costs, policies, *first_cut, *middle_cut)
    groups = chosen.withColumn("_last", F.size("_costs") - 1)
    trimmed = (F.col("trim_first") == TrimMethod.QUANTILE.value) & (F.col("_last") + 1 >= F.col("trim_min_n"))
    first = groups.select(
        "*",
        _at(F.when(trimmed, _rank(F.col("_last"), F.col("trim_lo"), up=True)).otherwise(0)).alias("_low"),
        _at(F.when(trimmed, _rank(F.col("_last"), F.col("trim_hi"), up=False)).otherwise(F.col("_last"))).alias(
            "_high"
        ),
    )
    kept = F.col("_low") <= F.col("_high")
    start = F.array_position("_costs", F.col("_low")) - 1
    end = F.col("_last") - F.array_position(F.reverse("_costs"), F.col("_high")) + 1
    ranked = first.select(
        "*", F.when(kept, start).cast("int").alias("_start"), F.when(kept, end).cast("int").alias("_end")
    )
    length = F.col("_end") - F.col("_start")
    of_all = F.col("trim_median_after") == MedianAfter.NONE.value
    of_first = _median_twice(F.col("_start"), length)
    return ranked.select(
        "area",
        "drg",
        F.col("_low").alias("first_low"),
        F.col("_high").alias("first_high"),
        _middle_bound(length, F.col("trim_middle_lo"), lower=True).alias("middle_low"),
        _middle_bound(length, F.col("trim_middle_hi"), lower=False).alias("middle_high"),
        F.when(of_all, _median_twice(F.lit(0), F.col("_last"))).otherwise(of_first).alias("median_twice"),
    )


def _median_twice(start: Column, length: Column) -> Column:
    """Twice the median of the costs from rank `start` to `start + length`."""
    return _at(start + _half(length)) + _at(start + _half(length + 1))
