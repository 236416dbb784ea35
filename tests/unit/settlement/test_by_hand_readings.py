"""Special cases and readings that the province by hand lacks, each number with its formula, and the plain voice."""

from __future__ import annotations

from fractions import Fraction

import pytest

from settlement.reference.points import BY_ITEM, CaseClass
from settlement.reference.settle import settle, settle_province
from settlement.reference.text import TABLES
from tests.golden.annotated import check_formulas, holds, read_annotated, table
from tests.golden.stays_of_readings import FOLDER, province

SECTIONS = read_annotated(FOLDER / "by_hand.yaml")
TABLE_OF = {"cases": "case_points", **{name: name for name in ("pools", "hospital_month", "hospital_year")}}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_formula_gives_the_number_behind_it(section: str) -> None:
    assert check_formulas(SECTIONS[section])


def test_every_comparison_holds() -> None:
    compared = [(row.key, one) for rows in SECTIONS.values() for row in rows for one in row.because]
    assert compared
    assert [pair for pair in compared if not holds(pair[1])] == []


@pytest.mark.parametrize("section", TABLE_OF)
def test_the_reference_settles_to_what_is_written(section: str) -> None:
    rows = [row for row in SECTIONS[section] if row.key[0] != "pool"]
    assert sorted(settle(province())[TABLE_OF[section]]) == table(rows, TABLES[TABLE_OF[section]])


def test_nothing_is_owed_between_cities() -> None:
    settled = settle(province())
    assert (settled["matrix"], settled["net"]) == ([], [])


def test_the_year_raises_the_points_that_are_written() -> None:
    """中治率 (002 article 12): `uplift` is no column of the table, so it is compared apart."""
    written = {row.key[0]: Fraction(row.cells["uplift"].result) for row in SECTIONS["cases"]}
    assert {one.case.setl_id: one.uplift for one in settle_province(province()).points} == written


def test_classes_that_the_province_by_hand_lacks_are_there() -> None:
    found = {row.cells["class"].result for row in SECTIONS["cases"]}
    assert found >= {CaseClass.BED_DAY, CaseClass.OUTSIDE_DAY_CARE, CaseClass.TCM_EFFECT, *BY_ITEM}
