"""Coefficients of the yearly assessment (policy/002 article 33, OP-55): both voices propose the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple, replace
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from settlement import assessment
from settlement.reference.assessment import HospitalYears, YearFigures, assessment_proposals, indicators
from settlement.reference.exact import round_half_up
from settlement.rule_frames import ASSESSMENT_FIGURES
from settlement.rule_policy import Indicator
from tests.property.settlement_provinces import random_policy
from tests.property.settlement_rules import AREAS, frame, rule_policies, texts

SEEDS = st.integers(0, 2**32)
FEW = settings(max_examples=1, phases=(Phase.explicit, Phase.generate), deadline=None)
LIMITS = (None, "0.9", "0.95", "1"), (None, "1", "1.05", "1.1")


def random_year(random: Random) -> YearFigures:
    """Figures of a year, some of them missing, or nothing at all; fen up to 10 billion yuan."""
    discharges = random.choice((0, 1, 7, *[random.randint(1, 10**6)] * 9))
    visits = random.choice((0, *[discharges] * 5))
    cost = discharges * random.randint(0, 10**6)
    weighted = random.choice((0, discharges, discharges * 9 // 10))
    return YearFigures(
        discharges=discharges,
        cost_fen=cost,
        fund_fen=cost * random.randint(0, 10) // 10,
        weight_sum=round_half_up(Fraction(weighted * random.randint(0, 4 * 10**6), 10**6), 6),
        weighted_cases=weighted,
        person_visits=visits,
        persons=max(visits * random.randint(5, 10) // 10, min(visits, 1)),
        personal_fen=cost // 3,
        personal_cost_fen=cost,
    )


@pytest.mark.slow
@given(seed=SEEDS)
@FEW
def test_both_voices_propose_coefficients_alike(spark: SparkSession, seed: int) -> None:
    random = Random(seed)
    rules = rule_policies(random)
    policies = {area: random_policy(random) for area in AREAS}
    for area in AREAS:
        least, most = (random.choice(ends) for ends in LIMITS)
        policies[area] = replace(
            policies[area],
            assessment_min=None if least is None else Decimal(least),
            assessment_max=None if most is None else Decimal(most),
        )
    years = [
        HospitalYears(area, f"H{area}{number:02d}", random_year(random), random_year(random))
        for area in AREAS
        for number in range(40)
    ]
    rows = [(one.area, one.fixmedins_code, *astuple(one.year), *astuple(one.last)) for one in years]
    found = assessment.assessment_proposals(frame(spark, ASSESSMENT_FIGURES, rows), policies, rules)
    expected = assessment_proposals(years, policies, rules)
    assert texts(found.collect()) == texts(
        (
            *(one.hospital.area, one.hospital.fixmedins_code, *(one.changes[each] for each in Indicator)),
            *(one.coefficient, one.outcome),
        )
        for one in expected
    )
    assert set(Counter(one.outcome for one in expected)) == {"proposed", "not_comparable", "off"}


@given(SEEDS)
@settings(max_examples=50)
def test_equal_years_change_nothing(seed: int) -> None:
    year = random_year(Random(seed))
    known = {one for one, value in indicators(year).items() if value}
    policies, rules = {"A": random_policy(Random(seed))}, {"A": rule_policies(Random(seed))[AREAS[0]]}
    (one,) = assessment_proposals([HospitalYears("A", "H", year, year)], policies, rules)
    assert {each for each, change in one.changes.items() if change == 0} == known
    assert one.coefficient is None or one.outcome == "proposed"
