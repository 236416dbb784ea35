"""Rules of single cases (TCM share, bed days, day care): by article in small numbers, and both voices alike."""

from __future__ import annotations

import datetime
from dataclasses import astuple, replace
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lake.policy_files import load_policies
from lake.province_frames import text_rows
from lake.stays import stays_of
from lake.tables.lists import LISTS
from settlement.case_rules import CASE_RULE_KEYS, OFF, CaseRules, in_effect, read_case_rules
from settlement.frames import STAYS, StaysByRule
from settlement.policy_values import PolicyProblem
from settlement.present import settlement_text
from settlement.reference.inputs import Case, Element, Hospital, Province, Review, Stay
from settlement.reference.points import CaseClass, PointsExplanation
from settlement.reference.settle import settle, settle_province
from settlement.reference.text import TABLES
from settlement.settle import settle_province as settle_on_spark
from tests.property.settlement_provinces import GROUPS, random_province, united
from tests.property.test_settlement_voices import differences, province_frames

AREA, CODE, DAY = "9901", "H1", datetime.date(2025, 3, 3)
PACKAGED = load_policies()
USUAL: dict[str, Any] = {
    "tcm.min_share": "0.5",
    "tcm.uplift": "0.05",
    "tcm.charge_types": ["10", "11"],
    "tcm.departments": ["A50"],
    "tcm.institutions": ["H1"],
    "bed_day.method": "points",
    "bed_day.points": {"GA11": "2.5", "GB12": "3.33333333"},
    "day_care.groups": ["GA11", "GC13"],
    "day_care.max_days": 1,
}


def rules(**changes: Any) -> CaseRules:
    """The packaged values, some changed: `tcm__uplift="0.1"` changes `tcm.uplift`."""
    values = {key: PACKAGED.explain(key, "999999", DAY).value for key in CASE_RULE_KEYS}
    return read_case_rules({**values, **{name.replace("__", "."): value for name, value in changes.items()}})


def explained(stay: Stay | None, of: CaseRules, reviewed: bool = False, **changes: Any) -> PointsExplanation:
    """A case of group GA11 (B 100, K 1, M 1,000 yuan) that cost 10.01 yuan without 特需, and what it comes to."""
    case = Case("S1", CODE, AREA, "310", DAY, DAY, DAY, "GA11", 1101, 100, 500, False, False)
    elements = [("all_mean", None, "1000"), ("benchmark_points", "GA11", "100"), ("stable", "GA11", "0")]
    province = Province(
        hospitals=(Hospital(CODE, AREA, 3, False, Fraction(1), Fraction(1)),),
        elements=tuple(Element(AREA, kind, drg, None, None, Fraction(value)) for kind, drg, value in elements),
        cases=(replace(case, **changes),),
        reviews=(Review("S1", DAY, "passed"),) if reviewed else (),
        policies={AREA: replace(PACKAGED.at("999999", DAY), review_quota=Decimal(1))},
        stays=(stay,) if stay else (),
        case_rules=((AREA, of),),
    )
    (points,) = settle_province(province).points
    return points


def stay(days: int | None = 1, tcm_cost: int = 0, tcm_place: bool = False, day_care: bool = False) -> Stay:
    return Stay("S1", days, tcm_cost, tcm_place, day_care)


def test_002_article_12_tcm_share_of_half_raises_the_points_of_the_year() -> None:
    """501 of 1,001 fen reach 50%, 500 do not; the month's points are those of the group."""
    on = rules(tcm__uplift="0.05")
    at = explained(stay(tcm_cost=501, tcm_place=True), on)
    assert (at.points, at.uplift, at.uplift_formula) == (100, 5, "100 × 0.05")
    assert at.figures.tcm_share == Fraction(501, 1001)
    assert explained(stay(tcm_cost=500, tcm_place=True), on).uplift == 0
    assert explained(stay(tcm_cost=501), on).uplift == 0  # no TCM institution, no TCM department
    assert explained(None, on).uplift == 0
    assert explained(stay(tcm_cost=501, tcm_place=True), rules()).uplift == 0  # no figure is set


