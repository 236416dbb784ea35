"""Cases as they should not be: each gets a clear answer, the same from both voices, and none is lost."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from grouper.case import Case
from grouper.case_rows import CaseProblem, case_from_row
from grouper.compile import CompiledScheme, compile_scheme
from grouper.errors import SchemeProblem
from grouper.explain import explain_lines
from grouper.kernel import group_batch
from grouper.reference import ReferenceGrouper
from grouper.rules.nodes import Scalar
from grouper.scheme import Scheme
from grouper.tables import group_table, ragged
from grouper.workbook import read_scheme
from tests.property.grouper_strategies import table_of
from tests.unit.grouper.small_scheme import write_files

MALE = {"principal_diagnosis": "I60.000", "sex": 1}
MANY = (*(f"Z{number}" for number in range(499)), "E11.900")


@pytest.fixture(scope="module")
def scheme(tmp_path_factory: pytest.TempPathFactory) -> Scheme:
    return read_scheme(write_files(tmp_path_factory.mktemp("scheme")))


@pytest.fixture(scope="module")
def compiled(scheme: Scheme) -> CompiledScheme:
    return compile_scheme(scheme)


@pytest.mark.parametrize(
    ("fields", "drg", "reason"),
    [
        ({}, "0000", "no_principal_diagnosis"),
        ({"principal_diagnosis": ""}, "0000", "no_principal_diagnosis"),
        ({"principal_diagnosis": "", "procedures": ("37.5100",)}, "AA19", ""),
        ({"procedures": ("37.5100",)}, "AA19", ""),
        ({"principal_diagnosis": "i60.000", "sex": 1, "age": 50}, "0000", "unknown_principal_diagnosis"),
        ({"principal_diagnosis": "I60.000 ", "sex": 1, "age": 50}, "0000", "unknown_principal_diagnosis"),
        ({"principal_diagnosis": " ", "sex": 1, "age": 50}, "0000", "unknown_principal_diagnosis"),
        ({"principal_diagnosis": "Ｉ60.000", "sex": 1, "age": 50}, "0000", "unknown_principal_diagnosis"),
        ({"principal_diagnosis": "37.5100", "sex": 1, "age": 50}, "0000", "unknown_principal_diagnosis"),
        ({"principal_diagnosis": "I99.x00", "sex": 1, "age": 50}, "0000", "principal_diagnosis_in_no_mdc"),
        ({"principal_diagnosis": "I60.000"}, "0000", "missing_sex"),
        ({"principal_diagnosis": "I60.000", "sex": 2}, "0000", "no_rule_held"),
        (MALE, "0000", "missing_age"),
        (MALE | {"age": 17}, "0000", "no_rule_held"),
        (MALE | {"age": -5}, "0000", "no_rule_held"),
        (MALE | {"age": 18}, "BR15", ""),
        (MALE | {"age": 10**12}, "BR15", ""),
        (MALE | {"age": 18, "birth_weight": -1, "icu_hours": 0}, "BR15", ""),
        (MALE | {"other_diagnoses": ("E11.900",)}, "BR11", ""),
        (MALE | {"other_diagnoses": ("", "E11.900", "E11.900")}, "BR11", ""),
        (MALE | {"other_diagnoses": ("e11.900",), "age": 40}, "BR15", ""),
        (MALE | {"other_diagnoses": ("E11.900 ",), "age": 40}, "BR15", ""),
        (MALE | {"other_diagnoses": ("I60.000",), "age": 40}, "BR15", ""),
        (MALE | {"other_diagnoses": MANY}, "BR11", ""),
        (MALE | {"other_diagnoses": ("A41.900",), "procedures": ("01.2400",)}, "BB11", ""),
        ({"principal_diagnosis": "I61.x00", "other_diagnoses": ("A41.900",), "procedures": ("01.2400",)}, "BB15", ""),
        (MALE | {"age": 40, "procedures": ("", "01.2400")}, "BB15", ""),
        (MALE | {"age": 40, "procedures": ("", "37.5100")}, "BR15", ""),
        (MALE | {"age": 40, "procedures": ("",)}, "BR15", ""),
        (MALE | {"age": 40, "procedures": ("01.2400 ",)}, "BR15", ""),
        (MALE | {"age": 40, "procedures": ("０1.2400",)}, "BR15", ""),
        (MALE | {"age": 40, "procedures": ("01.2400\n",)}, "BR15", ""),
        (MALE | {"age": 40, "procedures": ("37.5100,01.2400",)}, "BR15", ""),
        (MALE | {"age": 40, "other_diagnoses": ("Ｅ11.900", "E11.900\u3000", "E11. 900")}, "BR15", ""),
        (MALE | {"age": 40, "procedures": tuple(f"99.{number}" for number in range(500))}, "BR15", ""),
        (MALE | {"age": 40, "other_diagnoses": ("E" * 100_000,)}, "BR15", ""),
        (MALE | {"age": Decimal("NaN")}, "0000", "missing_age"),
        ({"principal_diagnosis": "I60.000", "age": 40, "sex": Decimal("NaN")}, "0000", "missing_sex"),
        (MALE | {"age": Decimal("Infinity")}, "BR15", ""),
        (MALE | {"age": Decimal("-Infinity")}, "0000", "no_rule_held"),
        ({"principal_diagnosis": "I60.000", "sex": -1, "age": 40}, "0000", "no_rule_held"),
        ({"principal_diagnosis": "I60.000", "sex": 9, "age": 40}, "0000", "no_rule_held"),
        (MALE | {"age": Decimal("17.000001")}, "BR15", ""),
    ],
)
def test_odd_cases(scheme: Scheme, compiled: CompiledScheme, fields: dict[str, object], drg: str, reason: str) -> None:
    case = Case("1", **fields)  # type: ignore[arg-type]
    result = ReferenceGrouper(scheme).group(case)
    assert (result.drg, result.reason.value) == (drg, reason)
    row = group_table(compiled, table_of([case])).to_pylist()[0]
    assert (row["drg"], row["reason"], row["outcome"]) == (drg, reason, result.outcome.value)
    assert drg in explain_lines(ReferenceGrouper(scheme).explain(case), scheme.code_names)[0]


ODD_CODES = (
    None,
    "",
    " ",
    "I60.000",
    "i60.000",
    "I60.000 ",
    " I60.000",
    "Ｉ60.000",
    "A41.900",
    "E11.900",
    "I61.x00",
    "\0",
)
ODD_CUTS = ((), (None,), ("",), ("", "01.2400"), ("01.2400", ""), ("37.5100",), ("x", "37.5100"), ("01.2400",) * 500)
ODD_NUMBERS = (None, -1, 0, 1, 2, 17, 18, 999, Decimal("NaN"), Decimal("0.5"), 10**15)


def test_all_odd_things_together_mean_the_same_to_both_voices(scheme: Scheme, compiled: CompiledScheme) -> None:
    """Principal diagnosis x other diagnoses x procedures, with sex and age going round."""
    lists = [(), (None,), *[(code,) for code in ODD_CODES], ODD_CODES, MANY]
    many = [
        Case(
            str(number),
            principal_diagnosis=principal,
            other_diagnoses=others,  # type: ignore[arg-type]
            procedures=cuts,  # type: ignore[arg-type]
            sex=ODD_NUMBERS[number % 5],  # type: ignore[arg-type]
            age=ODD_NUMBERS[number % len(ODD_NUMBERS)],
            birth_weight=ODD_NUMBERS[-number % len(ODD_NUMBERS)],
        )
        for number, (principal, others, cuts) in enumerate(product(ODD_CODES, lists, ODD_CUTS))
    ]
    grouper = ReferenceGrouper(scheme)
    table = group_table(compiled, table_of(many))
    found = list(zip(*(table[name].to_pylist() for name in ("drg", "outcome", "reason")), strict=True))
    results = [grouper.group(case) for case in many]
    assert found == [(one.drg, one.outcome.value, one.reason.value) for one in results]
    assert {one.drg for one in results} == {"0000", "AA19", "BB11", "BB15", "BR11", "BR15"}
    assert len({one.reason for one in results}) >= 6


def test_none_among_codes_is_no_code(scheme: Scheme) -> None:
    case = Case("1", **MALE, other_diagnoses=(None, "E11.900"), procedures=(None,))  # type: ignore[arg-type]
    assert ReferenceGrouper(scheme).group(case).drg == "BR11"


def test_no_case_at_all(compiled: CompiledScheme) -> None:
    assert group_table(compiled, table_of([])).num_rows == 0


def test_columns_of_nulls_only(compiled: CompiledScheme) -> None:
    names = ("principal_diagnosis", "other_diagnoses", "procedures", "sex", "age", "birth_weight")
    table = pa.table({name: pa.nulls(3) for name in names})
    assert group_table(compiled, table)["reason"].to_pylist() == ["no_principal_diagnosis"] * 3


def test_null_lists_that_hide_values(compiled: CompiledScheme) -> None:
    """Arrow allows a null list over values that are there: they are no codes."""
    values = pa.array(["37.5100", "01.2400"])
    lists = pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), values, mask=pa.array([True, False]))
    others = pa.array([None, None], pa.list_(pa.string()))
    table = pa.table(
        {"principal_diagnosis": ["I60.000", "I60.000"], "other_diagnoses": others, "procedures": lists, "sex": [2, 2]}
    )
    assert group_table(compiled, table)["drg"].to_pylist() == ["0000", "BB15"]
    assert ragged(lists)[1].tolist() == [0, 0, 1]


def test_text_columns(compiled: CompiledScheme) -> None:
    table = pa.table(
        {
            "case_id": ["a", "b"],
            "principal_diagnosis": ["I60.000", None],
            "other_diagnoses": ["Z1||E11.900", ""],
            "procedures": [None, "37.5100"],
            "sex": [" 1 ", ""],
        }
    )
    found = group_table(compiled, table)
    assert found["drg"].to_pylist() == ["BR11", "AA19"]
    assert found["case_id"].to_pylist() == ["a", "b"]


def test_what_is_no_number_is_named(compiled: CompiledScheme) -> None:
    table = pa.table({"principal_diagnosis": ["I60.000"], "other_diagnoses": [""], "procedures": [""], "age": ["六"]})
    with pytest.raises(CaseProblem, match=r"column age.*六"):
        group_table(compiled, table)
    for text in ("NaN", "inf", "-inf", " nan "):
        odd = table.set_column(table.column_names.index("age"), "age", pa.array([text]))
        with pytest.raises(CaseProblem, match=rf"column age.*'{text.strip()}' is no number"):
            group_table(compiled, odd)
    with pytest.raises(CaseProblem, match="no column procedures"):
        group_table(compiled, table.drop_columns(["procedures"]))
    for column, value in (("age", "x"), ("sex", "1.5"), ("birth_weight", "NaN"), ("los", "inf")):
        with pytest.raises(CaseProblem, match=f"case 7, column {column}: '{value}'"):
            case_from_row({"case_id": "7", column: value})


def arrays(**changes: object) -> dict[str, object]:
    columns: dict[str, object] = {
        "principal": np.array([1], np.int32),
        "other_values": np.array([], np.int32),
        "other_offsets": np.array([0, 0], np.int32),
        "procedure_values": np.array([], np.int32),
        "procedure_offsets": np.array([0, 0], np.int32),
        "scalars": {},
    }
    return columns | changes


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"principal": np.array([9999], np.int32)}, "principal holds ids outside"),
        ({"principal": np.array([-2], np.int32)}, "principal holds ids outside"),
        ({"other_values": np.array([9999], np.int32)}, "other_values holds ids outside"),
        ({"other_offsets": np.array([0], np.int32)}, "other_offsets has 1 elements for 1 cases"),
        ({"procedure_offsets": np.array([0, 1], np.int32)}, "procedure_offsets must rise"),
        ({"procedure_offsets": np.array([0, -1], np.int32)}, "procedure_offsets must rise"),
        ({"scalars": {Scalar.NL: np.array([1.0, 2.0])}}, "scalar NL has 2 values for 1 cases"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(compiled: CompiledScheme, changes: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        group_batch(compiled, **arrays(**changes))  # type: ignore[arg-type]


def test_bytes_that_are_no_scheme_are_refused(compiled: CompiledScheme, tmp_path: Path) -> None:
    stored = compiled.to_bytes()
    for data in (b"", b"nonsense", stored[: len(stored) // 2]):
        with pytest.raises(SchemeProblem, match="not a stored compiled scheme"):
            CompiledScheme.from_bytes(data)
