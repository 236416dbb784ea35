"""What schemes made of the lake's codes, kept beside the original: lists and cases stay as they were delivered.

What a code is read as depends on the scheme version and the code alone, so it is written once for both, by the first
`group` run that meets them; the row of every such run in `runs` names the version of the table that it needs.
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from grouper.edition import changed_codes
from grouper.scheme import CodeSystem, Scheme
from lake.codes import CodeArrays
from lake.store import Lake
from lake.tables.mapped_codes import MAPPED_CODES

Row = tuple[str, str, int, str, str, bool]


def mapped_codes(scheme: Scheme, codes: CodeArrays) -> list[Row]:
    """Rows of `mapped_codes`: those of the lake's codes that the scheme maps or calls grey."""
    rows: list[Row] = []
    for system in CodeSystem:
        changed = changed_codes(scheme, system)
        found = pc.index_in(pa.array(changed.keys(), pa.string()), value_set=codes[system.value]).to_pylist()
        for (code, (mapped, grey)), place in zip(changed.items(), found, strict=True):
            if place is not None:
                rows.append((scheme.fingerprint, system.value, place + 1, code, mapped, grey))
    return rows


def record_mapped(lake: Lake, schemes: Iterable[Scheme], codes: CodeArrays) -> dict[str, int]:
    """Write what is not written yet; gives the version of the table by its name, nothing where no code is changed."""
    rows = [row for scheme in schemes for row in mapped_codes(scheme, codes)]
    if not rows:
        return {}

    def fresh(known: pa.Table) -> list[Row]:
        there = set(zip(*[known[key].to_pylist() for key in MAPPED_CODES.keys], strict=True))
        return sorted(row for row in rows if row[:3] not in there)

    versions = ", ".join(sorted({row[0][:12] for row in rows}))
    written = lake.extend(MAPPED_CODES, fresh, f"codes of schemes {versions}")
    return {} if written is None else {MAPPED_CODES.name: written}


def codes_side_by_side(cases: DataFrame, codes: DataFrame, mapped: DataFrame) -> DataFrame:
    """Every code of the cases, as it was written and as the scheme of the case reads it.

    Args:
        cases: rows of `cases` with `scheme_version`, as in `groups`.
        codes: the table `codes`.
        mapped: the table `mapped_codes`.

    Returns:
        setl_id, scheme_version, area, month, field (principal, other, procedure), place (from 1), system, code,
        mapped_code, grey.
    """

    def listed(system: str, field: str, ids: str) -> Column:
        return F.transform(
            ids,
            lambda id_, place: F.struct(
                F.lit(system).alias("system"), F.lit(field).alias("field"), (place + 1).alias("place"), id_.alias("id")
            ),
        )

    whole = cases.withColumn("principal_ids", F.array("principal_id"))
    every = F.concat(
        listed("DI", "principal", "principal_ids"),
        listed("DI", "other", "other_ids"),
        listed("OP", "procedure", "procedure_ids"),
    )
    case = ("setl_id", "scheme_version", "area", "month")
    flat = whole.select(*case, F.explode(every).alias("one")).select(*case, "one.*").where(F.col("id") > 0)
    read = mapped.select("scheme_version", "system", "id", "mapped_code", "grey").distinct()
    joined = flat.join(codes, ["system", "id"]).join(read, ["scheme_version", "system", "id"], "left")
    return joined.select(
        *case,
        "field",
        "place",
        "system",
        "code",
        F.coalesce("mapped_code", "code").alias("mapped_code"),
        F.coalesce("grey", F.lit(False)).alias("grey"),
    )
