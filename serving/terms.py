"""Chinese terms for the codes of the results, and money for people."""

from __future__ import annotations

from decimal import Decimal

INSURANCE = {"310": "职工", "390": "居民"}
SCOPE = {"local": "本地", "in_province": "省内异地", "cross_province": "跨省", "": "—"}
CLASS = {
    "normal": "正常倍率",
    "high": "高倍率",
    "low": "低倍率",
    "unstable": "非稳定病组",
    "blank": "空白病组",
    "whole_review": "整组单议",
    "tcm_effect": "按疗效价值付费",
    "reviewed": "特例单议",
    "reviewed_by_item": "特例单议（按项目）",
    "bed_day": "床日",
    "outside_day_care": "日间（未纳入）",
    "new_technique": "新技术",
    "ungrouped": "未入组",
    "abnormal_by_item": "非正常数据（按项目）",
    "fee_for_service": "按项目付费",
    "unknown_hospital": "机构不在名册",
}
LEVELS = ((3, "三级"), (2, "二级及以下"), (1, "基层"))


def yuan(fen: int | None) -> Decimal | None:
    """Integer fen -> yuan with two decimals, exactly."""
    return None if fen is None else Decimal(fen).scaleb(-2)
