"""Sums of the scored cases: the only pass over cases that the money needs. All later steps work on these.

A period is a year and a slot: 1 to 12 is a month, 0 the whole year.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from settlement.case_points import (
    BY_ITEM,
    FEE_FOR_SERVICE,
    IN_PROVINCE,
    LOCAL,
    NEW_TECHNIQUE,
    OUTSIDE_DAY_CARE,
    cross_by_item,
)
from settlement.money import POINT_PLACES, integer, share_of, to_units
from settlement.policies import with_policies
from settlement.policy import OutOfAreaPool, Policy
from settlement.readings import AbnormalYearEnd, NewTechBase, ReviewPay

YEAR_SLOT = 0
MONTHS = 12
POOL = ("area", "insutype", "year")
SUM_KEY = ("area", "fixmedins_code", "insutype", "insu_admdvs", "scope", "year", "slot")
MEASURES = ("cases", "points", "cost_fen", "fund_fen")
# Of these, cost and fund of the cases that are paid by item inside the budget (`BY_ITEM`): their fund is due, whatever
# the points are worth. So V = (cost - fund + used - item_cost) ÷ points, and a hospital's amount is
# points x V + item_cost - (cost - fund); hospitals still sum to the budget used (OP-14, OP-63).
ITEM_MEASURES = ("item_cost_fen", "item_fund_fen")
ALL_MEASURES = (*MEASURES, *ITEM_MEASURES)


def period_text(year: Column, slot: Column) -> Column:
    """YYYY for the year, YYYY-MM for a month."""
    month = F.lpad(slot.cast("string"), 2, "0")
    return F.when(slot == YEAR_SLOT, year.cast("string")).otherwise(F.concat_ws("-", year.cast("string"), month))


def year_and_slot(period: Column) -> list[Column]:
    """`year` and `slot` of a period written YYYY or YYYY-MM."""
    slot = F.when(F.length(period) == 4, F.lit(YEAR_SLOT)).otherwise(F.substring(period, 6, 2).cast("int"))
    return [F.substring(period, 1, 4).cast("int").alias("year"), slot.alias("slot")]


def _struct_of(slot: Column, cases: Column, prefix: str) -> Column:
    others = [F.col(f"{prefix}_{name}").alias(name) for name in ALL_MEASURES[1:]]
    return F.struct(slot.alias("slot"), cases.alias("cases"), *others)


def case_sums(scored: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """Sums by hospital, insurance, insured area and month.

    Args:
        scored: `CASE_POINTS`.
        policies: by area.

    Returns one row for area, fixmedins_code, insutype, insu_admdvs, scope, year, slot (month) with `month_*` (cases
    that count in the month) and `year_*` (in the year) of cases, points (integer at `POINT_PLACES`), cost_fen,
    fund_fen and `ITEM_MEASURES`; `fee_cases`, `fee_fund_fen` (fee for service); `new_cases`, `new_fen` (new techniques:
    fund, or cost where an area reads it so (OP-65), x `new_tech.rate`, rounded by case, policy/002 article 23) and
    `new_fund_fen` (their fund).
    """
    ruled = with_policies(scored, policies, "new_tech_rate", "new_tech_base", *_terms_of_amounts(policies))
    new = F.col("class") == NEW_TECHNIQUE
    fee = F.col("class") == FEE_FOR_SERVICE
    slot = F.substring(F.coalesce("pay_month", "month"), 6, 2).cast("int")
    keys = [*map(F.col, SUM_KEY[:-1]), slot.alias("slot")]
    by_item = F.col("class").isin(*BY_ITEM) if pays_by_item(policies.values()) else None
    in_month = F.col("in_month") == 1
    base = F.when(F.col("new_tech_base") == NewTechBase.COST.value, F.col("cost_fen")).otherwise(F.col("fund_fen"))
    paid_for_new = F.when(new, share_of(base, F.col("new_tech_rate"))).cast("bigint")
    return ruled.groupBy(*keys).agg(
        *_counted("month", in_month, F.col("points"), by_item, in_month | _beside(policies)),
        *_counted("year", F.col("in_year") == 1, yearly_points(), by_item),
        F.count(F.when(fee, 1)).alias("fee_cases"),
        _total(F.when(fee, F.col("fund_fen"))).alias("fee_fund_fen"),
        F.count(F.when(new, 1)).alias("new_cases"),
        _total(paid_for_new).alias("new_fen"),
        _total(F.when(new, F.col("fund_fen"))).alias("new_fund_fen"),
    )


def _total(amount: Column) -> Column:
    return F.coalesce(F.sum(amount), F.lit(0))


def yearly_points() -> Column:
    """Points of a case in the year's clearing: with what it adds (中治率, policy/002 article 12)."""
    return F.col("points") + F.col("uplift")


