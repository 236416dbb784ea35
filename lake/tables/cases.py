"""Cases: the narrow form of a list that every calculation reads. Ids instead of code strings, money in fen."""

from __future__ import annotations

from pyspark.sql.types import (
    ArrayType,
    DateType,
    DecimalType,
    IntegerType,
    LongType,
    StringType,
    StructType,
)

from lake.tables.base import Table, column

CASES = Table(
    name="cases",
    grain="one case: the list of a setl_id, ready for grouping and settlement",
    keys=("setl_id",),
    schema=StructType(
        [
            column("setl_id", StringType(), "结算ID"),
            column("fixmedins_code", StringType(), "定点医药机构编号"),
            column("insu_admdvs", StringType(), "参保地"),
            column("insutype", StringType(), "险种"),
            column("setl_date", DateType(), "settlement date (结算时间)"),
            column("dscg_date", DateType(), "discharge date (出院时间)"),
            column("upload_date", DateType(), "upload date"),
            column("sex", IntegerType(), "1 male, 2 female"),
            column("age", DecimalType(4, 1), "years"),
            column("age_days", IntegerType(), "days, under one year"),
            column("birth_weight", DecimalType(8, 2), "g"),
            column("los", IntegerType(), "length of stay, days"),
            column("discharge_way", IntegerType(), "离院方式"),
            column("icu_hours", DecimalType(8, 2), "hours in intensive care"),
            column("principal_id", IntegerType(), "principal diagnosis, id in codes (DI); 0: none"),
            column("other_ids", ArrayType(IntegerType(), False), "other diagnoses in order, ids (DI)"),
            column("procedure_ids", ArrayType(IntegerType(), False), "procedures, the principal one first, ids (OP)"),
            column("cost_fen", LongType(), "医疗总费用, fen"),
            column("special_cost_fen", LongType(), "特需, fen"),
            column("fund_fen", LongType(), "统筹基金支出, fen"),
            column("recognition", IntegerType(), "1: 互认"),
            column("new_tech", IntegerType(), "1: 新技术"),
            column("blocked", StringType(), "rule of a finding that forbids grouping; empty: none"),
            column("run_id", StringType(), "calculation that wrote the row"),
            column("area", StringType(), "treating area"),
            column("month", StringType(), "settlement month YYYY-MM"),
        ]
    ),
    partition_by=("area", "month"),
    per_case=True,
)
