"""What a case of a group costs in points, worked out once for each group, level and hospital with an add-on.

A case's points are a straight line in its cost, `(slope·c - offset) / divisor`, or fixed; outlier tests compare the
cost with whole fen. So a case needs two comparisons and at most one division (policy/002 articles 18 and 19).
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from settlement.coefficients import COMBINING_RULES, LIMITS, STAND_IN_RULES, coefficient_of_level, with_add_on
from settlement.effect_value import EFFECT_STANDARD, with_effect_standards
from settlement.money import (
    POINT_PLACES,
    RATE_PLACES,
    VALUE_PLACES,
    divide,
    floor_divide,
    integer,
    power_of_ten,
    shortest,
    to_units,
)
from settlement.policies import policy_frame, with_policies
from settlement.policy import Policy
from settlement.readings import RecognitionPay
from settlement.ruler import RULER_RULES, has_outliers, ruler

LEVELS = (1, 2, 3)
_TO_VALUE = 10 ** (VALUE_PLACES - RATE_PLACES)  # a policy rate as an element value
_FLAGS = ("stable", "whole_review", "tcm_advantage", "base_group")
_POLICY = (
    "points_dp",
    *STAND_IN_RULES,
    *LIMITS,
    *COMBINING_RULES,
    *RULER_RULES,
    "base_group_coefficient",
    "outlier_bands",
    "outlier_low_ratio",
    "whole_review_groups",
    "recognition_pay_as",
)
# Points are integers at POINT_PLACES, bounds are fen, the line gives points at the policy's places.
LINE = (
    "whole_review",
    "stable",
    "recognised_low",
    "benchmark",
    "effect",
    "normal",
    "high_above",
    "low_up_to",
    "slope",
    "offset",
    "divisor",
)
TERMS = ("upload_deadline_days", "point_unit", "mean_slope", "mean_divisor")


def tariffs(elements: DataFrame, hospitals: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """One row for area, drg and level: `line`, a struct of `LINE`, and `own_lines`, the hospitals with an add-on.

    `own_lines` is a map from fixmedins_code to such a struct; missing where no hospital has an add-on. `benchmark`,
    `effect` (按疗效价值付费, missing where the group is not paid so) and `normal` are points (integers at
    `POINT_PLACES`, rounded at the policy's places); `high_above` and `low_up_to` are fen, missing where the group has
    no outliers; `recognised_low`: a low case is low although results were recognised (OP-68); `slope`, `offset`,
    `divisor` give a high-cost case's points at the policy's places.
    """
    groups = with_policies(_groups(with_effect_standards(elements, policies), hospitals), policies, *_POLICY)
    factors = _with_factors(groups.withColumn("level", F.explode(F.array(*[F.lit(level) for level in LEVELS]))))
    lines = factors.select("area", "drg", "level", "code", F.struct(*_line_columns()).alias("line"))
    own = F.collect_list(F.when(F.col("code").isNotNull(), F.struct("code", "line")))
    return lines.groupBy("area", "drg", "level").agg(
        F.max(F.when(F.col("code").isNull(), F.col("line"))).alias("line"),
        F.when(F.size(own) > 0, F.map_from_entries(own)).alias("own_lines"),
    )


def area_terms(elements: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """One row for an area of `policies`: `TERMS`, what its cases need besides their group.

    `upload_deadline_days`; `point_unit`: one unit of the policy's places at `POINT_PLACES`; `mean_slope` and
    `mean_divisor`: the line of cost ÷ M x 100, for low, reviewed, blank and whole-review cases, missing where M is
    missing or 0.
    """
    rules = policy_frame(policies, elements).select("area", "points_dp", "upload_deadline_days")
    means = elements.where("kind = 'all_mean'").select("area", to_units(F.col("value"), VALUE_PLACES).alias("_units"))
    digits, places = shortest(F.col("_units"), VALUE_PLACES)
    # c fen ÷ 100 ÷ M yuan x 100 is c ÷ M
    slope = power_of_ten(places + F.col("points_dp"))
    return rules.join(F.broadcast(means.where("_units > 0")), "area", "left").select(
        "area",
        "upload_deadline_days",
        power_of_ten(F.lit(POINT_PLACES) - F.col("points_dp")).cast("bigint").alias("point_unit"),
        slope.alias("mean_slope"),
        digits.alias("mean_divisor"),
    )


def _groups(elements: DataFrame, hospitals: DataFrame) -> DataFrame:
    """Elements of a group side by side; values are integers at `VALUE_PLACES`."""
    levels = hospitals.select("fixmedins_code", F.col("level").alias("_hospital_level"))
    rows = elements.where("drg is not null").join(F.broadcast(levels), "fixmedins_code", "left")
    units = to_units(F.col("value"), VALUE_PLACES)

    def of(kind: str, value: Column) -> Column:
        return F.when(F.col("kind") == kind, value)

    def by_level(kind: str) -> Column:
        return F.map_from_entries(F.collect_list(of(kind, F.struct("level", units.alias("value")))))

    add_on = F.struct(F.col("fixmedins_code").alias("code"), F.col("_hospital_level").alias("level"), units.alias("by"))
    flags = [F.coalesce(F.max(of(kind, F.col("value") == 1)), F.lit(False)).alias(kind) for kind in _FLAGS]
    return rows.groupBy("area", "drg").agg(
        F.max(of("benchmark_points", units)).alias("b"),
        F.max(of("group_mean", units)).alias("group_mean"),
        F.max(of(EFFECT_STANDARD, units)).alias("effect"),
        by_level("level_mean").alias("level_means"),
        by_level("level_coefficient").alias("level_coefficients"),
        F.collect_list(of("add_on", add_on)).alias("add_ons"),
        *flags,
    )


def _with_factors(groups: DataFrame) -> DataFrame:
    """Add B, K, ruler and multiple as digits and places (`*_n`, `*_e`), one row a level and add-on."""
    level, base = F.col("level"), F.col("base_group")
    of_level = coefficient_of_level(level, F.col("level_coefficients"))
    base_coefficient = integer(F.col("base_group_coefficient")) * _TO_VALUE
    own = F.filter("add_ons", lambda item: ~base & (item["level"] == level))
    none = F.array(F.lit(None).cast("struct<code:string,level:int,by:decimal(38,0)>"))
    exploded = groups.select(
        "*",
        F.when(base, base_coefficient).otherwise(of_level).alias("_plain"),
        F.explode(F.concat(none, own)).alias("_add_on"),
        F.col("level_means")[level].alias("_level_mean"),
    )
    b_n, b_e = shortest(F.col("b"), VALUE_PLACES)
    k_n, k_e = with_add_on(F.col("_plain"), F.coalesce("_add_on.by", integer(0)), base)
    r_n, r_e = ruler(F.col("_level_mean"), F.col("group_mean"), F.col("_plain"))
    one_band = F.filter(
        "outlier_bands", lambda band: band["up_to"].isNull() | (F.col("b") <= band["up_to"] * _TO_VALUE)
    )
    return exploded.select(
        "*",
        F.col("_add_on.code").alias("code"),
        b_n.alias("b_n"),
        b_e.alias("b_e"),
        k_n.alias("k_n"),
        k_e.alias("k_e"),
        r_n.alias("r_n"),
        r_e.alias("r_e"),
        F.get(one_band, F.lit(0))["multiple"]["digits"].alias("m_n"),
        F.get(one_band, F.lit(0))["multiple"]["places"].alias("m_e"),
    )


def _line_columns() -> list[Column]:
    b_n, k_n, r_n, m_n = (F.col(f"{name}_n") for name in "bkrm")
    b_e, k_e, r_e, m_e = (F.col(f"{name}_e") for name in "bkrm")
    places = F.col("points_dp")
    unit = power_of_ten(F.lit(POINT_PLACES) - places)
    outliers = has_outliers() & (r_n > 0) & F.col("b").isNotNull()
    fen = integer(100)
    # B·K·(c/ruler - (m - 1)) with c in fen, each factor digits ÷ 10^places; the smallest power of ten is taken out
    slope_e, offset_e, divisor_e = r_e + m_e + places, places + 2, b_e + k_e + m_e + 2
    least = F.least(slope_e, offset_e, divisor_e)
    columns = {
        "whole_review": F.col("whole_review") | F.array_contains("whole_review_groups", F.col("drg")),
        "stable": F.col("stable"),
        "recognised_low": F.col("recognition_pay_as") == RecognitionPay.LOW.value,
        "benchmark": divide(b_n, power_of_ten(b_e), places) * unit,
        "effect": divide(F.col("effect"), power_of_ten(VALUE_PLACES), places) * unit,
        "normal": divide(b_n * k_n, power_of_ten(b_e + k_e), places) * unit,
        "high_above": F.when(outliers, floor_divide(m_n * r_n * fen, power_of_ten(m_e + r_e))),
        "low_up_to": F.when(
            outliers, floor_divide(integer(F.col("outlier_low_ratio")) * r_n * fen, power_of_ten(r_e + RATE_PLACES))
        ),
        "slope": F.when(outliers, b_n * k_n * power_of_ten(slope_e - least)),
        "offset": F.when(outliers, b_n * k_n * r_n * (m_n - power_of_ten(m_e)) * power_of_ten(offset_e - least)),
        "divisor": F.when(outliers, r_n * power_of_ten(divisor_e - least)),
    }
    types = dict.fromkeys(("benchmark", "effect", "normal", "high_above", "low_up_to"), "bigint")
    types |= dict.fromkeys(("slope", "offset", "divisor"), "decimal(38,0)")
    types |= dict.fromkeys(("whole_review", "stable", "recognised_low"), "boolean")
    return [columns[name].cast(types[name]).alias(name) for name in LINE]
