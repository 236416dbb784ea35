"""A small province written out by hand, each number with its formula: the formulas, and the system against them."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from lake.province_folder import read_province_folder, table_bytes
from lake.province_plain import plain_province
from settlement.reference.points import BY_ITEM, CaseClass
from settlement.reference.settle import settle
from settlement.reference.text import TABLES
from tests.golden.annotated import (
    Cell,
    Row,
    WrongNumber,
    check_formulas,
    evaluate,
    holds,
    numbers,
    read_annotated,
    table,
)

FOLDER = Path(__file__).resolve().parents[2] / "golden" / "by_hand"
SECTIONS = read_annotated(FOLDER / "by_hand.yaml")
TABLE_OF = {"cases": "case_points", **{name: name for name in TABLES if name != "case_points"}}


def input_rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rows_of(section: str) -> list[Row]:
    """The rows of a table, without the entries of whole pools between those of the year."""
    return [row for row in SECTIONS[section] if row.key[0] != "pool"]


@pytest.mark.parametrize("section", SECTIONS)
def test_every_formula_gives_the_number_behind_it(section: str) -> None:
    assert check_formulas(SECTIONS[section])


@pytest.mark.parametrize("section", SECTIONS)
def test_every_comparison_holds(section: str) -> None:
    assert [(row.key, one) for row in SECTIONS[section] for one in row.because if not holds(one)] == []


@pytest.mark.parametrize(
    "wrong",
    [
        "100 * 1.2 = 120.0001",
        "1000 / 6000 * 100 => 16.6666",
        "1 / 8 => 0.12",
        "0 - 1 / 8 => -0.12",
        "1 / 8 => 0.125",
        "2 * 100 / 3 >> 66.67 rest 0.6666 + 0.00 = 66.67",
        "2 * 100 / 3 >> 66.66 rest 0.6667 + 0.01 = 66.67",
        "2 * 100 / 3 >> 66.66 rest 0.6666 + 0.01 = 66.66",
    ],
)
def test_a_wrong_number_is_seen(wrong: str) -> None:
    with pytest.raises(WrongNumber):
        Cell(wrong).check()


def test_a_right_number_passes() -> None:
    for right in ("1 / 8 => 0.13", "0 - 1 / 8 => -0.13", "min(3, (1 - 4) * 2) = -6", "5.5 / 2 => 2.8 = 2.80"):
        Cell(right).check()
    Cell("(0 - 200) / 3 >> -66.67 rest 0.3333 + 0.01 = -66.66").check()
    assert not holds("0.5 * 12000 < 6000")
    assert holds("6000.00 <= 0.5 * 12000")


def test_sums_are_those_of_their_cases() -> None:
    """`of` names the cases of a row: points, cost and fund are their sums, with the numbers of cases.csv."""
    inputs = {row["setl_id"]: row for row in input_rows("cases")}
    points = {row.key[0]: row.cells["points"].result for row in SECTIONS["cases"]}
    checked = 0
    for section in ("hospital_month", "hospital_year"):
        for row in rows_of(section):
            cases = [inputs[setl_id] for setl_id in row.of]
            assert {(case["fixmedins_code"], case["insutype"]) for case in cases} <= {row.key[:2]}
            costs = [Fraction(case["cost"]) - Fraction(case["special_cost"]) for case in cases]
            terms = {
                "points": [Fraction(points[setl_id]) for setl_id in row.of],
                "cost": costs,
                "fund": [Fraction(case["fund"]) for case in cases],
            }
            for name, expected in terms.items():
                found = [evaluate(term) for term in row.cells[name].formula.split(" + ")]
                assert found == (expected or [0]), (row.key, name)
            checked += bool(cases)
    assert checked


def known_numbers() -> set[Fraction]:
    """The numbers of the input files and of the policy, and every result that is written."""
    files = ("hospitals", "elements", "elements_given", "cases", "budgets", "audit")
    texts = [cell for name in files for row in input_rows(name) for cell in row.values()]
    texts += re.findall(r"[\d.]*\d", (FOLDER / "policy.yaml").read_text(encoding="utf-8"))
    texts += [cell.result for rows in SECTIONS.values() for row in rows for cell in row.cells.values()]
    found = {Fraction(text) for text in texts if re.fullmatch(r"-?\d+(\.\d+)?", text)}
    paid = {Fraction(row["cost"]) - Fraction(row["special_cost"]) for row in input_rows("cases")}
    return {abs(number) for number in found | paid} | {Fraction(0), Fraction(1), Fraction(100)}


def test_no_number_in_a_formula_comes_from_nowhere() -> None:
    known = known_numbers()
    for section in TABLE_OF:
        for row in SECTIONS[section]:
            formulas = {name: cell.formula for name, cell in row.cells.items() if cell.has_formula and name != "cases"}
            for name, formula in formulas.items():
                assert [number for number in numbers(formula) if number not in known] == [], (row.key, name)


def test_reviews_are_counted_on_the_cases_paid_by_points() -> None:
    areas = {row["fixmedins_code"]: row["area"] for row in input_rows("hospitals")}
    area_of = {row["setl_id"]: areas[row["fixmedins_code"]] for row in input_rows("cases")}
    paid = Counter(area_of[row.key[0]] for row in SECTIONS["cases"] if row.cells["in_year"].result == "1")
    for row in SECTIONS["reviews"]:
        assert numbers(row.cells["exact"].formula)[-1] == paid[row.key[0]]
        assert int(row.cells["heard"].result) == Fraction(row.cells["exact"].result) // 1


def allocations() -> Iterator[dict[str, Cell]]:
    """What is allocated together, by hospital: a pool's amounts of a period, its deficits, its second distribution."""
    areas = {row["fixmedins_code"]: row["area"] for row in input_rows("hospitals")}
    together: dict[tuple[str, ...], dict[str, Cell]] = defaultdict(dict)
    for section in ("hospital_month", "hospital_year"):
        for row in rows_of(section):
            for name in ("amount", "deficit_share", "second_distribution"):
                if name in row.cells:
                    together[section, areas[row.key[0]], *row.key[1:], name][row.key[0]] = row.cells[name]
    yield from together.values()


