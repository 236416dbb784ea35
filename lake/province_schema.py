"""The files of a province folder: columns, kinds of cells, keys, and the frame each one becomes."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql.types import DataType, DateType, DecimalType, IntegerType, LongType, StringType, StructType

from lake.province_cells import (
    CODE,
    DAY,
    DAY_OR_NEVER,
    FLAG,
    LEVEL,
    MONEY_ANY,
    MONEY_POSITIVE,
    MONTH,
    PERIOD,
    POINTS,
    RATIO,
    SHARE,
    VALUE,
    YEAR,
    Cell,
    one_of,
)
from settlement import frames


@dataclass(frozen=True)
class Column:
    """A column of a file: its name there, its cells, the field of the frame, and whether a cell may be empty.

    `may_lack`: the file need not have the column; it is then empty.
    """

    name: str
    cell: Cell
    field: str
    optional: bool = False
    may_lack: bool = False


@dataclass(frozen=True)
class FileLayout:
    """One file: its columns in the order of the frame's fields, and the columns that no two rows share."""

    file: str
    frame: StructType
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    @property
    def required(self) -> list[str]:
        """Columns that the file must have."""
        return [column.name for column in self.columns if not column.may_lack]

    @property
    def may_lack(self) -> list[str]:
        """Columns that it may have."""
        return [column.name for column in self.columns if column.may_lack]


def _code(name: str, optional: bool = False) -> Column:
    return Column(name, CODE, name, optional)


def _money(name: str, cell: Cell = MONEY_POSITIVE) -> Column:
    return Column(name, cell, f"{name}_fen")


def _plain(name: str, cell: Cell) -> Column:
    return Column(name, cell, name)


# What an element is told apart by: the columns that must be filled besides area, and whether it is 1 or 0.
ELEMENT_KINDS: dict[str, tuple[tuple[str, ...], bool]] = {
    "all_mean": ((), False),
    "cases": (("drg",), False),
    "kept": (("drg",), False),
    "stable": (("drg",), True),
    "group_mean": (("drg",), False),
    "benchmark_points": (("drg",), False),
    "level_mean": (("drg", "level"), False),
    "level_coefficient": (("drg", "level"), False),
    "base_group": (("drg",), True),
    "add_on": (("drg", "fixmedins_code"), False),
    "mean_days": (("drg",), False),
    "whole_review": (("drg",), True),
    "tcm_advantage": (("drg",), True),
}

_ELEMENT_COLUMNS = (
    _code("area"),
    _plain("kind", one_of(*ELEMENT_KINDS)),
    _code("drg", optional=True),
    Column("level", LEVEL, "level", optional=True),
    _code("fixmedins_code", optional=True),
    _plain("value", VALUE),
)
_ELEMENT_KEY = ("area", "kind", "drg", "level", "fixmedins_code")

LAYOUTS: dict[str, FileLayout] = {
    "hospitals": FileLayout(
        "hospitals.csv",
        frames.HOSPITALS,
        (
            _code("fixmedins_code"),
            _code("area"),
            _plain("level", LEVEL),
            _plain("suspended", FLAG),
            _plain("assessment", RATIO),
            _plain("deposit_return", SHARE),
            Column("score", RATIO, "score", optional=True, may_lack=True),
        ),
        ("fixmedins_code",),
    ),
    "history": FileLayout(
        "history.csv",
        frames.HISTORY,
        (
            _code("fixmedins_code"),
            _plain("year", YEAR),
            _code("drg", optional=True),
            _money("cost"),
            _money("special_cost"),
        ),
    ),
    "base_groups": FileLayout("base_groups.csv", frames.BASE_GROUPS, (_code("area"), _code("drg")), ("area", "drg")),
    "elements": FileLayout("elements.csv", frames.ELEMENTS, _ELEMENT_COLUMNS, _ELEMENT_KEY),
    "elements_given": FileLayout("elements_given.csv", frames.ELEMENTS, _ELEMENT_COLUMNS, _ELEMENT_KEY),
    "cases": FileLayout(
        "cases.csv",
        frames.CASES,
        (
            _code("setl_id"),
            _code("fixmedins_code"),
            _code("insu_admdvs"),
            _code("insutype"),
            _plain("setl_date", DAY),
            _plain("dscg_date", DAY),
            _plain("upload_date", DAY_OR_NEVER),
            _code("drg", optional=True),
            _money("cost"),
            _money("special_cost"),
            _money("fund"),
            _plain("recognition", FLAG),
            _plain("new_tech", FLAG),
        ),
        ("setl_id",),
    ),
    "reviews": FileLayout(
        "reviews.csv",
        frames.REVIEWS,
        (
            _code("setl_id"),
            _plain("applied_on", DAY),
            _plain("decision", one_of("passed", "refused")),
            Column("points", POINTS, "points", optional=True, may_lack=True),
        ),
        ("setl_id",),
    ),
    "budgets": FileLayout(
        "budgets.csv",
        frames.BUDGETS,
        (_code("area"), _code("insutype"), _plain("period", PERIOD), _money("amount")),
        ("area", "insutype", "period"),
    ),
    "audit": FileLayout(
        "audit.csv",
        frames.AUDIT,
        (_code("fixmedins_code"), _code("insutype"), _plain("month", MONTH), _money("amount", MONEY_ANY)),
        ("fixmedins_code", "insutype", "month"),
    ),
    "calendar": FileLayout("calendar.csv", frames.CALENDAR, (_plain("date", DAY), _plain("working", FLAG)), ("date",)),
}


def arrow_type(kind: DataType) -> pa.DataType:
    """The Arrow type of a field of a settlement frame."""
    if isinstance(kind, DecimalType):
        return pa.decimal128(kind.precision, kind.scale)
    known = {StringType: pa.string(), IntegerType: pa.int32(), LongType: pa.int64(), DateType: pa.date32()}
    return known[type(kind)]


def arrow_schema(frame: StructType) -> pa.Schema:
    """The Arrow schema of a settlement frame."""
    return pa.schema([pa.field(field.name, arrow_type(field.dataType), field.nullable) for field in frame.fields])
