"""Every value of the rules beside points and clearing matters: with another one, something comes out differently."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cache
from random import Random
from typing import Any

import pytest

from settlement.reference.addons import AddOn, add_on_findings, effective_add_ons
from settlement.reference.assessment import HospitalYears, assessment_proposals
from settlement.reference.base_groups import base_group_candidates
from settlement.reference.budget import BudgetInputs, yearly_budgets
from settlement.reference.case_sharing import share_cases
from settlement.reference.growth import FundGrowth, growth_adjustments
from settlement.reference.negotiated_drugs import DrugItem, drug_compensation
from settlement.reference.payment_plan import month_deadlines
from settlement.reference.prepay import check_funds, pay_applications, publish, recover
from settlement.reference.weights import GroupWeight, payment_weights
from settlement.rule_policy import RULE_KEYS, RulePolicy
from tests.property.settlement_provinces import random_province, united
from tests.property.settlement_rules import AREAS, RULE_CHOICES, YEAR, rule_policy
from tests.property.test_assessment import random_year
from tests.property.test_prepay_voices import AS_OF, random_world
from tests.property.test_rule_voices import random_cases

RICH: dict[str, Any] = {"case_sharing.threshold": "0.1"}
OTHERS: list[tuple[str, Any]] = [(key, value) for key, values in RULE_CHOICES.items() for value in values[1:]]
OTHERS.append(("prepay.pay_by", "02-28"))
# Values that show only beside another one.
BESIDE: dict[str, dict[str, Any]] = {
    "budget.growth_base_first_year": {"budget.method": "trend"},
    "weights.total_tolerance": {"weights.rescale_scope": "not_negotiated"},
}


def policy_with(values: dict[str, Any]) -> RulePolicy:
    return rule_policy(**{key.replace(".", "__"): value for key, value in {**RICH, **values}.items()})


def everything(values: dict[str, Any]) -> list[Any]:
    """What all rules come to, on the same inputs, under one policy for all areas."""
    policy = policy_with(values)
    policies = dict.fromkeys(AREAS, policy)
    return [
        *_prepaid(policies),
        share_cases(random_cases(Random(1)), policies),
        drug_compensation([DrugItem("a", code, 101) for code in ("D1", "D3")], policy),
        *_add_ons(policies),
        [(one.wanted_fen, one.budget_fen, one.outcome) for one in yearly_budgets(_budget_inputs(), policies)],
        [payment_weights(groups, policy, 4) for groups in _weights()],
        [(one.benchmark, one.adjustment_fen) for one in growth_adjustments(_funds(), policies)],
        month_deadlines("2026-12", policy, {}, date(2026, 12, 9)),
        base_group_candidates(*_history(), dict.fromkeys(_history()[3], policy)),
        [
            one.coefficient
            for one in assessment_proposals(_years(), _history()[3], dict.fromkeys(_history()[3], policy))
        ],
    ]


def _prepaid(policies: dict[str, RulePolicy]) -> list[Any]:
    world = random_world(3)
    tests = check_funds(world.funds, policies, YEAR, AS_OF)
    paid = pay_applications(world.applications, world.areas, world.last_year, tests, world.scales, policies, YEAR)
    offsets = recover(paid, world.payments, policies, YEAR)
    return [tests, paid, offsets, publish(paid, offsets)]


def _add_ons(policies: dict[str, RulePolicy]) -> list[Any]:
    add_ons = [
        AddOn(AREAS[0], "H1", drg, ground, kind, Fraction(value))
        for drg, ground, kind, value in (
            ("A", "national", "coefficient", "0.2"),
            ("A", "provincial", "coefficient", "0.1"),
            ("B", "provincial", "coefficient", "0.1"),
            ("C", "discipline", "coefficient", "0.1"),
            ("C", "discipline", "points", "0.1"),
            ("D", "other", "coefficient", "0.05"),
        )
    ]
    more = [replace(one, fixmedins_code="H2", drg=drg) for one in add_ons[:2] for drg in ("X", "Y")]
    third = replace(add_ons[0], fixmedins_code="H3")
    mixed = [third, replace(third, drg="B"), replace(add_ons[1], fixmedins_code="H3", drg="C")]
    rows = [*add_ons, *more, *mixed]
    return [add_on_findings(rows, policies), effective_add_ons(rows, policies)]


def _budget_inputs() -> list[BudgetInputs]:
    one = BudgetInputs(AREAS[0], "310", YEAR, 1000, 800, 600, 50, 100, 10, Fraction("0.2"), 600)
    other = replace(one, insutype="390", inpatient_fen=300, last_total_fen=900)
    return [one, other, replace(one, area=AREAS[1], last_total_fen=None)]


def _weights() -> list[list[GroupWeight]]:
    near = [GroupWeight("A", Fraction("1.23456"), Fraction(2), 7), GroupWeight("B", Fraction(3), None, 101)]
    heavy = [GroupWeight("A", Fraction(10000), None, 3000), GroupWeight("B", Fraction(1), Fraction(2), 1)]
    return [near, heavy, [GroupWeight("A", Fraction(1), Fraction(2), 100), GroupWeight("B", Fraction(3), None, 100)]]


def _funds() -> list[FundGrowth]:
    return [FundGrowth(AREAS[0], "310", f"H{i}", 3, 1000 + 100 * i, 1000 + 10 * i) for i in range(4)]


@cache
def _history() -> tuple[Any, ...]:
    whole = united(random_province(seed, 0, f"{10 + seed}") for seed in range(8))
    return whole.hospitals, whole.history, whole.base_groups, whole.policies


def _years() -> list[HospitalYears]:
    random = Random(1)
    return [HospitalYears(area, f"H{area}", random_year(random), random_year(random)) for area in _history()[3]]


@cache
def usual(key: str) -> list[Any]:
    return everything(BESIDE.get(key, {}))


def test_every_rule_value_is_tried() -> None:
    assert {key for key, _ in OTHERS} == set(RULE_KEYS)


@pytest.mark.parametrize(("key", "value"), OTHERS)
def test_another_value_changes_what_comes_out(key: str, value: Any) -> None:
    assert everything({**BESIDE.get(key, {}), key: value}) != usual(key)
