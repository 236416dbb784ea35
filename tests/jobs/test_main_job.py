"""The main job on a small province: what comes out, that it comes out again, and what happens with bad input."""

from __future__ import annotations

import shutil
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.benchmark import benchmark
from jobs.context import JobContext, cities_of
from jobs.group import group
from jobs.ingest import ingest
from jobs.points import points
from jobs.publish import publish_cities
from jobs.results import results
from jobs.settle import settle
from jobs.why import case_lines, check_voices, group_lines, money_lines, point_lines
from lake.case_file import read_case_file
from lake.errors import ContractBroken, InputProblem, MissingParameters, UsageProblem
from lake.parameters import diff, parameter_sets
from lake.policy_files import load_policies
from lake.settings import history_years
from lake.tables.case_points import CASE_POINTS
from lake.tables.cases import CASES
from lake.tables.findings import FINDINGS
from lake.tables.groups import GROUPS
from lake.tables.lists import LISTS, LISTS_SUPERSEDED
from lake.tables.results import HOSPITAL_YEAR, POOLS
from lake.tables.runs import RUNS
from serving.city_year import read_city_year
from tests.jobs.lakes import CITIES, YEAR, marks, open_lake


def test_no_list_is_lost(settled: JobContext, landing: Path) -> None:
    delivered = sum(pq.read_metadata(file).num_rows for file in (landing / "lists").rglob("*.parquet"))
    lake = settled.lake
    lists, superseded, cases = (lake.read(table).count() for table in (LISTS, LISTS_SUPERSEDED, CASES))
    assert lists + superseded == delivered
    assert superseded > 0
    assert cases == lists  # every list of this delivery has a setl_id
    assert lake.read(GROUPS).count() == cases
    assert lake.read(GROUPS).select("setl_id").distinct().count() == cases
    of_year = lake.read(CASES).where(F.col("month").startswith(str(YEAR))).count()
    assert lake.read(CASE_POINTS).count() == of_year


def test_most_cases_are_grouped_and_the_others_say_why(settled: JobContext) -> None:
    rows = settled.lake.read(GROUPS).groupBy("outcome", (F.col("reason") != "").alias("says_why")).count().collect()
    counts = {(row.outcome, row.says_why): row["count"] for row in rows}
    assert counts[("grouped", False)] > 0.9 * sum(counts.values())
    assert counts[("ungrouped", True)] > 0
    assert ("ungrouped", False) not in counts
    assert ("grouped", True) not in counts


def test_findings_name_rule_field_and_text(settled: JobContext) -> None:
    rows = settled.lake.read(FINDINGS).collect()
    assert {"QC-101", "QC-702", "QC-991", "QC-992"} <= {row.rule for row in rows}
    assert all(row.message and row.field for row in rows)


def test_hospitals_sum_to_the_budget_used(settled: JobContext) -> None:
    pools = settled.lake.read(POOLS).where(F.length("period") == 4).collect()
    paid = settled.lake.read(HOSPITAL_YEAR).groupBy("area", "insutype").agg(F.sum("amount_fen").alias("fen")).collect()
    by_pool = {(row.area, row.insutype): row.fen for row in paid}
    assert len(pools) == 2 * len(CITIES)
    for pool in pools:
        assert by_pool[(pool.area, pool.insutype)] == pool.budget_used_fen > 0
        assert pool.residue_fen == 0


def test_every_result_row_names_its_run_and_versions(settled: JobContext) -> None:
    finished = {row.run_id for row in settled.lake.read(RUNS).collect()}
    for table in (GROUPS, CASE_POINTS, POOLS, HOSPITAL_YEAR):
        named = {row.run_id for row in settled.lake.read(table).select("run_id").distinct().collect()}
        assert named
        assert named <= finished
    sets = {one.set_id for one in parameter_sets(settled.lake) if one.status == "published"}
    assert {row.set_id for row in settled.lake.read(CASE_POINTS).select("set_id").distinct().collect()} == sets


def test_a_second_run_has_nothing_to_do(settled: JobContext) -> None:
    before = settled.lake.version(RUNS)
    assert group(settled, CITIES, [*history_years(YEAR), YEAR], YEAR) == 0
    assert benchmark(settled, CITIES, YEAR, load_policies()) == []
    assert points(settled, CITIES, YEAR) == 0
    assert settle(settled, CITIES, YEAR) == 0
    assert settled.lake.version(RUNS) == before


