"""The frames that the settlement gives: explicit schemas. Money is fen; points and values are decimals.

They hold the columns of the six tables of a settled province, and beside them the treating area and the year where
those do not follow from the key, so that a store can replace one area's slice.
"""

from __future__ import annotations

from pyspark.sql.types import DataType, DecimalType, IntegerType, LongType, StringType, StructField, StructType

from settlement.frames import RATIO, VALUE

CASE_POINT = DecimalType(18, 8)
POINTS = DecimalType(28, 8)


def _field(name: str, kind: DataType, comment: str, nullable: bool = False) -> StructField:
    return StructField(name, kind, nullable, {"comment": comment})


def _money(*rows: tuple[str, str]) -> list[StructField]:
    return [_field(name, LongType(), f"{comment}, fen") for name, comment in rows]


_AREA = _field("area", StringType(), "treating area (就医地统筹区)")
_HOSPITAL = _field("fixmedins_code", StringType(), "定点医药机构编号")
_INSURANCE = _field("insutype", StringType(), "险种")
_YEAR = _field("year", IntegerType(), "year of settlement")
_POINTS = _field("points", POINTS, "points, at the places of the policy")
_SUMS = _money(("cost_fen", "cost without 特需"), ("fund_fen", "统筹基金支出"))

# One row: a scored case. Key: setl_id.
CASE_POINTS = StructType(
    [
        _field("setl_id", StringType(), "结算ID"),
        _field("scope", StringType(), "local, in_province, cross_province"),
        _field("class", StringType(), "class of the case (002 §19)"),
        _field("points", CASE_POINT, "points, at the places of the policy"),
        _field("in_month", IntegerType(), "1: counts in its month"),
        _field("in_year", IntegerType(), "1: counts in its year"),
        _field(
            "review", StringType(), "passed, refused, over_quota, no_ground; missing where none counts", nullable=True
        ),
        _AREA,
        _HOSPITAL,
        _field("insu_admdvs", StringType(), "参保地"),
        _INSURANCE,
        _YEAR,
        _field("month", StringType(), "month of settlement, YYYY-MM"),
        _field("drg", StringType(), "DRG group; null: not grouped", nullable=True),
        *_SUMS,
        _field("uplift", CASE_POINT, "points that the year's clearing adds (中治率, 002 §12)"),
        _field(
            "pay_month", StringType(), "month that it counts in, YYYY-MM; null: month (OP-15, OP-50)", nullable=True
        ),
    ]
)

# One row: a period of a pool. Key: area, insutype, period.
POOLS = StructType(
    [
        _AREA,
        _INSURANCE,
        _YEAR,
        _field("period", StringType(), "YYYY-MM or YYYY"),
        _field("cases", LongType(), "cases that count in the period"),
        _POINTS,
        *_SUMS,
        *_money(
            ("budget_fen", "budget of the period"),
            ("budget_used_fen", "what the hospitals share"),
            ("carried_or_reserve_fen", "month: carried to the next; year: the reserve (区域调节金)"),
        ),
        _field("value", VALUE, "每点费用 of its own cases, yuan a point; missing without points", nullable=True),
        *_money(("residue_fen", "budget used less amounts: rounding, or what a common value moves (OP-03)")),
    ]
)

# One row: a month of a hospital: its own cases, and what is booked in it of closed months (`MONTH_CORRECTIONS`).
# Key: fixmedins_code, insutype, month.
HOSPITAL_MONTH = StructType(
    [
        _AREA,
        _HOSPITAL,
        _INSURANCE,
        _YEAR,
        _field("month", StringType(), "YYYY-MM"),
        _POINTS,
        *_SUMS,
        *_money(
            ("amount_fen", "月度预结算费用, own and booked of closed months"),
            ("gross_fen", "amount by the monthly payment ratio, own and booked"),
            ("deposit_fen", "质量保证金, own and booked"),
            ("audit_fen", "审核扣款, own and booked"),
            ("brought_forward_fen", "negative rest of the month before; January: what the year before left (OP-54)"),
            ("paid_fen", "paid; negative: paid back (OP-49)"),
            ("carried_forward_fen", "negative rest for the next month"),
        ),
    ]
)

