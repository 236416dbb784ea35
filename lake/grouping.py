"""The grouper's kernel on Spark: one pass for all cities, the scheme chosen row by row through the area.

Only ids and the numbers that rules ask for cross into Python; everything else stays with Spark.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column
from pyspark.sql import functions as F

from grouper.case import UNGROUPED_CODE, Outcome
from grouper.compile import CompiledScheme, compile_scheme
from grouper.kernel import OUTCOMES, REASONS, group_batch
from grouper.rules.nodes import Scalar
from grouper.scheme import CodeSystem, Scheme
from lake.codes import CodeArrays

# Column of `cases` for each scalar of the rule language.
SCALARS = {
    Scalar.XB: "sex",
    Scalar.NL: "age",
    Scalar.XSRTL: "age_days",
    Scalar.XSRTZ: "birth_weight",
    Scalar.ZYTS: "los",
    Scalar.LYFS: "discharge_way",
    Scalar.ICUSC: "icu_hours",
}
_RESULT = "struct<outcome:string,reason:string,mdc:string,adrg:string,drg:string,mdc_row:int,adrg_row:int,drg_row:int>"
_RESULT_NAMES = ["outcome", "reason", "mdc", "adrg", "drg", "mdc_row", "adrg_row", "drg_row"]


@dataclass(frozen=True)
class LakeScheme:
    """A compiled scheme and, for each id of the lake's codes, the id that the scheme has for the code (0: none)."""

    version: str
    compiled: CompiledScheme
    diagnoses: np.ndarray
    procedures: np.ndarray


def bind(scheme: Scheme, codes: CodeArrays) -> LakeScheme:
    """Compile a scheme against the codes of the lake."""
    compiled = compile_scheme(scheme)
    tables = {}
    for system, kind in (("DI", CodeSystem.DIAGNOSIS), ("OP", CodeSystem.PROCEDURE)):
        tables[system] = np.concatenate([np.zeros(1, np.int32), compiled.local_ids(codes[system], kind)])
    return LakeScheme(scheme.fingerprint, compiled, tables["DI"], tables["OP"])


def _ragged(lists: pa.Array, table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    offsets = lists.offsets.to_numpy(zero_copy_only=False)
    values = lists.values.to_numpy(zero_copy_only=False)[offsets[0] : offsets[-1]]
    return table[values], (offsets - offsets[0]).astype(np.int64)


def _numbers(values: pa.Array) -> np.ndarray:
    return pc.cast(values, pa.float64()).to_numpy(zero_copy_only=False)


def group_rows(
    scheme: LakeScheme, principal: pa.Array, others: pa.Array, procs: pa.Array, scalars: list[pa.Array]
) -> list:
    """Group one batch of one scheme; gives the arrays of the result struct."""
    other_values, other_offsets = _ragged(others, scheme.diagnoses)
    proc_values, proc_offsets = _ragged(procs, scheme.procedures)
    grouped = group_batch(
        scheme.compiled,
        scheme.diagnoses[principal.to_numpy(zero_copy_only=False)],
        other_values,
        other_offsets,
        proc_values,
        proc_offsets,
        {scalar: _numbers(values) for scalar, values in zip(SCALARS, scalars, strict=True)},
        has_principal=principal.to_numpy(zero_copy_only=False) > 0,
    )
    return [
        pa.array(OUTCOMES, pa.string()).take(pa.array(grouped.outcome)),
        pa.array(REASONS, pa.string()).take(pa.array(grouped.reason)),
        *grouped.code_arrays(scheme.compiled),
        *(pa.array(rows, pa.int32()) for rows in (grouped.mdc_row, grouped.adrg_row, grouped.drg_row)),
    ]


def group_column(schemes: Mapping[str, LakeScheme]) -> Column:
    """Column struct of outcome, reason, codes and rows for `cases`; `schemes` by treating area.

    A case that a finding blocks is not grouped; its reason is the rule of the finding.
    """
    areas = sorted(schemes)
    versions = sorted({scheme.version: scheme for scheme in schemes.values()})
    by_version = {scheme.version: scheme for scheme in schemes.values()}
    which = np.array([versions.index(schemes[area].version) for area in areas])

    @F.arrow_udf(_RESULT)
    def grouped(batches: Iterator[tuple[pa.Array, ...]]) -> Iterator[pa.Array]:
        for area, principal, others, procs, *scalars in batches:
            chosen = which[pc.index_in(area, value_set=pa.array(areas)).to_numpy(zero_copy_only=False)]
            parts, places = [], []
            for index in np.unique(chosen):
                rows = pa.array(np.flatnonzero(chosen == index))
                columns = [column.take(rows) for column in (principal, others, procs, *scalars)]
                result = group_rows(by_version[versions[index]], *columns[:3], columns[3:])
                parts.append(pa.StructArray.from_arrays(result, names=_RESULT_NAMES))
                places.append(rows)
            whole = pa.concat_arrays(parts)
            order = np.argsort(np.concatenate([rows.to_numpy() for rows in places]), kind="stable")
            yield whole.take(pa.array(order))

    refused = F.struct(
        F.lit(Outcome.UNGROUPED.value).alias("outcome"),
        F.col("blocked").alias("reason"),
        F.lit("").alias("mdc"),
        F.lit("").alias("adrg"),
        F.lit(UNGROUPED_CODE).alias("drg"),
        *[F.lit(-1).alias(name) for name in _RESULT_NAMES[5:]],
    )
    result = grouped("area", "principal_id", "other_ids", "procedure_ids", *SCALARS.values())
    return F.when(F.col("blocked") == "", result).otherwise(refused)
