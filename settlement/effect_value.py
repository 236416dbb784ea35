"""Groups paid by effect value (中医优势病种按疗效价值付费): policy/002 article 12, OP-42."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from settlement.frames import VALUE
from settlement.money import RATE_PLACES, from_units
from settlement.policies import policy_frame
from settlement.policy import Policy

EFFECT_STANDARD = "effect_standard"


def with_effect_standards(elements: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """`ELEMENTS` with a row of kind `EFFECT_STANDARD`, in points a case, for each group that an area pays so.

    A group need have no other element: what history says of it does not matter.
    """
    if not any(policy.tcm_effect_standard for policy in policies.values()):
        return elements
    each = policy_frame(policies, elements).select("area", F.explode("tcm_effect_standard").alias("drg", "_units"))
    rows = each.select(
        "area",
        F.lit(EFFECT_STANDARD).alias("kind"),
        "drg",
        F.lit(None).cast("int").alias("level"),
        F.lit(None).cast("string").alias("fixmedins_code"),
        from_units(F.col("_units"), RATE_PLACES, VALUE).alias("value"),
    )
    return elements.unionByName(rows.select(*elements.columns))
