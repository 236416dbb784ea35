"""Sums of the kept history costs, means and benchmark points (基准点数): policy/002 article 17(二), OP-21, OP-22."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from settlement.money import INTEGER, divide, integer
from settlement.policies import with_policies
from settlement.policy import Policy
from settlement.stability import is_stable

_SETS = ("all", "first", "middle")
_SPLIT = 10**5


def history_costs(history: DataFrame, hospitals: DataFrame) -> DataFrame:
    """Grouped history cases as area, level, drg, cost_fen (without 特需 cost), by the treating hospital.

    A hospital that is not in `hospitals` is an error that names it.
    """
    places = hospitals.select("fixmedins_code", "area", "level")
    joined = history.join(F.broadcast(places), "fixmedins_code", "left")
    unknown = F.concat(F.lit("history names hospital "), F.col("fixmedins_code"), F.lit(", not among the hospitals"))
    return joined.where("drg is not null and drg <> ''").select(
        F.coalesce("area", F.raise_error(unknown).cast("string")).alias("area"),
        "level",
        "drg",
        (F.col("cost_fen") - F.col("special_cost_fen")).alias("cost_fen"),
    )


def _sums(prefix: str, kept: Column) -> list[Column]:
    """Count, total and the three parts of the sum of squares: all bigint, several times faster than squared decimals.

    With `c = h x SPLIT + l`, c² = h²·SPLIT² + 2·h·l·SPLIT + l²; the parts of 10 million costs of up to 10 million
    yuan stay within 64 bits, and a sum that does not is an error.
    """
    cost = F.when(kept, F.col("cost_fen"))
    high, low = F.call_function("div", cost, F.lit(_SPLIT)), cost % _SPLIT
    sums = {"total": cost, "high": high * high, "cross": high * low, "low": low * low}
    added = [F.coalesce(F.sum(value), F.lit(0)).alias(f"{prefix}_{part}") for part, value in sums.items()]
    return [F.count(cost).alias(f"{prefix}_count"), *added]


def _squares(prefix: str) -> Column:
    """The sum of squares of its three parts."""
    high, cross, low = (integer(F.col(f"{prefix}_{part}")) for part in ("high", "cross", "low"))
    return (high * integer(_SPLIT**2) + cross * integer(2 * _SPLIT) + low).cast(INTEGER).alias(f"{prefix}_squares")


def level_sums(costs: DataFrame, bounds: DataFrame) -> DataFrame:
    """Count, sum (fen) and sum of squares by area, drg and level: of all cases, of those that the first trimming
    keeps (`first_*`), and of those that the middle-section cut keeps of them (`middle_*`).
    """
    bounded = costs.join(F.broadcast(bounds), ["area", "drg"], "left")
    first = F.col("cost_fen").between(F.col("first_low"), F.col("first_high"))
    middle = first & F.col("cost_fen").between(F.col("middle_low"), F.col("middle_high"))
    added = bounded.groupBy("area", "drg", "level").agg(
        *_sums("all", F.col("cost_fen").isNotNull()),
        *_sums("first", first),
        *_sums("middle", middle),
        F.max("median_twice").alias("median_twice"),
    )
    sums = [column for prefix in _SETS for column in (f"{prefix}_count", f"{prefix}_total", _squares(prefix))]
    return added.select("area", "drg", "level", "median_twice", *sums)


def _stable_on(prefix: str) -> Column:
    sums = (F.col(f"{prefix}_count"), F.col(f"{prefix}_total"), F.col(f"{prefix}_squares"))
    return is_stable(*sums, F.col("stable_min_n"), F.col("stable_max_cv"), F.col("cv_ddof"))


def group_sums(levels: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """One row a group: what is kept of it, and whether it is stable (policy/002 article 17(一)).

    Adds to the sums of `level_sums`: `stable` (boolean), `middle_used` (stable only on what the second cut left),
    `kept_count`, `kept_total`, `kept_squares`, `levels` (array of level, count, total of the kept cases),
    `area_count`, `area_total` (the area's cases kept by the first trimming: the base of M).
    """
    names = [f"{prefix}_{part}" for prefix in _SETS for part in ("count", "total", "squares")]
    each_level = F.struct("level", "first_count", "first_total", "middle_count", "middle_total")
    groups = levels.groupBy("area", "drg").agg(
        *[F.sum(name).alias(name) for name in names],
        F.max("median_twice").alias("median_twice"),
        F.sort_array(F.collect_list(each_level)).alias("_levels"),
    )
    tested = with_policies(groups, policies, "stable_min_n", "stable_max_cv", "cv_ddof").select(
        "*", _stable_on("first").alias("_first"), _stable_on("middle").alias("_middle")
    )
    # The middle of a group with few cases has no more cases than the group, so it fails the count by itself.
    used = tested.withColumn("middle_used", ~F.col("_first") & F.col("_middle"))
    kept = {
        f"kept_{part}": F.when(F.col("middle_used"), F.col(f"middle_{part}")).otherwise(F.col(f"first_{part}"))
        for part in ("count", "total", "squares")
    }
    area = Window.partitionBy("area")
    return used.select(
        "area",
        "drg",
        *names,
        "median_twice",
        (F.col("_first") | F.col("_middle")).alias("stable"),
        "middle_used",
        *[column.alias(name) for name, column in kept.items()],
        _kept_levels(F.col("_levels"), F.col("middle_used")).alias("levels"),
        F.sum("first_count").over(area).alias("area_count"),
        F.sum("first_total").over(area).alias("area_total"),
    )


def _kept_levels(levels: Column, middle_used: Column) -> Column:
    def one(item: Column) -> Column:
        return F.struct(
            item["level"].alias("level"),
            F.when(middle_used, item["middle_count"]).otherwise(item["first_count"]).alias("count"),
            F.when(middle_used, item["middle_total"]).otherwise(item["first_total"]).alias("total"),
        )

    return F.filter(F.transform(levels, one), lambda item: item["count"] > 0)


def mean_yuan(total: Column, count: Column, places: Column) -> Column:
    """Mean in yuan, an integer at `places`, of a sum in fen; missing where there are no cases."""
    return F.when(count > 0, divide(total, integer(count) * 100, places))


def benchmark_points(
    stable: Column, kept: tuple[Column, Column], median_twice: Column, area: tuple[Column, Column], places: Column
) -> Column:
    """Benchmark points, an integer at `places`; missing where nothing is kept or M is 0.

    stable: mean ÷ M x 100; unstable: median of what the first trimming kept ÷ M x 100 (policy/002 article 17(二)).
    `kept` and `area` are (count, sum in fen); the means are not rounded before.
    """
    count, total = kept
    area_count, area_total = area
    above = F.when(stable, integer(total) * 2).otherwise(integer(median_twice)) * integer(area_count) * 100
    below = F.when(stable, integer(count) * 2).otherwise(integer(2)) * integer(area_total)
    return F.when((count > 0) & (area_total > 0), divide(above, below, places))
