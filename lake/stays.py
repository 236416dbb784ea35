"""What the rules of single cases ask of a stay, from the settlement list: TCM cost and place, days, day care."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lake.runs import RunBook, read_slices
from lake.tables.lists import LISTS
from lake.views import months_ingested
from settlement.case_rules import CaseRules
from settlement.frames import STAYS, StaysByRule
from settlement.policies import with_policies
from settlement.policy import Policy

DAY_CARE = "2"  # 住院医疗类型 (ipt_med_type): 日间手术
_RULES = ("tcm_charge_types", "tcm_departments", "tcm_institutions")


def stays_by_rule(
    runs: RunBook, rules: Mapping[str, CaseRules], policies: Mapping[str, Policy], year: int
) -> StaysByRule | None:
    """The stays of areas with rules of single cases, or where a long stay is a ground for review (OP-64).

    None where there is no such area, and no list is read.
    """
    long = {area for area, policy in policies.items() if policy.review_los_multiple is not None}
    areas = [area for area, one in sorted(rules.items()) if one.any_on or area in long]
    if not areas:
        return None
    return StaysByRule(stays_of(lists_of(runs, areas, year), rules), rules)


def lists_of(runs: RunBook, areas: list[str], year: int) -> DataFrame:
    """The settlement lists of the areas' year, at the versions that the finished `ingest` runs name."""
    slices = {}
    for area in areas:
        for month in months_ingested(runs, area, [year]):
            slices[(area, month)] = runs.required("ingest", area, month, "run `dianshu ingest`").outputs[LISTS.name]
    return read_slices(runs.lake, LISTS, slices, "month")


def stays_of(lists: DataFrame, rules: Mapping[str, CaseRules]) -> DataFrame:
    """Lists -> `STAYS`, by the rules of their area.

    TCM cost is the sum of the charges (iteminfo) of the kinds in `tcm.charge_types`, from 0 to the list's total. A TCM
    place is an institution of `tcm.institutions`, or a discharge department (dscg_caty) that begins like one of
    `tcm.departments`.
    """
    ruled = with_policies(lists.where(F.col("setl_id").isNotNull()), rules, *_RULES)
    values = {
        "setl_id": F.col("setl_id"),
        "days": F.col("act_ipt_days"),
        "tcm_cost_fen": _tcm_cost(),
        "tcm_place": _tcm_place().cast("int"),
        "day_care": F.coalesce(F.col("ipt_med_type") == DAY_CARE, F.lit(False)).cast("int"),
    }
    return ruled.select(*[values[field.name].cast(field.dataType).alias(field.name) for field in STAYS.fields])


def _tcm_cost() -> Column:
    charges = F.filter("iteminfo", lambda one: F.array_contains(F.col("tcm_charge_types"), one["med_chrgitm_type"]))
    summed = F.aggregate(
        charges,
        F.lit(0).cast("bigint"),
        lambda sum_, one: sum_ + F.coalesce(one["item_sumamt_fen"], F.lit(0).cast("bigint")),
    )
    most = F.greatest(F.coalesce("medfee_sumamt_fen", F.lit(0)), F.lit(0))
    return F.greatest(F.least(F.coalesce(summed, F.lit(0)), most), F.lit(0))


def _tcm_place() -> Column:
    department = F.exists("tcm_departments", lambda start: F.col("dscg_caty").startswith(start))
    institution = F.array_contains("tcm_institutions", F.col("fixmedins_code"))
    return F.coalesce(institution, F.lit(False)) | F.coalesce(department, F.lit(False))
