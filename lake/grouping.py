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
from grouper.compile import NO_CODE, CompiledScheme, compile_scheme
from grouper.kernel import group_batch
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
    """A compiled scheme as bytes and, for each id of the lake's codes, the id that the scheme has for the code.

    Bytes, because the scheme travels to the workers; each worker unpacks it once, whatever the number of its tasks.
    """

    version: str
    document: bytes
    local_ids: Mapping[str, np.ndarray]

    @property
    def compiled(self) -> CompiledScheme:
        """The scheme, ready to group; unpacked once a process."""
        if self.version not in _UNPACKED:
            _UNPACKED[self.version] = CompiledScheme.from_bytes(self.document)
        return _UNPACKED[self.version]


_UNPACKED: dict[str, CompiledScheme] = {}


def bind(scheme: Scheme, codes: CodeArrays) -> LakeScheme:
    """Compile a scheme against the codes of the lake; id 0 of the lake is 'no code'.

    Mapped and grey codes are settled here, once a distinct code: the cases cost nothing more.
    """
    compiled = compile_scheme(scheme)
    none = np.full(1, NO_CODE, np.int32)
    tables = {
        system: np.concatenate([none, compiled.local_ids(array, CodeSystem(system))]) for system, array in codes.items()
    }
    return LakeScheme(scheme.fingerprint, compiled.to_bytes(), tables)


def _ragged(lists: pa.Array, table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    offsets = lists.offsets.to_numpy(zero_copy_only=False)
    values = lists.values.to_numpy(zero_copy_only=False)[offsets[0] : offsets[-1]]
    return table[values], (offsets - offsets[0]).astype(np.int64)


def _numbers(values: pa.Array) -> np.ndarray:
    return pc.cast(values, pa.float64()).to_numpy(zero_copy_only=False)


def group_rows(
    scheme: LakeScheme, principal: pa.Array, others: pa.Array, procs: pa.Array, *scalars: pa.Array
) -> pa.Array:
    """Group one batch of one scheme; gives the result struct."""
    other_values, other_offsets = _ragged(others, scheme.local_ids["DI"])
    proc_values, proc_offsets = _ragged(procs, scheme.local_ids["OP"])
    grouped = group_batch(
        scheme.compiled,
        scheme.local_ids["DI"][principal.to_numpy(zero_copy_only=False)],
        other_values,
        other_offsets,
        proc_values,
        proc_offsets,
        {scalar: _numbers(values) for scalar, values in zip(SCALARS, scalars, strict=True)},
    )
    texts = (grouped.outcomes(), grouped.reasons(), grouped.mdc(), grouped.adrg(), grouped.drg())
    rows = (grouped.mdc_row, grouped.adrg_row, grouped.drg_row)
    columns = [text.dictionary_decode() for text in texts] + [pa.array(places, pa.int32()) for places in rows]
    return pa.StructArray.from_arrays(columns, names=_RESULT_NAMES)


def group_column(schemes: Mapping[str, LakeScheme]) -> Column:
    """Column struct of outcome, reason, codes and rows for `cases`; `schemes` by treating area.

    A case that a finding blocks is not grouped; its reason is the rule of the finding.
    """
    areas = sorted(schemes)
    versions = sorted({scheme.version: scheme for scheme in schemes.values()})
    by_version = {scheme.version: scheme for scheme in schemes.values()}
    which = np.array([versions.index(schemes[area].version) for area in areas])

    @F.arrow_udf(_RESULT)  # type: ignore[call-overload]
    def grouped(batches: Iterator[tuple[pa.Array, ...]]) -> Iterator[pa.Array]:
        for area, principal, others, procs, *scalars in batches:
            chosen = which[pc.index_in(area, value_set=pa.array(areas)).to_numpy(zero_copy_only=False)]
            parts, places = [], []
            for index in np.unique(chosen):
                rows = pa.array(np.flatnonzero(chosen == index))
                columns = [column.take(rows) for column in (principal, others, procs, *scalars)]
                parts.append(group_rows(by_version[versions[index]], *columns))
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
