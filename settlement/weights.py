"""Negotiated weights with the total kept (总权重不变): policy/001 articles 16 and 46, OP-23, OP-24."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from settlement.money import RATE_ONE, divide, from_units, integer, to_units
from settlement.policies import with_policies
from settlement.rule_frames import PAYMENT_WEIGHTS, WEIGHT, WEIGHT_PLACES, typed
from settlement.rule_policy import RescaleScope, RulePolicy

KEPT, OFF_TOTAL, IMPOSSIBLE = "kept", "off_total", "impossible"


def payment_weights(weights: DataFrame, policies: Mapping[str, RulePolicy], places: int) -> DataFrame:
    """Payment weights from negotiated ones, so that `Σ weight x cases` stays as measured.

    Args:
        weights: `WEIGHTS`.
        policies: by area.
        places: decimal places that payment weights are rounded to, `WEIGHT_PLACES` at most.

    Returns `PAYMENT_WEIGHTS`. Either all weights are scaled by one factor, or only those that were not negotiated.
    `outcome` of an area: kept (rounding moved the total by at most `weights.total_tolerance` of it), off_total, or
    impossible (nothing is left to scale, or it would have to turn negative).
    """
    ruled = with_policies(weights, policies, "weights_rescale_scope", "weights_total_tolerance")
    everything = F.col("weights_rescale_scope") == RescaleScope.ALL.value
    asked = to_units(F.coalesce("proposed", "weight"), WEIGHT_PLACES)
    scaled = everything | F.col("proposed").isNull()
    units = ruled.select(
        "*",
        (to_units(F.col("weight"), WEIGHT_PLACES) * F.col("cases")).cast("decimal(38,0)").alias("_measured"),
        asked.alias("_asked"),
        scaled.alias("_scaled"),
    )
    area = Window.partitionBy("area")
    part = (F.col("_asked") * F.col("cases")).cast("decimal(38,0)")

    summed = units.select(
        "*",
        F.sum("_measured").over(area).cast("decimal(38,0)").alias("_total"),
        F.coalesce(F.sum(F.when(F.col("_scaled"), part)).over(area).cast("decimal(38,0)"), integer(0)).alias("_moving"),
        F.coalesce(F.sum(F.when(~F.col("_scaled"), part)).over(area).cast("decimal(38,0)"), integer(0)).alias("_fixed"),
    )
    return _rounded(summed, places)


def _rounded(summed: DataFrame, places: int) -> DataFrame:
    left = F.col("_total") - F.col("_fixed")
    moves = F.col("_moving") > 0
    possible = (left == 0) | (moves & (left > 0))
    cut = 10 ** (WEIGHT_PLACES - places)
    moved = divide(
        (F.col("_asked") * left).cast("decimal(38,0)"),
        F.when(possible & moves, (F.col("_moving") * cut).cast("decimal(38,0)")),
    )
    kept = F.when(possible, divide(F.col("_asked"), integer(cut)))
    new = F.when(F.col("_scaled") & moves, moved).otherwise(kept) * cut
    rounded = summed.select("*", possible.alias("_possible"), new.cast("decimal(38,0)").alias("_new"))
    area = Window.partitionBy("area")
    after = F.sum((F.col("_new") * F.col("cases")).cast("decimal(38,0)")).over(area).cast("decimal(38,0)")
    apart = rounded.withColumn("_apart", F.abs(after - F.col("_total")))
    near = F.col("_apart") * RATE_ONE <= F.col("_total") * F.col("weights_total_tolerance")
    outcome = F.when(~F.col("_possible"), IMPOSSIBLE).when(near, KEPT).otherwise(OFF_TOTAL)
    weight = from_units(F.col("_new"), WEIGHT_PLACES, WEIGHT)
    return typed(apart.select("area", "drg", weight.alias("weight"), outcome.alias("outcome")), PAYMENT_WEIGHTS)
