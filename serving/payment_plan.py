"""The payment plan of a month (基金支付计划) for people: as lines, and as a workbook with a sheet for each city."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from serving.terms import INSURANCE, yuan
from serving.workbook import Sheet, SheetColumn

MONEY = {
    "amount_fen": "月度预结算费用",
    "gross_fen": "按支付比例应付",
    "deposit_fen": "预留质量保证金",
    "audit_fen": "审核扣款",
    "brought_forward_fen": "上月结转",
    "carried_forward_fen": "结转下月",
    "due_fen": "应拨付",
    "offset_fen": "冲抵预付金",
    "pay_fen": "实际拨付",
}
DAYS = {"declare_by": "申报截止", "presettle_by": "预结算时限", "pay_by": "拨付时限"}
_NOTE = "{month} 基金支付计划，单位：元。应拨付减冲抵预付金为实际拨付，负数由医疗机构退回（policy/002 第30、31条）"


def plan_lines(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """CSV lines with a Chinese header: a hospital's insurance a line."""
    header = ["统筹区", "医疗机构编号", "险种", "月份", *MONEY.values(), *DAYS.values()]
    return [",".join(header), *[",".join(_cells(row)) for row in rows]]


def _cells(row: Mapping[str, Any]) -> list[str]:
    money = [str(yuan(row[name])) for name in MONEY]
    days = ["" if row[name] is None else row[name].isoformat() for name in DAYS]
    return [row["area"], row["fixmedins_code"], row["insutype"], row["month"], *money, *days]


def plan_sheets(rows: Sequence[Mapping[str, Any]], month: str) -> list[Sheet]:
    """A sheet for each area, with the sums of its money; one empty sheet where nothing is paid."""
    columns = [
        SheetColumn("医疗机构编号", "fixmedins_code", "text", 18),
        SheetColumn("险种", "insurance", "text", 8),
        *[SheetColumn(title, name, "text", 12) for name, title in DAYS.items()],
        *[SheetColumn(title, name, "money", 16) for name, title in MONEY.items()],
    ]
    areas = sorted({row["area"] for row in rows})
    sheets = []
    for area in areas:
        own = [row for row in rows if row["area"] == area]
        total = {"fixmedins_code": "合计", **{name: yuan(sum(row[name] for row in own)) for name in MONEY}}
        shown = [_shown(row) for row in own]
        sheets.append(Sheet(f"支付计划 {area}", _NOTE.format(month=month), columns, shown, total))
    return sheets or [Sheet("支付计划", _NOTE.format(month=month), columns, [])]


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "fixmedins_code": row["fixmedins_code"],
        "insurance": INSURANCE.get(row["insutype"], row["insutype"]),
        **{name: yuan(row[name]) for name in MONEY},
        **{name: None if row[name] is None else row[name].isoformat() for name in DAYS},
    }
