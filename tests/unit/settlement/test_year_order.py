"""The order of the year's steps as data: what is refused, and what another order does, in small numbers."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from settlement.policy import Policy, read_policy
from settlement.policy_values import PolicyProblem
from settlement.reference.inputs import Hospital
from settlement.reference.year_steps import PoolYear, Standing, take_steps
from settlement.year_order import LAWFUL_ORDER, TERMS, YearStep, judged_together, read_order, steps_at
from tests.property.settlement_provinces import CHOICES, TIERS

VALUES = {key: values[0] for key, values in CHOICES.items()}
LAWFUL = [["cap", "surplus", "deficit", "assessment", "deposit"], "second_distribution"]
# What each order gives a hospital of level 3: its terms in the order of `YearStep`.
AMOUNT = 120000


def with_order(order: Any, **changes: Any) -> Policy:
    changed = {name.replace("__", "."): value for name, value in changes.items()}
    return read_policy({**VALUES, **changed, "clearing.order": order})


def terms(policy: Policy, amount: int = AMOUNT, assessment: str = "0.9") -> dict[str, int]:
    """The terms of one hospital with F' of 1,000 yuan, a cap of 104%, and 50 yuan of deposit, half of it returned."""
    hospital = Hospital("H", "A", 3, False, Fraction(assessment), Fraction("0.5"))
    pool = PoolYear({"H": Standing(hospital, amount, 100000, Fraction(1), 5000)}, 10**7, 10**6, policy)
    return {TERMS[step].name: figures["H"] for step, figures in take_steps(pool).items()}


def test_a_folder_without_an_order_takes_that_of_the_law() -> None:
    without = {key: value for key, value in VALUES.items() if key != "clearing.order"}
    assert read_policy(without).clearing_order == LAWFUL_ORDER == read_order(LAWFUL)
    assert read_policy(without) == with_order(LAWFUL)


def test_the_order_inside_an_entry_means_nothing() -> None:
    turned = [list(reversed(LAWFUL[0])), "second_distribution"]
    assert read_order(turned) == LAWFUL_ORDER


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ("cap", "write a list of steps"),
        ([], "write a list of steps"),
        ([["cap", []], *LAWFUL], r"unknown step \[\]"),
        ([[], *LAWFUL], "an entry holds no step; remove it"),
        ([*LAWFUL, "audit"], "unknown step 'audit'; known are cap, surplus, deficit"),
        ([*LAWFUL, 3], "unknown step 3"),
        ([*LAWFUL, "cap"], "cap stands twice"),
        ([LAWFUL[0]], "second_distribution missing; every step has its place"),
        (
            ["surplus", "cap", "deficit", "assessment", "deposit", "second_distribution"],
            r"cap must not stand aft",
        ),
        (["cap", "surplus", "assessment", ["deficit", "deposit"], "second_distribution"], r"article 34 shares no defi"),
        (["cap", "surplus", "deposit", ["deficit", "assessment"], "second_distribution"], "deficit must not stand aft"),
        ([[*LAWFUL[0], "second_distribution"]], "cap must not stand beside second_distribution: it goes to hospitals"),
        (["cap", "surplus", ["second_distribution", "deficit"], "assessment", "deposit"], "an entry before it"),
    ],
)
def test_an_order_that_cannot_be_is_refused_by_name(order: Any, message: str) -> None:
    with pytest.raises(PolicyProblem, match=f"policy value clearing.order = .*{message}"):
        with_order(order)


def test_the_law_takes_every_term_of_the_amount_by_points() -> None:
    """1,200.00 against F' 1,000.00: 160.00 above the cap, 12.00 of 40.00 not kept, a tenth by assessment."""
    assert terms(with_order(LAWFUL, surplus__keep_share="0.7")) == {
        "cap_excess": 16000,
        "surplus_not_kept": 1200,
        "deficit_share": 0,
        "assessment_adjustment": -12000,
        "deposit_not_returned": 2500,
        "second_distribution": 0,
    }


