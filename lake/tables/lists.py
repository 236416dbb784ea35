"""Settlement lists (医保结算清单): as they land (all text) and as they are kept (typed)."""

from __future__ import annotations

from pyspark.sql.types import (
    ArrayType,
    DataType,
    DateType,
    DecimalType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from lake.tables.base import Table, column

TEXT = StringType()


def _node(fields: tuple[tuple[str, DataType], ...]) -> ArrayType:
    return ArrayType(StructType([StructField(name, kind) for name, kind in fields]))


# Main fields (setlinfo) by their national names, beside ours: upload_date (day of dcla_time), special_cost (特需),
# recognition (互认, 002 §38), new_tech (新技术, 002 §23), icu_hours (sum of icuinfo), fund_pay_sumamt (SETL_D).
_TEXT_FIELDS = (
    "setl_id",
    "fixmedins_code",
    "insu_admdvs",
    "insutype",
    "psn_no",
    "gend",
    "brdy",
    "age",
    "age_days",
    "nwb_bir_wt",
    "adm_time",
    "dscg_time",
    "act_ipt_days",
    "dscg_way",
    "setl_time",
    "upload_date",
    "medfee_sumamt",
    "special_cost",
    "fund_pay_sumamt",
    "psn_pay",
    "icu_hours",
    "recognition",
    "new_tech",
)

# One row: a settlement list as it was delivered. Every leaf is text, so that no delivery is refused for one bad cell.
LANDING = StructType(
    [StructField(name, TEXT) for name in _TEXT_FIELDS]
    + [
        StructField(
            "diseinfo",
            _node((("diag_type", TEXT), ("maindiag_flag", TEXT), ("diag_code", TEXT), ("adm_cond_type", TEXT))),
        ),
        StructField("oprninfo", _node((("main_oprn_flag", TEXT), ("oprn_oprt_code", TEXT), ("oprn_oprt_date", TEXT)))),
        StructField("iteminfo", _node((("med_chrgitm_type", TEXT), ("item_sumamt", TEXT)))),
        StructField("payinfo", _node((("fund_pay_type", TEXT), ("fund_payamt", TEXT)))),
    ]
)

# A delivery may leave these out. They decide who is raised for TCM and what is day care (002 §12, §14), no more.
LANDING_ALSO = StructType([StructField("dscg_caty", TEXT), StructField("ipt_med_type", TEXT)])

_LIST_FIELDS = [
    column("setl_id", TEXT, "结算ID"),
    column("fixmedins_code", TEXT, "定点医药机构编号"),
    column("insu_admdvs", TEXT, "参保地 (admdvs)"),
    column("insutype", TEXT, "险种: 310 职工, 390 居民"),
    column("psn_no", TEXT, "人员编号"),
    column("gend", TEXT, "性别: 1 男, 2 女"),
    column("brdy", DateType(), "出生日期"),
    column("age", DecimalType(4, 1), "年龄, years"),
    column("age_days", IntegerType(), "不足1周岁年龄, days"),
    column("nwb_bir_wt", DecimalType(8, 2), "新生儿出生体重, g"),
    column("adm_time", TimestampType(), "入院时间"),
    column("dscg_time", TimestampType(), "出院时间"),
    column("act_ipt_days", IntegerType(), "实际住院天数"),
    column("dscg_way", TEXT, "离院方式"),
    column("dscg_caty", TEXT, "出院科别 (CT08.00.002)"),
    column("ipt_med_type", TEXT, "住院医疗类型: 1 住院, 2 日间手术"),
    column("setl_time", DateType(), "结算日期"),
    column("upload_date", DateType(), "清单上传日期"),
    column("medfee_sumamt_fen", LongType(), "医疗总费用, fen"),
    column("special_cost_fen", LongType(), "特需费用, fen (002 §39)"),
    column("fund_fen", LongType(), "统筹基金支出, fen"),
    column("psn_pay_fen", LongType(), "个人支付, fen"),
    column("icu_hours", DecimalType(8, 2), "重症监护合计, hours"),
    column("recognition", IntegerType(), "1: 检查检验结果互认 (002 §38)"),
    column("new_tech", IntegerType(), "1: 新技术 (002 §23)"),
    column(
        "diseinfo",
        _node((("diag_type", TEXT), ("maindiag_flag", TEXT), ("diag_code", TEXT), ("adm_cond_type", TEXT))),
        "住院诊断信息",
    ),
    column(
        "oprninfo",
        _node((("main_oprn_flag", TEXT), ("oprn_oprt_code", TEXT), ("oprn_oprt_date", DateType()))),
        "手术操作信息",
    ),
    column("iteminfo", _node((("med_chrgitm_type", TEXT), ("item_sumamt_fen", LongType()))), "收费项目信息, fen"),
    column("payinfo", _node((("fund_pay_type", TEXT), ("fund_payamt_fen", LongType()))), "基金支付信息, fen"),
    column(
        "unreadable",
        ArrayType(StructType([StructField("field", TEXT), StructField("value", TEXT)])),
        "cells that did not parse, as delivered",
    ),
]

_SLICE = [
    column("run_id", TEXT, "calculation that wrote the row"),
    column("area", TEXT, "treating area (就医地统筹区)"),
    column("month", TEXT, "settlement month YYYY-MM"),
]

LISTS = Table(
    name="lists",
    grain="one settlement list: the newest accepted version of a setl_id",
    keys=("setl_id",),
    schema=StructType(_LIST_FIELDS + _SLICE),
    partition_by=("area", "month"),
    per_case=True,
)

LISTS_SUPERSEDED = Table(
    name="lists_superseded",
    grain="an older version of a list, or a repeat of it",
    keys=("setl_id", "upload_date"),
    schema=StructType(_LIST_FIELDS + _SLICE),
    partition_by=("area", "month"),
    per_case=True,
)
