"""What hospitals are monitored by (监测指标), each group beside the area's; and the measured weights of groups."""

from __future__ import annotations

from collections.abc import Collection

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lake.store import Lake
from lake.tables.parameters import CORE_ELEMENTS
from settlement.case_points import HIGH, LOW
from settlement.frames import ELEMENTS
from settlement.money import VALUE_PLACES, divide, from_units, integer, to_units
from settlement.rule_frames import GROUP_FIGURES, WEIGHT, WEIGHT_PLACES, typed

_HUNDRED = 100  # benchmark points of a group that costs the mean of all
_FIGURES = ("cases", "cost_fen", "days")


def group_figures(scored: DataFrame, cases: DataFrame, elements: DataFrame) -> DataFrame:
    """The grouped cases that count in the year, by hospital and group, as `GROUP_FIGURES`.

    Args:
        scored: scored cases of the year.
        cases: table `cases` of the same cases; a stay without days counts as none.
        elements: effective elements of the areas; the weight of a group is its benchmark points ÷ 100.

    The region is the treating area. Groups without benchmark points (空白病组) have no weight and are left out.
    """
    keys = ("area", "month", "setl_id")
    stays = scored.where("in_year = 1").join(cases.select(*keys, "los"), list(keys), "left")
    summed = stays.groupBy("area", "fixmedins_code", "drg").agg(
        F.count(F.lit(1)).alias("cases"),
        F.sum("cost_fen").alias("cost_fen"),
        F.coalesce(F.sum("los"), F.lit(0)).cast("bigint").alias("days"),
        _count("class", HIGH).alias("high_cases"),
        _count("class", LOW).alias("low_cases"),
    )
    region = Window.partitionBy("area", "drg")
    of_region = summed.select("*", *[F.sum(name).over(region).alias(f"region_{name}") for name in _FIGURES])
    return typed(of_region.join(F.broadcast(group_weights(elements)), ["area", "drg"]), GROUP_FIGURES)


def measured_weights(lake: Lake, set_ids: Collection[str]) -> DataFrame:
    """area, drg, `weight` and `cases` as measured, not negotiated, in parameter sets (each of another area)."""
    rows = lake.read(CORE_ELEMENTS).where(F.col("set_id").isin(list(set_ids)) & (F.col("source") == "measured"))
    elements = rows.select(*ELEMENTS.names)
    cases = elements.where("kind = 'cases'").select("area", "drg", F.col("value").cast("bigint").alias("cases"))
    return group_weights(elements).join(cases, ["area", "drg"])


def group_weights(elements: DataFrame) -> DataFrame:
    """area, drg, `weight` of the groups with benchmark points."""
    units = divide(to_units(F.col("value"), VALUE_PLACES), integer(_HUNDRED * 10 ** (VALUE_PLACES - WEIGHT_PLACES)))
    points = elements.where("kind = 'benchmark_points'")
    return points.select("area", "drg", from_units(units, WEIGHT_PLACES, WEIGHT).alias("weight"))


def _count(name: str, value: str) -> Column:
    return F.count(F.when(F.col(name) == value, 1))