def test_002_article_12_points_that_follow_the_cost_are_not_raised() -> None:
    on = rules(tcm__uplift="0.05")
    reviewed = explained(stay(tcm_cost=1001, tcm_place=True), on, reviewed=True)
    assert (reviewed.case_class, reviewed.uplift) == (CaseClass.REVIEWED, 0)
    blank = explained(stay(tcm_cost=1001, tcm_place=True), on, drg="GX99")
    assert (blank.case_class, blank.uplift) == (CaseClass.BLANK, 0)


def test_002_article_15_bed_days_add_up_daily_points() -> None:
    on = rules(bed_day__method="points", bed_day__points={"GA11": "2.5"})
    found = explained(stay(31), on)
    assert (found.case_class, found.points, found.formula) == (CaseClass.BED_DAY, Fraction("77.5"), "2.5 × 31")
    assert found.article == "policy/002 article 15"
    for other in (explained(stay(None), on), explained(stay(31), rules(bed_day__points={"GA11": "2.5"}))):
        assert (other.case_class, other.points) == (CaseClass.UNSTABLE, 100)
    assert explained(stay(31), on, drg="GX99").case_class is CaseClass.BLANK
    assert explained(stay(31), on, reviewed=True).case_class is CaseClass.REVIEWED


def test_002_article_14_day_care_is_of_listed_groups() -> None:
    on = rules(day_care__groups=["GA11"])
    assert explained(stay(1, day_care=True), on).points == 100
    assert explained(stay(2), on).points == 100  # an inpatient
    assert explained(stay(2, day_care=True), rules()).points == 100  # no list, nothing decided
    outside = explained(stay(2, day_care=True), on)
    assert (outside.case_class, outside.points, outside.in_year) == (CaseClass.OUTSIDE_DAY_CARE, 0, False)
    assert explained(stay(1, day_care=True), on, drg="GX99").case_class is CaseClass.OUTSIDE_DAY_CARE
    assert explained(stay(2, day_care=True), on, reviewed=True).review == ""  # it is none of the cases under review


def test_002_article_39_special_need_services_are_not_in_the_cost() -> None:
    """By cost: 10.01 of 11.01 yuan, on a mean of 1,000; the TCM share is of the same cost."""
    assert explained(None, OFF, reviewed=True).points == Fraction("1.0010")
    on = rules(tcm__uplift="0.05")
    assert explained(stay(tcm_cost=501, tcm_place=True), on).figures.tcm_share == Fraction(501, 1001)


def test_rules_that_are_off_say_nothing() -> None:
    values = {key: PACKAGED.explain(key, "999999", DAY).value for key in CASE_RULE_KEYS}
    assert in_effect(values) == {}
    assert rules() == OFF
    assert in_effect({**values, "tcm.uplift": "0.05"})["tcm.min_share"] == "0.5"
    assert set(in_effect(USUAL)) == set(CASE_RULE_KEYS)
    with pytest.raises(PolicyProblem, match=r"tcm\.min_share is missing"):
        read_case_rules({"tcm.uplift": "0.05"})
    with pytest.raises(PolicyProblem, match=r"day_care\.max_days is missing"):
        read_case_rules({"day_care.groups": ["GA11"]})
    with pytest.raises(PolicyProblem, match="write a list of codes"):
        read_case_rules({"day_care.groups": "GA11"})


