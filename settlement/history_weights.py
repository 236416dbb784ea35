"""Weights of the years of history in means (OP-20; the three years of policy/002 article 17)."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from settlement.money import RATE_ONE
from settlement.policies import with_policies
from settlement.policy import Policy

WEIGHT = "weight"


def weighed(costs: DataFrame, policies: Mapping[str, Policy], year: int | None) -> DataFrame:
    """`costs` (area, year, ...) with a whole `weight` a case, where some area weighs the years; else as they are.

    `year` is the clearing year. A year that an area's weights do not name counts 0; every year of an area without
    weights counts 1.

    Raises `ValueError` where there are weights and no clearing year.
    """
    if not any(policy.history_year_weights for policy in policies.values()):
        return costs
    if year is None:
        raise ValueError("history.year_weights go by years before the clearing year: say which year is measured for")
    weights = F.col("history_year_weights")
    named = F.coalesce(weights[(F.lit(year) - F.col("year")).cast("string")], F.lit(0))
    own = F.when(F.size(weights) == 0, 1).otherwise(F.call_function("div", named, F.lit(RATE_ONE)))
    return with_policies(costs, policies, "history_year_weights").select(*costs.columns, own.alias(WEIGHT))
