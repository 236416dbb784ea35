"""Points of each case (病例点数): policy/002 article 19.

With articles 12 (TCM share, effect value), 14 (day care), 15 (bed days), 22 (review, OP-63), 23 (new techniques), 30
(late lists), 38 (recognition) and 39 (特需 cost is not in the cost).
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from settlement.case_periods import with_periods
from settlement.case_readings import CaseReadings
from settlement.frames import StaysByRule
from settlement.money import POINT_PLACES, divide, from_units, integer, to_units
from settlement.policies import in_areas, policy_frame
from settlement.policy import Policy
from settlement.readings import CrossProvince, ReviewPay
from settlement.results import CASE_POINT, CASE_POINTS
from settlement.review import PASSED, decided_reviews
from settlement.review_grounds import any_ground_asked, cases_without_ground
from settlement.ruler import with_year_means
from settlement.single_cases import with_case_rules
from settlement.tariff import TERMS, area_terms, tariffs
from settlement.tcm import raised_by

LOCAL, IN_PROVINCE, CROSS_PROVINCE = "local", "in_province", "cross_province"
FEE_FOR_SERVICE, NEW_TECHNIQUE, UNGROUPED = "fee_for_service", "new_technique", "ungrouped"
REVIEWED, BLANK, WHOLE_REVIEW = "reviewed", "blank", "whole_review"
TCM_EFFECT = "tcm_effect"
REVIEWED_BY_ITEM, ABNORMAL_BY_ITEM = "reviewed_by_item", "abnormal_by_item"
OUTSIDE_DAY_CARE, BED_DAY = "outside_day_care", "bed_day"
UNSTABLE, HIGH, LOW, NORMAL = "unstable", "high", "low", "normal"
BY_COST = (REVIEWED, BLANK, WHOLE_REVIEW, LOW)  # points from cost ÷ M x 100
ORDINARY = (NORMAL, HIGH, LOW, UNSTABLE)  # paid by the standard of their group
UNPAID = (FEE_FOR_SERVICE, NEW_TECHNIQUE, UNGROUPED, OUTSIDE_DAY_CARE)  # no points, in no pool
BY_ITEM = (REVIEWED_BY_ITEM, ABNORMAL_BY_ITEM)  # no points, but in the pool: its fund by item, out of the budget


def in_year_by_points() -> Column:
    """Whether a case of `CASE_POINTS` counts in the year by its points, not by item."""
    return (F.col("in_year") == 1) & ~F.col("class").isin(*BY_ITEM)


def known_areas(hospitals: DataFrame, budgets: DataFrame) -> DataFrame:
    """The areas of the province: those of the hospitals and of the budgets. One column, `area`."""
    return hospitals.select("area").union(budgets.select("area")).distinct()


def cross_by_item(policies: Mapping[str, Policy]) -> Column:
    """Whether a case of the row's area and scope is paid by item: those of other provinces, where the area does not
    pay them by points (policy/004 二(四), OP-81).
    """
    by_points = in_areas(policies, lambda policy: policy.cross_province is CrossProvince.TREATING_VALUE)
    return (F.col("scope") == CROSS_PROVINCE) & ~by_points


def score_cases(
    cases: DataFrame,
    hospitals: DataFrame,
    elements: DataFrame,
    reviews: DataFrame,
    calendar: DataFrame,
    known: DataFrame,
    policies: Mapping[str, Policy],
    by_rule: StaysByRule | None = None,
) -> DataFrame:
    """Scope, class and points of every case of all areas.

    Args:
        cases: `CASES`.
        hospitals: `HOSPITALS`; a case of another hospital is an error that names it.
        elements: effective `ELEMENTS` (see `effective_elements`).
        reviews: `REVIEWS`.
        calendar: `CALENDAR`.
        known: the province's areas (see `known_areas`).
        policies: by treating area.
        by_rule: stays and values of areas with rules of single cases (TCM share, bed days, day care), and the stays
            of areas where long ones are a ground for review.

    Returns `CASE_POINTS`, one row a case: area is the treating area, year and month (YYYY-MM) are those of
    settlement, points have the places of the policy, review is missing where there is none (or none that counts),
    cost_fen is without 特需 cost, uplift is what the year's clearing adds to the points, pay_month is the month that
    the case counts in where that is another one (OP-15, OP-50).

    A case that passed review is paid by cost (OP-63), by item, or the points that the review set; where it set none,
    by cost.
    """
    readings = CaseReadings(policies)
    scoped = _placed(cases, _places(hospitals, elements, policies, readings), known, readings)
    placed = with_case_rules(scoped.withColumn("cross_by_item", cross_by_item(policies)), by_rule)
    payable = placed.where(_paid_by_points())
    lines = tariffs(with_year_means(elements, payable, policies), hospitals, policies)
    groundless = None
    if any_ground_asked(policies):
        applied = payable.join(F.broadcast(reviews.select("setl_id")), "setl_id", "left_semi")
        groundless = cases_without_ground(_priced(applied, lines), elements, by_rule, policies)
    decided = decided_reviews(payable, reviews, policies, groundless)
    if readings.any("review_pay", ReviewPay.SET_POINTS):
        decided = decided.join(reviews.select("setl_id", F.col("points").alias("set_points")), "setl_id")
    priced = _priced(placed.join(F.broadcast(decided), "setl_id", "left"), lines)
    dates = cases.select("dscg_date")
    timed = with_periods(priced, dates, calendar, readings, _paid_by_points(), _without_group())
    classed = timed.withColumn("class", _class_of(readings))
    above_and_below = _line_of_case(_set_points(readings))
    divided = classed.select("*", *above_and_below).withColumn("_divided", divide(F.col("_above"), F.col("_below")))
    rated = divided.withColumn("_points", _points())
    return rated.withColumns({name: _decimal(units) for name, units in _both_points().items()}).select(
        *CASE_POINTS.names
    )


def _decimal(units: Column) -> Column:
    return from_units(units, POINT_PLACES, CASE_POINT)


def _both_points() -> dict[str, Column]:
    """Points of the month and what the year adds to them, as integers at `POINT_PLACES`."""
    raised = F.col("class").isin(*ORDINARY) & (F.col("tcm_rate") > 0)
    rise = F.when(raised, raised_by(F.col("_points"), F.col("tcm_rate"), F.col("point_unit")))
    return {"points": F.col("_points"), "uplift": F.coalesce(rise, F.lit(0))}


def _places(
    hospitals: DataFrame, elements: DataFrame, policies: Mapping[str, Policy], readings: CaseReadings
) -> DataFrame:
    """Hospitals with area, level, `TERMS`, and the readings in which areas differ; an area without a policy is an error
    that names it.
    """
    terms = F.broadcast(area_terms(elements, policies))
    joined = hospitals.select("fixmedins_code", "area", "level").join(terms, "area", "left")
    if readings.columns:
        words = policy_frame(policies, hospitals).select("area", *readings.columns)
        joined = joined.join(F.broadcast(words), "area", "left")
    lacking = F.concat(F.lit("no policy values for area "), "area", F.lit(": give it a policy"))
    return joined.withColumn("point_unit", F.coalesce("point_unit", F.raise_error(lacking).cast("bigint")))


def _placed(cases: DataFrame, places: DataFrame, known: DataFrame, readings: CaseReadings) -> DataFrame:
    """Cases with treating area, level, terms, scope, period, and cost without 特需 cost; '' as a group is none."""
    inside = F.broadcast(known.select(F.col("area").alias("insu_admdvs"), F.lit(True).alias("_inside")))
    joined = cases.join(F.broadcast(places), "fixmedins_code", "left").join(inside, "insu_admdvs", "left")
    unknown = F.concat(
        F.lit("case "), "setl_id", F.lit(" names hospital "), "fixmedins_code", F.lit(", not among the hospitals")
    )
    scope = (
        F.when(F.col("insu_admdvs") == F.col("area"), LOCAL)
        .when(F.col("_inside"), IN_PROVINCE)
        .otherwise(F.lit(CROSS_PROVINCE))
    )
    return joined.select(
        "setl_id",
        "fixmedins_code",
        F.coalesce("area", F.raise_error(unknown).cast("string")).alias("area"),
        "level",
        "insu_admdvs",
        "insutype",
        "setl_date",
        F.year("setl_date").alias("year"),
        F.substring(F.col("setl_date").cast("string"), 1, 7).alias("month"),
        "dscg_date",
        "upload_date",
        F.when(F.col("drg") != "", F.col("drg")).alias("drg"),
        (F.col("cost_fen") - F.col("special_cost_fen")).alias("cost_fen"),
        "fund_fen",
        "recognition",
        "new_tech",
        scope.alias("scope"),
        *TERMS,
        *readings.columns,
    )


def _priced(cases: DataFrame, lines: DataFrame) -> DataFrame:
    """Cases with the `line` of their group: the hospital's own, else that of all at its level; missing without one."""
    joined = cases.join(F.broadcast(lines), ["area", "drg", "level"], "left")
    own = F.coalesce(F.try_element_at("own_lines", F.col("fixmedins_code")), F.col("line"))
    return joined.withColumn("line", own).drop("own_lines")


