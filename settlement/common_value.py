"""Who shares what in a point value: one value for all insurance types (OP-03), and who bears its residue (OP-02).

Policy/001 article 13 and policy/002 article 8 set the budgets of employees and residents apart; no text says that a
point is worth another sum for each. Where it is worth the same, budgets, roll-over and residue stay with each pool:
what one insurance's money pays for the other's cases is the residue of both, and these sum to what rounding leaves.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from settlement.money import INTEGER
from settlement.policy import Policy
from settlement.readings import Residue


def shares_out() -> Column:
    """Whether an exact floating value shares out what its pool uses, to the fen: not where the residue is booked, and
    not where the value is that of several pools.
    """
    return F.col("point_value_by_insurance") & (F.col("rounding_residue") == Residue.LARGEST_REMAINDER.value)


def with_common_value(priced: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    """`priced` with `_money` and `_points` of all pools of the area and period, where they have one value.

    `priced` has area, insutype, year, slot, `_money`, `_points` (missing: none) and point_value_by_insurance. The money
    of a pool without points is in no value: nobody there could be paid, and its residue is all that it uses.
    """
    if all(policy.point_value_by_insurance for policy in policies.values()):
        return priced
    alone = F.when(F.col("point_value_by_insurance"), F.col("insutype")).otherwise(F.lit(""))
    together = Window.partitionBy("area", "year", "slot", alone)
    has_points = F.col("_points").isNotNull()
    money = F.sum(F.when(has_points, F.col("_money"))).over(together).cast(INTEGER)
    points = F.sum("_points").over(together).cast(INTEGER)
    return priced.withColumns({"_money": F.when(has_points, money), "_points": F.when(has_points, points)})
