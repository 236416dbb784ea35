"""The quota of special-case review, policy/002 article 22."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pyspark.sql import SparkSession
from pyspark.sql.types import DateType, StringType, StructField, StructType

from settlement.review import decided_reviews
from tests.spark.settlement.small_province import AREA, frame, policy

PAYABLE = StructType(
    [StructField("setl_id", StringType()), StructField("area", StringType()), StructField("setl_date", DateType())]
)


def test_002_article_22_the_quota_counts_applications_in_turn(spark: SparkSession) -> None:
    """59 cases in the first quarter allow 2 applications, a refused one among them; 20 in the second allow 1."""
    first = [(f"A{i:02d}", AREA, date(2025, 3, 31)) for i in range(59)]
    second = [(f"B{i:02d}", AREA, date(2025, 4, 1)) for i in range(20)]
    applications = [
        ("A30", date(2025, 3, 2), "passed"),
        ("A10", date(2025, 3, 2), "passed"),
        ("A40", date(2025, 3, 1), "refused"),
        ("B05", date(2025, 7, 1), "passed"),
        ("B04", date(2025, 7, 2), "passed"),
        ("not paid by points", date(2025, 1, 1), "passed"),
    ]
    payable = spark.createDataFrame(first + second, PAYABLE).repartition(3)
    policies = {AREA: policy(special_review__quota_drg=Decimal("0.05"))}
    found = decided_reviews(payable, frame(spark, "reviews", applications), policies).collect()
    assert {row.setl_id: row.review for row in found} == {
        "A40": "refused",
        "A10": "passed",
        "A30": "over_quota",
        "B05": "passed",
        "B04": "over_quota",
    }
