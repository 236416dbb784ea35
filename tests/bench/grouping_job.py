"""The grouping job from Delta to Delta, beside what it could cost at least; all in one run, one session.

    python -m tests.bench.grouping_job [--cases 2000000] [--schemes ../shared/schemes]

The cases are drawn from the schemes' expected.csv (`tests.bench.grouper_kernel.perturbed`). Measured, each the best of
a few: the whole job (`jobs.group.group`: read, group, write, count, record) with one scheme; reading the same code
columns as strings; an identity pass of the same string columns through `mapInArrow`; the plain-Python reference; the
kernel alone on one core. Then the job over cases of 21 areas, with one scheme and with all schemes side by side.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, StructField

from grouper.case_rows import case_from_row
from grouper.compile import compile_scheme
from grouper.kernel import group_batch
from grouper.reference import ReferenceGrouper
from grouper.workbook import read_scheme
from jobs.context import JobContext
from jobs.group import group
from lake.grouping import SCALARS
from lake.runs import Calculation, RunBook
from lake.scheme_store import SchemeVersion, import_scheme, use_scheme
from lake.session import build_session
from lake.store import Lake
from lake.tables.cases import CASES
from lake.tables.codes import CODES
from tests.bench.grouper_kernel import ROOT, columns_of, perturbed, read_table
from tests.bench.main import machine, tree_memory

YEAR = 2025
MONTHS = [f"{YEAR}-{month:02d}" for month in range(1, 13)]
STRINGS = ("principal_diagnosis", "other_diagnoses", "procedures")
SAMPLE = 20_000  # cases of the reference
CHUNK = 250_000


class Peak:
    """Largest resident memory of this process's tree while the block runs."""

    def __enter__(self) -> Peak:
        self.mib, self._on = 0, True
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while self._on:
            self.mib = max(self.mib, tree_memory(os.getpid()) >> 20)
            time.sleep(0.1)

    def __exit__(self, *_: object) -> None:
        self._on = False
        self._thread.join()


def best(action: Callable[[], object], times: int = 2) -> float:
    """Seconds of the quickest of some runs."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        action()
        found.append(time.perf_counter() - began)
    return min(found)


def pool(folders: list[Path], cases: int) -> Iterator[pa.Table]:
    """Chunks of cases drawn from all the schemes' expected.csv."""
    table = pa.concat_tables([read_table(folder / "expected.csv") for folder in folders])
    for seed, first in enumerate(range(0, cases, CHUNK)):
        yield perturbed(table, min(CHUNK, cases - first), seed)


class Codes:
    """Ids of codes, given as they come."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, int]] = {"DI": {"": 0}, "OP": {"": 0}}

    def ids(self, system: str, texts: pa.Array | pa.ChunkedArray) -> np.ndarray:
        """Ids of texts; '' is 0."""
        encoded = pc.dictionary_encode(texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts)
        known = self.known[system]
        table = np.array([known.setdefault(code, len(known)) for code in encoded.dictionary.to_pylist()], np.int32)
        return table[encoded.indices.to_numpy(zero_copy_only=False)]

    def lists(self, system: str, texts: pa.ChunkedArray) -> pa.Array:
        """Ids of `|` lists."""
        split = pc.split_pattern(texts, "|").combine_chunks()
        empty = pc.equal(pc.fill_null(texts.combine_chunks(), ""), "").to_numpy(zero_copy_only=False)
        lengths = np.where(empty, 0, pc.list_value_length(split).to_numpy(zero_copy_only=False))
        values = pc.list_flatten(split)
        keep = pc.not_equal(values, "")
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        return pa.ListArray.from_arrays(pa.array(offsets), pa.array(self.ids(system, values.filter(keep))))


def case_columns(chunk: pa.Table, first: int, areas: list[str], codes: Codes) -> dict[str, pa.Array]:
    """A chunk as columns of `cases`."""
    size = chunk.num_rows
    area = [areas[place * len(areas) // size] for place in range(size)]
    columns: dict[str, pa.Array] = {
        "setl_id": pa.array([f"{area[place]}{first + place:014d}" for place in range(size)]),
        "principal_id": pa.array(codes.ids("DI", pc.fill_null(chunk["principal_diagnosis"], ""))),
        "other_ids": codes.lists("DI", chunk["other_diagnoses"]),
        "procedure_ids": codes.lists("OP", chunk["procedures"]),
        "blocked": pa.array([""] * size),
        "area": pa.array(area),
        "month": pa.array([MONTHS[place * len(MONTHS) * len(areas) // size % len(MONTHS)] for place in range(size)]),
    }
    for name in SCALARS.values():
        text = chunk[name].combine_chunks()
        columns[name] = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    return columns


def build(context: JobContext, folder: Path, schemes: list[Path], cases: int, areas: list[str]) -> None:
    """Cases with ids, their codes, the same codes as strings, and the record that they were ingested."""
    lake, spark = context.lake, context.lake.spark
    codes = Codes()
    (folder / "ids").mkdir(parents=True)
    (folder / "strings").mkdir()
    for number, chunk in enumerate(pool(schemes, cases)):
        columns = case_columns(chunk, number * CHUNK, areas, codes)
        pq.write_table(pa.table(columns), folder / "ids" / f"{number}.parquet")
        split = {name: pc.split_pattern(chunk[name], "|") for name in STRINGS[1:]}
        strings = {"setl_id": columns["setl_id"], STRINGS[0]: chunk[STRINGS[0]], **split}
        pq.write_table(pa.table(strings), folder / "strings" / f"{number}.parquet")
    given = spark.read.parquet(str(folder / "ids"))
    rest = [F.lit(None).cast(f.dataType).alias(f.name) for f in CASES.schema if f.name not in given.columns]
    rows = given.select("*", *rest).select(*[_typed(f) for f in CASES.schema])
    version = lake.replace(CASES, rows, None, "bench cases")
    listed = [(system, code, place) for system, known in codes.known.items() for code, place in known.items() if place]
    coded = lake.append(CODES, lake.rows(CODES, listed).coalesce(1), "bench codes")
    ingested = [Calculation("ingest", area, month, {}) for area in areas for month in MONTHS]
    context.runs.finish(ingested, context.now(), {}, {CASES.name: version, CODES.name: coded})
    spark.read.parquet(str(folder / "strings")).write.format("delta").save(str(folder / "strings.delta"))


def _typed(field: StructField) -> Column:
    is_list = isinstance(field.dataType, ArrayType)  # Parquet's lists may hold null: there is nothing to cast them to
    return F.col(field.name) if is_list else F.col(field.name).cast(field.dataType)


def use(context: JobContext, schemes: list[Path], areas: list[str], day: date) -> None:
    """Each area takes a scheme, in turn."""
    versions = []
    for folder in schemes:
        version = import_scheme(context.lake, read_scheme(folder), folder.name, str(folder))
        versions.append(SchemeVersion(folder.name, version, None, str(folder)))
    use_scheme(context.lake, {area: versions[place % len(versions)] for place, area in enumerate(areas)}, day)


def identity(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Everything through Python, nothing done to it."""
    yield from batches


