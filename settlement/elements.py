"""The core elements (核心要素) of each area: measured from history, with the negotiated ones over them (article 21)."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from settlement.benchmark import benchmark_points, group_sums, history_costs, level_sums, mean_yuan
from settlement.coefficients import measured_coefficient
from settlement.frames import ELEMENTS, VALUE
from settlement.history_weights import weighed
from settlement.money import INTEGER, VALUE_PLACES, from_units, power_of_ten
from settlement.policies import with_policies
from settlement.policy import Policy
from settlement.trimming import group_bounds

_PLACES = ("mean_dp", "points_dp", "coef_dp")
_KEY = ("area", "kind", "drg", "level", "fixmedins_code")


def measure_elements(
    hospitals: DataFrame,
    history: DataFrame,
    base_groups: DataFrame,
    policies: Mapping[str, Policy],
    year: int | None = None,
) -> DataFrame:
    """Measure all areas at once: `HOSPITALS`, `HISTORY`, `BASE_GROUPS` -> `ELEMENTS` (policy/002 articles 17 and 18).

    Kinds: all_mean (M), and for each group cases, kept, stable, group_mean, benchmark_points, base_group, level_mean,
    level_coefficient. Means are yuan. Values are rounded at the places of the area's policy.

    `year`: the clearing year that is measured for; needed where an area weighs the years before it (OP-20).
    """
    groups = _measured_groups(weighed(history_costs(history, hospitals), policies, year), policies)
    flags = base_groups.select("area", "drg", F.lit(True).alias("_base")).distinct()
    needed = with_policies(groups, policies, *_PLACES, "level_coef_min", "level_coef_max", "level_coef_min_n")
    first_of_area = F.row_number().over(Window.partitionBy("area").orderBy("drg")) == 1
    wide = needed.join(F.broadcast(flags), ["area", "drg"], "left").withColumn("_leads", first_of_area)
    rows = wide.select("area", "drg", F.explode(F.concat(_group_rows(), _level_rows())).alias("row"))
    alone = F.col("row.kind") == "all_mean"
    return rows.where("row.value is not null").select(
        "area",
        F.col("row.kind").alias("kind"),
        F.when(~alone, F.col("drg")).alias("drg"),
        F.col("row.level").alias("level"),
        F.lit(None).cast("string").alias("fixmedins_code"),
        F.col("row.value").alias("value"),
    )


def _measured_groups(costs: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    return group_sums(level_sums(costs, group_bounds(costs, policies)), policies)


def _element(kind: str, level: Column | None, value: Column) -> Column:
    level_or_none = F.lit(None) if level is None else level
    return F.struct(F.lit(kind).alias("kind"), level_or_none.cast("int").alias("level"), value.alias("value"))


def _count(number: Column) -> Column:
    return number.cast(VALUE)


def _at_places(units: Column, places: Column) -> Column:
    """An integer at the policy's places as an element value."""
    return from_units(units.cast(INTEGER) * power_of_ten(F.lit(VALUE_PLACES) - places), VALUE_PLACES, VALUE)


def _group_rows() -> Column:
    kept = (F.col("kept_weight"), F.col("kept_weighted"))
    area = (F.col("area_weight"), F.col("area_weighted"))
    mean_dp, points_dp = F.col("mean_dp"), F.col("points_dp")
    points = benchmark_points(F.col("stable"), kept, F.col("median_twice"), area, points_dp)
    all_mean = F.when(F.col("_leads"), mean_yuan(area[1], area[0], mean_dp))
    return F.array(
        _element("all_mean", None, _at_places(all_mean, mean_dp)),
        _element("cases", None, _count(F.col("all_count"))),
        _element("kept", None, _count(F.col("kept_count"))),
        _element("stable", None, _count(F.col("stable").cast("int"))),
        _element("group_mean", None, _at_places(mean_yuan(kept[1], kept[0], mean_dp), mean_dp)),
        _element("benchmark_points", None, _at_places(points, points_dp)),
        _element("base_group", None, F.when(F.col("_base"), _count(F.lit(1)))),
    )


def _level_rows() -> Column:
    group = (F.col("compared_weight"), F.col("compared_weighted"))
    limits = (F.col("level_coef_min"), F.col("level_coef_max"))

    def mean(item: Column) -> Column:
        value = mean_yuan(item["kept_weighted"], item["kept_weight"], F.col("mean_dp"))
        return _element("level_mean", item["level"], _at_places(value, F.col("mean_dp")))

    def coefficient(item: Column) -> Column:
        own = (item["compared_weight"], item["compared_weighted"])
        value = measured_coefficient(own, group, *limits, F.col("coef_dp"))
        enough = F.when(item["compared_count"] >= F.col("level_coef_min_n"), value)
        return _element("level_coefficient", item["level"], _at_places(enough, F.col("coef_dp")))

    return F.concat(F.transform("levels", mean), F.transform("levels", coefficient))


def measurement_detail(hospitals: DataFrame, history: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """What lies behind the elements, one row a group: for figures about the measuring (CV, explained variance).

    Columns: area, drg, cases, kept, trimmed, `first_*` (after the first trimming), sums in fen and sums of squares
    before (`all_total`, `all_squares`) and after trimming (`kept_total`, `kept_squares`), stable, middle_used.
    Every case counts once, whatever weight its year has in means (OP-20).
    """
    groups = _measured_groups(history_costs(history, hospitals), policies)
    return groups.select(
        "area",
        "drg",
        F.col("all_count").alias("cases"),
        F.col("kept_count").alias("kept"),
        (F.col("all_count") - F.col("kept_count")).alias("trimmed"),
        "all_total",
        "all_squares",
        "first_count",
        "first_total",
        "first_squares",
        "kept_total",
        "kept_squares",
        "stable",
        "middle_used",
    )


def effective_elements(measured: DataFrame, given: DataFrame) -> DataFrame:
    """Measured `ELEMENTS` with the given (negotiated) rows over them: same key, the given one counts (article 21).

    The key is area, kind, drg, level and hospital; a missing part is a part of the key like any other.
    """
    both = measured.select(*ELEMENTS.names, F.lit(0).alias("_given")).unionByName(
        given.select(*ELEMENTS.names, F.lit(1).alias("_given"))
    )
    chosen = both.groupBy(*_KEY).agg(F.max_by("value", "_given").alias("value"))
    return chosen.select(*ELEMENTS.names)
