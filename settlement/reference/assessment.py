"""Coefficients (考核系数) of the yearly assessment, proposed from two years: policy/002 article 33, OP-55."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from settlement.policy import Policy
from settlement.reference.exact import fixed, round_half_up
from settlement.rule_policy import Indicator, RulePolicy

_PLACES = 6


@dataclass(frozen=True, slots=True)
class YearFigures:
    """What a hospital did in a year; sums of money in fen.

    `person_visits`, `persons`: lists that name a person, and the persons. `personal_fen`, `personal_cost_fen`: personal
    payment and total cost of the lists that state it. `weight_sum`, `weighted_cases`: cases of groups with a weight.
    """

    discharges: int
    cost_fen: int
    fund_fen: int
    weight_sum: Fraction
    weighted_cases: int
    person_visits: int
    persons: int
    personal_fen: int
    personal_cost_fen: int


@dataclass(frozen=True, slots=True)
class HospitalYears:
    """A hospital's year and the one before."""

    area: str
    fixmedins_code: str
    year: YearFigures
    last: YearFigures


@dataclass(frozen=True, slots=True)
class AssessmentProposal:
    """Changes by indicator (None: not known), and the coefficient that they speak for."""

    hospital: HospitalYears
    changes: Mapping[Indicator, Fraction | None]
    coefficient: Fraction | None
    outcome: str
    why: str
    article: str = "policy/002 article 33"


def assessment_proposals(
    hospitals: Iterable[HospitalYears], policies: Mapping[str, Policy], rules: Mapping[str, RulePolicy]
) -> list[AssessmentProposal]:
    """What each hospital's figures speak for, by the weights and within the limits of its area."""
    return [_proposed(hospital, policies[hospital.area], rules[hospital.area]) for hospital in hospitals]


def indicators(figures: YearFigures) -> dict[Indicator, Fraction | None]:
    """The indicators of a year, exact; None where there is nothing to divide by."""

    def ratio(above: int | Fraction, below: int) -> Fraction | None:
        return Fraction(above) / below if below > 0 else None

    return {
        Indicator.VISITS_PER_PERSON: ratio(figures.person_visits, figures.persons),
        Indicator.DISCHARGES: Fraction(figures.discharges),
        Indicator.MEAN_COST: ratio(figures.cost_fen, figures.discharges),
        Indicator.PERSONAL_SHARE: ratio(figures.personal_fen, figures.personal_cost_fen),
        Indicator.CMI: ratio(figures.weight_sum, figures.weighted_cases),
        Indicator.FUND: Fraction(figures.fund_fen),
    }


def _proposed(hospital: HospitalYears, policy: Policy, rule: RulePolicy) -> AssessmentProposal:
    now, before = indicators(hospital.year), indicators(hospital.last)
    changes = {one: _change(now[one], before[one]) for one in Indicator}
    weights = {Indicator(name): Fraction(weight) for name, weight in rule.assessment_weights}
    if not weights:
        return AssessmentProposal(hospital, changes, None, "off", "the area gives no weights")
    missing = [one for one, weight in weights.items() if weight and changes[one] is None]
    if missing:
        return AssessmentProposal(hospital, changes, None, "not_comparable", f"no change of {', '.join(missing)}")
    total = 1 + sum((weight * (changes[one] or 0) for one, weight in weights.items()), Fraction(0))
    held = total
    if policy.assessment_max is not None:
        held = min(held, Fraction(policy.assessment_max))
    if policy.assessment_min is not None:
        held = max(held, Fraction(policy.assessment_min))
    coefficient = round_half_up(max(held, Fraction(0)), _PLACES)
    terms = "".join(f" + {fixed(weight, 8)} x {changes[one]}" for one, weight in weights.items() if weight)
    limits = "" if held == total else f", held within {policy.assessment_min}..{policy.assessment_max}"
    return AssessmentProposal(hospital, changes, coefficient, "proposed", f"1{terms}{limits}")


def _change(now: Fraction | None, before: Fraction | None) -> Fraction | None:
    """Relative change at 6 places; None where a year has no figure, or last year's is 0."""
    if now is None or before is None or before <= 0:
        return None
    return round_half_up(now / before - 1, _PLACES)