# One row: a correction of a closed month. Key: fixmedins_code, insutype, month, booked_in.
MONTH_CORRECTIONS = StructType(
    [
        _AREA,
        _HOSPITAL,
        _INSURANCE,
        _YEAR,
        _field("month", StringType(), "closed month that is corrected, YYYY-MM"),
        _field("booked_in", StringType(), "month that holds it, YYYY-MM; YYYY: all were closed, the year clears it"),
        _field("points", POINTS, "difference of points"),
        *_money(
            ("cost_fen", "difference of cost without 特需"),
            ("fund_fen", "difference of 统筹基金支出"),
            ("amount_fen", "difference of 月度预结算费用"),
            ("gross_fen", "difference of the amount by the monthly payment ratio"),
            ("deposit_fen", "difference of 质量保证金"),
            ("audit_fen", "difference of 审核扣款"),
        ),
    ]
)

# One row: a year of a hospital. Key: fixmedins_code, insutype, year.
HOSPITAL_YEAR = StructType(
    [
        _AREA,
        _HOSPITAL,
        _INSURANCE,
        _YEAR,
        _POINTS,
        *_SUMS,
        *_money(("amount_fen", "DRG统筹基金应结算金额")),
        _field("ratio", DecimalType(38, RATIO.scale), "DRG预清算支付比; missing where F' <= 0", nullable=True),
        *_money(
            ("cap_excess_fen", "above the cap, not paid (002 §34.2)"),
            ("surplus_not_kept_fen", "surplus that is not kept (002 §34.1); negative: kept and added (OP-51)"),
            ("deficit_share_fen", "deficit borne by the reserve or, apart from it, the fund (002 §34.3, OP-11)"),
            ("assessment_adjustment_fen", "考核系数调整资金 (002 §33)"),
            ("deposit_held_fen", "deposits of the months"),
            ("deposit_not_returned_fen", "质量保证金不予返还金额"),
            ("audit_fen", "年度审核扣款总额"),
            ("paid_fen", "月度已拨付金额"),
            ("clearing_fen", "年度DRG清算金额 (002 §34(五))"),
            ("new_technique_fen", "new techniques (002 §23)"),
            ("second_distribution_fen", "二次分配 (002 §9)"),
            ("final_fen", "to be paid, or negative: owed by the hospital"),
            ("negotiated_drugs_fen", "谈判药品补偿 that is part of final_fen (002 §37, negotiated_drug.in_final)"),
            ("new_technique_fund_fen", "统筹基金 of the new techniques, claimed beside fund_fen (002 §23)"),
            ("write_off_fen", "核销: fund claimed and neither refused in audit nor paid (002 §40)"),
            ("owed_before_fen", "what a negative final_fen of the year before left to owe, taken off here (OP-54)"),
        ),
    ]
)

# One row: what an insured area owes a treating area. Key: the first five columns.
MATRIX = StructType(
    [
        _field("insured_area", StringType(), "参保地"),
        _field("treating_area", StringType(), "就医地"),
        _INSURANCE,
        _field("scope", StringType(), "in_province, cross_province"),
        _field("period", StringType(), "YYYY-MM, YYYY, or YYYY-adjustment: the year less its months"),
        _field("cases", LongType(), "cases; 0 in an adjustment"),
        *_money(("amount_fen", "owed")),
    ]
)

# One row: an area's net position. Key: area.
NET = StructType([_field("area", StringType(), "area"), *_money(("amount_fen", "receives less owes"))])

# One row: a movement of money. Key: all columns before from_account. What moves nothing has no row.
LEDGER = StructType(
    [
        _field("area", StringType(), "treating area, whose settlement books the row"),
        _YEAR,
        _field("period", StringType(), "YYYY-MM, YYYY, or YYYY-adjustment"),
        _field("entry", StringType(), "kind of entry (分录), settlement/accounts.py"),
        _INSURANCE,
        _field("fixmedins_code", StringType(), "定点医药机构编号; null: no hospital's entry", nullable=True),
        _field("insu_admdvs", StringType(), "参保地, of entries between cities", nullable=True),
        _field("from_account", StringType(), "account that pays (付方), class:owner:insutype:year"),
        _field("to_account", StringType(), "account that receives (收方)"),
        *_money(("amount_fen", "what moves, above 0: the direction is in the accounts")),
        _field("article", StringType(), "article that the entry rests on"),
    ]
)
