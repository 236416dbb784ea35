"""Sums of history costs, means and benchmark points (基准点数): policy/002 article 17(二), OP-20..OP-22, OP-25.

A sum has a count and a total (fen), of which tests and counts are made, and a `weight` and a `weighted` total, of which
means are made: the same two where no year has a weight of its own (OP-20).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from settlement.history_weights import WEIGHT
from settlement.money import INTEGER, divide, integer
from settlement.policies import with_policies
from settlement.policy import Policy
from settlement.stability import is_stable

_SETS = ("all", "first", "middle")
_OF_MEANS = ("weight", "weighted")
_SPLIT = 10**5
_Sums = Callable[[str], Column]  # a sum of a row or of a struct by name


def history_costs(history: DataFrame, hospitals: DataFrame) -> DataFrame:
    """Grouped history cases as area, level, drg, year, cost_fen (without 特需 cost), by the treating hospital.

    A hospital that is not in `hospitals` is an error that names it.
    """
    places = hospitals.select("fixmedins_code", "area", "level")
    joined = history.join(F.broadcast(places), "fixmedins_code", "left")
    unknown = F.concat(F.lit("history names hospital "), F.col("fixmedins_code"), F.lit(", not among the hospitals"))
    return joined.where("drg is not null and drg <> ''").select(
        F.coalesce("area", F.raise_error(unknown).cast("string")).alias("area"),
        "level",
        "drg",
        "year",
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


def _weighted_sums(prefix: str, kept: Column) -> list[Column]:
    """Sums of weights and of weighted costs, in 64 bits too; one that does not fit is an error."""
    weight = F.when(kept, F.col(WEIGHT))
    sums = {"weight": weight, "weighted": weight * F.col("cost_fen")}
    return [F.coalesce(F.sum(value), F.lit(0)).alias(f"{prefix}_{part}") for part, value in sums.items()]


def _squares(prefix: str) -> Column:
    """The sum of squares of its three parts."""
    high, cross, low = (integer(F.col(f"{prefix}_{part}")) for part in ("high", "cross", "low"))
    return (high * integer(_SPLIT**2) + cross * integer(2 * _SPLIT) + low).cast(INTEGER).alias(f"{prefix}_squares")


def level_sums(costs: DataFrame, bounds: DataFrame) -> DataFrame:
    """Count, sum (fen), sum of squares, weight and weighted sum by area, drg and level: of all cases, of those that
    the first trimming keeps (`first_*`), and of those that the middle-section cut keeps of them (`middle_*`).

    Cases without a `weight` count alike.
    """
    bounded = costs.join(F.broadcast(bounds), ["area", "drg"], "left")
    first = F.col("cost_fen").between(F.col("first_low"), F.col("first_high"))
    middle = first & F.col("cost_fen").between(F.col("middle_low"), F.col("middle_high"))
    sets = {"all": F.col("cost_fen").isNotNull(), "first": first, "middle": middle}
    unlike = WEIGHT in costs.columns
    added = bounded.groupBy("area", "drg", "level").agg(
        *[column for prefix, kept in sets.items() for column in _sums(prefix, kept)],
        *[column for prefix, kept in sets.items() for column in (_weighted_sums(prefix, kept) if unlike else [])],
        F.max("median_twice").alias("median_twice"),
    )
    sums = [column for prefix in sets for column in (f"{prefix}_count", f"{prefix}_total", _squares(prefix))]
    return added.select("area", "drg", "level", "median_twice", *sums, *_of_means(unlike))


def _of_means(unlike: bool) -> list[Column]:
    """What means are made of: counts and totals themselves where all years count alike."""
    source = {"weight": "weight", "weighted": "weighted"} if unlike else {"weight": "count", "weighted": "total"}
    return [F.col(f"{prefix}_{source[part]}").alias(f"{prefix}_{part}") for prefix in _SETS for part in _OF_MEANS]


def _stable_on(prefix: str) -> Column:
    sums = (F.col(f"{prefix}_count"), F.col(f"{prefix}_total"), F.col(f"{prefix}_squares"))
    return is_stable(*sums, F.col("stable_min_n"), F.col("stable_max_cv"), F.col("cv_ddof"))


def group_sums(levels: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """One row a group: what is kept of it, and whether it is stable (policy/002 article 17(一)).

    Adds to the sums of `level_sums`: `stable` (boolean), `middle_used` (stable only on what the second cut left),
    `kept_*` (count, total, squares, weight, weighted), `compared_*` (weight, weighted: what level coefficients are
    measured on, OP-25), `levels` (array of level with the same of the level), `area_weight`, `area_weighted` (the
    area's cases that M is a mean of, OP-22).
    """
    names = [f"{prefix}_{part}" for prefix in _SETS for part in ("count", "total", "squares", *_OF_MEANS)]
    each_level = F.struct("level", *[name for name in names if not name.endswith(("_total", "_squares"))])
    groups = levels.groupBy("area", "drg").agg(
        *[F.sum(name).alias(name) for name in names],
        F.max("median_twice").alias("median_twice"),
        F.sort_array(F.collect_list(each_level)).alias("_levels"),
    )
    choices = ("stable_min_n", "stable_max_cv", "cv_ddof", "trim_all_mean_trimmed", "level_coef_trimmed")
    tested = with_policies(groups, policies, *choices).select(
        "*", _stable_on("first").alias("_first"), _stable_on("middle").alias("_middle")
    )
    # The middle of a group with few cases has no more cases than the group, so it fails the count by itself.
    used = tested.withColumn("middle_used", ~F.col("_first") & F.col("_middle"))
    kept = {f"kept_{part}": _kept(F.col, part) for part in ("count", "total", "squares", *_OF_MEANS)}
    compared = {f"compared_{part}": _compared(F.col, part) for part in _OF_MEANS}
    area = Window.partitionBy("area")
    return used.select(
        "area",
        "drg",
        *names,
        "median_twice",
        (F.col("_first") | F.col("_middle")).alias("stable"),
        "middle_used",
        *[column.alias(name) for name, column in (kept | compared).items()],
        F.transform("_levels", _level).alias("levels"),
        *[F.sum(_of_all_mean(part)).over(area).alias(f"area_{part}") for part in _OF_MEANS],
    )


def _kept(of: _Sums, part: str) -> Column:
    return F.when(F.col("middle_used"), of(f"middle_{part}")).otherwise(of(f"first_{part}"))


def _compared(of: _Sums, part: str) -> Column:
    return F.when(F.col("level_coef_trimmed"), _kept(of, part)).otherwise(of(f"all_{part}"))


def _of_all_mean(part: str) -> Column:
    return F.when(F.col("trim_all_mean_trimmed"), F.col(f"first_{part}")).otherwise(F.col(f"all_{part}"))


def _level(item: Column) -> Column:
    def of(name: str) -> Column:
        return item[name]

    kept = [_kept(of, part).alias(f"kept_{part}") for part in _OF_MEANS]
    compared = [_compared(of, part).alias(f"compared_{part}") for part in ("count", *_OF_MEANS)]
    return F.struct(item["level"].alias("level"), *kept, *compared)


def mean_yuan(total: Column, count: Column, places: Column) -> Column:
    """Mean in yuan, an integer at `places`, of a sum in fen; missing where nothing counts."""
    return F.when(count > 0, divide(total, integer(count) * 100, places))


def benchmark_points(
    stable: Column, kept: tuple[Column, Column], median_twice: Column, area: tuple[Column, Column], places: Column
) -> Column:
    """Benchmark points, an integer at `places`; missing where there is no mean or median, or M is 0.

    stable: mean ÷ M x 100; unstable: `trim.median_after`'s median ÷ M x 100 (policy/002 article 17(二), OP-21).
    `kept` and `area` are (weight, weighted sum in fen); the means are not rounded before.
    """
    count, total = kept
    area_count, area_total = area
    above = F.when(stable, integer(total) * 2).otherwise(integer(median_twice)) * integer(area_count) * 100
    below = F.when(stable, integer(count) * 2).otherwise(integer(2)) * integer(area_total)
    return F.when((~stable | (count > 0)) & (area_total > 0), divide(above, below, places))
