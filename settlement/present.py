"""The frames as the text of the files: yuan with 2 decimals, points and elements at the places of the policy.

Missing is the empty text. The same text comes out of every engine setting, as it is built from integers.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from settlement.frames import ELEMENTS
from settlement.money import INTEGER, POINT_PLACES, VALUE_PLACES, integer, power_of_ten, to_units
from settlement.policies import with_policies
from settlement.policy import Policy

_MEANS = ("all_mean", "group_mean", "level_mean")
FEN_PLACES = 2


def fixed_text(units: Column, places: Column | int) -> Column:
    """An integer at `places` as plain text, like -0.05; missing is the empty text."""
    wide = places if isinstance(places, Column) else F.lit(places)
    shown = F.abs(integer(units)).cast("string")
    digits = F.concat(F.repeat(F.lit("0"), F.greatest(wide + 1 - F.length(shown), F.lit(0))), shown)
    whole = F.substring(digits, F.lit(1), F.length(digits) - wide)
    part = F.when(wide > 0, F.concat(F.lit("."), F.right(digits, wide))).otherwise(F.lit(""))
    sign = F.when(units < 0, F.lit("-")).otherwise(F.lit(""))
    return F.coalesce(F.concat(sign, whole, part), F.lit(""))


def yuan_text(fen: Column) -> Column:
    """Fen as yuan with 2 decimals."""
    return fixed_text(fen, FEN_PLACES)


def elements_text(elements: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """Measured `ELEMENTS` as the text of elements.csv."""
    placed = with_policies(elements, policies, "mean_dp", "points_dp", "coef_dp")
    kind = F.col("kind")
    places = (
        F.when(kind.isin(*_MEANS), F.col("mean_dp"))
        .when(kind == "benchmark_points", F.col("points_dp"))
        .when(kind == "level_coefficient", F.col("coef_dp"))
        .otherwise(0)
    )
    units = to_units(F.col("value"), VALUE_PLACES) / power_of_ten(F.lit(VALUE_PLACES) - places)
    texts = {name: F.coalesce(F.col(name).cast("string"), F.lit("")) for name in ELEMENTS.names}
    texts["value"] = fixed_text(units.cast(INTEGER), places)
    return placed.select(*[text.alias(name) for name, text in texts.items()])


def points_text(points: Column, places: Column) -> Column:
    """Points (a decimal with `POINT_PLACES` places) at the places of the policy."""
    return fixed_text(to_units(points, POINT_PLACES) / power_of_ten(F.lit(POINT_PLACES) - places), places)


def case_points_text(scored: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """Scored cases as the text of case_points.csv."""
    placed = with_policies(scored, policies, "points_dp")
    return placed.select(
        "setl_id",
        "scope",
        "class",
        points_text(F.col("points"), F.col("points_dp")).alias("points"),
        F.col("in_month").cast("string").alias("in_month"),
        F.col("in_year").cast("string").alias("in_year"),
        F.coalesce("review", F.lit("")).alias("review"),
    )
