"""The value that `why` tells of a case, from the tables of a settled year."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from pyspark.sql import Row, SparkSession

from lake.case_value import CaseValue, ValueOf, case_value
from settlement.policy import OutOfAreaPool, PointValueKind, Policy, read_policy
from settlement.readings import ValueKey
from tests.property.settlement_provinces import CHOICES

USUAL = read_policy({key: several[0] for key, several in CHOICES.items()})
CASES = "insu_admdvs string, insutype string, scope string, points decimal(18,8), uplift decimal(18,8)"
SUMS = "cost_fen bigint, fund_fen bigint"


def of_case(spark: SparkSession, scope: str, **changes: Any) -> CaseValue | None:
    """Of a case of B in insurance 310, points 100, that is scored beside others."""
    scored = spark.createDataFrame(
        [
            ("B", "310", "in_province", Decimal(100), Decimal(0), 30000, 20000, 1),
            ("C", "310", "in_province", Decimal(190), Decimal(10), 30000, 10000, 1),
            ("B", "310", "in_province", Decimal(0), Decimal(0), 77, 7, 0),
            ("B", "390", "in_province", Decimal(50), Decimal(0), 99, 9, 1),
            ("A", "310", "local", Decimal(100), Decimal(0), 50000, 50000, 1),
        ],
        f"{CASES}, {SUMS}, in_year int",
    )
    pools = spark.createDataFrame(
        [
            ("310", Decimal(100), 50000, 50000, 70000, Decimal(7)),
            ("390", Decimal(300), 10000, 10000, 50000, Decimal(7)),
            ("399", Decimal(0), 0, 0, 4000, None),
        ],
        f"insutype string, points decimal(28,8), {SUMS}, budget_used_fen bigint, value decimal(38,12)",
    )
    policy: Policy = replace(USUAL, **changes)
    return case_value(scored, pools, Row(scope=scope, insutype="310", insu_admdvs="B"), policy)


def test_the_value_of_a_case_is_that_of_its_pool_of_all_or_of_an_own_pool(spark: SparkSession) -> None:
    usual = CaseValue(ValueOf.POOL, 50000, 50000, 70000, Decimal(100), Decimal(7))
    assert of_case(spark, "local") == of_case(spark, "in_province") == usual
    common = of_case(spark, "in_province", point_value_by_insurance=False)
    assert common == CaseValue(ValueOf.COMMON, 60000, 60000, 120000, Decimal(400), Decimal(7))
    fixed = {"point_value_kind": PointValueKind.FIXED, "point_value_fixed": (("310", Decimal(7)),)}
    assert of_case(spark, "local", **fixed) == replace(usual, is_set=True)
    own = {"out_of_area_pool": OutOfAreaPool.OWN}
    assert of_case(spark, "local", **own) == usual
    shared = CaseValue(ValueOf.OWN, 60000, 30000, 30000, Decimal(300), Decimal(2))
    assert of_case(spark, "in_province", **own) == shared
    alone = CaseValue(ValueOf.OWN, 30000, 20000, 20000, Decimal(100), Decimal(3))
    assert of_case(spark, "in_province", **own, point_value_key=ValueKey.INSURED_AREA) == alone
