from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lake.errors import InputProblem
from lake.quality import block_reason, check_lists, findings, load_rules, with_occurrences
from lake.quality_rules import RULES, code_pattern
from lake.tables.findings import FINDINGS
from lake.tables.lists import LISTS

Row = dict[str, Any]


def at(day: int, second: int = 0) -> datetime:
    """Nine o'clock in March 2025, in the time zone of the session."""
    return datetime(2025, 3, day, 9, 0, second, tzinfo=ZoneInfo("Asia/Shanghai"))


def diagnosis(code: str | None, main: str = "0", kind: str | None = "1") -> Row:
    return {"diag_type": kind, "maindiag_flag": main, "diag_code": code, "adm_cond_type": "1"}


def procedure(code: str | None, main: str = "0") -> Row:
    return {"main_oprn_flag": main, "oprn_oprt_code": code, "oprn_oprt_date": date(2025, 3, 3)}


def sound_list() -> Row:
    """A list that no rule complains of: man of 60, gallstones, 1,000.00 yuan."""
    row: Row = dict.fromkeys(LISTS.schema.names)
    row.update(
        fixmedins_code="H99010000001",
        insu_admdvs="990100",
        insutype="310",
        gend="1",
        brdy=date(1965, 1, 1),
        age=Decimal("60.0"),
        adm_time=at(1),
        dscg_time=at(6),
        act_ipt_days=5,
        dscg_way="1",
        setl_time=date(2025, 3, 6),
        upload_date=date(2025, 3, 7),
        medfee_sumamt_fen=100_000,
        special_cost_fen=0,
        fund_fen=60_000,
        psn_pay_fen=40_000,
        diseinfo=[diagnosis("K80.101", "1"), diagnosis("I10.x00"), diagnosis("A08.01.05", "1", "2")],
        oprninfo=[procedure("51.2300", "1")],
        iteminfo=[
            {"med_chrgitm_type": "06", "item_sumamt_fen": 99_999},
            {"med_chrgitm_type": "14", "item_sumamt_fen": 2},
        ],
        payinfo=[
            {"fund_pay_type": "310100", "fund_payamt_fen": 60_000},
            {"fund_pay_type": "310200", "fund_payamt_fen": 5_000},
        ],
        unreadable=[],
        area="990100",
        month="2025-03",
    )
    return row


def newborn(**changes: Any) -> Row:
    return {"age": None, "age_days": 3, "brdy": date(2025, 2, 26), **changes}