def through(frame: DataFrame) -> None:
    """Compute all of a frame and throw it away."""
    frame.write.format("noop").mode("overwrite").save()


def one_scheme(folder: Path, schemes: Path, cases: int) -> None:
    """The job, and what it stands beside."""
    scheme = schemes / "chs_drg_20"
    context = open_context(folder / "one")
    build(context, folder / "one-files", [scheme], cases, ["110000", "120000", "130000"])
    areas = ["110000", "120000", "130000"]
    use(context, [scheme], areas, date(YEAR, 1, 1))
    strings = context.lake.spark.read.format("delta").load(str(folder / "one-files" / "strings.delta"))
    schema = strings.schema
    with Peak() as peak:
        job = best(lambda: group(context, areas, [YEAR], YEAR), 3)
    identity_pass = best(lambda: through(strings.mapInArrow(identity, schema)))
    copy = str(folder / "copied.delta")
    identity_copy = best(
        lambda: strings.mapInArrow(identity, schema).write.format("delta").mode("overwrite").save(copy)
    )
    read = best(lambda: through(strings))
    read_ids = best(lambda: through(context.lake.read(CASES).select("setl_id", "principal_id", "other_ids")))
    compiled = compile_scheme(read_scheme(scheme))
    batches = [columns_of(compiled, chunk) for chunk in pool([scheme], min(cases, 4 * CHUNK))]
    kernel = best(lambda: [group_batch(*batch) for batch in batches])
    rows = [case_from_row(row) for row in next(pool([scheme], SAMPLE)).to_pylist()]
    reference = ReferenceGrouper(read_scheme(scheme))
    plain = best(lambda: [reference.group(row) for row in rows], 1)
    figures = [
        ("grouping job, Delta to Delta", cases, job),
        ("(a) identity through mapInArrow, strings", cases, identity_pass),
        ("(a) the same, written to Delta", cases, identity_copy),
        ("(b) read the strings", cases, read),
        ("    read the ids", cases, read_ids),
        ("(c) plain-Python reference, one core", SAMPLE, plain),
        ("(d) kernel alone over ids, one core", min(cases, 4 * CHUNK), kernel),
    ]
    for name, size, seconds in figures:
        print(f"| {name} | {size:,} | {seconds:.2f} | {size / seconds:,.0f} |", flush=True)
    ratios = f"{job / identity_pass:.2f}, written to Delta {job / identity_copy:.2f}"
    print(f"\njob / (a) = {ratios}; peak memory of driver and workers {peak.mib:,} MiB", flush=True)


def many_areas(folder: Path, schemes: Path, cases: int) -> None:
    """21 areas: one scheme for all, then all schemes in turn."""
    folders = sorted(path.parent for path in schemes.glob("*/expected.csv"))
    areas = [f"{110000 + 100 * place}" for place in range(21)]
    context = open_context(folder / "many")
    build(context, folder / "many-files", folders, cases, areas)
    use(context, [schemes / "chs_drg_20"], areas, date(YEAR, 1, 1))
    alone = best(lambda: group(context, areas, [YEAR], YEAR))
    use(context, folders, areas, date(YEAR, 1, 1))
    with Peak() as peak:
        mixed = best(lambda: group(context, areas, [YEAR], YEAR))
    print(f"| 21 areas, one scheme | {cases:,} | {alone:.2f} | {cases / alone:,.0f} |")
    print(f"| 21 areas, {len(folders)} schemes | {cases:,} | {mixed:.2f} | {cases / mixed:,.0f} |")
    print(f"\n{len(folders)} schemes / one = {mixed / alone:.2f}; peak memory {peak.mib:,} MiB")


def open_context(root: Path) -> JobContext:
    """A lake of its own; the session is shared."""
    lake = Lake(build_session("dianshu-bench"), str(root))
    return JobContext(lake, RunBook(lake), force=True, quiet=not os.environ.get("DIANSHU_BENCH_SAY"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=2_000_000)
    parser.add_argument("--schemes", type=Path, default=ROOT.parent / "shared" / "schemes")
    parser.add_argument("--only", choices=("one", "many"))
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="dianshu-bench-"))
    print(f"{machine()}\n\n| what | cases | s | cases/s |\n|---|---|---|---|", flush=True)
    try:
        if args.only != "many":
            one_scheme(folder, args.schemes, args.cases)
        if args.only != "one":
            many_areas(folder, args.schemes, args.cases)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
