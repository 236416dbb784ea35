"""Compensation for negotiated drugs (国家谈判药品): policy/002 article 37, OP-67."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from settlement.money import share_of
from settlement.policies import with_policies
from settlement.rule_frames import DRUG_COMPENSATION, typed
from settlement.rule_policy import RulePolicy

_VALUES = ("negotiated_drug_list", "negotiated_drug_ratio", "negotiated_drug_in_final")
_CASE = ("setl_id", "area", "insutype", "fixmedins_code")


def drug_compensation(items: DataFrame, policies: Mapping[str, RulePolicy]) -> DataFrame:
    """What cases with listed drugs get at the year's end: their cost x `negotiated_drug.ratio`, rounded by case.

    `DRUG_ITEMS` -> `DRUG_COMPENSATION`. The list names drugs that the measured standards do not hold.
    """
    ruled = with_policies(items, policies, *_VALUES)
    listed = ruled.where(F.array_contains("negotiated_drug_list", F.col("code")))
    cases = listed.groupBy(*_CASE, *_VALUES[1:]).agg(F.sum("amount_fen").alias("drug_fen"))
    paid = share_of(F.col("drug_fen"), F.col("negotiated_drug_ratio"))
    inside = F.col("negotiated_drug_in_final").cast("int")
    return typed(cases.withColumns({"compensation_fen": paid, "in_final": inside}), DRUG_COMPENSATION)
