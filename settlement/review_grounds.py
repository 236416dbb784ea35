"""Grounds of special-case review (特例单议申报条件): long stays and high costs, policy/002 article 22, OP-64."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from settlement.frames import StaysByRule
from settlement.money import (
    POINT_PLACES,
    RATE_PLACES,
    VALUE_PLACES,
    floor_divide,
    integer,
    power_of_ten,
    shortest,
    to_units,
)
from settlement.policies import with_policies
from settlement.policy import Policy

_MULTIPLES = ("review_cost_multiple", "review_los_multiple")


def any_ground_asked(policies: Mapping[str, Policy]) -> bool:
    """Whether some area asks for a ground; where none does, no application is looked at."""
    return any(getattr(policy, name) is not None for policy in policies.values() for name in _MULTIPLES)


def cases_without_ground(
    applied: DataFrame, elements: DataFrame, by_rule: StaysByRule | None, policies: Mapping[str, Policy]
) -> DataFrame:
    """setl_id of the cases that none of the grounds of their area holds for.

    Args:
        applied: cases with an application: setl_id, area, drg, cost_fen, bed_day (see `with_case_rules`) and the
            `line` of their group (see `tariffs`).
        elements: effective elements; `mean_days` of a group is what its stays are compared with.
        by_rule: the stays, of areas that ask for them; a stay that is not there is not long.
        policies: by treating area.

    A cost is high above `special_review.cost_multiple` x the payment standard in cost terms, the case's points by the
    standard x M ÷ 100; a stay is long above `special_review.los_multiple` x the group's mean days. Either will do where
    both are asked. A case without a standard, of a blank or whole-review group, always has ground
    (现行分组方案未能包含的病例).
    """
    ruled = with_policies(applied, policies, *_MULTIPLES)
    priced = _with_means(_with_days(ruled, by_rule), elements).withColumn("_points", _standard())
    asked = F.col("review_cost_multiple").isNotNull() | F.col("review_los_multiple").isNotNull()
    dear, long = (F.coalesce(ground, F.lit(False)) for ground in (_is_dear(), _is_long()))
    return priced.where(asked & F.col("_points").isNotNull() & ~dear & ~long).select("setl_id")


def _standard() -> Column:
    """Points of a case by the standard of its group, at `POINT_PLACES`; missing where they follow the cost."""
    line, day = F.col("line"), F.col("bed_day")
    whole = F.coalesce(line["whole_review"], F.lit(False))
    return F.when(day.isNotNull(), day).when(~whole, F.coalesce(line["effect"], line["normal"]))


def _is_dear() -> Column:
    """Cost in fen above multiple x points x M: points x M ÷ 100 is yuan."""
    factors = (("review_cost_multiple", RATE_PLACES), ("_points", POINT_PLACES), ("_all_mean", VALUE_PLACES))
    (m_n, m_e), (p_n, p_e), (c_n, c_e) = (shortest(F.col(name), places) for name, places in factors)
    return F.col("cost_fen") > floor_divide(m_n * p_n * c_n, power_of_ten(m_e + p_e + c_e))


def _is_long() -> Column:
    days = integer(F.col("_days")) * integer(10 ** (RATE_PLACES + VALUE_PLACES))
    return days > integer(F.col("review_los_multiple")) * F.col("_mean_days")


def _with_days(applied: DataFrame, by_rule: StaysByRule | None) -> DataFrame:
    if by_rule is None:
        return applied.withColumn("_days", F.lit(None).cast("int"))
    theirs = by_rule.stays.join(F.broadcast(applied.select("setl_id")), "setl_id", "left_semi")
    return applied.join(F.broadcast(theirs.select("setl_id", F.col("days").alias("_days"))), "setl_id", "left")


def _with_means(applied: DataFrame, elements: DataFrame) -> DataFrame:
    units = to_units(F.col("value"), VALUE_PLACES)
    all_means = elements.where("kind = 'all_mean'").select("area", units.alias("_all_mean"))
    days = elements.where("kind = 'mean_days'").select("area", "drg", units.alias("_mean_days"))
    joined = applied.join(F.broadcast(all_means), "area", "left")
    return joined.join(F.broadcast(days), ["area", "drg"], "left")
