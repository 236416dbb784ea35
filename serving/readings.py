"""What an area reads otherwise than usual in months and year, in Chinese for the explanations of its workbooks.

One line for each value that is not the usual one (settlement/readings.py); the usual ones are in the sheets' own notes.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Values = Mapping[str, Any]  # policy values by key, as they were published

_NOTES: tuple[tuple[str, Any, str, str], ...] = (
    ("month.carry_before_test", False, "月度滚存", "先比较预算与基金发生额，再加上月滚存：可用预算可高于发生额"),
    ("month.carry_year_end", "next_year", "年末滚存", "上年12月的滚存余额并入本年1月"),
    ("deposit.base", "amount", "质量保证金基数", "预结算金额"),
    ("deposit.base", "fund", "质量保证金基数", "统筹基金发生额"),
    ("month.negative", "year_end", "月度负数", "当月为负的不拨付，不结转下月，由年度清算结算"),
    ("month.negative", "paid_back", "月度负数", "当月为负的由医疗机构当月退回，实际拨付为负数"),
    ("reserve.single_fund", False, "超支分担来源", "单列的年度风险储备金，由统筹基金支付；区域调节金全部用于二次分配"),
    ("deficit.over_limit", "primary_first", "超支分担限额", "总额超限时先基层，再二级及以下，后三级"),
    ("clearing.surplus_term", "plus_kept", "结余留用", "按公式加上可留用的结余：“结余不留用”为负数，即加上的部分"),
    ("ratio.fund_net_of_violations", False, "支付比", "统筹基金发生额不扣审核扣款"),
    ("suspension.effect", "no_shares", "中止协议", "封顶线同其他机构；结余不留用，超支不分担"),
    ("cap.excess_to", "second_distribution", "封顶线以上", "转入区域调节金，用于二次分配"),
    ("assessment.neutral", True, "考核调整", "只在医疗机构之间调整，全市合计为零"),
    ("new_tech.base", "cost", "新技术补偿基数", "医疗总费用（不含特需）"),
    ("second_distribution.key", "points", "二次分配依据", "点数"),
    ("second_distribution.key", "amount", "二次分配依据", "应结算金额（经前序各项调整）"),
    ("second_distribution.capped", True, "二次分配范围", "含超过封顶线的医疗机构"),
    ("clearing.negative", "next_payments", "清算为负", "应退金额抵扣下一年的月度拨付"),
)


def reading_notes(values: Values) -> list[tuple[str, str]]:
    """Title and text of what the area reads otherwise than usual."""
    found = [(title, text) for key, value, title, text in _NOTES if values.get(key) == value]
    limits = [
        f"{title}{values[key]}"
        for key, title in (("assessment.min", "不低于"), ("assessment.max", "不高于"))
        if values.get(key, "none") != "none"
    ]
    steps = [f"{row['score']}分起返还{_percent(row['share'])}" for row in values.get("deposit.return_table", ())]
    found += [("考核系数上下限", "，".join(limits))] if limits else []
    return found + ([("质量保证金返还档次", "，".join(steps))] if steps else [])


def payment_note(values: Values) -> str:
    """How a month's payment comes about."""
    least = "" if values.get("month.negative") == "paid_back" else "，不为负"
    return f"实际拨付＝按比例应付−质量保证金−审核扣款＋上月结转{least}"


def returned_share(own: Mapping[str, Any], values: Values) -> Decimal | None:
    """The share of its deposits that a hospital gets back: by its score where area and hospital have one (OP-56)."""
    steps, score = values.get("deposit.return_table", ()), own.get("score")
    if not steps or score is None:
        return own["deposit_return"]
    reached = [Decimal(str(row["share"])) for row in steps if Decimal(str(row["score"])) <= score]
    return reached[-1] if reached else Decimal(0)


def _percent(share: Any) -> str:
    return f"{(Decimal(str(share)) * 100).normalize():f}%"
