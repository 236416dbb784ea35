"""Points, months and years of a large province: time, memory, growth, one city alone, and DuckDB for the same sums.

    python -m tests.bench.settlement [--sizes 4000000 16000000] [--province ../shared/provinces/p5]

The cases are those of a province folder (p5: 21 areas, 20,000 cases), repeated under new ids and with other costs until
there are as many as asked for. Each size runs in a process of its own: its peak memory is that size's.

`sums` is the only pass over cases that the money needs (`settlement.sums.case_sums`); DuckDB does the same over the
same files, in the same process, on as many threads.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import duckdb
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lake.province_folder import SETTLING, frames, read_province_folder
from lake.session import build_session
from settlement.frames import ProvinceFrames
from settlement.policy import Policy
from settlement.settle import settle_province, settle_scored
from settlement.sums import case_sums
from tests.bench.grouping_job import Peak, through
from tests.bench.main import ROOT, machine

STEPS = ("points", "sums", "months and year", "one city alone", "duckdb: the same sums")
# The pass of `case_sums` but for what depends on policies, as DuckDB says it.
DUCKDB_SUMS = """
    select area, fixmedins_code, insutype, insu_admdvs, scope, year, cast(substr(month, 6, 2) as integer) as slot,
        count(*) filter (in_month = 1), sum(points) filter (in_month = 1),
        sum(cost_fen) filter (in_month = 1), sum(fund_fen) filter (in_month = 1),
        count(*) filter (in_year = 1), sum(points) filter (in_year = 1),
        sum(cost_fen) filter (in_year = 1), sum(fund_fen) filter (in_year = 1),
        count(*) filter (class = 'fee_for_service'), sum(fund_fen) filter (class = 'fee_for_service'),
        count(*) filter (class = 'new_technique'), sum(fund_fen) filter (class = 'new_technique')
    from read_parquet('{files}') group by all
"""


def timed(action: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def grown(cases: DataFrame, size: int) -> DataFrame:
    """The cases again and again, each time with other costs, up to `size`."""
    times = F.array(*[F.lit(number) for number in range(-(-size // cases.count()))])
    each = cases.withColumn("_again", F.explode(times))
    dearer = F.col("cost_fen") + F.abs(F.xxhash64("setl_id", "_again")) % 100_000
    named = F.concat_ws("-", "setl_id", F.col("_again").cast("string"))
    return each.withColumns({"cost_fen": dearer, "setl_id": named}).drop("_again").limit(size)


def settle_all(scored: DataFrame, given: ProvinceFrames, policies: Mapping[str, Policy], out: Path) -> None:
    """All tables that follow from scored cases, written."""
    kept: list[DataFrame] = []

    def keep(_: str, frame: DataFrame) -> DataFrame:
        kept.append(frame.persist())
        return kept[-1]

    settled = settle_scored(scored, given, policies, keep)
    for name in ("pools", "hospital_month", "hospital_year", "matrix", "net"):
        getattr(settled, name).write.mode("overwrite").parquet(str(out / name))
    for frame in kept:
        frame.unpersist()


def run_size(province: Path, size: int, folder: Path) -> dict[str, float]:
    """Seconds of each step at one size, and the peak memory of the whole."""
    spark: SparkSession = build_session("dianshu-bench")
    source = read_province_folder(province, SETTLING)
    given = ProvinceFrames(**frames(spark, source))
    cases = str(folder / "cases")
    grown(given.cases, size).write.parquet(cases)
    given = replace(given, cases=spark.read.schema(given.cases.schema).parquet(cases))
    scored_at = folder / "scored"
    with Peak() as peak:
        settled = settle_province(given, source.policies)
        found = {"points": timed(lambda: settled.case_points.write.parquet(str(scored_at)))}
        scored = spark.read.schema(settled.case_points.schema).parquet(str(scored_at))
        found["sums"] = timed(lambda: through(case_sums(scored, source.policies)))
        found["months and year"] = timed(lambda: settle_all(scored, given, source.policies, folder / "all"))
        area = min(source.policies)
        alone = scored.where(F.col("area") == area)
        found["one city alone"] = timed(lambda: settle_all(alone, given, source.policies, folder / "alone"))
    files = DUCKDB_SUMS.format(files=f"{scored_at}/*.parquet")
    with duckdb.connect() as connection:
        connection.execute(f"set threads to {os.cpu_count()}")
        found["duckdb: the same sums"] = timed(lambda: connection.execute(files).fetchall())
    return {**found, "peak": peak.mib}


def in_own_process(province: Path, size: int) -> dict[str, float]:
    """`run_size` in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.settlement", "--province", str(province), "--one", str(size)]
    answer = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return dict(json.loads(answer.strip().splitlines()[-1]))


def table(sizes: list[int], found: dict[int, dict[str, float]]) -> str:
    """The figures as Markdown."""
    head = ["step", *[f"{size:,}: s / cases/s" for size in sizes], f"time x at {sizes[-1] // sizes[0]}x data"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for step in STEPS:
        cells = [f"{found[size][step]:.1f} / {size / found[size][step]:,.0f}" for size in sizes]
        lines.append("| " + " | ".join([step, *cells, f"{found[sizes[-1]][step] / found[sizes[0]][step]:.2f}"]) + " |")
    lines.append("| peak memory, MiB | " + " | ".join(f"{found[size]['peak']:,.0f}" for size in sizes) + " | |")
    large = found[sizes[-1]]
    whole = large["points"] + large["months and year"]
    return "\n".join(
        [
            *lines,
            "",
            f"Spark's sums take {large['sums'] / large[STEPS[-1]]:.1f} x the time of DuckDB's; one city alone takes "
            f"{large['one city alone'] / whole:.1%} of the whole (points, months and year of all).",
        ]
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[4_000_000, 16_000_000])
    parser.add_argument("--province", type=Path, default=ROOT.parent / "shared" / "provinces" / "p5")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        folder = Path(tempfile.mkdtemp(prefix="dianshu-bench-"))
        try:
            print(json.dumps(run_size(args.province, args.one, folder)))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    sizes = sorted(args.sizes)
    found = {size: in_own_process(args.province, size) for size in sizes}
    print(f"{machine()}\n\n{table(sizes, found)}")


if __name__ == "__main__":
    main()
