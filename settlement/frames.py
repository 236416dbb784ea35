"""The frames that the settlement works on: explicit schemas, one idea of money (integer fen).

They are the same whether the rows come from the lake or from a province's files. Grain and keys stand at each schema.
Policy values come beside them as `Policy` objects by area (settlement/policy.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql.types import DateType, DecimalType, IntegerType, LongType, StringType, StructField, StructType

from settlement.case_rules import CaseRules

RATIO = DecimalType(18, 6)
SET_POINTS = DecimalType(18, 8)
VALUE = DecimalType(38, 12)  # an element's value: points, coefficients, means in yuan, counts, flags


def _field(name: str, kind: object, comment: str, nullable: bool = False) -> StructField:
    return StructField(name, kind, nullable, {"comment": comment})  # type: ignore[arg-type]


# One row: a hospital (定点医药机构). Key: fixmedins_code.
HOSPITALS = StructType(
    [
        _field("fixmedins_code", StringType(), "定点医药机构编号"),
        _field("area", StringType(), "treating area (就医地统筹区), admdvs"),
        _field("level", IntegerType(), "3 三级, 2 二级及以下, 1 基层"),
        _field("suspended", IntegerType(), "1: agreement suspended in the year (002 §34.4)"),
        _field("assessment", RATIO, "考核系数 (002 §33)"),
        _field("deposit_return", RATIO, "share of the deposit that is returned (002 §34)"),
        _field("score", RATIO, "年终评价得分 (002 §32(四), OP-56); missing: none", nullable=True),
    ]
)

# One row: a case of the history years. No key (files give none).
HISTORY = StructType(
    [
        _field("fixmedins_code", StringType(), "定点医药机构编号"),
        _field("year", IntegerType(), "year of settlement"),
        _field("drg", StringType(), "DRG group; empty: not grouped", nullable=True),
        _field("cost_fen", LongType(), "医疗总费用, fen"),
        _field("special_cost_fen", LongType(), "特需 cost, fen (002 §39)"),
    ]
)

# One row: a base group (基础病组) of an area. Key: area, drg.
BASE_GROUPS = StructType([_field("area", StringType(), "treating area"), _field("drg", StringType(), "DRG group")])

# One row: a core element (核心要素). Key: area, kind, drg, level, fixmedins_code (empty text / null where not used).
ELEMENTS = StructType(
    [
        _field("area", StringType(), "treating area"),
        _field(
            "kind",
            StringType(),
            "all_mean, benchmark_points, group_mean, level_mean, level_coefficient, mean_days, ...",
        ),
        _field("drg", StringType(), "DRG group", nullable=True),
        _field("level", IntegerType(), "level of institution", nullable=True),
        _field("fixmedins_code", StringType(), "hospital, for add-ons", nullable=True),
        _field("value", VALUE, "points, coefficient, yuan, count or flag"),
    ]
)

# One row: a settlement case. Key: setl_id.
CASES = StructType(
    [
        _field("setl_id", StringType(), "结算ID"),
        _field("fixmedins_code", StringType(), "定点医药机构编号"),
        _field("insu_admdvs", StringType(), "参保地"),
        _field("insutype", StringType(), "险种: 310 职工, 390 居民"),
        _field("setl_date", DateType(), "settlement date"),
        _field("dscg_date", DateType(), "discharge date"),
        _field("upload_date", DateType(), "upload date of the list"),
        _field("drg", StringType(), "DRG group; null: not grouped", nullable=True),
        _field("cost_fen", LongType(), "医疗总费用, fen"),
        _field("special_cost_fen", LongType(), "特需 cost, fen"),
        _field("fund_fen", LongType(), "统筹基金支出, fen"),
        _field("recognition", IntegerType(), "1: 检查检验结果互认 (002 §38)"),
        _field("new_tech", IntegerType(), "1: new technique (002 §23)"),
    ]
)

# One row: what the rules of single cases ask of a stay (settlement/case_rules.py). A case may have none. Key: setl_id.
STAYS = StructType(
    [
        _field("setl_id", StringType(), "结算ID"),
        _field("days", IntegerType(), "days from admission to discharge; missing: not known", nullable=True),
        _field("tcm_cost_fen", LongType(), "中医药治疗费用, fen"),
        _field("tcm_place", IntegerType(), "1: TCM institution or TCM department (002 §12)"),
        _field("day_care", IntegerType(), "1: delivered as day care (日间)"),
    ]
)

# One row: an application for special-case review (特例单议). Key: setl_id.
REVIEWS = StructType(
    [
        _field("setl_id", StringType(), "结算ID"),
        _field("applied_on", DateType(), "date of application"),
        _field("decision", StringType(), "passed, refused"),
        _field("points", SET_POINTS, "重新核定点数: points that the review set (special_review.pay)", nullable=True),
    ]
)

# One row: a budget. Key: area, insutype, period (YYYY-MM or YYYY).
BUDGETS = StructType(
    [
        _field("area", StringType(), "treating area"),
        _field("insutype", StringType(), "险种"),
        _field("period", StringType(), "YYYY-MM or YYYY"),
        _field("amount_fen", LongType(), "fen"),
    ]
)

# One row: audit deductions (审核扣款) of a hospital in a month. Key: fixmedins_code, insutype, month.
AUDIT = StructType(
    [
        _field("fixmedins_code", StringType(), "定点医药机构编号"),
        _field("insutype", StringType(), "险种"),
        _field("month", StringType(), "YYYY-MM"),
        _field("amount_fen", LongType(), "fen"),
    ]
)

# One row: a day that departs from the Monday-to-Friday rule. Key: date.
CALENDAR = StructType([_field("date", DateType(), "day"), _field("working", IntegerType(), "1 works, 0 does not")])


@dataclass(frozen=True)
class StaysByRule:
    """What the rules of single cases need beside the cases: the stays and, by treating area, the values."""

    stays: DataFrame  # STAYS
    rules: Mapping[str, CaseRules]


@dataclass(frozen=True)
class ProvinceFrames:
    """The inputs of a province, all areas together. An input that a province does not have is an empty frame."""

    hospitals: DataFrame  # HOSPITALS
    history: DataFrame  # HISTORY
    base_groups: DataFrame  # BASE_GROUPS
    elements: DataFrame  # ELEMENTS, as measured
    elements_given: DataFrame  # ELEMENTS, negotiated; they go over the measured ones
    cases: DataFrame  # CASES
    reviews: DataFrame  # REVIEWS
    budgets: DataFrame  # BUDGETS
    audit: DataFrame  # AUDIT
    calendar: DataFrame  # CALENDAR
