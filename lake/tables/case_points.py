"""Points of each case (病例点数) in one calculation, with the class that they came from."""

from __future__ import annotations

from pyspark.sql.types import DecimalType, IntegerType, LongType, StringType, StructType

from lake.tables.base import Table, column

CASE_POINTS = Table(
    name="case_points",
    grain="one case of a clearing year in the last calculation of its treating area",
    keys=("setl_id",),
    schema=StructType(
        [
            column("setl_id", StringType(), "结算ID"),
            column("fixmedins_code", StringType(), "定点医药机构编号"),
            column("insu_admdvs", StringType(), "参保地"),
            column("insutype", StringType(), "险种"),
            column("drg", StringType(), "病组; null: not grouped, or ambiguous"),
            column("scope", StringType(), "local 本地, in_province 省内异地, cross_province 跨省"),
            column("class", StringType(), "normal, high, low, unstable, blank, ... (002 §19)"),
            column("points", DecimalType(18, 8), "点数"),
            column("in_month", IntegerType(), "1: in the month's settlement (not late)"),
            column("in_year", IntegerType(), "1: in the year's clearing"),
            column("review", StringType(), "特例单议: passed, refused, over_quota, no_ground"),
            column("cost_fen", LongType(), "医疗总费用 less 特需, fen"),
            column("fund_fen", LongType(), "统筹基金支出, fen"),
            column("uplift", DecimalType(18, 8), "年度清算增加的点数 (中治率, 002 §12)"),
            column("pay_month", StringType(), "计入月份 YYYY-MM; null: month (OP-15, OP-50)"),
            column("set_id", StringType(), "parameter set"),
            column("scheme_version", StringType(), "fingerprint of the scheme"),
            column("run_id", StringType(), "calculation"),
            column("area", StringType(), "treating area"),
            column("month", StringType(), "settlement month YYYY-MM"),
        ]
    ),
    partition_by=("area", "month"),
    per_case=True,
)