def with_rules(province: Province, random: Random) -> Province:
    """Most cases have a stay; each area has all the rules, other values of them, or none."""
    others = {
        "tcm.min_share": "0.3",
        "tcm.uplift": "0.1234",
        "bed_day.points": {"GA11": "0"},
        "day_care.groups": [],
        "day_care.max_days": 0,
    }

    def values() -> CaseRules:
        chosen = {key: value for key, value in others.items() if random.random() < 0.3}
        return random.choice((read_case_rules({**USUAL, **chosen}), read_case_rules({**USUAL, **chosen}), OFF))

    stays = [
        Stay(
            case.setl_id,
            random.choice((None, 0, 1, 1, 2, random.randint(1, 90))),
            random.choice((0, case.paid_cost_fen // 2, (case.paid_cost_fen + 1) // 2, case.paid_cost_fen)),
            random.random() < 0.6,
            random.random() < 0.3,
        )
        for case in province.cases
        if random.random() < 0.9
    ]
    case_rules = tuple((area, values()) for area in province.policies)
    return with_long_stays(replace(province, stays=tuple(stays), case_rules=case_rules), random)


def with_long_stays(province: Province, random: Random) -> Province:
    """Areas that ask for long stays, high costs, both or nothing, with mean days of most groups."""
    days = [
        Element(area, "mean_days", drg, None, None, Fraction(random.choice(("8.2", "0.6667", "30"))))
        for area in province.policies
        for drg in GROUPS
        if random.random() < 0.8
    ]
    asked = {
        area: replace(
            policy,
            review_los_multiple=random.choice((None, Decimal("1.5"), Decimal(1))),
            review_cost_multiple=random.choice((None, Decimal(2))),
        )
        for area, policy in province.policies.items()
    }
    return replace(province, elements_given=(*province.elements_given, *days), policies=asked)


@pytest.fixture(scope="module")
def province() -> Province:
    return united(with_rules(random_province(seed, 40, f"{10 + seed}"), Random(seed)) for seed in range(12))


@pytest.mark.slow
def test_both_voices_settle_single_cases_alike(spark: SparkSession, province: Province) -> None:
    """Classes, points and what the year adds to them; all six tables, where the year counts what the months do not."""
    rows = [tuple(int(cell) if isinstance(cell, bool) else cell for cell in astuple(one)) for one in province.stays]
    by_rule = StaysByRule(spark.createDataFrame(rows, STAYS), dict(province.case_rules))
    frames = province_frames(spark, province)
    settled = settle_on_spark(frames, province.policies, lambda _, frame: frame.localCheckpoint(), by_rule)
    texts = settlement_text(settled)
    expected = settle(province)
    for name, columns in TABLES.items():
        assert not differences(text_rows(texts[name], columns), expected[name]), name
    plain = settle_province(province).points
    uplifts = settled.case_points.select("setl_id", "uplift").collect()
    assert {row.setl_id: Fraction(row.uplift) for row in uplifts} == {one.case.setl_id: one.uplift for one in plain}
    classes = {one.case_class for one in plain}
    assert {CaseClass.BED_DAY, CaseClass.OUTSIDE_DAY_CARE, CaseClass.REVIEWED} <= classes
    assert {one.review for one in plain} == {"", "passed", "refused", "over_quota", "no_ground"}
    assert len({one.uplift for one in plain}) > 10


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tcm.min_share", "0.51"),
        ("tcm.uplift", "0.06"),
        ("bed_day.method", "off"),
        ("bed_day.points", {"GA11": "2.6"}),
        ("day_care.groups", list(GROUPS)),
        ("day_care.max_days", 2),
    ],
)
def test_another_value_changes_the_settlement(key: str, value: Any, province: Province) -> None:
    usual, other = read_case_rules(USUAL), read_case_rules({**USUAL, key: value})
    tables = [
        settle(replace(province, case_rules=tuple((area, of) for area in province.policies))) for of in (usual, other)
    ]
    assert tables[0] != tables[1]


@pytest.mark.slow
def test_stays_come_from_the_settlement_list(spark: SparkSession) -> None:
    """TCM cost by kind of charge, TCM places by institution or department, day care by ipt_med_type."""
    items = [("10", 300), ("11", 40), ("05", 500), ("10", None)]

    def row(setl_id: str, code: str, department: str | None, kind: str | None, total: int = 1000) -> dict[str, Any]:
        given = {"setl_id": setl_id, "fixmedins_code": code, "dscg_caty": department, "ipt_med_type": kind}
        return {**given, "medfee_sumamt_fen": total, "act_ipt_days": 3, "area": AREA, "iteminfo": items}

    lists = [row("a", "H1", None, "1"), row("b", "H2", "A50.01", "2"), row("c", "H2", "A03.01", None, 200)]
    lists.append({**row("d", "H2", None, "2"), "iteminfo": None, "act_ipt_days": None})
    plain = [tuple(one.get(name) for name in LISTS.columns) for one in lists]
    found = stays_of(spark.createDataFrame(plain, LISTS.schema), {AREA: read_case_rules(USUAL)})
    assert sorted(tuple(row) for row in found.collect()) == [
        ("a", 3, 340, 1, 0),
        ("b", 3, 340, 1, 1),
        ("c", 3, 200, 0, 0),
        ("d", None, 0, 0, 1),
    ]
