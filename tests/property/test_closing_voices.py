"""Two voices with closed months: what Spark settles and books is what the reference settles and books."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from lake.province_frames import text_rows
from settlement.present import settlement_text
from settlement.reference.closing import Correction
from settlement.reference.settle import settle, settle_province
from settlement.reference.text import TABLES
from settlement.results import MONTH_CORRECTIONS
from settlement.settle import settle_province as settle_on_spark
from tests.property.closings import closing_frames, random_history, united_closed
from tests.property.ledger_voices import ledger_differences
from tests.property.settlement_provinces import YEAR, united
from tests.property.test_settlement_voices import differences, province_frames

PROVINCES = 12
ONE = settings(max_examples=1, phases=(Phase.explicit, Phase.generate), deadline=None)


@pytest.mark.slow
@given(seed=st.integers(0, 2**32))
@ONE
def test_both_voices_book_alike(spark: SparkSession, seed: int) -> None:
    """Many random histories in one run, each with area codes of its own."""
    histories = [random_history(seed + number, number % 4 * 15, f"{10 + number}") for number in range(PROVINCES)]
    whole, closed = united(history.province for history in histories), united_closed(histories)
    areas = {code: area for history in histories for code, area in history.areas.items()}
    frames, closings = province_frames(spark, whole), closing_frames(spark, closed, areas)
    settled = settle_on_spark(frames, whole.policies, lambda _, frame: frame.localCheckpoint(), closings=closings)
    texts, expected = settlement_text(settled), settle(whole, closed)
    for name, columns in TABLES.items():
        found = differences(text_rows(texts[name], columns), expected[name])
        assert not found, "\n".join([f"{name}, seed {seed}", *found])
    assert settled.corrections is not None
    assert settled.corrections.schema.names == MONTH_CORRECTIONS.names
    booked = settle_province(whole, closed).corrections
    assert booked
    assert {tuple(row) for row in settled.corrections.collect()} == {_row(one, areas) for one in booked}
    assert not ledger_differences(settled, whole, closed)


def _row(one: Correction, areas: dict[str, str]) -> tuple[object, ...]:
    sums, terms = one.terms.sums, one.terms
    key = (areas[one.fixmedins_code], one.fixmedins_code, one.insutype, YEAR, one.month, one.booked_in)
    money = (terms.amount_fen, terms.gross_fen, terms.deposit_fen, terms.audit_fen)
    return (*key, sums.points, sums.cost_fen, sums.fund_fen, *money)
