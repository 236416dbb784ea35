"""The frames of the rules beside points and clearing, and of what they give. Money is fen; shares have 6 places."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DecimalType, IntegerType, LongType, StringType, StructField, StructType

from settlement.frames import RATIO

WIDE_RATIO = DecimalType(38, RATIO.scale)


def _field(name: str, kind: DataType, comment: str, nullable: bool = False) -> StructField:
    return StructField(name, kind, nullable, {"comment": comment})


def _text(name: str, comment: str) -> StructField:
    return _field(name, StringType(), comment)


def _money(name: str, comment: str, nullable: bool = False) -> StructField:
    return _field(name, LongType(), f"{comment}, fen", nullable)


def _flag(name: str, comment: str) -> StructField:
    return _field(name, IntegerType(), f"1: {comment}")


_AREA = _text("area", "treating area (就医地统筹区)")
_HOSPITAL = _text("fixmedins_code", "定点医药机构编号")
_INSURANCE = _text("insutype", "险种")
_CASE = _text("setl_id", "结算ID")
_DRG = _text("drg", "DRG group")
_YEAR = _field("year", IntegerType(), "year")

# One row: a case with its payment standard. Key: setl_id.
PRICED_CASES = StructType(
    [
        *(_CASE, _AREA, _INSURANCE, _HOSPITAL, _DRG),
        _text("class", "class of the case (002 §19)"),
        _money("cost_fen", "cost without 特需"),
        _money("standard_fen", "payment standard: points x value of a point"),
        _flag("tcm_advantage", "中医优势病种"),
        _flag("base_group", "基础病组"),
    ]
)

# One row: an ordinary case that shares. Key: setl_id.
CASE_SHARES = StructType(
    [
        *(_CASE, _AREA, _INSURANCE, _HOSPITAL),
        _money("given_fen", "surplus that goes into the pool"),
        _money("aid_fen", "deficit that the pool bears"),
    ]
)

# One row: what a case used of a drug. No key.
DRUG_ITEMS = StructType(
    [_CASE, _AREA, _INSURANCE, _HOSPITAL, _text("code", "drug code"), _money("amount_fen", "cost of the quantity used")]
)
DRUG_USES = StructType([_CASE, _text("code", "drug code"), _money("amount_fen", "cost of the quantity used")])
DRUG_COMPENSATION = StructType(
    [
        *(_CASE, _AREA, _INSURANCE, _HOSPITAL),
        _money("drug_fen", "cost of listed drugs"),
        _money("compensation_fen", "paid at the year's end"),
        _field("in_final", IntegerType(), "1: part of the hospital's final amount; 0: beside it"),
    ]
)

# One row: a hospital's pooled fund in two years. Key: fixmedins_code, insutype.
FUND_GROWTH = StructType(
    [
        *(_AREA, _INSURANCE, _HOSPITAL),
        _field("level", IntegerType(), "3 三级, 2 二级及以下, 1 基层"),
        _money("fund_fen", "住院统筹基金支出 of the year"),
        _money("last_fund_fen", "of the year before"),
    ]
)
GROWTH_RESULTS = StructType(
    [
        *(_AREA, _INSURANCE, _HOSPITAL),
        _field("growth", WIDE_RATIO, "增长率; missing without a last year", nullable=True),
        _field("benchmark", WIDE_RATIO, "基准值; missing without a last year", nullable=True),
        _money("adjustment_fen", "reward, or negative: restraint"),
    ]
)

# One row: an add-on that an institution applied for. Key: fixmedins_code, drg, ground.
ADD_ONS = StructType(
    [
        *(_AREA, _HOSPITAL, _DRG),
        _text("ground", "national, provincial, discipline, other (002 §18(二)1-4)"),
        _text("kind", "coefficient (added), points (rise of benchmark points)"),
        _field("value", RATIO, "add-on, or rise as a ratio"),
    ]
)
ADD_ON_FINDINGS = StructType(
    [
        *(_AREA, _HOSPITAL),
        _field("drg", StringType(), "DRG group; missing where all groups are meant", nullable=True),
        _field("ground", StringType(), "ground; missing where all are meant", nullable=True),
        _text("rule", "over_limit, kind_not_allowed, too_many_groups"),
        _field("value", WIDE_RATIO, "value or number found"),
        _field("most", WIDE_RATIO, "largest allowed", nullable=True),
    ]
)

# One row: what a budget is made of. Key: area, insutype, year.
BUDGET_INPUTS = StructType(
    [
        *(_AREA, _INSURANCE, _YEAR),
        _money("inpatient_fen", "I: inpatient pooled spending budget of the year"),
        _money("last_inpatient_fen", "I of last year"),
        _money("last_spending_fen", "A: by-disease pooled spending of last year"),
        _money("reserve_fen", "调节金"),
        _money("out_of_area_fen", "异地"),
        _money("other_fen", "cost not paid by disease"),
        _field("growth", RATIO, "growth of the trend method"),
        _money("last_total_fen", "distributable total of last year; missing in the first year", nullable=True),
    ]
)
BUDGET_RESULTS = StructType(
    [
        *(_AREA, _INSURANCE, _YEAR),
        _money("wanted_fen", "by the method"),
        _money("base_fen", "what growth is counted from", nullable=True),
        _money("budget_fen", "within the growth limit"),
        _field("growth_rate", WIDE_RATIO, "growth of the budget", nullable=True),
        _text("outcome", "within, capped, no_base"),
    ]
)

# One row: a hospital's cases of a group beside those of the region. Key: area, fixmedins_code, drg.
GROUP_FIGURES = StructType(
    [
        *(_AREA, _HOSPITAL, _DRG),
        _field("weight", DecimalType(18, 6), "权重: benchmark points ÷ 100"),
        *[
            _field(name, LongType(), comment)
            for name, comment in (
                ("cases", "cases of the hospital"),
                ("cost_fen", "their cost, fen"),
                ("days", "their days"),
                ("high_cases", "高倍率病例"),
                ("low_cases", "低倍率病例"),
                ("region_cases", "cases of the region"),
                ("region_cost_fen", "their cost, fen"),
                ("region_days", "their days"),
            )
        ],
    ]
)
INDICES = ("cmi", "cost_index", "time_index", "high_rate", "low_rate")
HOSPITAL_INDICES = StructType([_AREA, _HOSPITAL, *[_field(name, WIDE_RATIO, name) for name in INDICES]])

# One row: a group that qualifies as a base group, or is listed as one. Key: area, drg.
BASE_GROUP_FINDINGS = StructType(
    [
        *(_AREA, _DRG),
        _field("cases", LongType(), "cases of history"),
        _field("primary_cases", LongType(), "of them in primary institutions (基层)"),
        _field("share", WIDE_RATIO, "基层占比; missing without cases", nullable=True),
        _field("kept", LongType(), "cases that the first trimming keeps"),
        _field("cv_squared", WIDE_RATIO, "square of their CV (变异系数); missing where there is none", nullable=True),
        _flag("share_met", "the share is large enough"),
        _flag("cv_met", "the CV is low enough"),
        _flag("cases_met", "more cases are kept than stable.min_n"),
        _text("finding", "candidate (qualifies, not listed), listed (does not qualify), both"),
    ]
)

# One row: a hospital's year, and the one before (`last_`). Key: fixmedins_code.
_TWO_YEARS = (
    ("discharges", LongType(), "出院人次"),
    ("cost_fen", LongType(), "their cost without 特需, fen"),
    ("fund_fen", LongType(), "住院统筹基金 by item, fen"),
    ("weight_sum", WIDE_RATIO, "Σ weight of cases in groups that have one"),
    ("weighted_cases", LongType(), "their number"),
    ("person_visits", LongType(), "lists that name a person"),
    ("persons", LongType(), "the persons"),
    ("personal_fen", LongType(), "个人支付 of the lists that state it, fen"),
    ("personal_cost_fen", LongType(), "医疗总费用 of these lists, fen"),
)
ASSESSMENT_FIGURES = StructType(
    [
        *(_AREA, _HOSPITAL),
        *[_field(f"{prefix}{name}", kind, comment) for prefix in ("", "last_") for name, kind, comment in _TWO_YEARS],
    ]
)
ASSESSMENT_PROPOSALS = StructType(
    [
        *(_AREA, _HOSPITAL),
        *[
            _field(name, WIDE_RATIO, f"{word}: relative change; missing where a year has none", nullable=True)
            for name, word in (
                ("visits_per_person", "人次人头比"),
                ("discharges", "出院人次"),
                ("mean_cost", "次均费用"),
                ("personal_share", "个人负担比"),
                ("cmi", "CMI"),
                ("fund", "统筹基金按项目发生额"),
            )
        ],
        _field("coefficient", RATIO, "考核系数 that the changes speak for; missing: none", nullable=True),
        _text("outcome", "proposed, not_comparable, off"),
    ]
)

WEIGHT_PLACES = 6
WEIGHT = DecimalType(18, WEIGHT_PLACES)
# One row: a group's weight (权重) and what was negotiated. Key: area, drg.
WEIGHTS = StructType(
    [
        *(_AREA, _DRG),
        _field("weight", WEIGHT, "measured weight"),
        _field("proposed", WEIGHT, "negotiated weight; missing: not negotiated", nullable=True),
        _field("cases", LongType(), "cases of the group"),
    ]
)
WEIGHT_PROPOSALS = StructType([_AREA, _DRG, _field("proposed", WEIGHT, "negotiated weight")])
PAYMENT_WEIGHTS = StructType(
    [
        *(_AREA, _DRG),
        _field("weight", WEIGHT, "payment weight; missing where impossible", nullable=True),
        _text("outcome", "kept, off_total, impossible"),
    ]
)


def typed(frame: DataFrame, schema: StructType) -> DataFrame:
    """The columns of `schema` in its order and types."""
    return frame.select(*[F.col(field.name).cast(field.dataType).alias(field.name) for field in schema.fields])
