"""The money columns of a hospital's year and months: Chinese title and name, in the order in which people read them.

The names are the columns of `hospital_year` and `hospital_month` without `_fen`. Deductions are positive there.
"""

from __future__ import annotations

YEAR_MONEY = (
    ("医疗总费用", "cost"),
    ("统筹基金发生额", "fund"),
    ("应结算金额", "amount"),
    ("超封顶线不付", "cap_excess"),
    ("结余不留用", "surplus_not_kept"),
    ("超支分担", "deficit_share"),
    ("考核调整", "assessment_adjustment"),
    ("已扣质量保证金", "deposit_held"),
    ("保证金不返还", "deposit_not_returned"),
    ("审核扣款", "audit"),
    ("月度已拨付", "paid"),
    ("年度清算金额", "clearing"),
    ("新技术补偿", "new_technique"),
    ("二次分配", "second_distribution"),
    ("谈判药品补偿", "negotiated_drugs"),
    ("最终应拨付", "final"),
    ("新技术记账基金", "new_technique_fund"),
    ("核销", "write_off"),
)
# What the year before left to owe: of those who have it only.
OWED_MONEY = (("抵扣上年应退", "owed_before"),)
# Of a correction of a closed month: what the month comes to, less what was booked for it before.
CORRECTION_MONEY = (
    ("医疗总费用", "cost"),
    ("统筹基金发生额", "fund"),
    ("预结算金额", "amount"),
    ("按比例应付", "gross"),
    ("质量保证金", "deposit"),
    ("审核扣款", "audit"),
)
MONTH_MONEY = (
    *CORRECTION_MONEY,
    ("上月结转", "brought_forward"),
    ("实际拨付", "paid"),
    ("结转下月", "carried_forward"),
)
# Balances, not flows: a sum over months says nothing.
CARRIED = frozenset({"brought_forward", "carried_forward"})
