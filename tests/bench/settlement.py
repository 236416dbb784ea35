"""Points, months and years of a large province: time, memory, growth, one city alone, and DuckDB for the same sums.

    python -m tests.bench.settlement [--sizes 4000000 16000000] [--province ../shared/provinces/p5]

The cases are those of a province folder (p5: 21 areas, 20,000 cases), grown (`tests.bench.grown_province`). Each size
runs in a process of its own, whose peak memory is that size's; one city is settled first, uncounted, so that neither
the whole nor a part of it pays for the start of a session.

`sums` is the only pass over cases that the money needs (`settlement.sums.case_sums`). DuckDB does the same over the
same files in the same process on as many threads, and must come to the same sums. A city's month alone is what has to
be done when one list of it changes: points of its quarter (the quota of special-case reviews is by quarter), months and
year of the city. What is rerun alone must come to the rows of the whole.
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
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import duckdb
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from lake.province_folder import SETTLING, frames, read_province_folder
from lake.session import build_session
from lake.store import at_once
from settlement.case_points import known_areas, score_cases
from settlement.elements import effective_elements
from settlement.frames import CASES, REVIEWS, ProvinceFrames
from settlement.money import rate_units
from settlement.policy import Policy
from settlement.results import CASE_POINTS
from settlement.settle import settle_scored
from settlement.sums import SUM_KEY, case_sums
from tests.bench.grouping_job import Peak, best
from tests.bench.grown_province import grow
from tests.bench.main import ROOT, machine

POINTS, SUMS, YEARS = "points", "sums of the cases", "months and year"
CITY, MONTH, DUCKDB = "one city alone", "one city's month alone", "DuckDB: the same sums"
WHOLE, PARTS = (POINTS, SUMS, YEARS, DUCKDB), (CITY, MONTH)
TABLES = ("pools", "hospital_month", "hospital_year", "matrix", "net")
BY_CITY = ("pools", "hospital_month", "hospital_year")  # the matrix of one city alone lacks what others owe it

SCORED = (
    "read_parquet('{}/*/*/*.parquet', hive_partitioning = true, hive_types = {{'area': varchar, 'month': varchar}})"
)
# The pass of `case_sums`, where no area counts amounts of abnormal data in the month (OP-13); sums of points keep their
# decimals until they are compared.
DUCKDB_SUMS = """
    select area, fixmedins_code, insutype, insu_admdvs, scope, year,
        cast(substr(coalesce(pay_month, month), 6, 2) as integer) as slot,
        count(*) filter (in_month = 1) as month_cases, sum(points) filter (in_month = 1) as month_points,
        sum(cost_fen) filter (in_month = 1) as month_cost_fen, sum(fund_fen) filter (in_month = 1) as month_fund_fen,
        count(*) filter (in_year = 1) as year_cases, sum(points + uplift) filter (in_year = 1) as year_points,
        sum(cost_fen) filter (in_year = 1) as year_cost_fen, sum(fund_fen) filter (in_year = 1) as year_fund_fen,
        sum(cost_fen) filter (in_month = 1 and by_item) as month_item_cost_fen,
        sum(fund_fen) filter (in_month = 1 and by_item) as month_item_fund_fen,
        sum(cost_fen) filter (in_year = 1 and by_item) as year_item_cost_fen,
        sum(fund_fen) filter (in_year = 1 and by_item) as year_item_fund_fen,
        count(*) filter (class = 'fee_for_service') as fee_cases,
        sum(fund_fen) filter (class = 'fee_for_service') as fee_fund_fen,
        count(*) filter (class = 'new_technique') as new_cases,
        sum((fund_fen * rate * 2 + 100_000_000) // 200_000_000) filter (class = 'new_technique') as new_fen,
        sum(fund_fen) filter (class = 'new_technique') as new_fund_fen
    from (select *, class in ('reviewed_by_item', 'abnormal_by_item') as by_item from {scored})
    join rates using (area) group by all
"""
MONEY = (
    "month_cost_fen",
    "month_fund_fen",
    "year_cost_fen",
    "year_fund_fen",
    "month_item_cost_fen",
    "month_item_fund_fen",
    "year_item_cost_fen",
    "year_item_fund_fen",
    "fee_fund_fen",
    "new_fen",
    "new_fund_fen",
)
COUNTS = ("month_cases", "year_cases", "fee_cases", "new_cases")


@dataclass(frozen=True)
class Province:
    """What is settled together: a whole province or one city of it."""

    given: ProvinceFrames
    policies: Mapping[str, Policy]
    known: DataFrame  # all areas of the province

    def of(self, area: str) -> Province:
        """One city alone."""
        here = F.col("area") == area
        hospitals = self.given.hospitals.where(here)
        codes = F.broadcast(hospitals.select("fixmedins_code"))
        mine = {
            "cases": self.given.cases.where(here),
            "hospitals": hospitals,
            "elements": self.given.elements.where(here),
            "elements_given": self.given.elements_given.where(here),
            "budgets": self.given.budgets.where(here),
            "audit": self.given.audit.join(codes, "fixmedins_code", "left_semi"),
        }
        return replace(self, given=replace(self.given, **mine), policies={area: self.policies[area]})

    def score(self, out: Path, only: Column | None = None) -> None:
        """Points of the cases (of those that `only` names), written by area and month."""
        given = self.given
        cases = given.cases if only is None else given.cases.where(only)
        elements = effective_elements(given.elements, given.elements_given)
        inputs = (cases.select(*CASES.names), given.hospitals, elements, given.reviews, given.calendar, self.known)
        scored = score_cases(*inputs, self.policies)
        scored.write.mode("overwrite").partitionBy("area", "month").parquet(str(out))

    def settle(self, scored: DataFrame, out: Path) -> None:
        """All tables that follow from scored cases, kept and written as job `settle` does."""
        kept: list[DataFrame] = []

        def keep(_: str, frame: DataFrame) -> DataFrame:
            kept.append(frame.persist())
            return kept[-1]

        settled = settle_scored(scored, self.given, self.policies, keep)
        one_file = {name: getattr(settled, name).repartition(1).write.mode("overwrite") for name in TABLES}
        at_once([partial(writer.parquet, str(out / name)) for name, writer in one_file.items()])
        for frame in kept:
            frame.unpersist()


def timed(action: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def read_sliced(like: DataFrame, schema: StructType, folder: Path) -> DataFrame:
    """Files by area and month, with both as columns."""
    lacking = [StructField(name, StringType()) for name in ("area", "month") if name not in schema.names]
    sliced = StructType([*schema.fields, *lacking])
    return like.sparkSession.read.schema(sliced).parquet(str(folder))


def build(source: Path, size: int, folder: Path) -> Province:
    """The province grown to `size` cases, its cases and reviews in files, the rest in memory."""
    read = read_province_folder(source, SETTLING)
    grown = grow(read, size // read.cases.num_rows, folder)
    few = replace(grown, cases=grown.cases.slice(0, 0), reviews=grown.reviews.slice(0, 0))
    given = ProvinceFrames(**frames(build_session("dianshu-bench"), few))
    cases = read_sliced(given.cases, CASES, folder / "cases")
    reviews = given.cases.sparkSession.read.schema(REVIEWS).parquet(str(folder / "reviews"))
    known = known_areas(given.hospitals, given.budgets)
    return Province(replace(given, cases=cases, reviews=reviews), grown.policies, known)


def one_city(city: Province, area: str, folder: Path) -> None:
    """Points, months and year of one city, from its cases."""
    city.score(folder / "scored")
    city.settle(read_sliced(city.known, CASE_POINTS, folder / "scored").where(F.col("area") == area), folder)


def one_month(city: Province, area: str, scored: DataFrame, folder: Path) -> None:
    """Points of the city's quarter that holds its first month; with its other months as they were, months and year."""
    quarter = F.quarter("setl_date") == 1
    city.score(folder / "scored", quarter)
    again = read_sliced(city.known, CASE_POINTS, folder / "scored")
    others = scored.where((F.col("area") == area) & (F.substring("month", 6, 2) > "03"))
    city.settle(others.unionByName(again), folder)


def run_size(source: Path, size: int, folder: Path) -> dict[str, float]:
    """Seconds of each step at one size, the cases of all and of the city, and the peak memory of Spark's steps."""
    whole = build(source, size, folder)
    area = min(whole.policies)
    city = whole.of(area)
    one_city(city, area, folder / "first")
    found: dict[str, float] = {}

    def measure(step: str, seconds: float) -> None:
        found[step] = seconds
        print(f"{size:>10,} {step}: {seconds:.1f} s", file=sys.stderr, flush=True)

    with Peak() as peak:
        measure(POINTS, timed(lambda: whole.score(folder / "scored")))
        scored = read_sliced(whole.known, CASE_POINTS, folder / "scored")
        sums = case_sums(scored, whole.policies).write.mode("overwrite")
        measure(SUMS, best(lambda: sums.parquet(str(folder / "sums"))))
        measure(YEARS, timed(lambda: whole.settle(scored, folder)))
        measure(CITY, timed(lambda: one_city(city, area, folder / "city")))
        measure(MONTH, timed(lambda: one_month(city, area, scored, folder / "month")))
    with duckdb.connect() as connection:
        connection.execute(f"set threads to {os.cpu_count()}")
        measure(DUCKDB, best(lambda: duckdb_sums(connection, whole.policies, folder / "scored")))
        check_sums(connection, folder / "sums")
        for part in ("city", "month"):
            check_part(connection, area, folder, folder / part)
        counted = f"select count(*), count(*) filter (area = '{area}') from {SCORED.format(folder / 'scored')}"
        cases, of_city = connection.execute(counted).fetchall()[0]
    return {**found, "cases": cases, "cases of the city": of_city, "peak": peak.mib}


def duckdb_sums(connection: duckdb.DuckDBPyConnection, policies: Mapping[str, Policy], scored: Path) -> None:
    """`case_sums` by DuckDB, as its table `sums`."""
    rates = ", ".join(f"('{area}', {rate_units(policy.new_tech_rate)}::hugeint)" for area, policy in policies.items())
    connection.execute(f"create or replace table rates as from (values {rates}) as rates(area, rate)")
    connection.execute(f"create or replace table sums as {DUCKDB_SUMS.format(scored=SCORED.format(scored))}")


def check_sums(connection: duckdb.DuckDBPyConnection, written: Path) -> None:
    """DuckDB's sums are Spark's, row by row; else `SystemExit`."""
    plain = [*SUM_KEY, *COUNTS]
    money = [f"coalesce({name}, 0)::hugeint as {name}" for name in MONEY]
    names = ("month_points", "year_points")
    ours = ", ".join([*plain, *money, *[f"{name}::hugeint as {name}" for name in names]])
    # 8 places, as `POINT_PLACES`: without its point the text is the integer
    digits = [f"replace(coalesce({name}, 0)::decimal(38, 8)::varchar, '.', '')::hugeint as {name}" for name in names]
    theirs = ", ".join([*plain, *money, *digits])
    same_rows(connection, f"select {ours} from '{written}/*.parquet'", f"select {theirs} from sums", "DuckDB's sums")


def check_part(connection: duckdb.DuckDBPyConnection, area: str, whole: Path, part: Path) -> None:
    """What was rerun alone is what the whole has for the city; else `SystemExit`."""
    for name in BY_CITY:
        of_whole = f"from '{whole / name}/*.parquet' where area = '{area}'"
        same_rows(connection, of_whole, f"from '{part / name}/*.parquet'", f"{name} of {part.name} alone")


def same_rows(connection: duckdb.DuckDBPyConnection, left: str, right: str, what: str) -> None:
    """Two queries give the same rows, and some; else `SystemExit`."""
    differing = f"(({left}) except all ({right})) union all (({right}) except all ({left}))"
    counts = [connection.execute(f"select count(*) from ({query})").fetchall()[0][0] for query in (differing, left)]
    if counts[0] or not counts[1]:
        raise SystemExit(f"{what}: {counts[0]} rows differ, of {counts[1]}")


def in_own_process(source: Path, size: int) -> dict[str, float]:
    """`run_size` in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.settlement", "--province", str(source), "--one", str(size)]
    answer = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return dict(json.loads(answer.strip().splitlines()[-1]))


def table(every: list[dict[str, float]]) -> str:
    """The figures as Markdown."""
    small, large = every[0], every[-1]
    sizes = [f"{found['cases']:,.0f} cases: s / cases/s" for found in every]
    rows = [["step", *sizes, f"time x at {large['cases'] / small['cases']:.0f}x data"]]
    for step in (*WHOLE, *PARTS):
        rates = [found["cases of the city" if step in PARTS else "cases"] / found[step] for found in every]
        cells = [f"{found[step]:.1f} / {rate:,.0f}" for found, rate in zip(every, rates, strict=True)]
        rows.append([step, *cells, f"{large[step] / small[step]:.2f}"])
    rows.append(["peak memory of Spark's steps, MiB", *[f"{found['peak']:,.0f}" for found in every], ""])
    for part in PARTS:
        shares = [f"{found[part] / (found[POINTS] + found[YEARS]):.1%}" for found in every]
        rows.append([f"{part}, of the whole (points, months and year)", *shares, ""])
    rows.append(
        ["the city's cases, of all", *[f"{found['cases of the city'] / found['cases']:.1%}" for found in every], ""]
    )
    rows.append(["Spark's sums / DuckDB's", *[f"{found[SUMS] / found[DUCKDB]:.1f}" for found in every], ""])
    rows.insert(1, ["---"] * len(rows[0]))
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


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
    every = [in_own_process(args.province, size) for size in sorted(args.sizes)]
    print(f"{machine()}\n\n{table(every)}\n\nDuckDB's sums are Spark's; the parts' rows are those of the whole.")


if __name__ == "__main__":
    main()
