"""What the rules of single cases say of each case, before its class is known: policy/002 articles 12, 14 and 15."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from settlement import stays, tcm
from settlement.frames import STAYS, StaysByRule
from settlement.policies import with_policies

COLUMNS = ("outside", "bed_day", "tcm_rate")


def with_case_rules(cases: DataFrame, by_rule: StaysByRule | None) -> DataFrame:
    """Add `COLUMNS` to cases with setl_id, area, drg, cost_fen and point_unit.

    `outside`: day care that is not inside DRG payment; `bed_day`: points by the day, an integer at `POINT_PLACES`,
    missing where none are paid; `tcm_rate`: rise of the points at the year's end, at `RATE_PLACES`. Where no area has
    such a rule no stay is looked at.
    """
    if by_rule is None or not any(rules.any_on for rules in by_rule.rules.values()):
        nothing = (F.lit(False), F.lit(None).cast("bigint"), F.lit(0).cast("bigint"))
        return cases.select("*", *[column.alias(name) for name, column in zip(COLUMNS, nothing, strict=True)])
    joined = cases.join(by_rule.stays.select(*STAYS.names), "setl_id", "left")
    ruled = with_policies(joined, by_rule.rules, *stays.RULES, *tcm.RULES)
    said = (stays.outside_day_care(), stays.bed_day_points(F.col("point_unit")), tcm.tcm_rate())
    return ruled.select(
        *[F.col(name) for name in cases.columns],
        *[column.alias(name) for name, column in zip(COLUMNS, said, strict=True)],
    )
