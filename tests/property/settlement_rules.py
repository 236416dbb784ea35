"""Random inputs of the rules beside points and clearing, and the policy values that they may go by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from settlement.reference.inputs import TextRow
from settlement.rule_policy import RulePolicy, read_rule_policy

AREAS = tuple(f"99{number:02d}" for number in range(1, 13))
INSURANCE = ("310", "390")
GROUPS = ("GA11", "GB12", "GC13", "GD14")
YEAR = 2026
# Each value with the ones that may stand in its place; the first of each is the usual one.
RULE_CHOICES: dict[str, tuple[Any, ...]] = {
    "prepay.min_months": ({"310": "12", "390": "6"}, {"310": "1.5"}),
    "prepay.months_basis": ("last_12_months", "last_year"),
    "prepay.months": ("1", "0.3333", "2"),
    "prepay.basis": ("last_year_settled", "last_year_fund"),
    "prepay.pay_by": ("03-31",),
    "prepay.weights": ({"management": "1", "credit": "1", "policy": "1", "tracing": "1"}, {"credit": "0.1234567"}),
    "prepay.recovery": ("offset_then_return", "return"),
    "prepay.offset_months": (3, 0, 1, 12),
    "budget.method": ("deduction", "ratio", "trend"),
    "budget.growth_cap": ("0.10", "0", "0.0333"),
    "budget.growth_base_first_year": ("last_year_spending", "none"),
    "budget.growth_scope": ("by_insurance", "sum"),
    "budget.include_out_of_area": (False, True),
    "weights.rescale_scope": ("all", "not_negotiated"),
    "weights.total_tolerance": ("0.000001", "0", "0.01"),
    "addon.max_groups": (2, 1),
    "addon.national_max": ("0.2", "0.15"),
    "addon.provincial_max": ("0.1", "0.05"),
    "addon.discipline_max": ("0.1", "0.05"),
    "addon.points_max": ("0.1", "0.05"),
    "addon.max_groups_scope": ("in_all", "by_rank"),
    "addon.stack": (False, True),
    "addon.other_max": ("0", "0.05"),
    "negotiated_drug.list": (["D1", "D2"], []),
    "negotiated_drug.ratio": ("0.3", "0.3333"),
    "negotiated_drug.in_final": (False, True),
    "case_sharing.enabled": (True, False),
    "case_sharing.keep": ("0.7", "1", "0"),
    "case_sharing.threshold": ("0.1", "0", "1.5"),
    "case_sharing.aid": ("0.5", "1", "0.333"),
    "growth.benchmark": ("0.05", "level_mean", "-0.1"),
    "growth.reward": ("0.1", "0.333"),
    "growth.restraint": ("0.2", "1"),
    "month.declare_day": (10, 1, 28),
    "month.presettle_within": (10, 0),
    "month.pay_within": (30, 0, 1),
    "base_group.min_share": ("0.5", "0.3333"),
    "base_group.max_cv": ("0.7", "0.4714"),
    "assessment.weights": (
        {"discharges": "0.5", "mean_cost": "-0.25"},
        {},
        {"visits_per_person": "-1.5", "personal_share": "-0.1", "cmi": "0.33333333", "fund": "-0.2", "discharges": "0"},
    ),
}


def rule_policy(random: Random | None = None, **changes: Any) -> RulePolicy:
    """The usual values, or each the usual one or another; `addon__stack=True` changes `addon.stack`."""
    chosen = {
        key: values[0] if random is None else random.choice((values[0], *values))
        for key, values in RULE_CHOICES.items()
    }
    return read_rule_policy({**chosen, **{name.replace("__", "."): value for name, value in changes.items()}})


def rule_policies(random: Random) -> dict[str, RulePolicy]:
    """Policies of all areas."""
    return {area: rule_policy(random) for area in AREAS}


def frame(spark: SparkSession, schema: StructType, rows: Iterable[Sequence[Any]]) -> DataFrame:
    """Rows of plain values as a frame; fractions become decimals."""
    plain = [
        tuple(
            Decimal(cell.numerator) / Decimal(cell.denominator) if isinstance(cell, Fraction) else cell for cell in row
        )
        for row in rows
    ]
    return spark.createDataFrame(plain, schema)


def text_cell(value: Any) -> str:
    """A value as text that both voices can be compared by."""
    if value is None:
        return ""
    if isinstance(value, Fraction | Decimal):
        exact = Fraction(value)
        return str(int(exact)) if exact.denominator == 1 else f"{exact.numerator}/{exact.denominator}"
    return str(int(value)) if isinstance(value, bool) else str(value)


def texts(rows: Iterable[Sequence[Any]]) -> list[TextRow]:
    """Rows as sorted text."""
    return sorted(tuple(text_cell(cell) for cell in row) for row in rows)
