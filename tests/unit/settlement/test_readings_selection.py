"""What is proposed and a person decides: base groups (OP-39), in numbers worked by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

from lake.policy_files import load_policies
from settlement.policy import read_policy
from settlement.reference.base_groups import BaseGroupFinding, base_group_candidates
from settlement.reference.inputs import BaseGroup, HistoryCase, Hospital
from settlement.rule_policy import read_rule_policy

AREA = "419001"
BOOK, DAY = load_policies(), date(2025, 6, 30)
HOSPITALS = [Hospital(f"H{level}", AREA, level, False, 1, 1) for level in (1, 2, 3)]


def found(cases: list[tuple[int, int]], listed: bool = False, **changes: Any) -> BaseGroupFinding | None:
    """What is said of one group with these cases (level, cost); `changes` of the rules' values."""
    history = [HistoryCase(f"H{level}", 2024, "G", cost, 0) for level, cost in cases]
    policies = {AREA: read_policy(BOOK.values_at("999999", DAY))}
    values = BOOK.rule_values_at("999999", DAY) | {name.replace("__", "."): value for name, value in changes.items()}
    groups = [BaseGroup(AREA, "G")] if listed else []
    rows = base_group_candidates(HOSPITALS, history, groups, policies, {AREA: read_rule_policy(values)})
    return rows[0] if rows else None


HALF = [*[(1, 100)] * 3, *[(2, 100)] * 2, (3, 100)]


def test_op_39_half_of_the_cases_in_primary_institutions_are_enough() -> None:
    one = found(HALF)
    assert one is not None
    assert (one.finding, one.primary_cases, one.cases, one.article) == ("candidate", 3, 6, "policy/002 article 13")
    assert found([*HALF, (3, 100)]) is None  # three of seven
    assert found([*HALF, (3, 100)], base_group__min_share="0.4") is not None


def test_op_39_a_deviation_at_the_limit_is_enough() -> None:
    """Three of 30 and three of 170: mean 100, deviation 70, CV 0.7."""
    at = [*[(1, 30)] * 3, *[(2, 170)] * 3]
    assert found(at) is not None
    assert found([*[(1, 29)] * 3, *[(2, 171)] * 3]) is None
    assert found(at, base_group__max_cv="0.69") is None


def test_op_39_five_cases_show_no_stable_cost() -> None:
    assert found(HALF[:5]) is None


def test_op_39_a_listed_group_is_told_of_whether_it_qualifies_or_not() -> None:
    kept, dropped, unseen = found(HALF, listed=True), found(HALF[1:], listed=True), found([], listed=True)
    assert [one and one.finding for one in (kept, dropped, unseen)] == ["both", "listed", "listed"]
    assert unseen is not None
    assert (unseen.cases, unseen.share, unseen.cv_squared) == (0, None, None)
    assert found([(1, 0)] * 6) is None  # costs of zero have no deviation
