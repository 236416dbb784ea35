"""Registry of a year: hospitals, budgets, deductions, reviews, calendar, given elements, as the agency hands them in.

Rows are those of a province folder (lake/province_folder.py, settlement/frames.py); each table adds the clearing year.
"""

from __future__ import annotations

from pyspark.sql.types import IntegerType, StructType

from lake.tables.base import Table, column
from settlement import frames


def _table(name: str, grain: str, keys: tuple[str, ...], schema: StructType) -> Table:
    year = column("year", IntegerType(), "clearing year")
    return Table(name, f"{grain}, in a clearing year", (*keys, "year"), StructType([*schema.fields, year]), ("year",))


HOSPITALS = _table("hospitals", "a hospital (定点医药机构)", ("fixmedins_code",), frames.HOSPITALS)
BUDGETS = _table("budgets", "a budget of an area, insurance and period", ("area", "insutype", "period"), frames.BUDGETS)
AUDIT = _table(
    "audit", "audit deductions of a hospital in a month", ("fixmedins_code", "insutype", "month"), frames.AUDIT
)
REVIEWS = _table("reviews", "an application for special-case review (特例单议)", ("setl_id",), frames.REVIEWS)
CALENDAR = _table("calendar", "a day that departs from Monday to Friday", ("date",), frames.CALENDAR)
BASE_GROUPS = _table("base_groups", "a base group (基础病组) of an area", ("area", "drg"), frames.BASE_GROUPS)
ELEMENTS_GIVEN = _table(
    "elements_given",
    "a negotiated element; goes over the measured one",
    ("area", "kind", "drg", "level", "fixmedins_code"),
    frames.ELEMENTS,
)

REGISTRY = (HOSPITALS, BUDGETS, AUDIT, REVIEWS, CALENDAR, BASE_GROUPS, ELEMENTS_GIVEN)
