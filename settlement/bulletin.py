"""Special-review bulletin (特例单议半年通报): policy/002 article 22, policy/004 一(三), policy/000 article 18."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DecimalType, IntegerType, LongType, StringType, StructField, StructType

from settlement.case_points import (
    CROSS_PROVINCE,
    FEE_FOR_SERVICE,
    IN_PROVINCE,
    LOCAL,
    NEW_TECHNIQUE,
    OUTSIDE_DAY_CARE,
)
from settlement.frames import RATIO
from settlement.money import divide, from_units
from settlement.review import NO_GROUND, OVER_QUOTA, PASSED, REFUSED
from settlement.sums import MONTHS

HALVES = (1, 2)
_MONTHS_OF_HALF = MONTHS // len(HALVES)
SHARE = DecimalType(38, RATIO.scale)


def _field(name: str, kind: DataType, comment: str) -> StructField:
    return StructField(name, kind, False, {"comment": comment})


# One row: a hospital with discharges that the quota is a share of, in a half-year. Key: fixmedins_code, period.
REVIEW_BULLETIN = StructType(
    [
        _field("area", StringType(), "treating area (就医地统筹区)"),
        _field("fixmedins_code", StringType(), "定点医药机构编号"),
        _field("year", IntegerType(), "year of settlement"),
        _field("half", IntegerType(), "1 or 2"),
        _field("period", StringType(), "YYYY-H1 or YYYY-H2"),
        _field("discharges", LongType(), "DRG出院病例 of the half-year: cases that the quota is a share of"),
        _field("applied", LongType(), "申请数"),
        _field("passed", LongType(), "审核通过数"),
        _field("refused", LongType(), "未通过数"),
        _field("over_quota", LongType(), "超出比例数"),
        _field("no_ground", LongType(), "不符合申报条件数"),
        _field("applied_share", SHARE, "申请数占出院病例"),
        _field("passed_share", SHARE, "审核通过数占出院病例"),
    ]
)


def review_bulletin(scored: DataFrame) -> DataFrame:
    """What is announced every half-year of each hospital's applications for special-case review.

    Args:
        scored: `CASE_POINTS` (settlement/results.py). A case belongs to the half of its settlement month, as its
            quota does to the quarter.

    Returns `REVIEW_BULLETIN`: a row for each hospital and half-year with cases that the quota is a share of, however
    they are paid in the end, with or without applications, each of them counted once. Shares have 6 places, half up.
    """
    half = F.when(F.substring("month", 6, 2).cast("int") <= _MONTHS_OF_HALF, HALVES[0]).otherwise(HALVES[1])
    outside = F.col("class").isin(NEW_TECHNIQUE, OUTSIDE_DAY_CARE)
    inside = F.col("scope").isin(LOCAL, IN_PROVINCE, CROSS_PROVINCE) & (F.col("class") != FEE_FOR_SERVICE)
    of_quota = inside & F.col("drg").isNotNull() & ~outside
    paid = scored.where(of_quota).withColumn("half", half)
    counts = {
        "discharges": F.lit(1),
        "applied": F.when(F.col("review").isin(PASSED, REFUSED, OVER_QUOTA, NO_GROUND), 1),
        "passed": F.when(F.col("review") == PASSED, 1),
        "refused": F.when(F.col("review") == REFUSED, 1),
        "over_quota": F.when(F.col("review") == OVER_QUOTA, 1),
        "no_ground": F.when(F.col("review") == NO_GROUND, 1),
    }
    summed = paid.groupBy("area", "fixmedins_code", "year", "half").agg(
        *[F.count(count).alias(name) for name, count in counts.items()]
    )
    shared = summed.select(
        "*",
        F.concat(F.col("year").cast("string"), F.lit("-H"), F.col("half").cast("string")).alias("period"),
        *[_share(name).alias(f"{name}_share") for name in ("applied", "passed")],
    )
    return shared.select(*[F.col(field.name).cast(field.dataType).alias(field.name) for field in REVIEW_BULLETIN])


def _share(name: str) -> Column:
    return from_units(divide(F.col(name), F.col("discharges"), RATIO.scale), RATIO.scale, SHARE)
