"""Which groups history speaks for as base groups (基础病组): policy/002 article 13, OP-39.

The agency selects them (遴选); this says what their costs and the institutions that treat them speak for.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from settlement.benchmark import history_costs, level_sums
from settlement.frames import RATIO
from settlement.money import INTEGER, RATE_ONE, divide, from_units, integer
from settlement.policies import with_policies
from settlement.policy import Policy
from settlement.rule_frames import BASE_GROUP_FINDINGS, WIDE_RATIO, typed
from settlement.rule_policy import RulePolicy
from settlement.stability import varies_no_more
from settlement.trimming import group_bounds

CANDIDATE, LISTED, BOTH = "candidate", "listed", "both"
_PRIMARY = 1  # 基层医疗卫生机构


def base_group_candidates(
    hospitals: DataFrame,
    history: DataFrame,
    base_groups: DataFrame,
    policies: Mapping[str, Policy],
    rules: Mapping[str, RulePolicy],
) -> DataFrame:
    """`HOSPITALS`, `HISTORY`, `BASE_GROUPS` (listed now) -> `BASE_GROUP_FINDINGS`: groups that qualify or are listed.

    A group qualifies where primary institutions treat at least `base_group.min_share` of its cases, and its costs vary
    by a CV of `base_group.max_cv` at most, on more than `stable.min_n` cases (医疗费用相对稳定). Shares are of all
    cases, the CV is of those that the first trimming keeps (OP-16), with `cv.ddof` (OP-19), each case once.
    """
    groups = _groups(history_costs(history, hospitals), policies)
    listed = base_groups.select("area", "drg", F.lit(True).alias("_listed")).distinct()
    both = groups.join(F.broadcast(listed), ["area", "drg"], "full")
    ruled = with_policies(both, policies, "stable_min_n", "cv_ddof")
    limited = with_policies(ruled, rules, "base_group_min_share", "base_group_max_cv")
    sums = (F.col("kept"), F.col("_total"), F.col("_squares"))
    steady = varies_no_more(*sums, F.col("base_group_max_cv"), F.col("cv_ddof"))
    share = F.col("primary_cases") * RATE_ONE >= F.col("cases") * F.col("base_group_min_share")
    tests = {"share_met": share, "cv_met": steady, "cases_met": F.col("kept") > F.col("stable_min_n")}
    tested = limited.withColumns({name: F.coalesce(test, F.lit(False)) for name, test in tests.items()})
    found = tested.withColumn("finding", _finding())
    shares = {
        "share": divide(F.col("primary_cases"), F.when(F.col("cases") > 0, F.col("cases")), RATIO.scale),
        "cv_squared": _variation(*sums, F.col("cv_ddof")),
    }
    shown = found.withColumns({name: from_units(units, RATIO.scale, WIDE_RATIO) for name, units in shares.items()})
    counts = {name: F.coalesce(name, F.lit(0)) for name in ("cases", "primary_cases", "kept")}
    return typed(shown.withColumns(counts).where("finding is not null"), BASE_GROUP_FINDINGS)


def _groups(costs: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    levels = level_sums(costs, group_bounds(costs, policies))
    primary = F.when(F.col("level") == _PRIMARY, F.col("all_count"))
    return levels.groupBy("area", "drg").agg(
        F.sum("all_count").alias("cases"),
        F.coalesce(F.sum(primary), F.lit(0)).alias("primary_cases"),
        F.sum("first_count").alias("kept"),
        F.sum("first_total").alias("_total"),
        F.sum("first_squares").cast(INTEGER).alias("_squares"),
    )


def _finding() -> Column:
    qualifies = F.col("share_met") & F.col("cv_met") & F.col("cases_met")
    listed = F.coalesce("_listed", F.lit(False))
    return F.when(qualifies & listed, BOTH).when(qualifies, CANDIDATE).when(listed, LISTED)


def _variation(count: Column, total: Column, squares: Column, ddof: Column) -> Column:
    """The square of the CV, an integer at the places of a ratio; missing where there is none."""
    total_squared = integer(total) * integer(total)
    spread = integer(count) * integer(squares) - total_squared
    population = divide(spread, total_squared, RATIO.scale)
    sample = divide(integer(count) * spread, integer(count - ddof) * total_squared, RATIO.scale)
    known = (total > 0) & (count > ddof)
    return F.when(known & (ddof == 0), population).when(known, sample)