# What is changed in a sound list, and what is found then: rule, field, value, severity.
CASES: dict[str, tuple[Row, list[tuple[str, str, str, str]]]] = {
    "sound": ({}, []),
    "no_main": ({"diseinfo": [diagnosis("K80.101")]}, [("QC-101", "diseinfo", "", "block")]),
    "main_without_code": (
        {"diseinfo": [diagnosis(" ", "1"), diagnosis("I10.x00")]},
        [("QC-101", "diseinfo", "", "block"), ("QC-112", "diseinfo.diag_code", "1", "warn")],
    ),
    "main_of_chinese_medicine": (
        {"diseinfo": [diagnosis("A08.01.05", "1", "2")]},
        [("QC-101", "diseinfo", "", "block")],
    ),
    "main_without_type": ({"diseinfo": [diagnosis("K80.101", "1", None)]}, []),
    "no_diagnoses": ({"diseinfo": None}, [("QC-101", "diseinfo", "", "block")]),
    "two_mains": (
        {"diseinfo": [diagnosis("K80.101", "1"), diagnosis("I10.x00", "1")]},
        [("QC-102", "diseinfo", "K80.101、I10.x00", "block")],
    ),
    "no_discharge": ({"dscg_time": None}, [("QC-103", "dscg_time", "", "block")]),
    "no_sex_no_age": (
        {"gend": " ", "age": None, "brdy": None},
        [("QC-104", "gend", "", "block"), ("QC-104", "age", "", "block")],
    ),
    "birth_is_enough": ({"age": None}, []),
    "no_way": ({"dscg_way": None}, [("QC-105", "dscg_way", "", "warn")]),
    "unknown_way": ({"dscg_way": "7"}, [("QC-201", "dscg_way", "7", "block")]),
    "codes_missing": (
        {
            "diseinfo": [diagnosis("K80.101", "1"), diagnosis(None), diagnosis("")],
            "oprninfo": [procedure("51.2300", "1"), procedure(None)],
        },
        [
            ("QC-112", "diseinfo.diag_code", "2", "warn"),
            ("QC-112", "diseinfo.diag_code", "3", "warn"),
            ("QC-112", "oprninfo.oprn_oprt_code", "2", "warn"),
        ],
    ),
    "no_procedures": ({"oprninfo": None}, []),
    "unknown_main": (
        {"diseinfo": [diagnosis("X00.000", "1")]},
        [("QC-202", "diag_code", "X00.000", "block")],
    ),
    "light": (newborn(nwb_bir_wt=Decimal("199.99")), [("QC-302", "nwb_bir_wt", "199.99", "warn")]),
    "heavy": (newborn(nwb_bir_wt=Decimal("20000.01")), [("QC-302", "nwb_bir_wt", "20000.01", "warn")]),
    "light_enough": (newborn(nwb_bir_wt=Decimal("200")), []),
    "heavy_enough": (newborn(nwb_bir_wt=Decimal("20000")), []),
    "no_time_in_hospital": (
        {"dscg_time": at(1)},
        [("QC-401", "dscg_time", "2025-03-01 09:00:00 - 2025-03-01 09:00:00", "block")],
    ),
    "a_second_in_hospital": ({"dscg_time": at(1, second=1)}, []),
    "no_admission": ({"adm_time": None}, []),
    "newborn": (newborn(), [("QC-503", "nwb_bir_wt", "3", "warn")]),
    "newborn_28": (newborn(age_days=28), [("QC-503", "nwb_bir_wt", "28", "warn")]),
    "infant_29": (newborn(age_days=29), []),
    "newborn_by_birth": (newborn(age_days=None), [("QC-503", "nwb_bir_wt", "3", "warn")]),
    "age_days_0_of_an_adult": ({"age_days": 0}, []),
    "repeated_codes": (
        {
            "diseinfo": [
                diagnosis("K80.101", "1"),
                diagnosis("K80.101"),
                diagnosis("I10.x00"),
                diagnosis("I10.x00"),
                diagnosis("I10.x00"),
                diagnosis("E11.900"),
            ]
        },
        [("QC-701", "diag_code", "K80.101", "warn"), ("QC-701", "diag_code", "I10.x00", "warn")],
    ),
    "repeated_list": ({}, [("QC-702", "setl_id", "repeated_list", "block")]),
    "prostate_of_a_woman": (
        {"gend": "2", "diseinfo": [diagnosis("N40.x00", "1")]},
        [("QC-801", "diag_code", "N40.x00", "block")],
    ),
    "breast_of_a_woman": ({"gend": "2", "diseinfo": [diagnosis("N60.100", "1"), diagnosis("N40.x00")]}, []),
    "birth_of_a_man": (
        {"diseinfo": [diagnosis("O80.000", "1")]},
        [("QC-802", "diag_code", "O80.000", "block")],
    ),
    "hernia_of_a_man": ({"diseinfo": [diagnosis("K40.900", "1")]}, []),
    "items_differ": (
        {"iteminfo": [{"med_chrgitm_type": "06", "item_sumamt_fen": 99_998}]},
        [("QC-901", "medfee_sumamt", "1000.00/999.98", "warn")],
    ),
    "no_items": ({"iteminfo": []}, []),
    "items_not_delivered": ({"iteminfo": None}, []),
    "parts_differ": (
        {"psn_pay_fen": 39_998},
        [("QC-902", "medfee_sumamt", "1000.00/999.98", "warn")],
    ),
    "parts_too_much": (
        {"payinfo": None, "fund_fen": 60_002},
        [("QC-902", "medfee_sumamt", "1000.00/1000.02", "warn")],
    ),
    "other_funds_not_delivered": ({"payinfo": None, "fund_fen": 50_000}, []),
    "personal_part_unknown": ({"psn_pay_fen": None}, []),
    "negative": (
        {"medfee_sumamt_fen": -5, "iteminfo": None, "payinfo": None, "fund_fen": -10, "psn_pay_fen": 5},
        [("QC-904", "medfee_sumamt", "-0.05", "warn"), ("QC-904", "psn_pay", "0.05", "warn")],
    ),
    "huge": (
        {
            "medfee_sumamt_fen": 9_223_372_036_854_775_807,
            "iteminfo": [{"med_chrgitm_type": "06", "item_sumamt_fen": 9_223_372_036_854_775_807}] * 2,
            "payinfo": None,
            "fund_fen": 0,
        },
        [],
    ),
    "unreadable": (
        {"unreadable": [{"field": "icu_hours", "value": "3h"}, {"field": "brdy", "value": "2025-02-30"}]},
        [("QC-991", "icu_hours", "3h", "warn"), ("QC-991", "brdy", "2025-02-30", "block")],
    ),
    "unreadable_not_given": ({"unreadable": None}, []),
    "unknown_hospital": ({"fixmedins_code": "H1"}, [("QC-992", "fixmedins_code", "H1", "block")]),
    "not_payable": (
        {"medfee_sumamt_fen": None, "fund_fen": None, "setl_time": None},
        [
            ("QC-993", "setl_time", "", "block"),
            ("QC-993", "medfee_sumamt", "", "block"),
            ("QC-993", "fund_pay_sumamt", "", "block"),
        ],
    ),
}


