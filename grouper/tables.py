"""Groups of an Arrow table of cases: the columns of a published scheme's expected.csv, as text or typed."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grouper.case_rows import CODE_SEPARATOR, CaseProblem
from grouper.compile import CompiledScheme, Ints
from grouper.kernel import GroupedBatch, group_batch
from grouper.outcome import SCALAR_COLUMNS
from grouper.scheme import CodeSystem
from grouper.view import Floats


def group_table(compiled: CompiledScheme, table: pa.Table) -> pa.Table:
    """Group a table of cases, one row out for one row in.

    Args:
        compiled: the scheme.
        table: `principal_diagnosis` (text), `other_diagnoses` and `procedures` (lists of text, or text with `|` between
            codes, the principal procedure first), and any of sex, age, age_days, birth_weight, los, discharge_way,
            icu_hours as numbers or text. Null and '' are missing; so is a scalar column that is not there.

    Returns:
        case_id (where the table has it), mdc, adrg, drg, outcome, reason as text and mdc_row, adrg_row, drg_row.

    Raises:
        CaseProblem: a code column is missing, or a number column holds text that is no number.
    """
    grouped = _group(compiled, table)
    columns = {"case_id": table["case_id"]} if "case_id" in table.column_names else {}
    return pa.table(
        columns
        | {
            "mdc": grouped.mdc().dictionary_decode(),
            "adrg": grouped.adrg().dictionary_decode(),
            "drg": grouped.drg().dictionary_decode(),
            "outcome": grouped.outcomes().dictionary_decode(),
            "reason": grouped.reasons().dictionary_decode(),
            "mdc_row": pa.array(grouped.mdc_row),
            "adrg_row": pa.array(grouped.adrg_row),
            "drg_row": pa.array(grouped.drg_row),
        }
    )


def ragged(lists: pa.Array | pa.ChunkedArray) -> tuple[pa.Array, Ints]:
    """Values and offsets (n + 1, from 0) of an array of lists; a null list is an empty one."""
    if isinstance(lists, pa.ChunkedArray):
        lists = lists.combine_chunks()
    counts = pc.list_value_length(lists).fill_null(0).to_numpy(zero_copy_only=False)
    return pc.list_flatten(lists), np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)


def _group(compiled: CompiledScheme, table: pa.Table) -> GroupedBatch:
    others, other_offsets = ragged(_lists(table, "other_diagnoses"))
    procedures, procedure_offsets = ragged(_lists(table, "procedures"))
    return group_batch(
        compiled,
        compiled.local_ids(_column(table, "principal_diagnosis"), CodeSystem.DIAGNOSIS),
        compiled.local_ids(others, CodeSystem.DIAGNOSIS),
        other_offsets,
        compiled.local_ids(procedures, CodeSystem.PROCEDURE),
        procedure_offsets,
        {scalar: _numbers(table, column) for scalar, column in SCALAR_COLUMNS.items() if column in table.column_names},
    )


def _column(table: pa.Table, name: str) -> pa.Array:
    if name not in table.column_names:
        raise CaseProblem(f"the table of cases has no column {name}. Its columns are {', '.join(table.column_names)}.")
    column = table[name].combine_chunks()
    return column.cast(pa.string()) if pa.types.is_null(column.type) else column


def _lists(table: pa.Table, name: str) -> pa.Array:
    column = _column(table, name)
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return column
    return pc.split_pattern(column.cast(pa.string()), CODE_SEPARATOR)


def _numbers(table: pa.Table, name: str) -> Floats:
    """Numbers of a column, NaN where one is missing; text must be a number that is finite."""
    column = table[name].combine_chunks()
    is_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    if is_text:
        stripped = pc.utf8_trim_whitespace(column)
        column = pc.if_else(pc.equal(stripped, ""), pa.scalar(None, stripped.type), stripped)
    try:
        numbers = column.cast(pa.float64())
    except pa.ArrowInvalid as error:
        raise _no_number(name, str(error)) from error
    if is_text and not pc.all(pc.is_finite(numbers), min_count=0).as_py():
        odd = column.filter(pc.invert(pc.is_finite(numbers)))[0].as_py()
        raise _no_number(name, f"{odd!r} is no number")
    return np.asarray(numbers.fill_null(np.nan).to_numpy(zero_copy_only=False))


def _no_number(name: str, problem: str) -> CaseProblem:
    return CaseProblem(f"column {name} of the table of cases: {problem}. Correct it or leave the cell empty.")