def _paid_by_points() -> Column:
    inside = ~F.col("cross_by_item") & (F.col("new_tech") != 1)
    return inside & F.col("drg").isNotNull() & ~F.col("outside")


def _without_group() -> Column:
    """Not grouped, and else paid by points."""
    return ~F.col("cross_by_item") & (F.col("new_tech") != 1) & F.col("drg").isNull()


def _class_of(readings: CaseReadings) -> Column:
    """The class of a case: the first that fits, from the top."""
    cost, line = F.col("cost_fen"), F.col("line")
    passed = F.col("review") == PASSED
    low = (cost <= line["low_up_to"]) & ((F.col("recognition") == 0) | line["recognised_low"])
    return (
        F.when(F.col("cross_by_item"), FEE_FOR_SERVICE)
        .when(F.col("new_tech") == 1, NEW_TECHNIQUE)
        .when(F.col("by_item"), ABNORMAL_BY_ITEM)
        .when(F.col("drg").isNull(), UNGROUPED)
        .when(F.col("outside"), OUTSIDE_DAY_CARE)
        .when(passed & readings.reads("review_pay", ReviewPay.BY_ITEM), REVIEWED_BY_ITEM)
        .when(passed, REVIEWED)
        .when(F.col("bed_day").isNotNull(), BED_DAY)
        .when(line["benchmark"].isNull() & line["effect"].isNull(), BLANK)
        .when(line["whole_review"], WHOLE_REVIEW)
        .when(line["effect"].isNotNull(), TCM_EFFECT)
        .when(~line["stable"], UNSTABLE)
        .when(cost > line["high_above"], HIGH)
        .when(low, LOW)
        .otherwise(F.lit(NORMAL))
    )


