"""The quota of special-case review, policy/002 article 22."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from pyspark.sql import SparkSession
from pyspark.sql.types import DateType, StringType, StructField, StructType

from settlement.review import decided_reviews
from tests.spark.settlement.small_province import AREA, frame, policy

HOSPITAL_CASES = StructType(
    [
        StructField("setl_id", StringType()),
        StructField("area", StringType()),
        StructField("fixmedins_code", StringType()),
        StructField("setl_date", DateType()),
    ]
)
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


def test_op_61_op_62_units_periods_and_what_is_counted_differ_by_area(spark: SparkSession) -> None:
    """Half of the cases of each quota, and who passes of A1, A2, ... applying in this order, A3 refused.

    Months 1, 3, 3, 5, 8, 12 of hospitals P, P, Q, Q, Q, Q. By quarter and area (3, 1, 1, 1): A1. By half and area
    (4, 2): A1, A2, A5. By year and hospital (2, 4): A1 of P; A3 refused and A4 of Q, or A4 and A5 where only those
    count that pass. By month and area (2 in March): A2.
    """
    readings = {
        "default": {},
        "half": {"special_review__period": "half_year"},
        "own": {"special_review__period": "year", "special_review__unit": "hospital"},
        "own passed": {
            "special_review__period": "year",
            "special_review__unit": "hospital",
            "special_review__count": "passed",
        },
        "month": {"special_review__period": "month"},
    }
    given = list(zip((1, 3, 3, 5, 8, 12), "PPQQQQ", strict=True))
    cases, applications = [], []
    for area in readings:
        for number, (month, code) in enumerate(given, start=1):
            cases.append((f"{area} A{number}", area, f"{area} {code}", date(2025, month, 1)))
            decision = "refused" if number == 3 else "passed"
            applications.append((f"{area} A{number}", date(2026, 1, number), decision))
    policies = {area: replace(policy(**values), review_quota=Decimal("0.5")) for area, values in readings.items()}
    payable = spark.createDataFrame(cases, HOSPITAL_CASES)
    rows = decided_reviews(payable, frame(spark, "reviews", applications), policies).collect()
    assert len(rows) == len(cases)
    by_outcome = {
        area: {
            outcome: " ".join(sorted(r.setl_id[-2:] for r in rows if (r.setl_id[:-3], r.review) == (area, outcome)))
            for outcome in ("passed", "refused")
        }
        for area in readings
    }
    assert by_outcome == {
        "default": {"passed": "A1", "refused": ""},
        "half": {"passed": "A1 A2 A5", "refused": ""},
        "own": {"passed": "A1 A4", "refused": "A3"},
        "own passed": {"passed": "A1 A4 A5", "refused": "A3"},
        "month": {"passed": "A2", "refused": ""},
    }


def test_op_64_applications_without_ground_are_no_part_of_the_quota(spark: SparkSession) -> None:
    cases = [(name, AREA, date(2025, 3, 1)) for name in "ABCD"]
    applications = [(name, date(2025, 4, 1), "passed") for name in "ABC"]
    of = {AREA: replace(policy(), review_quota=Decimal("0.25"))}
    groundless = spark.createDataFrame([("A",)], StructType([StructField("setl_id", StringType())]))
    payable, reviews = spark.createDataFrame(cases, PAYABLE), frame(spark, "reviews", applications)
    found = {row.setl_id: row.review for row in decided_reviews(payable, reviews, of, groundless).collect()}
    assert found == {"A": "no_ground", "B": "passed", "C": "over_quota"}
