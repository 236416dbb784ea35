"""Two voices, one law: what Spark settles and what the reference settles are the same text, cell by cell.

Many random provinces are settled in one run, each with area codes of its own; a difference names its seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from lake.province_frames import text_rows
from lake.province_schema import LAYOUTS, arrow_schema
from settlement.elements import measure_elements
from settlement.frames import ProvinceFrames
from settlement.present import elements_text, settlement_text
from settlement.reference.inputs import Province, TextRow
from settlement.reference.measuring import ELEMENT_COLUMNS, measure
from settlement.reference.settle import settle
from settlement.reference.text import TABLES
from settlement.settle import settle_province
from settlement.year_order import LAWFUL_ORDER, YearOrder
from tests.property.ledger_voices import ledger_differences
from tests.property.settlement_provinces import YEAR, random_order, random_province, shuffled, united

PROVINCES = 150
ORDERS = 3
# No shrinking: each example is a run of Spark, and the message names the seed of the province that differs.
FEW = settings(max_examples=2, phases=(Phase.explicit, Phase.generate), deadline=None)


def _cell(value: Any) -> Any:
    if isinstance(value, Fraction):
        return Decimal(value.numerator) / Decimal(value.denominator)
    return int(value) if isinstance(value, bool) else value


def province_frames(spark: SparkSession, province: Province, partitions: int = 0) -> ProvinceFrames:
    """The rows of a province as DataFrames, as they come or spread over partitions."""
    frames: dict[str, DataFrame] = {}
    for name, layout in LAYOUTS.items():
        rows = [{key: _cell(value) for key, value in asdict(row).items()} for row in getattr(province, name)]
        table = pa.Table.from_pylist(rows, schema=arrow_schema(layout.frame))
        made = spark.createDataFrame(table, layout.frame)
        frames[name] = made.repartition(partitions) if partitions else made
    return ProvinceFrames(**frames)


def provinces_from(seed: int) -> dict[str, tuple[int, Province]]:
    """Provinces by prefix, each with the seed it was made from.

    Their areas take the year's steps in a few random orders: each distinct order makes Spark's plan longer.
    """
    prefixes = {f"{100 + number}": seed + number for number in range(PROVINCES)}
    orders = [LAWFUL_ORDER, *[random_order(Random(seed + number)) for number in range(ORDERS)]]
    return {
        prefix: (one, with_orders(random_province(one, one % 5 * 15, prefix), Random(one), orders))
        for prefix, one in prefixes.items()
    }


def with_orders(province: Province, random: Random, orders: Sequence[YearOrder]) -> Province:
    """The province with one of the orders in each area."""
    chosen = {area: replace(policy, clearing_order=random.choice(orders)) for area, policy in province.policies.items()}
    return replace(province, policies=chosen)


def differences(spark_rows: Sequence[TextRow], reference_rows: Sequence[TextRow]) -> list[str]:
    """Rows that only one of the voices gives."""
    ours, theirs = set(spark_rows), set(reference_rows)
    found = [f"only Spark:     {','.join(row)}" for row in sorted(ours - theirs)[:5]]
    found += [f"only reference: {','.join(row)}" for row in sorted(theirs - ours)[:5]]
    return found or (["a row is given more than once"] if sorted(spark_rows) != sorted(reference_rows) else [])


def by_prefix(rows: Sequence[TextRow], prefixes: Sequence[str]) -> dict[str, list[TextRow]]:
    """Rows by province: the first cell is an area, a hospital (H + area) or a settlement (S + prefix)."""
    parts: dict[str, list[TextRow]] = {prefix: [] for prefix in prefixes}
    for row in rows:
        parts[row[0].lstrip("HSX")[:3]].append(row)
    return parts


@pytest.mark.slow
@given(seed=st.integers(0, 2**32))
@FEW
def test_both_voices_settle_alike(spark: SparkSession, seed: int) -> None:
    made = provinces_from(seed)
    whole = united(province for _, province in made.values())
    frames = province_frames(spark, shuffled(whole, seed), partitions=1 + seed % 3)  # neither order nor parts matter
    settled = settle_province(frames, whole.policies, lambda _, frame: frame.localCheckpoint())
    texts = settlement_text(settled)
    tables = {name: by_prefix(text_rows(texts[name], columns), list(made)) for name, columns in TABLES.items()}
    for prefix, (own_seed, province) in made.items():
        expected = settle(province)
        for name in TABLES:
            found = differences(tables[name][prefix], expected[name])
            lines = "\n".join(found)
            made_by = f"random_province({own_seed}, {len(province.cases)}, {prefix!r}), orders of {seed}"
            assert not found, f"{name}: {made_by}\n{lines}"
    assert not ledger_differences(settled, whole)


@pytest.mark.slow
@given(seed=st.integers(0, 2**32))
@FEW
def test_both_voices_measure_alike(spark: SparkSession, seed: int) -> None:
    made = provinces_from(seed)
    whole = united(province for _, province in made.values())
    frames = province_frames(spark, whole)
    elements = measure_elements(frames.hospitals, frames.history, frames.base_groups, whole.policies, YEAR)
    rows = by_prefix(text_rows(elements_text(elements, whole.policies), ELEMENT_COLUMNS), list(made))
    for prefix, (own_seed, province) in made.items():
        expected = measure(province.hospitals, province.history, province.base_groups, province.policies, YEAR)
        found = differences(rows[prefix], expected)
        lines = "\n".join(found)
        assert not found, f"elements: random_province({own_seed}, {len(province.cases)}, {prefix!r})\n{lines}"
