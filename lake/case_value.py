"""The value of a point that one case is worth in its year, and what it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from settlement.case_points import BY_ITEM, IN_PROVINCE, LOCAL
from settlement.policy import OutOfAreaPool, Policy
from settlement.readings import ValueKey
from settlement.reference.exact import fixed
from settlement.reference.own_pools import in_own_pool, own_value
from settlement.reference.pools import set_value
from settlement.reference.scope import Scope
from settlement.reference.sums import Sums
from settlement.reference.text import VALUE_PLACES
from settlement.sums import pays_by_item, yearly_points


class ValueOf(StrEnum):
    """Whose value it is: the pool's, that of all insurance types (OP-03), that of an own pool (OP-79)."""

    POOL = "pool"
    COMMON = "common"
    OWN = "own"


@dataclass(frozen=True)
class CaseValue:
    """V in yuan a point, and the sums it shares out (fen); where it is fixed or limited (`is_set`) it does not."""

    kind: ValueOf
    cost_fen: int
    fund_fen: int
    used_fen: int
    points: Decimal
    value: Decimal
    item_cost_fen: int = 0  # of the cost: cases that are paid by item (OP-14, OP-63)
    is_set: bool = False


def case_value(scored: DataFrame, pools: DataFrame, case: Row, policy: Policy) -> CaseValue | None:
    """The value of a scored case; None where its pool has none.

    Args:
        scored: scored cases of its area and year.
        pools: the year's `pools` of its area.
        case: its row of `scored`.
        policy: of its area.
    """
    if case.scope and in_own_pool(Scope(case.scope), policy):
        return _of_own_pool(scored, case, policy)
    rows = pools.where("value is not null").collect()
    own = next((row for row in rows if row.insutype == case.insutype), None)
    if own is None:
        return None
    together = [own] if policy.point_value_by_insurance else rows
    mine = scored.where(F.col("insutype").isin([row.insutype for row in together]))
    joint = policy.out_of_area_pool is OutOfAreaPool.JOINT
    items = _item_cost(mine.where(F.col("scope").isin(LOCAL, *([IN_PROVINCE] if joint else []))), policy)
    cost = sum(row.cost_fen for row in together)
    sums = Sums(
        points=sum((Fraction(row.points) for row in together), Fraction(0)),
        cost_fen=cost - items,
        fund_fen=sum(row.fund_fen for row in together),
    )
    used = sum(row.budget_used_fen for row in together)
    return CaseValue(
        ValueOf.POOL if policy.point_value_by_insurance else ValueOf.COMMON,
        cost,
        sums.fund_fen,
        used,
        sum((row.points for row in together), Decimal(0)),
        own.value,
        items,
        set_value(sums, used, case.insutype, policy) is not None,
    )


def _of_own_pool(scored: DataFrame, case: Row, policy: Policy) -> CaseValue | None:
    inside = (F.col("in_year") == 1) & (F.col("scope") == case.scope) & (F.col("insutype") == case.insutype)
    if policy.point_value_key is ValueKey.INSURED_AREA:
        inside = inside & (F.col("insu_admdvs") == case.insu_admdvs)
    (row,) = (
        scored.where(inside)
        .agg(F.sum("cost_fen").alias("cost"), F.sum("fund_fen").alias("fund"), F.sum(yearly_points()).alias("points"))
        .collect()
    )
    points = row.points or Decimal(0)
    items = _item_cost(scored.where(inside), policy)
    value = own_value(Sums(1, Fraction(points), (row.cost or 0) - items, row.fund or 0))
    if value is None:
        return None
    return CaseValue(ValueOf.OWN, row.cost, row.fund, row.fund, points, Decimal(fixed(value, VALUE_PLACES)), items)


def _item_cost(scored: DataFrame, policy: Policy) -> int:
    """Cost of the year's cases that are paid by item, where the area pays any so."""
    if not pays_by_item([policy]):
        return 0
    items = scored.where((F.col("in_year") == 1) & F.col("class").isin(*BY_ITEM))
    (row,) = items.agg(F.sum("cost_fen").alias("cost")).collect()
    return row.cost or 0
