"""Corrections of closed months (月度更正) for people: what came after a month was closed, and where it is booked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from serving.hospital_money import CORRECTION_MONEY
from serving.terms import INSURANCE, yuan
from serving.workbook import SheetColumn

CORRECTIONS = "月度更正"
CORRECTIONS_NOTE = (
    "已关账月份不再改动：其后的变化作为更正记入第一个未关账月份，并已含在该月各列中；"
    "十二个月都已关账的由年度清算处理；没有更正时为空；单位：元"
)


def correction_columns() -> list[SheetColumn]:
    """Columns of a correction of a closed month, without the hospital."""
    return [
        SheetColumn("险种", "insurance", "text", 10),
        SheetColumn("更正月份", "month", "text", 11),
        SheetColumn("记入", "booked", "text", 12),
        SheetColumn("点数", "points", "points", 16),
        *[SheetColumn(header, key, "money", 18) for header, key in CORRECTION_MONEY],
        SheetColumn("计算编号", "run_id", "text", 24),
    ]


def correction_rows(rows: Iterable[Mapping[str, Any]], year: int) -> list[dict[str, Any]]:
    """Rows of `month_corrections` for people; what was booked in no month is cleared by the year (年度清算)."""
    return [
        {
            **row,
            **{key: yuan(row[f"{key}_fen"]) for _, key in CORRECTION_MONEY},
            "insurance": INSURANCE.get(row["insutype"], row["insutype"]),
            "booked": "年度清算" if row["booked_in"] == str(year) else row["booked_in"],
        }
        for row in rows
    ]
