from __future__ import annotations

import os
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pyspark.sql import DataFrame, SparkSession

from lake.contracts import load_contracts, require, validate, without
from lake.errors import ContractBroken, InputProblem
from lake.tables.lists import LISTS

POINTS = (
    "setl_id string, scope string, class string, points decimal(20,4), uplift decimal(20,4), in_month int, "
    "in_year int, review string, month string, pay_month string"
)
YEAR = "fixmedins_code string, insutype string, points decimal(20,4), " + ", ".join(
    f"{name} bigint" for name in load_contracts()["hospital_year"].columns if name.endswith("_fen")
)
SOUND_POINTS = ("1", "local", "normal", Decimal("12.5"), Decimal(0), 1, 1, "", "2025-03", None)
SOUND_YEAR: dict[str, Any] = {
    "fixmedins_code": "H1",
    "insutype": "310",
    "points": Decimal(100),
    "cost_fen": 5_000,
    "fund_fen": 3_000,
    "amount_fen": 2_900,
    "deficit_share_fen": 40,
    "assessment_adjustment_fen": -29,
    "deposit_held_fen": 100,
    "deposit_not_returned_fen": 20,
    "audit_fen": 10,
    "paid_fen": 2_000,
    "clearing_fen": 881,
    "new_technique_fen": 9,
    "second_distribution_fen": 10,
    "final_fen": 900,
}


def points(spark: SparkSession, *rows: tuple[Any, ...]) -> DataFrame:
    return spark.createDataFrame(list(rows), POINTS)


def year(spark: SparkSession, **changes: Any) -> DataFrame:
    names = [part.split()[0] for part in YEAR.split(", ")]
    row = {**dict.fromkeys(names, 0), **SOUND_YEAR, **changes}
    return spark.createDataFrame([tuple(row[name] for name in names)], YEAR)


def test_sound_tables_keep_their_contracts(spark: SparkSession) -> None:
    other = ("2", "cross_province", "fee_for_service", Decimal(0), Decimal(0), 0, 0, None, "2025-03", "2025-12")
    result = require(points(spark, SOUND_POINTS, other), "case_points")
    assert result.success
    assert result.profile["rows"] == 2
    assert result.expectations == 28
    assert require(year(spark), "hospital_year").success
    assert require(points(spark), "case_points").profile["rows"] == 0


def test_every_breach_of_case_points_is_named(spark: SparkSession) -> None:
    broken = points(
        spark,
        SOUND_POINTS,
        SOUND_POINTS,
        (None, "abroad", "normal", Decimal("-0.0001"), None, 1, 0, "maybe", "2025-03", "2026-01"),
        ("3", "local", "ungrouped", Decimal(1), Decimal(0), 0, 2, "", "2025-03", "2025-13"),
        ("4", "local", "reviewed_by_item", Decimal(1), Decimal(0), 1, 1, "passed", "2025-03", None),
    )
    result = validate(broken, "case_points")
    assert {failure.metric: failure.observed for failure in result.failures} == {
        "repeated keys": 1,
        "missing setl_id": 1,
        "missing uplift": 1,
        "outside scope": 1,
        "outside in_year": 1,
        "outside review": 1,
        "against points_not_negative": 1,
        "against counted_in_month_is_counted_in_year": 1,
        "against without_points_counted_nowhere": 1,
        "against by_item_without_points": 1,
        "against counts_in_a_month_of_its_year": 2,
    }


def test_types_and_missing_columns_are_named(spark: SparkSession) -> None:
    odd = (
        points(spark, SOUND_POINTS).drop("review").selectExpr("*", "1.5D AS extra").withColumnRenamed("points", "point")
    )
    result = validate(odd, "case_points")
    assert {failure.metric: failure.observed for failure in result.failures} == {
        "type of points": "not there",
        "type of review": "not there",
    }
    text = validate(points(spark, SOUND_POINTS).selectExpr("* EXCEPT (points)", "'12' AS points"), "case_points")
    assert [str(failure) for failure in text.failures] == ["type of points = string: 列 points 的类型须为 decimal"]


@pytest.mark.parametrize(
    ("changes", "metric", "observed"),
    [
        ({"clearing_fen": 880, "final_fen": 899}, "against clearing_adds_up", 1),
        ({"final_fen": 901}, "against final_adds_up", 1),
        ({"final_fen": None}, "missing final_fen", 1),
        (
            {"cap_excess_fen": 5, "clearing_fen": 876, "final_fen": 895},
            "against surplus_and_deficit_exclude_each_other",
            1,
        ),
        ({"deposit_held_fen": 19}, "against deposit_not_returned_was_held", 1),
        ({"second_distribution_fen": -10, "final_fen": 880}, "least second_distribution_fen", -10),
    ],
)
def test_a_clearing_that_does_not_add_up_is_refused(
    spark: SparkSession, changes: dict[str, Any], metric: str, observed: int
) -> None:
    failures = {
        failure.metric: failure.observed for failure in validate(year(spark, **changes), "hospital_year").failures
    }
    assert failures[metric] == observed


