"""The frames as the text of the files: yuan with 2 decimals, points with 4, elements at the places of the policy.

Missing is the empty text. The same text comes out of every engine setting, as it is built from integers.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from settlement.frames import ELEMENTS
from settlement.money import INTEGER, POINT_PLACES, VALUE_PLACES, divide, integer, power_of_ten, to_units
from settlement.policies import with_policies
from settlement.policy import Policy
from settlement.settle import Settlement
from settlement.year import YEAR_TERMS
from settlement.year_steps import RATIO_PLACES

_MEANS = ("all_mean", "group_mean", "level_mean")
FEN_PLACES = 2
POINTS_SHOWN = 4


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


def points_text(points: Column) -> Column:
    """Points (a decimal with `POINT_PLACES` places) with `POINTS_SHOWN` places, whatever the policy rounds them to."""
    units = divide(to_units(points, POINT_PLACES), power_of_ten(POINT_PLACES - POINTS_SHOWN))
    return fixed_text(units, POINTS_SHOWN)


def case_points_text(scored: DataFrame) -> DataFrame:
    """Scored cases as the text of case_points.csv."""
    return scored.select(
        "setl_id",
        "scope",
        "class",
        points_text(F.col("points")).alias("points"),
        F.col("in_month").cast("string").alias("in_month"),
        F.col("in_year").cast("string").alias("in_year"),
        F.coalesce("review", F.lit("")).alias("review"),
    )


def pools_text(pools: DataFrame) -> DataFrame:
    """`POOLS` as the text of pools.csv."""
    names = ("cost", "fund", "budget", "budget_used", "carried_or_reserve")
    return pools.select(
        "area",
        "insutype",
        "period",
        F.col("cases").cast("string").alias("cases"),
        _points_column(),
        *_yuan_columns(*names),
        fixed_text(to_units(F.col("value"), VALUE_PLACES), VALUE_PLACES).alias("value"),
        *_yuan_columns("residue"),
    )


def hospital_month_text(months: DataFrame) -> DataFrame:
    """`HOSPITAL_MONTH` as the text of hospital_month.csv."""
    names = ("cost", "fund", "amount", "gross", "deposit", "audit", "brought_forward", "paid", "carried_forward")
    return months.select("fixmedins_code", "insutype", "month", _points_column(), *_yuan_columns(*names))


def hospital_year_text(years: DataFrame) -> DataFrame:
    """`HOSPITAL_YEAR` as the text of hospital_year.csv."""
    return years.select(
        "fixmedins_code",
        "insutype",
        _points_column(),
        *_yuan_columns("cost", "fund", "amount"),
        fixed_text(to_units(F.col("ratio"), RATIO_PLACES), RATIO_PLACES).alias("ratio"),
        *_yuan_columns(*YEAR_TERMS),
    )


def matrix_text(matrix: DataFrame) -> DataFrame:
    """`MATRIX` as the text of matrix.csv."""
    keys = ("insured_area", "treating_area", "insutype", "scope", "period")
    return matrix.select(*keys, F.col("cases").cast("string").alias("cases"), *_yuan_columns("amount"))


def net_text(net: DataFrame) -> DataFrame:
    """`NET` as the text of net.csv."""
    return net.select("area", *_yuan_columns("amount"))


def settlement_text(settlement: Settlement) -> dict[str, DataFrame]:
    """The six tables of a settled province as text, by the name of their file (without .csv); rows in no order."""
    return {
        "case_points": case_points_text(settlement.case_points),
        "pools": pools_text(settlement.pools),
        "hospital_month": hospital_month_text(settlement.hospital_month),
        "hospital_year": hospital_year_text(settlement.hospital_year),
        "matrix": matrix_text(settlement.matrix),
        "net": net_text(settlement.net),
    }


def _yuan_columns(*names: str) -> list[Column]:
    return [yuan_text(F.col(f"{name}_fen")).alias(name) for name in names]


def _points_column() -> Column:
    return points_text(F.col("points")).alias("points")