def test_city_by_city_in_another_lake_gives_the_same_bytes(
    settled: JobContext, spark: SparkSession, filled: Path, tmp_path: Path
) -> None:
    """One city alone, in another order and another lake, gives what the bulk run gave, row for row."""
    shutil.copytree(filled, tmp_path / "lake")
    other = open_lake(spark, tmp_path / "lake")
    for city in reversed(CITIES):
        group(other, [city], [*history_years(YEAR), YEAR], YEAR)
        benchmark(other, [city], YEAR, load_policies())
        publish_cities(other, [city], YEAR, "somebody else", "another reason")
        points(other, [city], YEAR)
        settle(other, [city], YEAR)
    assert marks(other.lake) == marks(settled.lake)


def test_forced_again_the_bytes_stay(settled: JobContext) -> None:
    before = marks(settled.lake)
    again = JobContext(settled.lake, settled.runs, force=True, quiet=True)
    points(again, CITIES[:1], YEAR)
    settle(again, CITIES[:1], YEAR)
    assert marks(settled.lake) == before


def test_the_workbook_reads_back(settled: JobContext, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results(settled, CITIES, YEAR, tmp_path)
    table = capsys.readouterr().out
    city = read_city_year(settled.runs, CITIES[0], YEAR)
    book = openpyxl.load_workbook(tmp_path / f"{CITIES[0]}-{YEAR}.xlsx")
    assert book.sheetnames[:3] == ["说明", "汇总", "医疗机构年度清算"]
    page = book["医疗机构年度清算"]
    header = [cell.value for cell in page[2]]
    last = {name: cell.value for name, cell in zip(header, page[page.max_row], strict=True)}
    assert last["医疗机构编号"] == "合计"
    total = pc.sum(city.hospital_year["amount_fen"]).as_py()
    assert round(last["应结算金额"] * 100) == total
    assert "residue" in table
    assert CITIES[0] in table


def test_why_explains_what_was_settled(settled: JobContext) -> None:
    """One case of every class that occurs: the explaining voice agrees with what was settled, and says it in words."""
    rows = settled.lake.read(CASE_POINTS).groupBy("class").agg(F.min("setl_id").alias("setl_id")).collect()
    assert {"normal", "low", "ungrouped", "fee_for_service"} <= {row["class"] for row in rows}
    for row in rows:
        file = read_case_file(settled.runs, settled.registry, row.setl_id)
        check_voices(file)
        text = "\n".join([*case_lines(file), *group_lines(file), *point_lines(file), *money_lines(file)])
        assert all(word in text for word in ("【病例】", "【分组】", "【点数】", "【金额】"))
    with pytest.raises(UsageProblem, match="no case 'nobody'"):
        read_case_file(settled.runs, settled.registry, "nobody")


def test_unknown_city_and_year(settled: JobContext) -> None:
    with pytest.raises(UsageProblem, match="--city 999999"):
        cities_of(settled, ["999999"], YEAR)
    with pytest.raises(MissingParameters, match="registry"):
        cities_of(settled, None, YEAR + 1)


def test_settling_needs_published_parameters(settled: JobContext, spark: SparkSession, tmp_path: Path) -> None:
    empty = open_lake(spark, tmp_path / "lake")
    with pytest.raises(MissingParameters, match="registry"):
        points(empty, CITIES, YEAR)
    with pytest.raises(MissingParameters, match="no draft"):
        publish_cities(settled, CITIES, YEAR - 1, "tester", "test")
    with pytest.raises(UsageProblem, match="--who"):
        publish_cities(settled, CITIES, YEAR, " ", "test")


def test_params_diff_shows_what_differs(settled: JobContext) -> None:
    first, second = (one.set_id for one in parameter_sets(settled.lake) if one.status == "published")
    rows = diff(settled.lake, first, second).collect()
    assert any(row.kind == "all_mean" and row.before != row.after for row in rows)
    assert diff(settled.lake, first, first).isEmpty()
    with pytest.raises(UsageProblem, match="no parameter set 'x'"):
        diff(settled.lake, first, "x")


def test_a_missing_budget_is_an_error_and_publishes_nothing(
    spark: SparkSession, landing: Path, settled: JobContext, tmp_path: Path
) -> None:
    budgets = landing / "registry" / "budgets.csv"
    whole = budgets.read_text(encoding="utf-8")
    before = marks(settled.lake)
    lines = [line for line in whole.splitlines(keepends=True) if not line.startswith(f"{CITIES[0]},390,{YEAR},")]
    budgets.write_text("".join(lines), encoding="utf-8")
    try:
        ingest(settled, landing)
        again = JobContext(settled.lake, settled.runs, quiet=True)
        with pytest.raises(MissingParameters, match=f"area {CITIES[0]}, insutype 390, period {YEAR}"):
            settle(again, CITIES, YEAR)
    finally:
        budgets.write_text(whole, encoding="utf-8")
        ingest(settled, landing)
    assert marks(settled.lake) == before


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda table: table.drop_columns(["setl_id"]), "column.s. setl_id missing"),
        (None, "cannot be read as Parquet"),
    ],
)
def test_broken_deliveries_are_refused(
    spoil: object, message: str, settled: JobContext, landing: Path, tmp_path: Path
) -> None:
    source = next((landing / "lists").rglob("*.parquet"))
    target = tmp_path / "lists" / source.parent.parent.name / source.parent.name / source.name
    target.parent.mkdir(parents=True)
    if callable(spoil):
        pq.write_table(spoil(pq.read_table(source, partitioning=None)), target)
    else:
        target.write_bytes(source.read_bytes()[:100])
    before = settled.lake.version(LISTS)
    with pytest.raises(InputProblem, match=message):
        ingest(settled, tmp_path)
    assert settled.lake.version(LISTS) == before


