"""What an area reads otherwise than usual where the law is silent, in Chinese for the explanations of its workbooks.

One line for each value that is not the usual one (settlement/readings.py); the usual ones are in the sheets' own notes.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Values = Mapping[str, Any]  # policy values by key, as they were published

_NOTES: tuple[tuple[str, Any, str, str], ...] = (
    ("trim.middle_section.interp", "nearest", "中间区段法", "分位点取最近的名次"),
    ("trim.middle_section.inclusive", False, "中间区段法", "等于界值的费用也裁剪"),
    ("trim.median_after", "no_trimming", "非稳定病组中位费用", "按裁剪前的全部病例"),
    ("trim.all_mean_trimmed", False, "所有病组次均费用", "按裁剪前的全部病例"),
    ("level_coef.trimmed", False, "级别系数口径", "按裁剪前的全部病例"),
    ("level_coef.missing_rule", "highest", "缺失级别系数", "取各级别中的最高系数"),
    ("level_coef.missing_rule", "one", "缺失级别系数", "取1"),
    ("level_coef.clamp_missing", True, "缺失级别系数", "同样受级别系数上下限约束"),
    ("coef.combine", "multiply", "系数叠加", "级别系数 ×（1 + 医疗机构调节系数）"),
    ("coef.clamp_after_addons", True, "系数叠加", "叠加后的系数也受上下限约束"),
    ("outlier.ruler_period", "current_year", "倍率判定标准", "当年同级别次均费用"),
    ("outlier.ruler_missing", "group_mean", "倍率判定标准缺失", "取病组次均费用"),
    ("outlier.ruler_missing", "no_outliers", "倍率判定标准缺失", "不判定高、低倍率"),
    ("outlier.base_groups", False, "基础病组", "不判定高、低倍率"),
    ("recognition.pay_as", "low", "检查检验互认病例", "低倍率的按低倍率支付"),
    ("upload.count_from", "discharge_day", "清单上传时限", "出院当日为第一日"),
    ("upload.calendar", "weekdays", "清单上传时限", "按星期一至星期五计"),
    ("upload.calendar", "all_days", "清单上传时限", "按自然日计"),
    ("abnormal.exclude_amounts", False, "非正常数据", "医疗总费用和统筹基金发生额仍计入当月"),
    ("abnormal.year_end", "fee_for_service", "非正常数据", "年终在预算内按项目支付"),
    ("abnormal.year_end", "unpaid", "非正常数据", "年终不支付"),
    ("period.case_date", "discharge", "病例归属月份", "按出院日期"),
    ("month.no_data", "on_arrival", "迟传病例", "清单到达的月份结算"),
    ("special_review.count", "passed", "特例单议额度", "按通过例数计"),
    ("special_review.unit", "hospital", "特例单议额度", "按医疗机构计"),
    ("special_review.period", "month", "特例单议周期", "按月"),
    ("special_review.period", "half_year", "特例单议周期", "按半年"),
    ("special_review.period", "year", "特例单议周期", "按年"),
    ("special_review.pay", "by_item", "特例单议支付", "通过的病例在预算内按项目支付"),
    ("special_review.pay", "set_points", "特例单议支付", "通过的病例按评议核定的点数支付"),
    ("rounding.residue", "booked", "尾差", "各医疗机构分别四舍五入，差额单列"),
    ("point_value.by_insurance", False, "点值", "各险种同一点值，险种间差额列入尾差"),
    ("point_value.key", "insured_area", "异地单独点值", "每个参保地一个点值"),
    ("out_of_area.cross_province", "treating_value", "跨省病例", "按就医地病组和点值结算"),
    ("out_of_area.apply_caps", True, "异地病例封顶", "参保地全年应付不超过封顶线"),
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


# Readings that are numbers or lists: key, the usual value, title, and how the note puts the value.
_VALUED: tuple[tuple[str, Any, str, str], ...] = (
    ("history.year_weights", {}, "历史年度权重", "前一、二、三年的权重：{}"),
    ("level_coef.min_n", 1, "级别系数最小例数", "{}例"),
    ("group.whole_review", [], "整组单议病组", "另含{}"),
    ("tcm.effect_standard", {}, "按疗效价值付费", "每例点数：{}"),
    ("special_review.los_multiple", "none", "特例单议申报条件", "住院天数超过病组平均住院天数的{}倍"),
    ("special_review.cost_multiple", "none", "特例单议申报条件", "费用超过支付标准的{}倍"),
)


def reading_notes(values: Values) -> list[tuple[str, str]]:
    """Title and text of what the area reads otherwise than usual."""
    found = [(title, text) for key, value, title, text in _NOTES if values.get(key) == value]
    found += [
        (title, text.format(_listed(values[key])))
        for key, usual, title, text in _VALUED
        if values.get(key, usual) != usual
    ]
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


def _listed(value: Any) -> str:
    """A number, codes, or numbers by code, as a person reads them."""
    if isinstance(value, Mapping):
        return "，".join(f"{code}为{number}" for code, number in value.items())
    return "、".join(value) if isinstance(value, list) else str(value)


def _percent(share: Any) -> str:
    return f"{(Decimal(str(share)) * 100).normalize():f}%"
