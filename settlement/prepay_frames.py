"""The frames of prepayment (预付金): what it is decided on, and what comes out. Money is fen."""

from __future__ import annotations

from pyspark.sql.types import DataType, DecimalType, IntegerType, LongType, StringType, StructField, StructType

from settlement.frames import RATIO

MONTHS_COVERED = DecimalType(38, RATIO.scale)


def _field(name: str, kind: DataType, comment: str, nullable: bool = False) -> StructField:
    return StructField(name, kind, nullable, {"comment": comment})


def _money(name: str, comment: str) -> StructField:
    return _field(name, LongType(), f"{comment}, fen")


_AREA = _field("area", StringType(), "统筹区")
_HOSPITAL = _field("fixmedins_code", StringType(), "定点医药机构编号")
_INSURANCE = _field("insutype", StringType(), "险种: 310 职工, 390 居民")
_YEAR = _field("year", IntegerType(), "year for which money is paid in advance")

# One row: a month of a fund (统筹基金). Key: area, insutype, month.
FUNDS = StructType(
    [
        _AREA,
        _INSURANCE,
        _field("month", StringType(), "YYYY-MM"),
        _money("income_fen", "基金收入"),
        _money("spending_fen", "基金支出"),
        _money("balance_fen", "累计结余 at the end of the month"),
    ]
)

# One row: an application for prepayment. Key: fixmedins_code, insutype. Marks from 0 to 1.
APPLICATIONS = StructType(
    [
        _HOSPITAL,
        _INSURANCE,
        _field("management", RATIO, "管理规范"),
        _field("credit", RATIO, "信用"),
        _field("policy", RATIO, "医保政策落地"),
        _field("tracing", RATIO, "药品耗材追溯码采集上报"),
    ]
)
MARKS = ("management", "credit", "policy", "tracing")

# One row: what an area can pay in advance (预付金基础规模). Key: area, insutype. Without a row there is no limit.
SCALES = StructType([_AREA, _INSURANCE, _money("amount_fen", "预付金规模")])

# One row: a hospital's last year. Key: fixmedins_code, insutype.
LAST_YEAR = StructType(
    [
        _HOSPITAL,
        _INSURANCE,
        _money("settled_fen", "months and clearing of last year"),
        _money("fund_fen", "统筹基金支出 of last year, by item"),
    ]
)

# One row: what a month pays a hospital. Key: fixmedins_code, insutype, month.
PAYMENTS = StructType([_HOSPITAL, _INSURANCE, _field("month", StringType(), "YYYY-MM"), _money("paid_fen", "paid")])

# One row: whether a fund may pay in advance. Key: area, insutype, year.
PREPAY_TESTS = StructType(
    [
        _AREA,
        _INSURANCE,
        _YEAR,
        _field("as_of", StringType(), "month YYYY-MM that the test was made at"),
        _money("balance_fen", "累计结余"),
        _money("spending_fen", "spending of the twelve months that the balance is measured by"),
        _field("months", MONTHS_COVERED, "可支付月数; missing where nothing was spent", nullable=True),
        _field("months_needed", RATIO, "不低于; missing where the policy has none", nullable=True),
        _money("last_year_fen", "当期结余 of last year: income less spending"),
        _money("forecast_fen", "12个月滚动测算: income less spending of the last 12 months"),
        _field("outcome", StringType(), "eligible, incomplete, no_rule, balance, last_year_deficit, forecast_deficit"),
    ]
)

# One row: an application and what became of it. Key: fixmedins_code, insutype, year.
PREPAYMENTS = StructType(
    [
        _AREA,
        _HOSPITAL,
        _INSURANCE,
        _YEAR,
        _field("place", IntegerType(), "place in the order of preference of the area and insurance, from 1"),
        _field("score", DecimalType(38, RATIO.scale), "weighted sum of the marks"),
        _money("base_fen", "what a month is a twelfth of"),
        _money("amount_fen", "预付金, before the area's scale"),
        _money("paid_fen", "预付金, paid"),
        _field("outcome", StringType(), "paid, paid_in_part, scale_used_up, no_history, or why the fund may not pay"),
        _field("pay_by", StringType(), "last day for the payment (一季度前), YYYY-MM-DD"),
    ]
)

# One row: what is set against a month's payment (冲抵). Key: fixmedins_code, insutype, month.
RECOVERIES = StructType(
    [
        _AREA,
        _HOSPITAL,
        _INSURANCE,
        _YEAR,
        _field("month", StringType(), "YYYY-MM"),
        _money("payment_fen", "the month's payment"),
        _money("offset_fen", "set against it"),
    ]
)

# One row: a hospital in the year-end publication (年底公布). Key: fixmedins_code, insutype, year.
PUBLICATION = StructType(
    [
        _AREA,
        _HOSPITAL,
        _INSURANCE,
        _YEAR,
        _money("paid_fen", "预付金"),
        _money("offset_fen", "冲抵结算金额"),
        _money("returned_fen", "年底前交回支出户"),
    ]
)
