"""Job `ingest`: deliveries into the lake. Idempotent by area and month: what has not changed is not read again."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.arguments import area_code, month
from jobs.context import JobContext, add_lake_arguments, open_context
from jobs.shell import run_job
from lake.codes import code_ids, load_codes, record_codes
from lake.contracts import require
from lake.errors import ContractBroken
from lake.identity import fingerprint
from lake.landing import Slice, find_slices, lists_folder, read_landing
from lake.lists import delivered_version, mark_superseded, narrow_cases, parse_lists, repeated_lists
from lake.quality import block_reason, findings, load_rules, rules_fingerprint, with_occurrences
from lake.registry import PROVINCE, hospital_areas, read_registry, write_registry
from lake.runs import Calculation
from lake.store import insist, slice_predicate
from lake.tables.batches import BATCHES
from lake.tables.cases import CASES
from lake.tables.codes import CODES
from lake.tables.findings import FINDINGS
from lake.tables.lists import LISTS, LISTS_SUPERSEDED

NAME = "ingest"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu ingest`."""
    parser.add_argument("landing", type=Path, metavar="LANDING", help="folder with lists/ and registry/")
    parser.add_argument(
        "--city", action="append", type=area_code, metavar="AREA", help="only this treating area; may be repeated"
    )
    parser.add_argument(
        "--month", action="append", type=month, metavar="YYYY-MM", help="only this month; may be repeated"
    )
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the job from the command line."""
    lists_folder(args.landing)
    ingest(open_context(args, NAME, creates=True), args.landing, args.city, args.month)
    return 0


def ingest(
    context: JobContext, landing: Path, cities: Collection[str] | None = None, months: Collection[str] | None = None
) -> int:
    """Take in what is new or changed; gives the number of slices written."""
    started = context.now()
    if (landing / "registry").is_dir():
        take_registry(context, landing / "registry")
    hospitals = hospital_areas(context.lake)
    slices = find_slices(landing, cities, months)
    calculations = {_calculation(one, hospitals): one for one in slices}
    due = context.runs.due(calculations, context.force)
    context.say(NAME, f"{len(slices)} slices of area and month delivered, {len(due)} new or changed")
    if due:
        _write(context, landing, {key: calculations[key] for key in due}, hospitals, started)
    return len(due)


def take_registry(context: JobContext, folder: Path) -> None:
    """Take in the registry of a year, unless it is there already: jobs of several cities bring the same one at once."""
    started = context.now()
    delivered = read_registry(folder)
    calculation = Calculation("registry", PROVINCE, str(delivered.year), {"content": delivered.content_mark()})

    def take() -> None:
        if context.runs.load().due([calculation], context.force):
            outputs = write_registry(context.lake, delivered, f"registry {calculation.run_id}")
            context.runs.finish([calculation], started, {}, outputs)
            context.say(NAME, f"registry of {delivered.year} taken in: {len(delivered.area_of)} hospitals")

    insist(take)


def _calculation(one: Slice, hospitals: dict[str, str]) -> Calculation:
    mine = sorted(code for code, area in hospitals.items() if area == one.area)
    by = {"batch": one.fingerprint(), "hospitals": fingerprint(mine), "rules": rules_fingerprint()}
    return Calculation(NAME, one.area, one.month, by)


def _write(
    context: JobContext,
    landing: Path,
    due: Mapping[Calculation, Slice],
    hospitals: Mapping[str, str],
    started: datetime,
) -> None:
    lake, spark = context.lake, context.lake.spark
    predicate = slice_predicate([(key.area, key.period) for key in due])
    note = f"{NAME} {fingerprint(sorted(key.run_id for key in due))[:20]}"
    ids = spark.createDataFrame(
        [(key.area, key.period, key.run_id) for key in due], "area string, month string, run_id string"
    )
    delivered = read_landing(spark, landing, due.values()).withColumn("version", delivered_version())
    marked = mark_superseded(delivered, F.broadcast(repeated_lists(delivered))).drop("version")
    context.say(NAME, "writing lists")

    def kept(superseded: bool) -> DataFrame:
        chosen = parse_lists(marked.where(F.col("superseded") == superseded).drop("superseded"))
        return chosen.join(F.broadcast(ids), ["area", "month"])

    outputs = {
        LISTS.name: lake.replace(LISTS, kept(superseded=False), predicate, note),
        LISTS_SUPERSEDED.name: lake.replace(LISTS_SUPERSEDED, kept(superseded=True), predicate, note),
    }
    lists = lake.read(LISTS, outputs[LISTS.name]).where(predicate)
    superseded = lake.read(LISTS_SUPERSEDED, outputs[LISTS_SUPERSEDED.name]).where(predicate)
    numbered = record_codes(lake, narrow_cases(lists), note)
    outputs |= {CODES.name: numbered} if numbered is not None else {}
    context.say(NAME, "writing cases and findings")
    known = F.col("fixmedins_code").isin(sorted(hospitals))
    rules = load_rules()
    checked = with_occurrences(lists, rules, hospital_known=known)
    codes = load_codes(lake)
    outputs[CASES.name] = lake.replace(CASES, _cases(checked, code_ids(codes), block_reason(rules)), predicate, note)
    found = findings(checked, rules).unionByName(
        findings(with_occurrences(superseded, rules, repeated=F.lit(True), hospital_known=known), rules)
    )
    outputs[FINDINGS.name] = lake.replace(FINDINGS, found.join(F.broadcast(ids), ["area", "month"]), predicate, note)
    _check_and_count(context, due, outputs, ids, note)
    context.runs.finish(due, started, {}, outputs)


def _cases(checked: DataFrame, ids: Column, blocked: Column) -> DataFrame:
    """Narrow cases with code ids in place of code strings."""
    narrow = narrow_cases(checked.withColumn("blocked", blocked), ("blocked",))
    return narrow.withColumn("ids", ids).select("*", "ids.*")


def _check_and_count(
    context: JobContext, due: Mapping[Calculation, Slice], outputs: dict[str, int], ids: DataFrame, note: str
) -> None:
    """The contract of the lists, and the batch records whose counts must add up."""
    lake = context.lake
    predicate = slice_predicate([(key.area, key.period) for key in due])
    lists = lake.read(LISTS, outputs[LISTS.name]).where(predicate)
    require(lists, "lists")
    counts = (
        lists.groupBy("area", "month").agg(F.count(F.lit(1)).alias("kept"), F.sum("medfee_sumamt_fen").alias("fen"))
    ).collect()
    kept = {(row.area, row.month): (row.kept, row.fen) for row in counts}
    old = _count(lake.read(LISTS_SUPERSEDED, outputs[LISTS_SUPERSEDED.name]).where(predicate))
    found = _count(lake.read(FINDINGS, outputs[FINDINGS.name]).where(predicate))
    rows = []
    for key, one in sorted(due.items(), key=lambda pair: (pair[0].area, pair[0].period)):
        place = (key.area, key.period)
        delivered = sum(pq.read_metadata(file).num_rows for file in one.files)
        rows_kept, fen = kept.get(place, (0, 0))
        if delivered != rows_kept + old.get(place, 0):
            raise ContractBroken(
                f"area {key.area}, month {key.period}: {delivered} rows delivered, {rows_kept} kept and "
                f"{old.get(place, 0)} superseded do not add up; nothing was published. This is an error of the program."
            )
        rows.append(
            (
                *place,
                key.determined_by["batch"],
                len(one.files),
                delivered,
                rows_kept,
                old.get(place, 0),
                found.get(place, 0),
                fen or 0,
                key.run_id,
            )
        )
    outputs[BATCHES.name] = lake.append(BATCHES, rows, note)
    total = sum(row[4] for row in rows)
    context.say(
        NAME,
        f"{total} lists delivered, {sum(row[6] for row in rows)} superseded, {sum(row[7] for row in rows)} findings",
    )


def _count(rows: DataFrame) -> dict[tuple[str, str], int]:
    return {(row.area, row.month): row["count"] for row in rows.groupBy("area", "month").count().collect()}


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