def pays_by_item(policies: Iterable[Policy]) -> bool:
    """Whether any of the policies pays cases of the pool by item (OP-14, OP-63)."""
    return any(
        one.review_pay is ReviewPay.BY_ITEM or one.abnormal_year_end is AbnormalYearEnd.FEE_FOR_SERVICE
        for one in policies
    )


def _terms_of_amounts(policies: Mapping[str, Policy]) -> tuple[str, ...]:
    """What `_beside` asks of the policies."""
    exclude = all(one.abnormal_exclude_amounts for one in policies.values())
    return () if exclude else ("abnormal_exclude_amounts", "out_of_area_pool")


def _beside(policies: Mapping[str, Policy]) -> Column:
    """Late and ungrouped cases of the pool whose cost and fund, though nothing else, count in the month (OP-13)."""
    if not _terms_of_amounts(policies):
        return F.lit(False)
    joint = (F.col("scope") == IN_PROVINCE) & (F.col("out_of_area_pool") == OutOfAreaPool.JOINT.value)
    abnormal = (F.col("in_month") == 0) & ~F.col("class").isin(NEW_TECHNIQUE, OUTSIDE_DAY_CARE)
    return ~F.col("abnormal_exclude_amounts") & abnormal & ((F.col("scope") == LOCAL) | joint)


def _counted(
    prefix: str, counts: Column, of_case: Column, by_item: Column | None, with_amounts: Column | None = None
) -> list[Column]:
    """Sums of the cases that count; `by_item`: which are paid by item, if any; `with_amounts`: of which cost and fund
    count, where these are more.
    """
    points, amounts = F.sum(F.when(counts, of_case)), counts if with_amounts is None else with_amounts
    return [
        F.count(F.when(counts, 1)).alias(f"{prefix}_cases"),
        F.coalesce(to_units(points, POINT_PLACES), integer(0)).alias(f"{prefix}_points"),
        _total(F.when(amounts, F.col("cost_fen"))).alias(f"{prefix}_cost_fen"),
        _total(F.when(amounts, F.col("fund_fen"))).alias(f"{prefix}_fund_fen"),
        *[_item_total(name, counts, by_item).alias(f"{prefix}_item_{name}") for name in ("cost_fen", "fund_fen")],
    ]


def _item_total(name: str, counts: Column, by_item: Column | None) -> Column:
    return F.lit(0).cast("bigint") if by_item is None else _total(F.when(counts & by_item, F.col(name)))


def period_sums(sums: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """`case_sums` by period: each month, and the year as slot 0.

    Returns `SUM_KEY` with `ALL_MEASURES` (fee for service has fund only, no points and no cost) and `pooled`: whether
    the treating area's pool holds these cases (local ones; in-province ones where the area has a joint pool, OP-79).
    Rows without cases and amounts are left out.
    """
    fee = F.struct(
        F.col("slot"),
        F.col("fee_cases").alias("cases"),
        integer(0).alias("points"),
        F.lit(0).cast("bigint").alias("cost_fen"),
        F.col("fee_fund_fen").alias("fund_fen"),
        *[F.lit(0).cast("bigint").alias(name) for name in ITEM_MEASURES],
    )
    by_points = F.array(
        _struct_of(F.col("slot"), F.col("month_cases"), "month"),
        _struct_of(F.lit(YEAR_SLOT), F.col("year_cases"), "year"),
    )
    by_fee = F.array(fee, fee.withField("slot", F.lit(YEAR_SLOT)))
    counted = F.when(cross_by_item(policies), by_fee).otherwise(by_points)
    each = sums.select(*SUM_KEY[:-1], F.explode(counted).alias("_period"))
    spread = each.select(*SUM_KEY[:-1], "_period.*").where("cases > 0 OR cost_fen != 0 OR fund_fen != 0")
    added = spread.groupBy(*SUM_KEY).agg(*[F.sum(name).alias(name) for name in ALL_MEASURES])
    ruled = with_policies(added, policies, "out_of_area_pool")
    joint = (F.col("scope") == IN_PROVINCE) & (F.col("out_of_area_pool") == OutOfAreaPool.JOINT.value)
    return ruled.withColumn("pooled", (F.col("scope") == LOCAL) | joint).select(*SUM_KEY, *ALL_MEASURES, "pooled")


def hospital_sums(periods: DataFrame) -> DataFrame:
    """What each hospital has in its pool in each period: `POOL`, slot, fixmedins_code, `ALL_MEASURES`."""
    pooled = periods.where("pooled").groupBy(*POOL, "slot", "fixmedins_code")
    return pooled.agg(*[F.sum(name).alias(name) for name in ALL_MEASURES])
