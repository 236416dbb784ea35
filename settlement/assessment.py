"""Coefficients (考核系数) of the yearly assessment, proposed from two years: policy/002 article 33, OP-55.

A proposal: the coefficient that counts is the one that the agency gives to each hospital.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from settlement.frames import RATIO
from settlement.money import RATE_ONE, RATE_PLACES, divide, from_units, integer, to_units
from settlement.policies import with_policies
from settlement.policy import Policy
from settlement.rule_frames import ASSESSMENT_PROPOSALS, WIDE_RATIO, typed
from settlement.rule_policy import Indicator, RulePolicy

OFF, NOT_COMPARABLE, PROPOSED = "off", "not_comparable", "proposed"
LAST = "last_"
# Each indicator as what it is a ratio of; 1: a sum by itself.
RATIOS: dict[Indicator, tuple[str, str | None]] = {
    Indicator.VISITS_PER_PERSON: ("person_visits", "persons"),
    Indicator.DISCHARGES: ("discharges", None),
    Indicator.MEAN_COST: ("cost_fen", "discharges"),
    Indicator.PERSONAL_SHARE: ("personal_fen", "personal_cost_fen"),
    Indicator.CMI: ("weight_sum", "weighted_cases"),
    Indicator.FUND: ("fund_fen", None),
}
_ONE = 10 ** (RATIO.scale + RATE_PLACES)  # 1 at the places of change x weight


def assessment_proposals(
    figures: DataFrame, policies: Mapping[str, Policy], rules: Mapping[str, RulePolicy]
) -> DataFrame:
    """`ASSESSMENT_FIGURES` -> `ASSESSMENT_PROPOSALS`, a row for each hospital.

    The change of an indicator is its relative change against the year before, rounded at 6 places; the coefficient is
    1 + Σ `assessment.weights` x change, within `assessment.min/max` and never below 0, rounded at 6 places. `outcome`:
    proposed; not_comparable (an indicator with a weight has no figure of one of the years: no coefficient); off (the
    area gives no weights: none either).
    """
    limits = with_policies(figures, policies, "assessment_min", "assessment_max")
    ruled = with_policies(limits, rules, "assessment_weights")
    changed = ruled.withColumns({f"_{one}": _change(*parts) for one, parts in RATIOS.items()})
    weights = {one: F.coalesce(F.col("assessment_weights")[F.lit(one.value)], F.lit(0)) for one in RATIOS}
    terms = [_term(weights[one], F.col(f"_{one}")) for one in RATIOS]
    total = integer(_ONE)
    for term in terms:
        total = (total + term).cast("decimal(38,0)")
    outcome = F.when(F.size("assessment_weights") == 0, OFF).when(total.isNull(), NOT_COMPARABLE).otherwise(PROPOSED)
    coefficient = F.when(outcome == PROPOSED, divide(_held(total), integer(RATE_ONE)))
    shown = {one.value: from_units(F.col(f"_{one}"), RATIO.scale, WIDE_RATIO) for one in RATIOS}
    found = {"coefficient": from_units(coefficient, RATIO.scale, RATIO), "outcome": outcome}
    kept = changed.select("area", "fixmedins_code", *[column.alias(name) for name, column in (shown | found).items()])
    return typed(kept, ASSESSMENT_PROPOSALS)


def _change(above: str, below: str | None) -> Column:
    """Relative change of a ratio, an integer at the places of a ratio; missing where a year has none, or last's is 0.

    With a ÷ b this year and c ÷ d the year before: (a·d - b·c) ÷ (b·c).
    """
    number, last_number = _whole(above), _whole(f"{LAST}{above}")
    base = _whole(below) if below else integer(1)
    last_base = _whole(f"{LAST}{below}") if below else integer(1)
    before = (base * last_number).cast("decimal(38,0)")
    risen = (number * last_base).cast("decimal(38,0)") - before
    known = (base > 0) & (last_base > 0) & (last_number > 0)
    return F.when(known, divide(risen.cast("decimal(38,0)"), before, RATIO.scale))


def _whole(name: str) -> Column:
    """A figure as a whole number; the sum of weights, which has 6 places, at these."""
    return to_units(F.col(name), RATIO.scale) if name.endswith("weight_sum") else integer(F.col(name))


def _term(weight: Column, change: Column) -> Column:
    """Weight x change; a change that has no weight is not asked for."""
    return F.when(weight == 0, integer(0)).otherwise((integer(weight) * change).cast("decimal(38,0)"))


def _held(total: Column) -> Column:
    """Within the limits, and never below 0; a limit that is missing binds nothing (`greatest`, `least` skip it)."""
    least, most = (
        (integer(F.col(f"assessment_{end}")) * integer(10**RATIO.scale)).cast("decimal(38,0)") for end in ("min", "max")
    )
    return F.greatest(F.greatest(F.least(total, most), least), integer(0))
