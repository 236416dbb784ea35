"""Code strings to integer ids, once, at ingestion. Ids are append-only: they never change and are never reused."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, IntegerType, StructField, StructType

from lake.store import Lake
from lake.tables.codes import CODES

SYSTEMS = ("DI", "OP")
CodeArrays = dict[str, pa.Array]  # by system: position i holds the code with id i + 1

_IDS = StructType(
    [
        StructField("principal_id", IntegerType()),
        StructField("other_ids", ArrayType(IntegerType())),
        StructField("procedure_ids", ArrayType(IntegerType())),
    ]
)


def seen_codes(cases: DataFrame) -> DataFrame:
    """Distinct (system, code) of narrow cases with text codes."""
    listed = F.array_union(F.coalesce("others", F.array()), F.array("principal"))
    diagnoses = cases.select(F.lit("DI").alias("system"), F.explode(listed).alias("code"))
    procedures = cases.select(F.lit("OP").alias("system"), F.explode("procedures").alias("code"))
    return diagnoses.unionByName(procedures).where(F.col("code").isNotNull()).distinct()


def number_new(seen: pa.Table, known: pa.Table) -> pa.Table:
    """Codes that have no id yet, numbered on from the largest known id of their system, in the order of the text.

    Args:
        seen: system, code; each pair once.
        known: the table `codes`.

    Returns:
        Rows of `codes`, by system and id.
    """
    fresh = seen.join(known.select(["system", "code"]), ["system", "code"], join_type="left anti")
    rows = []
    for system in SYSTEMS:
        codes = fresh.filter(pc.equal(fresh["system"], system))["code"].sort()
        highest = pc.max(known.filter(pc.equal(known["system"], system))["id"]).as_py() or 0
        ids = pa.array(range(highest + 1, highest + 1 + len(codes)), pa.int32())
        rows.append(pa.table({"system": pa.array([system] * len(codes), pa.string()), "code": codes, "id": ids}))
    return pa.concat_tables(rows)


def record_codes(lake: Lake, cases: DataFrame, note: str) -> int | None:
    """Give an id to every code of the cases (narrow, codes as text) that has none.

    Of runs that meet new codes at once one numbers first, the others number on from there. Gives the version of
    `codes` that has them all, None where no case has a code and none ever had.
    """
    seen = seen_codes(cases).toArrow()
    return lake.extend(CODES, lambda known: number_new(seen, known), note)


def load_codes(lake: Lake) -> CodeArrays:
    """All codes of the lake as arrays: the id of a code is its position plus one."""
    table = lake.table(CODES).sort_by([("system", "ascending"), ("id", "ascending")])
    arrays = {}
    for system in SYSTEMS:
        rows = table.filter(pc.equal(table["system"], system))
        if not rows["id"].to_pylist() == list(range(1, rows.num_rows + 1)):
            raise ValueError(f"table codes: ids of system {system} are not dense from 1; the table was changed by hand")
        arrays[system] = rows["code"].combine_chunks() if rows.num_rows else pa.array([], pa.string())
    return arrays


def to_ids(values: pa.Array, codes: pa.Array) -> pa.Array:
    """Text codes -> ids; 0 where there is no code."""
    found = pc.index_in(values, value_set=codes, skip_nulls=True)
    return pc.fill_null(pc.add(found, 1), 0).cast(pa.int32())


def _list_ids(values: pa.Array, codes: pa.Array) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    filled = pc.if_else(pc.is_valid(values), values, pa.scalar([], type=values.type))
    return pa.ListArray.from_arrays(filled.offsets, to_ids(filled.values, codes))


def code_ids(codes: CodeArrays) -> Column:
    """Column struct(principal_id, other_ids, procedure_ids) of the text columns principal, others, procedures."""
    diagnoses, procedures = codes["DI"], codes["OP"]

    @F.arrow_udf(_IDS)  # type: ignore[call-overload]
    def ids(batches: Iterator[tuple[pa.Array, pa.Array, pa.Array]]) -> Iterator[pa.Array]:
        for principal, others, procs in batches:
            yield pa.StructArray.from_arrays(
                [to_ids(principal, diagnoses), _list_ids(others, diagnoses), _list_ids(procs, procedures)],
                names=["principal_id", "other_ids", "procedure_ids"],
            )

    return ids("principal", "others", "procedures")
