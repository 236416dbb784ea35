"""Exact arithmetic in columns: against the plain-Python division, at province scale, and what is refused."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DecimalType, LongType, StringType, StructField, StructType

from settlement.money import allocate, divide, divide_exact, floor_divide, from_units, integer, shortest, to_units

BIG = DecimalType(38, 0)
PAIRS = StructType([StructField("a", BIG), StructField("b", BIG), StructField("k", LongType())])


def random_pairs(count: int) -> list[tuple[int, int, int]]:
    source = random.Random(19)

    def sized(digits: int) -> int:
        return source.randint(-(10**digits), 10**digits)

    sizes = [(source.randint(1, 27), source.randint(1, 30), source.randint(0, 4)) for _ in range(count)]
    pairs = [(sized(above), sized(below) or 7, places) for above, below, places in sizes]
    halves = [(sized(12) * b + b // 2, b, 0) for b in (2, 4, 10, -6, 1000) for _ in range(20)]
    return pairs + halves


def test_columns_divide_like_plain_integers(spark: SparkSession) -> None:
    pairs = random_pairs(1500)
    frame = spark.createDataFrame([(Decimal(a), Decimal(b), k) for a, b, k in pairs], PAIRS)
    a, b = F.col("a"), F.col("b")
    floored = floor_divide(a, F.abs(b))
    found = frame.select("a", "b", "k", divide(a, b, F.col("k")).alias("up"), floored.alias("down")).collect()
    assert len(found) == len(pairs)
    for row in found:
        assert row.up == divide_exact(int(row.a), int(row.b), row.k)
        assert row.down == int(row.a) // abs(int(row.b))


def test_a_quotient_past_64_bits_does_not_wrap(spark: SparkSession) -> None:
    quotient = divide(integer(3 * 10**30), integer(7), 2)
    assert spark.range(1).select(quotient.alias("q")).first()["q"] == divide_exact(3 * 10**30, 7, 2)


@pytest.mark.parametrize(
    ("numerator", "denominator", "places"), [(1, 0, 0), (10**37, 3, 2), (9 * 10**37, 3, 0), (10**33, 1, 0)]
)
def test_what_38_digits_cannot_hold_is_refused(
    spark: SparkSession, numerator: int, denominator: int, places: int
) -> None:
    quotient = divide(integer(numerator), integer(denominator), places)
    for ansi in ("true", "false"):
        before = spark.conf.get("spark.sql.ansi.enabled")
        spark.conf.set("spark.sql.ansi.enabled", ansi)
        try:
            with pytest.raises(PySparkException):
                spark.range(1).select(quotient.alias("q")).collect()
        finally:
            spark.conf.set("spark.sql.ansi.enabled", before)


def test_missing_stays_missing(spark: SparkSession) -> None:
    none = F.lit(None).cast(BIG)
    row = spark.range(1).select(
        divide(none, integer(2)).alias("a"), divide(integer(2), none).alias("b"), floor_divide(none, none).alias("c")
    )
    assert tuple(row.first()) == (None, None, None)


def test_the_largest_province_fits_into_38_digits(spark: SparkSession) -> None:
    """20 million cases of 500 points, 10^13 yuan of cost: numerators of values, amounts and shares."""
    points, money = 20_000_000 * 500 * 10**8, 10**15
    row = spark.range(1).select(
        divide(integer(money) * integer(10**6), integer(points), 12).alias("value"),
        floor_divide(integer(points) * integer(money), integer(points)).alias("amount"),
    )
    found = row.first()
    assert found["value"] == divide_exact(money * 10**6, points, 12)
    assert found["amount"] == money


def test_decimals_become_integers_and_back(spark: SparkSession) -> None:
    values = ["0", "-0.000000000001", "123456789.000000000001", "80.1250", "100", "-20"]
    kind = DecimalType(38, 12)
    frame = spark.createDataFrame([(Decimal(v),) for v in values], StructType([StructField("v", kind)]))
    units = to_units(F.col("v"), 12)
    digits, places = shortest(units, 12)
    rows = frame.select("v", from_units(units, 12, kind).alias("back"), digits.alias("n"), places.alias("e")).collect()
    for row in rows:
        assert row.back == row.v
        assert Decimal(int(row.n)).scaleb(-row.e) == row.v
        assert row.e == 0 or int(row.n) % 10 != 0 or row.v == 0


SHARES = StructType(
    [StructField("g", StringType()), StructField("h", StringType())]
    + [StructField(name, BIG) for name in ("above", "below", "total")]
)


def largest_remainder(weights: list[int], total: int) -> list[int]:
    below = sum(weights)
    floors = [weight * total // below for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(weights[i] * total % below), i))
    for i in order[: total - sum(floors)]:
        floors[i] += 1
    return floors


def test_allocated_shares_sum_to_the_total_to_the_fen(spark: SparkSession) -> None:
    source = random.Random(7)
    rows, expected = [], {}
    for group in range(60):
        weights = [source.randint(0, 50) for _ in range(source.randint(1, 9))] + [1]
        total = source.choice([0, 1, 2, 100, 99999, -1, -17, -100000])
        for number, (weight, amount) in enumerate(zip(weights, largest_remainder(weights, total), strict=True)):
            rows.append((f"g{group}", f"h{number}", *map(Decimal, (weight * total, sum(weights), total))))
            expected[f"g{group}", f"h{number}"] = amount
    source.shuffle(rows)
    frame = spark.createDataFrame(rows, SHARES).repartition(7)
    found = allocate(frame, ["g"], "above", "below", "total", "h", "amount").collect()
    assert {(row.g, row.h): row.amount for row in found} == expected


def test_equal_remainders_go_to_the_smaller_key(spark: SparkSession) -> None:
    rows = [("g", hospital, Decimal(100), Decimal(3), Decimal(100)) for hospital in ("h3", "h1", "h2")]
    found = allocate(spark.createDataFrame(rows, SHARES), ["g"], "above", "below", "total", "h", "amount")
    assert {row.h: row.amount for row in found.collect()} == {"h1": 34, "h2": 33, "h3": 33}