def _set_points(readings: CaseReadings) -> Column:
    """Points that the review set, as an integer at `POINT_PLACES`; missing where they do not count (OP-63)."""
    if not readings.any("review_pay", ReviewPay.SET_POINTS):
        return F.lit(None).cast("decimal(38,0)")
    counts = readings.reads("review_pay", ReviewPay.SET_POINTS) & (F.col("class") == REVIEWED)
    return F.when(counts, to_units(F.col("set_points"), POINT_PLACES))


def _line_of_case(set_points: Column) -> list[Column]:
    """`_above` ÷ `_below`: points at the policy's places, of the classes whose points follow the cost, and those that
    the review set; else missing.

    They stand in columns of their own, as does the division: one expression with all of it would be compiled into a
    method too long for the JVM to optimise.
    """
    line, cost = F.col("line"), integer(F.col("cost_fen"))
    by_cost, high = F.col("class").isin(*BY_COST), F.col("class") == HIGH
    lacking = F.concat(F.lit("area "), "area", F.lit(" has no all_mean above 0: give its elements one"))
    mean = F.coalesce("mean_divisor", F.raise_error(lacking).cast("decimal(38,0)"))
    given, unit = set_points.isNotNull(), integer(F.col("point_unit"))
    by_line = F.when(by_cost, F.col("mean_slope") * cost).when(high, line["slope"] * cost - line["offset"])
    below = F.when(given, unit).when(by_cost, mean).when(high, line["divisor"])
    return [F.when(given, set_points).otherwise(by_line).alias("_above"), below.alias("_below")]


def _points() -> Column:
    """Points as an integer at `POINT_PLACES`, rounded once, at the policy's places."""
    kind, line = F.col("class"), F.col("line")
    by_line = F.col("_divided").cast("bigint") * F.col("point_unit")
    return (
        F.when(kind.isin(*UNPAID, *BY_ITEM), F.lit(0).cast("bigint"))
        .when(kind == BED_DAY, F.col("bed_day"))
        .when(kind.isin(UNSTABLE, NORMAL), line["normal"])
        .when(kind == TCM_EFFECT, line["effect"])
        .when(kind == LOW, F.least(by_line, line["benchmark"]))
        .otherwise(by_line)
    )
