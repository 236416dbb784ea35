"""The worked examples of the reference (worked-examples.md): what test_reference_rules.py does not hold already.

The distributed voice meets the same numbers in tests/spark/settlement (articles 17, 19, 31, 32) and, for P1, P5 and
3.5, in tests/property/test_rule_voices.py.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from lake.province_folder import read_province_folder
from lake.province_plain import plain_province
from settlement.reference.exact import fixed
from settlement.reference.inputs import Element, HistoryCase, Province
from settlement.reference.measuring import Stay, keep_between, level_coefficient, mean_fen, measure
from settlement.reference.monitoring import case_mix_index, cost_index, outlier_rates, time_index
from settlement.reference.month import settle_hospital_months
from settlement.reference.points import CaseClass, PointsRules, explain_points
from settlement.reference.pools import PoolPeriod, amounts_by_value, point_value
from settlement.reference.scope import Places
from settlement.reference.sums import Sums
from tests.property.published_numbers import CASE_MIX, INDEX, OUTLIERS

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "provinces"
AREA = "419001"


@pytest.fixture(scope="module")
def worked() -> Province:
    return plain_province(read_province_folder(GOLDEN / "worked"))


def stays(*costs: int) -> tuple[Stay, ...]:
    return tuple(Stay(cost, 3) for cost in costs)


def test_3_1_coefficients_of_the_levels(worked: Province) -> None:
    means = [level_coefficient(Fraction(mean), Fraction(8000), worked.policies[AREA]) for mean in (9600, 7200, 6400)]
    assert means == [Fraction("1.2"), Fraction("0.9"), Fraction("0.8")]


def test_3_1_low_points_stop_at_the_benchmark_where_the_coefficient_was_limited(worked: Province) -> None:
    """City mean 8,000, level mean 20,000 (coefficient limited to 1.8), cost 10,000: 100 points, capped to 80."""
    assert level_coefficient(Fraction(20000), Fraction(8000), worked.policies[AREA]) == Fraction("1.8")
    given = (
        Element(AREA, "level_mean", "RW15", 3, None, Fraction(20000)),
        Element(AREA, "level_coefficient", "RW15", 3, None, Fraction("1.8")),
    )
    rules = PointsRules.of(replace(worked, elements_given=given))
    one = explain_points(replace(worked.cases[0], drg="RW15", cost_fen=1000000), rules)
    assert (one.case_class, one.points) == (CaseClass.LOW, 80)


@pytest.mark.parametrize("cost", [100, 1000000, 99900000])
def test_3_1_unstable_groups_give_sixty_at_any_cost(worked: Province, cost: int) -> None:
    one = explain_points(replace(worked.cases[0], drg="RW39", cost_fen=cost), PointsRules.of(worked))
    assert (one.case_class, one.points) == (CaseClass.UNSTABLE, 60)


def test_3_1_blank_groups_give_cost_over_all_mean(worked: Province) -> None:
    one = explain_points(replace(worked.cases[0], drg="RB99", cost_fen=730000), PointsRules.of(worked))
    assert (one.case_class, one.points) == (CaseClass.BLANK, 73)


@pytest.mark.parametrize(("ddof", "stable", "points"), [(0, "1", "17.5000"), (1, "0", "10.0000")])
def test_3_2_points_of_the_group_that_the_deviation_decides(
    worked: Province, ddof: int, stable: str, points: str
) -> None:
    """1000 × 5 and 5500: mean 1750, median 1000. Another group brings M to 10,000."""
    code = worked.hospitals[0].fixmedins_code
    costs = [("G", cost) for cost in (1000, 1000, 1000, 1000, 1000, 5500)] + [("M", 18250)] * 6
    history = [HistoryCase(code, 2024, drg, cost * 100, 0) for drg, cost in costs]
    policies = {AREA: replace(worked.policies[AREA], cv_ddof=ddof)}
    rows = {(row[1], row[2]): row[5] for row in measure(worked.hospitals, history, [], policies) if not row[3]}
    assert rows["all_mean", ""] == "10000.0000"
    assert (rows["stable", "G"], rows["benchmark_points", "G"]) == (stable, points)


@pytest.mark.parametrize(("count", "kept", "mean"), [(40, 38, 2050), (25, 23, 1300)])
def test_3_3_quantile_trimming(count: int, kept: int, mean: int) -> None:
    left = keep_between(stays(*[100 * number for number in range(1, count + 1)]), Fraction("0.025"), Fraction("0.975"))
    assert (len(left), mean_fen(left)) == (kept, mean)


def test_3_4_clearing_and_deposits(worked: Province) -> None:
    """Exact value 94.634146341463; deposits of 5% of what each hospital is due."""
    sums = {
        "H41900100001": Sums(1, Fraction(62000), 600000000, 360000000),
        "H41900100002": Sums(1, Fraction(31500), 300000000, 200000000),
        "H41900100003": Sums(1, Fraction(9000), 100000000, 70000000),
    }
    total = Sums(3, Fraction(102500), 1000000000, 630000000)
    value = point_value(total, 600000000, None)
    assert value is not None
    assert fixed(value, 12) == "94.634146341463"
    amounts = amounts_by_value(sums, value, 600000000, None)
    assert list(amounts.values()) == [346731707, 198097561, 55170732]
    pool = PoolPeriod(AREA, "310", "2025-03", total, 600000000, 600000000, 0, value, 0, sums, amounts)
    province = replace(worked, audit=())
    months = settle_hospital_months(province, Places.of(province), [pool])
    deposits = {month.fixmedins_code: month.deposit_fen for month in months}
    expected = {"H41900100001": 17336585, "H41900100002": 9904878, "H41900100003": 2758537}
    assert deposits == {code: expected[code] for code in deposits}
    assert deposits


def test_3_5_cost_and_time_indices() -> None:
    assert (cost_index(INDEX), time_index(INDEX)) == (Fraction("1.02"), Fraction("0.94"))


def test_p1_case_mix_index() -> None:
    assert case_mix_index(CASE_MIX) == Fraction("1.34")


def test_p5_outlier_rates() -> None:
    high, low = outlier_rates(OUTLIERS)
    assert (fixed(high * 100, 1), fixed(low * 100, 1)) == ("14.7", "13.8")