def flags() -> dict[str, Any]:
    first = F.get("diseinfo", F.lit(0))["diag_code"]
    return {
        "principal_known": ~F.coalesce(first.startswith("X00"), F.lit(False)),
        "repeated": F.col("setl_id") == "repeated_list",
        "hospital_known": F.when(F.col("fixmedins_code") == "H99010000001", F.lit(True)),  # null: not known
    }


@pytest.fixture(scope="module")
def results(spark: SparkSession) -> tuple[dict[str, list[Any]], dict[str, str]]:
    """Findings and block reasons by case, from one job each."""
    rows = [{**sound_list(), **change, "setl_id": name} for name, (change, _) in CASES.items()]
    lists = spark.createDataFrame([tuple(row[name] for name in LISTS.schema.names) for row in rows], LISTS.schema)
    rules = load_rules()
    checked = with_occurrences(lists, rules, **flags())
    found: dict[str, list[Any]] = {name: [] for name in CASES}
    for row in findings(checked, rules).collect():
        found[row.setl_id].append(row)
    blocked = {row.setl_id: row.why for row in checked.select("setl_id", block_reason(rules).alias("why")).collect()}
    return found, blocked


@pytest.mark.parametrize("name", CASES)
def test_what_is_found(results: tuple[dict[str, list[Any]], dict[str, str]], name: str) -> None:
    found, blocked = results
    expected = CASES[name][1]
    assert [(row.rule, row.field, row.value, row.severity) for row in found[name]] == expected
    assert blocked[name] == next((rule for rule, _, _, severity in expected if severity == "block"), "")
    assert all(row.message and "{" not in row.message for row in found[name])


def test_every_rule_is_data_and_is_tried() -> None:
    assert list(load_rules()) == list(RULES)
    assert {rule for _, expected in CASES.values() for rule, *_ in expected} == set(RULES)


def test_messages_are_chinese_and_name_the_value(results: tuple[dict[str, list[Any]], dict[str, str]]) -> None:
    found, _ = results
    assert found["unknown_main"][0].message == "主要诊断代码 X00.000 不在所用分组方案与医保版ICD-10内，请核对编码"
    assert found["unreadable"][1].message.startswith("字段 brdy 的值 2025-02-30 无法识别")


def test_findings_fit_the_table_and_flags_may_be_left_out(spark: SparkSession) -> None:
    row = {**sound_list(), "setl_id": "1", "dscg_way": None}
    lists = spark.createDataFrame([tuple(row[name] for name in LISTS.schema.names)], LISTS.schema)
    found = check_lists(lists)
    assert found.columns == [name for name in FINDINGS.columns if name != "run_id"]
    assert [one.rule for one in found.collect()] == ["QC-105"]


def test_code_pattern() -> None:
    pattern = re.compile(code_pattern(["C60-C63", "D07.4-D07.6", "N40"]))
    assert all(pattern.match(code) for code in ("C60.900", "C63", "D07.400", "D07.6", "N40.x00"))
    assert not any(pattern.match(code) for code in ("C64.x00", "C59", "D07.300", "D07x400", "D074", "XN40"))


@pytest.mark.parametrize("bad", ["C63-C60", "C6-D7", "60-63", "C60-C630", "c60", ""])
def test_code_pattern_refuses(bad: str) -> None:
    with pytest.raises(InputProblem, match="is no ICD-10 beginning or range"):
        code_pattern([bad])


RULE = "since: 2020-01-01\nrules:\n  {id}:\n    kind: k\n    severity: {severity}\n    field: f\n    text: t\n{more}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            RULE.format(id="QC-000", severity="warn", more="    source: s\n"),
            "QC-000 has no expression; known are QC-101",
        ),
        (RULE.format(id="QC-101", severity="bad", more="    source: s\n"), "QC-101: severity = 'bad'; known are block"),
        (RULE.format(id="QC-101", severity="warn", more=""), r"QC-101: missing text \['source'\]"),
        (RULE.format(id="QC-101", severity="warn", more="    source: s\n    when: w\n"), r"unknown fields \['when'\]"),
        (
            RULE.format(id="QC-101", severity="warn", more="    source: s\n    params: {a: 1}\n"),
            "QC-101: a = 1; every parameter has unit and value",
        ),
        ("rules: {}\n", "is a mapping with since and rules"),
    ],
)
def test_a_broken_rule_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputProblem, match=said):
        load_rules(file)


def test_a_missing_parameter_is_named(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(RULE.format(id="QC-302", severity="warn", more="    source: s\n"), encoding="utf-8")
    with pytest.raises(InputProblem, match="QC-302 needs params: lowest with unit and value"):
        load_rules(file)["QC-302"].param("lowest")
