"""Sharing of surplus and deficit case by case (病例结余共享、超支分担): policy/002 article 35, OP-75."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from settlement.case_points import ORDINARY
from settlement.money import RATE_ONE, allocate, divide, integer, share_of
from settlement.policies import with_policies
from settlement.rule_frames import CASE_SHARES, typed
from settlement.rule_policy import RulePolicy

_POOL = ["area", "insutype"]


def is_ordinary() -> Column:
    """普通病组病例: without special review, TCM-advantage groups, base groups and other specially paid cases."""
    return F.col("class").isin(*ORDINARY) & (F.col("tcm_advantage") == 0) & (F.col("base_group") == 0)


def case_shares(cases: DataFrame, policies: Mapping[str, RulePolicy]) -> DataFrame:
    """What ordinary cases give to the pool of their area and insurance, and get from it.

    Args:
        cases: `PRICED_CASES` of one year.
        policies: by area.

    Returns `CASE_SHARES` of the ordinary cases of areas where it is enabled. A case below its standard gives what it
    may not keep; a case above (1 + threshold) x standard gets its part of the excess, rounded by case. Where the aid
    passes what was given, the given sum is allocated by it (largest remainder, ties by setl_id).
    """
    names = ("enabled", "keep", "threshold", "aid")
    ruled = with_policies(cases.where(is_ordinary()), policies, *[f"case_sharing_{name}" for name in names])
    surplus = F.greatest(F.col("standard_fen") - F.col("cost_fen"), F.lit(0))
    over = integer(F.col("cost_fen")) * RATE_ONE - integer(F.col("standard_fen")) * (
        F.col("case_sharing_threshold") + RATE_ONE
    )
    excess = F.greatest(over.cast("decimal(38,0)"), integer(0))
    aid = divide((excess * F.col("case_sharing_aid")).cast("decimal(38,0)"), integer(RATE_ONE) * RATE_ONE)
    given = surplus - share_of(surplus, F.col("case_sharing_keep")).cast("bigint")
    pool = Window.partitionBy(*_POOL)
    raw = ruled.where("case_sharing_enabled").select("*", given.alias("given_fen"), aid.cast("bigint").alias("_aid"))
    summed = raw.select("*", F.sum("given_fen").over(pool).alias("_given"), F.sum("_aid").over(pool).alias("_aids"))
    cut = summed.select(
        "*",
        (integer(F.col("_aid")) * F.col("_given")).cast("decimal(38,0)").alias("_above"),
        F.when(F.col("_aids") > F.col("_given"), integer(F.col("_aids"))).alias("_below"),
    )
    scaled = allocate(cut, _POOL, "_above", "_below", "_given", "setl_id", "_scaled")
    return typed(scaled.withColumn("aid_fen", F.coalesce("_scaled", "_aid")), CASE_SHARES)