def test_assessment_of_what_the_cap_leaves() -> None:
    """A tenth of 1,200.00 − 160.00."""
    order = ["cap", ["surplus", "deficit"], ["assessment", "deposit"], "second_distribution"]
    found = terms(with_order(order))
    assert (found["cap_excess"], found["assessment_adjustment"]) == (16000, -10400)


def test_cap_on_what_the_assessment_leaves() -> None:
    """1,200.00 − 120.00 is 40.00 above the cap; of 1,050.00 the assessment leaves 945.00, below it."""
    policy = with_order([["deficit", "assessment"], ["cap", "surplus"], "deposit", "second_distribution"])
    assert (terms(policy)["cap_excess"], terms(policy)["assessment_adjustment"]) == (4000, -12000)
    assert (terms(policy, 105000)["cap_excess"], terms(policy, 105000)["assessment_adjustment"]) == (0, -10500)


def test_assessment_of_what_the_shared_deficit_makes() -> None:
    """900.00 against 1,000.00: 90.00 of the deficit are borne, and a tenth of 990.00 goes by assessment."""
    changes = {"deficit__tiers": TIERS[1], "deficit__max_share_of_budget": "0.9"}
    order = [["cap", "surplus", "deficit"], "assessment", "deposit", "second_distribution"]
    found = terms(with_order(order, **changes), 90000)
    assert (found["deficit_share"], found["assessment_adjustment"]) == (9000, -9900)
    lawful = terms(with_order(LAWFUL, **changes), 90000)
    assert (lawful["deficit_share"], lawful["assessment_adjustment"]) == (9000, -9000)


def test_deposit_before_the_cap_lowers_what_is_capped() -> None:
    """1,200.00 − 25.00 not returned."""
    order = ["deficit", "deposit", ["cap", "surplus"], "assessment", "second_distribution"]
    assert terms(with_order(order))["cap_excess"] == 13500


def test_what_stands_beside_the_clearing_changes_no_amount() -> None:
    """The second distribution gives the reserve of 10,000.00; the assessment is of the amount without it."""
    order = ["cap", ["surplus", "deficit"], "second_distribution", "assessment", "deposit"]
    found = terms(with_order(order, second_distribution__enabled=True), 90000)
    assert (found["second_distribution"], found["assessment_adjustment"]) == (10**6, -9000)


def test_surplus_and_deficit_exclude_each_other_where_they_read_the_same_amount() -> None:
    """Elsewhere a deficit is shared first, and the assessment then lifts the amount above the cap."""
    assert judged_together(LAWFUL_ORDER)
    order = [["deficit"], "assessment", ["cap", "surplus"], "deposit", "second_distribution"]
    assert not judged_together(read_order(order))
    tiers = [{"from": "0", "to": None, "fund_share": "1"}]
    found = terms(with_order(order, deficit__tiers=tiers), 90000, assessment="1.3")
    assert found["deficit_share"] > 0
    assert found["cap_excess"] > 0


def test_steps_that_some_orders_take_at_an_entry() -> None:
    other = read_order(["cap", "surplus", ["deficit", "assessment", "deposit"], "second_distribution"])
    assert steps_at([LAWFUL_ORDER, other], 0) == {
        YearStep.CAP: True,
        **dict.fromkeys((YearStep.SURPLUS, YearStep.DEFICIT, YearStep.ASSESSMENT, YearStep.DEPOSIT), False),
    }
    assert steps_at([LAWFUL_ORDER, other], 3) == {YearStep.SECOND_DISTRIBUTION: False}
    assert steps_at([LAWFUL_ORDER], 2) == {}


def test_every_term_is_a_column_of_the_year() -> None:
    standing = replace(with_order(LAWFUL), second_distribution=True)
    assert set(terms(standing)) == {term.name for term in TERMS.values()}
