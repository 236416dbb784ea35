"""Job `settle`: months, year and clearing of all cities in one run (policy/002 articles 31-34, 003 article 31)."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping, Sequence
from functools import partial

import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.context import JobContext, add_city_year_arguments, add_lake_arguments, cities_of, open_context
from jobs.settle_drugs import drug_pay, drug_runs
from jobs.settle_openings import YearBefore, read_openings, year_before
from jobs.shell import run_job
from jobs.slices import write_slices
from lake.closings import ClosedMonth, check_hospitals, closed_months, closing_mark, closings
from lake.errors import ConcurrentRun, ContractBroken, MissingParameters
from lake.parameters import ParameterSet, published
from lake.registry import Registry, registry_frame
from lake.runs import Calculation
from lake.store import Lake, at_once, slice_predicate
from lake.tables.base import Table
from lake.tables.closings import MONTH_CORRECTIONS
from lake.tables.ledger import LEDGER
from lake.tables.registry import REGISTRY
from lake.tables.results import CLEARING_MATRIX, HOSPITAL_MONTH, HOSPITAL_YEAR, POOLS
from lake.views import scored_cases
from settlement.closing import Closings, closed_differences
from settlement.frames import CASES, HISTORY, ProvinceFrames
from settlement.ledger import ledger_rows
from settlement.ledger_views import closing_differences, improper, legs
from settlement.policy import Policy
from settlement.settle import Settlement, settle_scored

NAME = "settle"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu settle`."""
    add_city_year_arguments(parser)
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the job from the command line."""
    context = open_context(args, NAME)
    settle(context, cities_of(context, args.city, args.year), args.year)
    return 0


def settle(context: JobContext, cities: Collection[str], year: int) -> int:
    """Settle the cities whose inputs changed; gives their number."""
    registry = context.registry(year)
    sets = published(context.lake, cities, year)
    closed = closed_months(context.lake, sets, year)
    drugs = drug_runs(context, sets, year)
    before = year_before(context, sets, year)
    calculations = [_calculation(context, registry, one, closed, drugs, before, year) for one in sets.values()]
    due = context.runs.due(calculations, context.force)
    context.say(NAME, f"{len(calculations)} cities, {len(due)} to settle")
    if due:
        areas = {key.area for key in due}
        mine = [one for one in closed if one.area in areas]
        inside = sorted(areas & drugs.keys())
        _write(context, registry, due, {area: sets[area] for area in areas}, mine, inside, before, year)
    return len(due)


def _calculation(
    context: JobContext,
    registry: Registry,
    chosen: ParameterSet,
    closed: Sequence[ClosedMonth],
    drugs: Mapping[str, str],
    before: YearBefore,
    year: int,
) -> Calculation:
    area = chosen.area
    scored = context.runs.required("points", area, str(year), f"run `dianshu points --year {year}` first")
    by = {"points": scored.run_id, "parameters": chosen.fingerprint}
    by |= {name: registry.fingerprint(name, area) for name in ("hospitals", "budgets", "audit")}
    by["closed"] = closing_mark(closed, area)
    if area in drugs:  # elsewhere the identity is that of before
        by["drugs"] = drugs[area]
    if area in before.runs:  # elsewhere too
        by["opening"] = before.runs[area]
    return Calculation(NAME, area, str(year), by)


def _write(
    context: JobContext,
    registry: Registry,
    due: Sequence[Calculation],
    sets: dict[str, ParameterSet],
    closed: Sequence[ClosedMonth],
    drugs: Sequence[str],
    before: YearBefore,
    year: int,
) -> None:
    started = context.now()
    lake = context.lake
    scored = scored_cases(context.runs, sorted(sets), year)
    check_budgets(scored, registry, sorted(sets))
    kept: list[DataFrame] = []

    def keep(_: str, frame: DataFrame) -> DataFrame:
        kept.append(frame.persist())
        return kept[-1]

    policies = {area: one.policy for area, one in sets.items()}
    found = closings(lake, closed, keep)
    if found is not None:
        check_hospitals(found, registry)
    compensated = drug_pay(context, scored, drugs, year)
    frames = province_frames(lake, registry, sorted(sets))
    opened = read_openings(context, before, sorted(sets), frames.hospitals, policies, year)
    settled = settle_scored(scored, frames, policies, keep, found, compensated, opened)
    outputs = write_slices(lake, due, _tables(settled, policies, year))
    checks = [partial(check, lake, outputs, due, year) for check in (check_sums, check_movements)]
    checks.append(partial(check_closing, lake, outputs, due, year, policies))
    if found is not None:
        checks.append(partial(check_closed, lake, outputs, due, year, found))
    at_once(checks)
    for frame in kept:
        frame.unpersist()
    check_none_closed_meanwhile(lake, sorted(sets), year, closed)
    context.runs.finish(due, started, {}, outputs)
    context.say(
        NAME,
        f"{len(due)} cities settled; every pool's hospitals and residue sum to its budget, the ledger nets to zero",
    )


def _tables(settled: Settlement, policies: Mapping[str, Policy], year: int) -> dict[Table, DataFrame]:
    """What a settlement writes; the ledger first. Corrections are written where months are closed."""
    corrections = {} if settled.corrections is None else {MONTH_CORRECTIONS: settled.corrections}
    return {
        LEDGER: ledger_rows(settled, policies),
        POOLS: settled.pools,
        HOSPITAL_MONTH: settled.hospital_month,
        HOSPITAL_YEAR: settled.hospital_year,
        CLEARING_MATRIX: settled.matrix.withColumn("area", F.col("treating_area")).withColumn("year", F.lit(year)),
        **corrections,
    }


def province_frames(lake: Lake, registry: Registry, areas: Sequence[str]) -> ProvinceFrames:
    """The registry of the areas as frames; cases and history are not in it."""
    frames = {table.name: registry_frame(lake, registry, table) for table in REGISTRY}
    chosen = F.col("area").isin(list(areas))
    hospitals = frames["hospitals"].where(chosen)
    mine = frames["audit"].join(F.broadcast(hospitals.select("fixmedins_code")), "fixmedins_code", "left_semi")
    return ProvinceFrames(
        hospitals=hospitals,
        history=lake.spark.createDataFrame([], HISTORY),
        base_groups=frames["base_groups"],
        elements=frames["elements_given"].limit(0),
        elements_given=frames["elements_given"],
        cases=lake.spark.createDataFrame([], CASES),
        reviews=frames["reviews"],
        budgets=frames["budgets"].where(chosen),
        audit=mine,
        calendar=frames["calendar"],
    )


def check_budgets(scored: DataFrame, registry: Registry, areas: Sequence[str]) -> None:
    """Every pool with cases has a budget of the year. Raises `MissingParameters` naming area, insurance and period."""
    budgets = registry.tables["budgets"]
    period = str(registry.year)
    yearly = budgets.filter(pc.equal(budgets["period"], period)).to_pylist()
    known = {(row["area"], row["insutype"]) for row in yearly}
    present = scored.where("in_year = 1 AND scope = 'local'").select("area", "insutype").distinct().collect()
    missing = sorted({(row.area, row.insutype) for row in present if row.area in areas} - known)
    if missing:
        named = "; ".join(
            f"area {area}, insutype {insutype or '(empty)'}, period {period}" for area, insutype in missing
        )
        raise MissingParameters(
            f"budgets.csv has no row for {named}: add the budget to the registry and ingest it again"
        )


def check_sums(lake: Lake, outputs: dict[str, int], due: Sequence[Calculation], year: int) -> None:
    """Σ hospitals + residue = budget used, to the fen, for every pool; else `ContractBroken`, nothing is published."""
    pools = _written(lake, POOLS, outputs, due, year)
    hospitals = _written(lake, HOSPITAL_YEAR, outputs, due, year)
    paid = {
        (row.area, row.insutype): row.amount
        for row in hospitals.groupBy("area", "insutype").agg(F.sum("amount_fen").alias("amount")).collect()
    }
    for pool in pools.where(F.length("period") == len(str(year))).collect():
        total = paid.get((pool.area, pool.insutype), 0) + pool.residue_fen
        if total != pool.budget_used_fen:
            raise ContractBroken(
                f"area {pool.area}, insutype {pool.insutype}, {year}: hospitals and residue sum to {total} fen, the "
                f"budget used is {pool.budget_used_fen} fen; nothing was published. This is an error of the program."
            )


def check_movements(lake: Lake, outputs: dict[str, int], due: Sequence[Calculation], year: int) -> None:
    """Every row of the ledger moves money between two accounts, and each run's accounts sum to zero.

    Raises `ContractBroken`; nothing is published.
    """
    ledger = _written(lake, LEDGER, outputs, due, year)
    counted = improper(ledger).groupBy("run_id").agg(F.count(F.lit(1)).alias("fen"), F.lit("rows").alias("what"))
    left = legs(ledger).groupBy("run_id").agg(F.sum("change_fen").alias("fen"), F.lit("fen").alias("what"))
    for row in counted.unionByName(left.where("fen != 0")).orderBy("run_id", "what").collect():
        said = f"the accounts sum to {row.fen} fen" if row.what == "fen" else f"{row.fen} rows move nothing"
        raise ContractBroken(
            f"ledger of run {row.run_id}: {said}; nothing was published. This is an error of the program."
        )


def check_closing(
    lake: Lake, outputs: dict[str, int], due: Sequence[Calculation], year: int, policies: Mapping[str, Policy]
) -> None:
    """Every account closes with what the tables say: payable with the final amount, pools with nothing, and so on.

    Raises `ContractBroken`; nothing is published.
    """
    tables = [_written(lake, table, outputs, due, year) for table in (LEDGER, HOSPITAL_YEAR, POOLS)]
    ledger, hospital_year, pools = tables
    differing = closing_differences(ledger, hospital_year, pools, policies).orderBy("account").limit(3).collect()
    if differing:
        named = "; ".join(f"account {row.account}: {row.change_fen} fen" for row in differing)
        raise ContractBroken(
            f"ledger of {year} closes otherwise than hospital_year and pools say ({named}); nothing was published. "
            "This is an error of the program."
        )


def check_closed(lake: Lake, outputs: dict[str, int], due: Sequence[Calculation], year: int, found: Closings) -> None:
    """Closed months are as they were closed, row for row; else `ContractBroken`, nothing is published."""
    tables = [_written(lake, table, outputs, due, year) for table in (HOSPITAL_MONTH, POOLS, CLEARING_MATRIX)]
    differing = closed_differences(found, *tables).distinct().orderBy("area", "period", "table").limit(3).collect()
    if differing:
        named = "; ".join(f"{row.table} of area {row.area}, {row.period}" for row in differing)
        raise ContractBroken(
            f"closed months come out otherwise than they were closed ({named}); nothing was published. Where "
            "month.negative was changed after the closing, publish its value of before for this year: what a closed "
            "month paid or carried on stays. Else this is an error of the program."
        )


def check_none_closed_meanwhile(lake: Lake, areas: Sequence[str], year: int, closed: Sequence[ClosedMonth]) -> None:
    """No month of the areas was closed since the run read them; else `ConcurrentRun`, nothing is published."""
    if closed_months(lake, areas, year) != list(closed):
        raise ConcurrentRun(f"a month of {year} was closed while this run was settling it: run it again")


def _written(lake: Lake, table: Table, outputs: dict[str, int], due: Sequence[Calculation], year: int) -> DataFrame:
    """The slices of a table that this run wrote."""
    return lake.read(table, outputs[table.name]).where(slice_predicate([(key.area, str(year)) for key in due], "year"))


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