def test_what_stands_beside_the_clearing_is_part_of_the_final_amount(spark: SparkSession) -> None:
    beside = {"negotiated_drugs_fen": 30, "owed_before_fen": 7}
    assert validate(year(spark, **beside, final_fen=923), "hospital_year").success
    assert validate(year(spark, **dict.fromkeys(beside)), "hospital_year").success  # of an older program


def test_a_reading_may_take_a_bound_away(spark: SparkSession) -> None:
    """Kept surplus that is added stands there as a negative deduction (OP-51)."""
    kept = year(spark, surplus_not_kept_fen=-5, deficit_share_fen=0, clearing_fen=846, final_fen=865)
    assert [failure.metric for failure in validate(kept, "hospital_year").failures] == ["least surplus_not_kept_fen"]
    assert validate(kept, without("hospital_year", ["surplus_not_kept_fen"])).success


def test_an_order_may_take_a_condition_away(spark: SparkSession) -> None:
    """Steps that read different amounts may find a deficit and then a cap (OP-52)."""
    both = year(spark, cap_excess_fen=5, clearing_fen=876, final_fen=895)
    assert validate(both, without("hospital_year", ["surplus_and_deficit_exclude_each_other"])).success


def test_sums_beyond_the_floats_stay_exact(spark: SparkSession) -> None:
    large = 2**60 + 1
    changes = {"amount_fen": large, "clearing_fen": large - 2_019, "final_fen": large - 2_000}
    assert validate(year(spark, **changes), "hospital_year").success
    changes["final_fen"] += 1
    assert not validate(year(spark, **changes), "hospital_year").success


def test_the_message_is_readable(spark: SparkSession) -> None:
    with pytest.raises(ContractBroken) as caught:
        require(year(spark, final_fen=901), "hospital_year")
    points = validate(year(spark), "hospital_year").expectations
    assert points > 30
    assert str(caught.value) == (
        f"table hospital_year breaks its contract in 1 of {points} points, of 1 rows; nothing was published:\n"
        "  - against final_adds_up = 1: 最终金额须等于清算、新技术补偿、二次分配与谈判药品补偿之和，减抵扣上年应退\n"
        "Correct the input and run again; the contract is conf/quality/contracts.yaml."
    )


def test_lists_fit_their_contract(spark: SparkSession) -> None:
    row = dict.fromkeys(LISTS.schema.names)
    row.update(
        setl_id="1",
        area="990100",
        month="2025-03",
        setl_time=date(2025, 3, 1),
        adm_time=datetime(2025, 2, 1, tzinfo=ZoneInfo("Asia/Shanghai")),
    )
    without_id = {**row, "setl_id": None}
    rows = [tuple(one[name] for name in LISTS.schema.names) for one in (row, without_id, without_id)]
    assert require(spark.createDataFrame(rows, LISTS.schema), "lists").profile["repeated keys"] == 0
    result = validate(spark.createDataFrame([rows[0], rows[0]], LISTS.schema).replace("2025-03", "2025-13"), "lists")
    assert {failure.metric for failure in result.failures} == {"repeated keys", "against month_is_a_month"}


def test_nothing_is_written_and_nothing_is_said(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    validate(points(spark, SOUND_POINTS, SOUND_POINTS), "case_points")
    assert list(tmp_path.iterdir()) == []
    assert "Calculating" not in capfd.readouterr().err
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("suites: {a: {columns: {x: int}, unique: [y]}}", "a: y is checked, but not among its columns"),
        ("suites: {a: {columns: {x: int}, uniqe: [x]}}", "a needs columns"),
        ("suites: {a: {columns: {x: int}, between: {x: {at_least: 0.5}}}}", "bounds .* of x must be whole"),
        ("suites: {a: {columns: {x: bigint}, between: {x: {at_most: 9007199254740993}}}}", "must be whole, at most"),
        ("suites: [a]", "is a mapping with suites"),
    ],
)
def test_a_broken_contract_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "contracts.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputProblem, match=said):
        load_contracts(file)


def test_an_unknown_suite_is_refused(spark: SparkSession) -> None:
    with pytest.raises(InputProblem, match=r"no suite 'list'; known are lists, case_points, hospital_year"):
        validate(points(spark), "list")