def test_the_fen_left_over_go_to_the_largest_rests() -> None:
    shared_out = ties = 0
    for cells in allocations():
        rests = {code: cell.rest for code, cell in cells.items() if cell.rest is not None}
        order = sorted(rests, key=lambda code: (-rests[code], code))
        extra = {code for code in rests if cells[code].extra_fen}
        assert extra == set(order[: len(extra)])
        assert len(extra) == sum(rests.values())
        shared_out += bool(extra)
        ties += len(set(rests.values())) < len(rests)
    assert shared_out
    assert ties


def test_every_special_case_is_there() -> None:
    assert {row.cells["class"].result for row in SECTIONS["cases"]} == {
        kind.value
        for kind in CaseClass
        if kind not in (CaseClass.BED_DAY, CaseClass.OUTSIDE_DAY_CARE, CaseClass.TCM_EFFECT, *BY_ITEM)
    }  # a province folder has no stays, and this one the usual readings
    assert {row.cells["review"].result for row in SECTIONS["cases"]} == {"", "passed", "refused", "over_quota"}
    assert {row.cells["scope"].result for row in SECTIONS["cases"]} == {"local", "in_province", "cross_province"}
    months = rows_of("hospital_month")
    for name in ("amount", "brought_forward", "carried_forward"):
        assert any(Fraction(row.cells[name].result) < 0 for row in months), name
    years = rows_of("hospital_year")
    for name in (
        "cap_excess",
        "surplus_not_kept",
        "deficit_share",
        "assessment_adjustment",
        "deposit_not_returned",
        "new_technique",
        "second_distribution",
    ):
        assert any(Fraction(row.cells[name].result) > 0 for row in years), name
    assert any(Fraction(row.cells["assessment_adjustment"].result) < 0 for row in years)
    assert any(row.cells["ratio"].result == "" for row in years)
    assert any(Fraction(row.cells["residue"].result) for row in SECTIONS["pools"])
    assert {row.key[-1][4:] for row in SECTIONS["matrix"]} == {"-01", "-02", "-03", "", "-adjustment"}


@pytest.mark.parametrize("section", TABLE_OF)
def test_the_reference_settles_to_what_is_written(section: str) -> None:
    name = TABLE_OF[section]
    written = table(rows_of(section), TABLES[name])
    assert (FOLDER / "expected" / f"{name}.csv").read_bytes() == table_bytes(TABLES[name], written)
    assert sorted(settle(plain_province(read_province_folder(FOLDER)))[name]) == written
