"""What a workbook says of an area that reads the law otherwise."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from lake.policy_files import load_policies
from serving.readings import payment_note, reading_notes, returned_share
from serving.statement import class_balances, hospital_claims, hospital_statements
from settlement.accounts import ENTRY, account
from settlement.reading_values import READING_READERS
from settlement.reference.ledger import LedgerRow, Place, book
from tests.property.reading_choices import READINGS

USUAL = load_policies().values_at("999999", date(2025, 6, 30))


def test_what_is_usual_needs_no_note() -> None:
    assert reading_notes(USUAL) == []
    assert payment_note(USUAL) == payment_note({}) == "实际拨付＝按比例应付−质量保证金−审核扣款＋上月结转，不为负"
    assert payment_note({"month.negative": "paid_back"}) == "实际拨付＝按比例应付−质量保证金−审核扣款＋上月结转"


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in READINGS.items() for value in values[1:]])
def test_every_other_reading_has_one(key: str, value: Any) -> None:
    ((title, text),) = reading_notes({**USUAL, key: value})
    assert title
    assert text


def test_every_reading_is_tried() -> None:
    assert set(READINGS) == set(READING_READERS)


def test_values_are_put_into_words() -> None:
    said = {"tcm.effect_standard": {"ZT11": "40"}, "group.whole_review": ["A", "B"], "level_coef.min_n": 3}
    assert [text for _, text in reading_notes(said)] == ["3例", "另含A、B", "每例点数：ZT11为40"]


def test_op_56_the_share_that_comes_back_is_that_of_the_score() -> None:
    table = [{"score": "60", "share": "0.5"}, {"score": "90", "share": "1"}]
    values = {"deposit.return_table": table}
    own = {"deposit_return": Decimal("0.8"), "score": None}
    assert returned_share(own, values) == returned_share({"deposit_return": Decimal("0.8")}, {}) == Decimal("0.8")
    for score, share in (("59.9", "0"), ("60", "0.5"), ("89.9", "0.5"), ("90", "1")):
        assert returned_share({**own, "score": Decimal(score)}, values) == Decimal(share)
    assert reading_notes({"deposit.return_table": table}) == [("质量保证金返还档次", "60分起返还50%，90分起返还100%")]


def booked(**amounts: int) -> list[LedgerRow]:
    return list(book(Place("9901", "2025", "310", "H1"), amounts))


def test_op_51_a_line_that_adds_kept_surplus_is_called_so() -> None:
    for entry, title, amount in (("surplus_not_kept", "结余不留用", -5), ("surplus_kept", "结余留用", 5)):
        (lines,) = hospital_statements(booked(**{entry: 5})).values()
        assert [line.title for line in lines if line.amount_fen] == [title]
        assert sum(line.amount_fen or 0 for line in lines) == amount
    assert account(ENTRY["surplus_kept"].from_class, "9901", "310", 2025) == "fund:9901:310:2025"


def test_op_54_what_is_set_off_is_a_line_only_where_there_is_something() -> None:
    ((*_, without, _),) = hospital_statements(booked(year_amount=9)).values()
    assert without.title != "抵扣上年应退"
    rows = booked(year_amount=9, owed_before=4, claim=9, claim_paid=9)
    ((*_, owed, final),) = hospital_statements(rows).values()
    assert (owed.title, owed.amount_fen, final.running_fen) == ("抵扣上年应退", -4, 5)
    assert "上年应退抵扣" in class_balances(rows)
    assert "上年应退抵扣" not in class_balances(booked(year_amount=9))
    titles = [line.title for line in hospital_claims(rows)["H1", "310"]]
    assert "月度已拨付与最终应拨付（含抵扣上年应退）" in titles
