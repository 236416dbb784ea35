"""Readings of what enters which sums, worked by hand: OP-12 to OP-15, OP-50 and OP-63.

One group of 100 points; a case of 10,000 yuan is normal. Money in yuan.
"""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from lake.province_folder import read_province_folder
from lake.province_plain import plain_province
from settlement.policy import OutOfAreaPool, Policy
from settlement.readings import AbnormalYearEnd, CaseDate, CountFrom, NoData, ReviewPay, UploadCalendar
from settlement.reference.bulletin import review_bulletin
from settlement.reference.inputs import Budget, Case, Element, Hospital, Province, Review
from settlement.reference.points import CaseClass
from settlement.reference.pools import PoolPeriod
from settlement.reference.settle import Settlement, settle_province
from settlement.reference.sums import Sums
from settlement.reference.working_days import upload_deadline

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "provinces"
AREA, OTHER, INSURANCE = "419001", "419002", "310"
FRIDAY = datetime.date(2025, 9, 26)
HOLIDAYS = {datetime.date(2025, 10, day): False for day in range(1, 9)}
ELEMENTS = (
    ("all_mean", None, None, 10000),
    ("benchmark_points", "G", None, 100),
    ("stable", "G", None, 1),
    ("group_mean", "G", None, 10000),
    ("level_mean", "G", 3, 10000),
    ("level_coefficient", "G", 3, 1),
)


@pytest.fixture(scope="module")
def policy() -> Policy:
    read = plain_province(read_province_folder(GOLDEN / "worked")).policies[AREA]
    return replace(read, reserve_share=Decimal(0), review_quota=Decimal("0.5"), value_dp=None)


def case(name: str, hospital: str, cost: int, fund: int, **changes: Any) -> Case:
    """A normal local case that came in time, settled and discharged on 3 February."""
    day = datetime.date(2025, 2, 3)
    dates = dict.fromkeys(("setl_date", "dscg_date", "upload_date"), day)
    usual = {"insu_admdvs": AREA, "drg": "G", "recognition": False, "new_tech": False, **dates, **changes}
    money = {"cost_fen": cost * 100, "special_cost_fen": 0, "fund_fen": fund * 100}
    return Case(setl_id=name, fixmedins_code=hospital, insutype=INSURANCE, **usual, **money)


def settled(policy: Policy, *cases: Case, budgets: dict[str, int], reviews: tuple[Review, ...] = ()) -> Settlement:
    one = Fraction(1)
    return settle_province(
        Province(
            hospitals=tuple(Hospital(code, AREA, 3, False, one, one) for code in ("H1", "H2")),
            elements=tuple(
                Element(AREA, kind, drg, level, None, Fraction(value)) for kind, drg, level, value in ELEMENTS
            ),
            cases=cases,
            reviews=reviews,
            budgets=(
                *(Budget(AREA, INSURANCE, period, amount * 100) for period, amount in budgets.items()),
                Budget(OTHER, INSURANCE, "2025", 0),
            ),
            policies={AREA: policy, OTHER: policy},
        )
    )


def pool(settlement: Settlement, period: str) -> PoolPeriod:
    (found,) = [one for one in settlement.pools if (one.area, one.period) == (AREA, period)]
    return found