def test_hostile_cells_become_findings_and_stop_nobody(spark: SparkSession, landing: Path, tmp_path: Path) -> None:
    """Nulls everywhere, absurd numbers and texts: the row is kept, the finding says why, the good rows go on."""
    source = next((landing / "lists" / f"area={CITIES[0]}").rglob("*.parquet"))
    table = pq.read_table(source, partitioning=None).slice(0, 40)
    columns = {name: table[name].to_pylist() for name in table.column_names}
    for name in columns:
        columns[name][0] = None
    columns["medfee_sumamt"][1] = "1e5"
    columns["medfee_sumamt"][2] = "NaN"
    columns["setl_time"][3] = "31/12/2025"
    columns["age"][4] = "-7"
    columns["diseinfo"][5] = [None]
    columns["oprninfo"][6] = []
    columns["iteminfo"][11][0]["item_sumamt"] = "12,50"
    columns["oprninfo"][12] = [{"main_oprn_flag": "1", "oprn_oprt_code": "51.2300", "oprn_oprt_date": "yesterday"}]
    columns["setl_id"][7] = "'; DROP TABLE lists; --"
    columns["fund_pay_sumamt"][8] = "99999999999999999999.99"
    columns["gend"][9] = "男"
    columns["insutype"][10] = None
    spoiled = pa.table({name: pa.array(columns[name], table.schema.field(name).type) for name in columns})
    target = tmp_path / "landing" / "lists" / source.parent.parent.name / source.parent.name / source.name
    target.parent.mkdir(parents=True)
    pq.write_table(spoiled, target)
    context = open_lake(spark, tmp_path / "lake")
    ingest(context, tmp_path / "landing")
    lists = context.lake.read(LISTS)
    assert lists.count() + context.lake.read(LISTS_SUPERSEDED).count() == 40
    found = context.lake.read(FINDINGS).where("rule = 'QC-991'").select("field", "value").collect()
    pairs = {(row.field, row.value) for row in found}
    assert {("medfee_sumamt", "1e5"), ("medfee_sumamt", "NaN"), ("setl_time", "31/12/2025")} <= pairs
    assert ("fund_pay_sumamt", "99999999999999999999.99") in pairs
    assert {("iteminfo.item_sumamt", "12,50"), ("oprninfo.oprn_oprt_date", "yesterday")} <= pairs
    assert lists.where("setl_id LIKE '%DROP TABLE%'").count() == 1


def test_contracts_stop_a_run_before_it_is_seen(settled: JobContext, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ContractBroken("planted")

    monkeypatch.setattr("jobs.points.require", refuse)
    before = settled.lake.version(RUNS)
    again = JobContext(settled.lake, settled.runs, force=True, quiet=True)
    with pytest.raises(ContractBroken, match="planted"):
        points(again, CITIES, YEAR)
    assert settled.lake.version(RUNS) == before
