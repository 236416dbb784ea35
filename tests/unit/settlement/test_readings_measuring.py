"""Readings of the measuring (OP-18, OP-20, OP-21, OP-22, OP-25) in numbers worked by hand; yuan, but for `Stay`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from jobs.cli import main
from lake.policy_files import load_policies
from settlement.policy import Policy, read_policy
from settlement.policy_values import PolicyProblem
from settlement.reference.inputs import HistoryCase, Hospital
from settlement.reference.measuring import Stay, measure, middle_section
from tests.conftest import GOLDEN

AREA, YEAR = "419001", 2026
PACKAGED = load_policies().values_at("999999", date(2025, 6, 30))
HOSPITALS = [Hospital(f"H{level}", AREA, level, False, 1, 1) for level in (1, 2, 3)]
Row = tuple[str, int, int, int]  # group, year, level, cost


def policy(**changes: Any) -> Policy:
    """The packaged values, some changed; a double underscore stands for the dot."""
    return read_policy({**PACKAGED, **{name.replace("__", "."): value for name, value in changes.items()}})


def measured(rows: Sequence[Row], **changes: Any) -> dict[tuple[str, str, str], Decimal]:
    """kind, group, level -> value."""
    history = [HistoryCase(f"H{level}", year, drg, cost * 100, 0) for drg, year, level, cost in rows]
    found = measure(HOSPITALS, history, [], {AREA: policy(**changes)}, YEAR)
    return {(kind, drg, level): Decimal(value) for _, kind, drg, level, _, value in found}


def of(drg: str, *costs: int, year: int = 2025, level: int = 3) -> list[Row]:
    return [(drg, year, level, cost) for cost in costs]


# --- OP-18: the middle section -----------------------------------------------------------------------------------


def middle(costs: Sequence[int], **changes: Any) -> list[int]:
    kept = middle_section(tuple(Stay(cost, 3) for cost in costs), policy(**changes))
    return [stay.cost_fen for stay in kept]


EIGHT = [10, 20, 20, 30, 40, 50, 60, 70]  # (8 - 1) x 0.1 = 0.7 and (8 - 1) x 0.9 = 6.3


def test_op_18_linear_bounds_are_seventeen_and_sixty_three() -> None:
    assert middle(EIGHT) == [20, 20, 30, 40, 50, 60]
    assert middle(EIGHT, trim__middle_section__inclusive=False) == [20, 20, 30, 40, 50, 60]  # no cost is at a bound


def test_op_18_nearest_bounds_are_the_costs_of_ranks_one_and_six() -> None:
    nearest = {"trim.middle_section.interp": "nearest"}
    assert middle(EIGHT, **nearest) == [20, 20, 30, 40, 50, 60]
    cut = {**nearest, "trim.middle_section.inclusive": False}
    assert middle(EIGHT, **cut) == [30, 40, 50]  # both that cost 20, and the one that costs 60, are at a bound


def test_op_18_nearest_goes_half_up() -> None:
    """(6 - 1) x 0.1 = 0.5 is rank 1, (6 - 1) x 0.9 = 4.5 is rank 5; interpolated, the bounds are 15 and 55."""
    six = [10, 20, 30, 40, 50, 60]
    assert middle(six, **{"trim.middle_section.interp": "nearest"}) == [20, 30, 40, 50, 60]
    assert middle(six) == [20, 30, 40, 50]


def test_op_18_a_bound_between_equal_costs_is_their_cost() -> None:
    """(8 - 1) x 0.1 = 0.7 lies between two costs of 10: the bound is 10, and no cost of 10 is above it."""
    costs = [10, 10, 10, 40, 50, 60, 70, 80]
    assert middle(costs) == [10, 10, 10, 40, 50, 60, 70]
    assert middle(costs, **{"trim.middle_section.inclusive": False}) == [40, 50, 60, 70]


def test_op_18_decides_whether_a_group_is_stable() -> None:
    """Ten of 1,000 and one of 90,000: (11 - 1) x 0.9 = 9 is a rank of 1,000, and so are both bounds."""
    rows = of("G", *[1000] * 10, 90000)
    assert measured(rows)["stable", "G", ""] == 1
    cut = measured(rows, **{"trim.middle_section.inclusive": False})
    assert (cut["stable", "G", ""], cut["kept", "G", ""]) == (0, 11)  # all ten are at a bound: nothing is left


def test_op_18_leaves_the_first_trimming_alone() -> None:
    """26 costs from 100 to 2,600: (26 - 1) x 0.02 = 0.5 and 24.5; the nearest rank of 24.5 would be the last."""
    rows = of("G", *range(100, 2601, 100))
    quantiles = {"trim.lo": "0.02", "trim.hi": "0.98"}
    nearest = {"trim.middle_section.interp": "nearest", "trim.middle_section.inclusive": False}
    assert measured(rows, **quantiles) == measured(rows, **quantiles, **nearest)
    assert measured(rows, **quantiles, **nearest)["kept", "G", ""] == 24


# --- OP-20: weights of the years ---------------------------------------------------------------------------------

THREE_YEARS = [
    *of("G", 1000, 1000, year=2025, level=3),
    *of("G", 2000, 2000, year=2024, level=3),
    *of("G", 4000, 4000, year=2023, level=2),
    *of("N", 500, 500, year=2023),
]
WEIGHTS = {"1": "0.7", "2": "0.2", "3": "0.1"}


def test_op_20_means_are_weighted_by_year() -> None:
    """G: (7 x 2,000 + 2 x 4,000 + 1 x 8,000) / (7 x 2 + 2 x 2 + 1 x 2) = 30,000 / 20; with N: 31,000 / 22."""
    found = measured(THREE_YEARS, history__year_weights=WEIGHTS)
    assert found["group_mean", "G", ""] == 1500
    assert found["all_mean", "", ""] == Decimal("1409.0909")
    assert found["level_mean", "G", "3"] == Decimal("1222.2222")  # (14,000 + 8,000) / (14 + 4)
    assert found["level_coefficient", "G", "3"] == Decimal("0.8148")  # 22,000 / 18 / 1,500
    assert found["benchmark_points", "G", ""] == Decimal("106.4516")  # 1,500 / (31,000 / 22) x 100
    assert (found["cases", "G", ""], found["kept", "G", ""]) == (6, 6)


def test_op_20_test_and_median_have_no_weights() -> None:
    """The median of N, which is unstable, is 500; the deviation of G does not see the weights either."""
    weighted, alike = measured(THREE_YEARS, history__year_weights=WEIGHTS), measured(THREE_YEARS)
    assert weighted["stable", "G", ""] == alike["stable", "G", ""] == 1
    assert weighted["benchmark_points", "N", ""] == Decimal("35.4839")  # 500 / (31,000 / 22) x 100
    assert alike["benchmark_points", "N", ""] == Decimal("26.6667")  # 500 / (15,000 / 8) x 100


def test_op_20_a_year_that_is_not_named_counts_nothing() -> None:
    found = measured(THREE_YEARS, history__year_weights={"1": "7", "2": "2"})
    assert found["all_mean", "", ""] == found["group_mean", "G", ""] == Decimal("1222.2222")
    assert ("level_mean", "G", "2") not in found
    assert ("level_coefficient", "G", "2") not in found
    assert ("group_mean", "N", "") not in found
    assert found["benchmark_points", "N", ""] == Decimal("40.9091")  # a median needs no weight


def test_op_20_weights_count_as_they_compare() -> None:
    halves = policy(history__year_weights={"1": "0.5", "2": "0.25"})
    assert halves == policy(history__year_weights={"1": "200", "2": 100})


@pytest.mark.parametrize("weights", [{"0": "1"}, {"2025": "1", "x": "1"}, {"1": "-1"}, {"1": "0"}, {"01": "1"}])
def test_op_20_weights_that_say_nothing_are_refused(weights: dict[str, str]) -> None:
    with pytest.raises(PolicyProblem, match=r"history\.year_weights"):
        policy(history__year_weights=weights)


def test_op_20_weights_too_fine_to_keep_sums_exact_are_refused() -> None:
    with pytest.raises(PolicyProblem, match="9999"):
        policy(history__year_weights={"1": "0.12345", "2": "1"})


def test_op_20_without_a_clearing_year_there_is_no_year_before_it() -> None:
    history = [HistoryCase("H3", 2025, "G", 1, 0)]
    with pytest.raises(ValueError, match="which year"):
        measure(HOSPITALS, history, [], {AREA: policy(history__year_weights=WEIGHTS)})


@pytest.mark.parametrize(("budgets", "mean"), [("", "200.0000"), ("419001,310,2026,1.00\n", "100.0000")])
def test_op_20_files_are_measured_for_the_year_of_their_budgets(tmp_path: Path, budgets: str, mean: str) -> None:
    """History of 2023 (100) and 2024 (200): for 2025 the last year alone counts 200; for 2026 two years back do."""
    (tmp_path / "hospitals.csv").write_text(
        "fixmedins_code,area,level,suspended,assessment,deposit_return\nH3,419001,3,0,1,1\n"
    )
    rows = "H3,2023,G,100.00,0.00\nH3,2024,G,200.00,0.00\n"
    (tmp_path / "history.csv").write_text("fixmedins_code,year,drg,cost,special_cost\n" + rows)
    (tmp_path / "budgets.csv").write_text("area,insutype,period,amount\n" + budgets)
    text = (GOLDEN / "provinces" / "p1" / "policy.yaml").read_text().split("areas:")[0]
    (tmp_path / "policy.yaml").write_text(text + "  history.year_weights: {'1': '1', '3': '1'}\n")
    assert main(["measure-files", str(tmp_path), str(tmp_path / "out"), "--engine", "reference"]) == 0
    assert f"419001,all_mean,,,,{mean}" in (tmp_path / "out" / "elements.csv").read_text()


# --- OP-21, OP-22: medians and the mean of all -------------------------------------------------------------------

UNEVEN = of("G", *[100] * 12, *[200] * 11, 900000, 1000000)
LAST_CUT = {"trim.lo": "0", "trim.hi": "0.95", "stable.min_n": 30}  # (25 - 1) x 0.95 = 22.8: the last two are cut


def test_op_21_the_median_of_all_cases() -> None:
    """Of 25 the middle one costs 200; of the 23 that are kept (twelve of 100, eleven of 200) it costs 100."""
    kept, of_all = measured(UNEVEN, **LAST_CUT), measured(UNEVEN, **LAST_CUT, trim__median_after="no_trimming")
    mean = Decimal(12 * 100 + 11 * 200) / 23
    assert kept["benchmark_points", "G", ""] == round(100 / mean * 100, 4)
    assert of_all["benchmark_points", "G", ""] == round(200 / mean * 100, 4)


def test_op_21_a_group_of_which_trimming_keeps_nothing_has_a_median_all_the_same() -> None:
    rows = [*of("Z", 100, 200), *of("Y", 300, 300)]
    trimmed = {"trim.min_n": 2}
    assert ("benchmark_points", "Z", "") not in measured(rows, **trimmed)
    found = measured(rows, **trimmed, trim__median_after="no_trimming")
    assert found["benchmark_points", "Z", ""] == 50  # 150 / 300
    assert ("group_mean", "Z", "") not in found


def test_op_22_the_mean_of_all_cases_trimmed_or_not() -> None:
    """(12 x 100 + 11 x 200 + 900,000 + 1,000,000) / 25."""
    found = measured(UNEVEN, **LAST_CUT, trim__all_mean_trimmed=False)
    assert found["all_mean", "", ""] == 76136
    assert found["group_mean", "G", ""] == measured(UNEVEN, **LAST_CUT)["group_mean", "G", ""] == Decimal("147.8261")


# --- OP-25: what level coefficients are measured on --------------------------------------------------------------

TWO_LEVELS = [*of("G", *[100] * 12, level=2), *of("G", *[200] * 11, 1000, 2700, level=3)]


def test_op_25_coefficients_of_all_cases() -> None:
    """All: 5,900 / 13 over 7,100 / 25; kept: twelve of 100, eleven of 200. Means stay those of cases kept."""
    limits = {**LAST_CUT, "level_coef.max": "9", "level_coef.min": "0"}
    kept, of_all = measured(TWO_LEVELS, **limits), measured(TWO_LEVELS, **limits, level_coef__trimmed=False)
    assert kept["level_coefficient", "G", "3"] == Decimal("1.3529")  # 200 / (3,400 / 23)
    assert of_all["level_coefficient", "G", "3"] == Decimal("1.5980")  # 5,900 x 25 / (13 x 7,100)
    assert of_all["level_coefficient", "G", "2"] == Decimal("0.3521")  # 100 / 284
    for key in (("group_mean", "G", ""), ("level_mean", "G", "3")):
        assert of_all[key] == kept[key]


def test_op_25_too_few_cases_give_no_coefficient() -> None:
    """Level 3 keeps eleven cases of its thirteen."""
    found = measured(TWO_LEVELS, **LAST_CUT, level_coef__min_n=12)
    assert ("level_coefficient", "G", "2") in found
    assert ("level_coefficient", "G", "3") not in found
    assert ("level_mean", "G", "3") in found
    untrimmed = measured(TWO_LEVELS, **LAST_CUT, level_coef__min_n=13, level_coef__trimmed=False)
    assert ("level_coefficient", "G", "2") not in untrimmed
    assert ("level_coefficient", "G", "3") in untrimmed