def amounts(settlement: Settlement, period: str) -> dict[str, int]:
    """Yuan."""
    return {code: fen // 100 for code, fen in pool(settlement, period).amounts_fen.items()}


LATE = {"upload_date": datetime.date(2025, 3, 20)}  # the list was due on 10 February
ABNORMAL = (case("late", "H2", 10000, 7000, **LATE), case("no group", "H2", 5000, 3000, drg=None))
IN_TIME = case("in time", "H1", 10000, 6000)


def test_op_12_the_day_of_discharge_may_be_the_first() -> None:
    first = CountFrom.DISCHARGE_DAY
    assert upload_deadline(FRIDAY, 5, {}, count_from=first) == datetime.date(2025, 10, 2)  # not 3 October
    assert upload_deadline(FRIDAY, 1, {}, count_from=first) == FRIDAY
    assert upload_deadline(FRIDAY, 0, {}, count_from=first) == FRIDAY
    saturday = FRIDAY + datetime.timedelta(days=1)  # it does not work, so Monday is the first
    assert upload_deadline(saturday, 5, {}, count_from=first) == datetime.date(2025, 10, 3)


def test_op_12_weekdays_know_no_holidays_and_all_days_no_weekends() -> None:
    assert upload_deadline(FRIDAY, 5, HOLIDAYS) == datetime.date(2025, 10, 13)
    assert upload_deadline(FRIDAY, 5, HOLIDAYS, UploadCalendar.WEEKDAYS) == datetime.date(2025, 10, 3)
    assert upload_deadline(FRIDAY, 5, HOLIDAYS, UploadCalendar.ALL_DAYS) == datetime.date(2025, 10, 1)


def test_op_12_an_area_settles_by_its_own_count(policy: Policy) -> None:
    """Discharged on Monday 3 February: five days after are 10 February; with that day, or all days, earlier."""
    uploaded = case("c", "H1", 10000, 6000, upload_date=datetime.date(2025, 2, 10))
    for changed, in_month in (
        ({}, True),
        ({"upload_count_from": CountFrom.DISCHARGE_DAY}, False),
        ({"upload_calendar": UploadCalendar.ALL_DAYS}, False),
    ):
        (one,) = settled(replace(policy, **changed), uploaded, budgets={}).points
        assert one.in_month is in_month, changed


def test_op_13_amounts_of_abnormal_data_may_count_in_the_month(policy: Policy) -> None:
    """V = (25,000 − 16,000 + 16,000) ÷ 100 = 250; the late and the ungrouped case take cost and bring no points."""
    budgets = {"2025": 20000, "2025-02": 20000}
    apart = settled(policy, IN_TIME, *ABNORMAL, budgets=budgets)
    inside = settled(replace(policy, abnormal_exclude_amounts=False), IN_TIME, *ABNORMAL, budgets=budgets)
    assert amounts(apart, "2025-02") == {"H1": 6000}
    assert pool(inside, "2025-02").sums == Sums(1, Fraction(100), 2500000, 1600000)
    assert pool(inside, "2025-02").value == 250
    assert amounts(inside, "2025-02") == {"H1": 100 * 250 - 4000, "H2": -5000}
    assert pool(inside, "2025") == pool(apart, "2025")


def test_op_13_a_month_with_abnormal_data_only_pays_nobody(policy: Policy) -> None:
    inside = settled(replace(policy, abnormal_exclude_amounts=False), *ABNORMAL, budgets={"2025-02": 20000})
    assert (pool(inside, "2025-02").value, amounts(inside, "2025-02")) == (None, {"H2": 0})
    assert pool(inside, "2025-02").residue_fen == pool(inside, "2025-02").used_fen == 1000000


def test_op_13_leaves_patients_of_other_cities_alone(policy: Policy) -> None:
    """They are not in the pool, unless it is a joint one."""
    away = case("away", "H2", 10000, 7000, insu_admdvs=OTHER, **LATE)
    counting = replace(policy, abnormal_exclude_amounts=False)
    assert pool(settled(counting, IN_TIME, away, budgets={}), "2025-02").sums.cost_fen == 1000000
    joint = replace(counting, out_of_area_pool=OutOfAreaPool.JOINT)
    assert pool(settled(joint, IN_TIME, away, budgets={}), "2025-02").sums.cost_fen == 2000000


def test_op_14_abnormal_data_paid_by_item_get_their_fund_out_of_the_budget(policy: Policy) -> None:
    """V = (25,000 − 16,000 + 20,000 − 15,000) ÷ 100 = 140."""
    by_item = replace(policy, abnormal_year_end=AbnormalYearEnd.FEE_FOR_SERVICE)
    settlement = settled(by_item, IN_TIME, *ABNORMAL, budgets={"2025": 20000})
    assert [(one.case_class, one.points, one.in_month, one.in_year) for one in settlement.points[1:]] == [
        (CaseClass.ABNORMAL_BY_ITEM, 0, False, True)
    ] * 2
    year = pool(settlement, "2025")
    assert (year.sums, year.value) == (Sums(3, Fraction(100), 2500000, 1600000), 140)
    assert amounts(settlement, "2025") == {"H1": 100 * 140 - 4000, "H2": 7000 + 3000}
    assert pool(settlement, "2025-02").sums.cases == 1


def test_op_14_by_item_is_due_in_a_pool_without_points(policy: Policy) -> None:
    by_item = replace(policy, abnormal_year_end=AbnormalYearEnd.FEE_FOR_SERVICE)
    year = pool(settled(by_item, *ABNORMAL, budgets={"2025": 20000}), "2025")
    assert (year.value, year.amounts_fen, year.residue_fen) == (None, {"H2": 1000000}, 1000000)


def test_op_14_another_city_owes_the_fund_of_what_is_paid_by_item(policy: Policy) -> None:
    """By points it would owe 100 × 140 − 3,000 = 11,000, by item 7,000; a new technique is paid on its own."""
    away = case("away", "H2", 10000, 7000, insu_admdvs=OTHER, **LATE)
    new = case("new", "H2", 10000, 7000, insu_admdvs=OTHER, drg=None, new_tech=True)
    for changed, owed in (({}, 11000), ({"abnormal_year_end": AbnormalYearEnd.FEE_FOR_SERVICE}, 7000)):
        settlement = settled(replace(policy, **changed), IN_TIME, away, new, budgets={"2025": 10000})
        assert pool(settlement, "2025").value == 140
        assert {debt.period: debt.amount_fen // 100 for debt in settlement.matrix} == {
            "2025": owed,
            "2025-adjustment": owed,
        }


def test_op_14_unpaid_abnormal_data_count_nowhere_but_keep_their_class(policy: Policy) -> None:
    """V = (10,000 − 6,000 + 20,000) ÷ 100 = 240."""
    unpaid = replace(policy, abnormal_year_end=AbnormalYearEnd.UNPAID)
    settlement = settled(unpaid, IN_TIME, *ABNORMAL, budgets={"2025": 20000})
    assert [(one.case_class, one.points, one.in_year) for one in settlement.points] == [
        (CaseClass.NORMAL, 100, True),
        (CaseClass.NORMAL, 100, False),
        (CaseClass.UNGROUPED, 0, False),
    ]
    assert amounts(settlement, "2025") == {"H1": 100 * 240 - 4000}
    assert not [row for row in settlement.years if row.fixmedins_code == "H2"]


def test_op_14_the_bulletin_counts_discharges_however_they_are_paid(policy: Policy) -> None:
    for reading in AbnormalYearEnd:
        settlement = settled(replace(policy, abnormal_year_end=reading), IN_TIME, *ABNORMAL, budgets={})
        lines = review_bulletin(settlement.points)
        assert {line.fixmedins_code: line.discharges for line in lines} == {"H1": 1, "H2": 1}


def test_op_15_the_month_of_discharge_within_the_year_of_settlement(policy: Policy) -> None:
    over_a_month = case("a", "H1", 10000, 6000, dscg_date=datetime.date(2025, 1, 30))
    over_a_year = case("b", "H1", 10000, 6000, dscg_date=datetime.date(2024, 12, 30))
    ahead = case("c", "H1", 10000, 6000, dscg_date=datetime.date(2026, 1, 2))
    by_discharge = replace(policy, period_case_date=CaseDate.DISCHARGE)
    settlement = settled(by_discharge, over_a_month, over_a_year, ahead, budgets={})
    assert [one.pay_month for one in settlement.points] == ["2025-01", "2025-01", "2025-12"]
    assert [pool(settlement, f"2025-{month}").sums.cases for month in ("01", "02", "12")] == [1, 0, 1]  # b came late
    assert pool(settlement, "2025").sums.cases == 3
    assert [one.pay_month for one in settled(policy, over_a_month, budgets={}).points] == ["2025-02"]


def test_op_15_dates_debts_between_cities_too(policy: Policy) -> None:
    away = case("away", "H1", 10000, 6000, insu_admdvs="99", dscg_date=datetime.date(2025, 1, 30))
    by_discharge = replace(policy, period_case_date=CaseDate.DISCHARGE)
    assert settled(by_discharge, away, budgets={}).matrix[0].period == "2025-01"


def test_op_50_a_late_list_is_settled_when_it_comes(policy: Policy) -> None:
    """In its own month, in a later one, or, where it comes in the next year, at the year's end."""
    days = (datetime.date(2025, 2, 28), datetime.date(2025, 3, 20), datetime.date(2026, 1, 5))
    late = [case(f"c{day}", "H1", 10000, 6000, upload_date=day) for day in days]
    waiting = settled(policy, *late, budgets={})
    assert [one.in_month for one in waiting.points] == [False] * 3
    arriving = settled(replace(policy, month_no_data=NoData.ON_ARRIVAL), *late, budgets={"2025-03": 6000})
    assert [(one.pay_month, one.in_month) for one in arriving.points] == [
        ("2025-02", True),
        ("2025-03", True),
        ("2025-02", False),
    ]
    assert amounts(arriving, "2025-03") == {"H1": 6000}


def test_op_50_what_has_come_is_not_abnormal_at_the_years_end(policy: Policy) -> None:
    reading = replace(policy, month_no_data=NoData.ON_ARRIVAL, abnormal_year_end=AbnormalYearEnd.UNPAID)
    came, never = settled(
        reading,
        case("came", "H1", 10000, 6000, **LATE),
        case("never", "H1", 10000, 6000, upload_date=datetime.date(9999, 12, 31)),
        budgets={},
    ).points
    assert (came.in_year, never.in_year) == (True, False)


def test_op_50_a_list_does_not_count_before_its_case(policy: Policy) -> None:
    """Discharged in January, uploaded late in that month, settled in February."""
    early = case("c", "H1", 10000, 6000, dscg_date=datetime.date(2025, 1, 2), upload_date=datetime.date(2025, 1, 20))
    arriving = replace(policy, month_no_data=NoData.ON_ARRIVAL)
    for date, month in ((CaseDate.SETTLEMENT, "2025-02"), (CaseDate.DISCHARGE, "2025-01")):
        (one,) = settled(replace(arriving, period_case_date=date), early, budgets={}).points
        assert (one.pay_month, one.in_month) == (month, True)


PASSED = case("passed", "H2", 20000, 12000)
TWO = (IN_TIME, case("other", "H2", 10000, 7000), PASSED)


def reviewed(points: str | None = None) -> tuple[Review, ...]:
    return (Review("passed", datetime.date(2025, 2, 5), "passed", None if points is None else Fraction(points)),)


def test_op_63_a_case_that_passed_review_may_be_paid_by_item(policy: Policy) -> None:
    """V = (40,000 − 25,000 + 24,000 − 20,000) ÷ 200 = 95."""
    by_item = replace(policy, review_pay=ReviewPay.BY_ITEM)
    settlement = settled(by_item, *TWO, budgets={"2025": 24000}, reviews=reviewed("150"))
    one = settlement.points[2]
    assert (one.case_class, one.points, one.in_month, one.review) == (CaseClass.REVIEWED_BY_ITEM, 0, True, "passed")
    assert one.article == "policy/002 article 22"
    year = pool(settlement, "2025")
    assert (year.value, year.sums.cost_fen, year.residue_fen) == (95, 4000000, 0)
    assert amounts(settlement, "2025") == {"H1": 100 * 95 - 4000, "H2": 100 * 95 - 3000 + 12000}


def test_op_63_by_item_at_a_rounded_and_at_a_set_value(policy: Policy) -> None:
    """V = 19,000 ÷ 200 holds for 24,000; with 23,999 it is 94.995, rounded to 95."""
    by_item = replace(policy, review_pay=ReviewPay.BY_ITEM, value_dp=2)
    year = pool(settled(by_item, *TWO, budgets={"2025": 23999}, reviews=reviewed()), "2025")
    assert (year.value, year.amounts_fen["H2"]) == (Fraction("95.00"), 1850000)
    assert year.residue_fen == -100


def test_op_63_a_review_may_set_the_points(policy: Policy) -> None:
    """At the places of the policy; a review that sets none is by cost: 20,000 ÷ 10,000 × 100 = 200."""
    setting = replace(policy, review_pay=ReviewPay.SET_POINTS, points_dp=4)
    for points, expected in (("150.12345", "150.1235"), ("0", "0"), (None, "200")):
        one = settled(setting, *TWO, budgets={}, reviews=reviewed(points)).points[2]
        assert (one.case_class, one.points) == (CaseClass.REVIEWED, Fraction(expected))
    assert settled(policy, *TWO, budgets={}, reviews=reviewed("150")).points[2].points == 200


def test_op_63_late_reviewed_cases_are_abnormal_first(policy: Policy) -> None:
    reading = replace(policy, review_pay=ReviewPay.BY_ITEM, abnormal_year_end=AbnormalYearEnd.FEE_FOR_SERVICE)
    late = replace(PASSED, upload_date=datetime.date(2025, 3, 20))
    one = settled(reading, *TWO[:2], late, budgets={}, reviews=reviewed()).points[2]
    assert (one.case_class, one.review) == (CaseClass.ABNORMAL_BY_ITEM, "passed")
