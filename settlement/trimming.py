"""Trimming of history costs (裁剪): which costs of a group are kept (policy/002 article 17, OP-16..OP-18).

A bound lies at rank `(n - 1)·q` of the sorted costs, linearly interpolated, and is kept. Interpolated or not, the
costs within the bounds are those from the cost at the rank rounded up to the cost at the rank rounded down; so whole
ranks decide exactly, and no bound is computed.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from settlement.money import RATE_ONE
from settlement.policies import with_policies
from settlement.policy import Policy, TrimMethod


def _rank(last: Column, quantile: Column, up: bool) -> Column:
    """The whole rank at or above (`up`), or at or below, `last x quantile`; ranks count from 0."""
    product = last.cast("bigint") * quantile + (RATE_ONE - 1 if up else 0)
    return F.call_function("div", product, F.lit(RATE_ONE)).cast("int")


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
    what the first kept). All are missing where nothing is kept.
    """
    sorted_costs = costs.groupBy("area", "drg").agg(F.sort_array(F.collect_list("cost_fen")).alias("_costs"))
    names = ("trim_first", "trim_lo", "trim_hi", "trim_min_n", "trim_middle_lo", "trim_middle_hi")
    groups = with_policies(sorted_costs, policies, *names).withColumn("_last", F.size("_costs") - 1)
    trimmed = (F.col("trim_first") == TrimMethod.QUANTILE.value) & (F.col("_last") + 1 >= F.col("trim_min_n"))
    first = groups.select(
        "*",
        _at(F.when(trimmed, _rank(F.col("_last"), F.col("trim_lo"), up=True)).otherwise(0)).alias("_low"),
        _at(F.when(trimmed, _rank(F.col("_last"), F.col("trim_hi"), up=False)).otherwise(F.col("_last"))).alias(
            "_high"
        ),
    )
    ranked = first.select(
        "*",
        (F.array_position("_costs", F.col("_low")) - 1).cast("int").alias("_start"),
        (F.col("_last") - F.array_position(F.reverse("_costs"), F.col("_high")) + 1).cast("int").alias("_end"),
    ).where("_low <= _high")
    length = F.col("_end") - F.col("_start")
    return ranked.select(
        "area",
        "drg",
        F.col("_low").alias("first_low"),
        F.col("_high").alias("first_high"),
        _at(F.col("_start") + _rank(length, F.col("trim_middle_lo"), up=True)).alias("middle_low"),
        _at(F.col("_start") + _rank(length, F.col("trim_middle_hi"), up=False)).alias("middle_high"),
        (_at(F.col("_start") + _half(length)) + _at(F.col("_start") + _half(length + 1))).alias("median_twice"),
    )
