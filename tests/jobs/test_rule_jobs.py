"""The jobs of the rules beside points and clearing on the settled lake, and rules of single cases on a copy of it."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import openpyxl
import pytest
from pyspark.sql import functions as F

from jobs.add_ons import add_ons, element_rows, finding_lines
from jobs.benchmark import benchmark
from jobs.budget import budget, budget_lines
from jobs.bulletin import bulletin, bulletin_lines, published_bulletin
from jobs.context import JobContext
from jobs.drugs import drug_lines, drugs
from jobs.incentives import incentives
from jobs.monitoring import monitoring, monitoring_lines
from jobs.points import points
from jobs.prepay import prepay, prepay_lines
from jobs.settle import settle
from jobs.settle_drugs import drug_pay
from jobs.statement import statement_blocks
from jobs.weights import weight_lines, weights
from jobs.why import check_voices, money_lines, point_lines
from lake.case_file import read_case_file
from lake.errors import InputProblem, MissingParameters
from lake.monitored import measured_weights
from lake.parameters import elements_of, parameter_sets, publish, published
from lake.policy_files import PolicyBook, load_policies
from lake.tables.case_points import CASE_POINTS
from lake.tables.cases import CASES
from lake.tables.ledger import DRUG_LEDGER, INCENTIVE_LEDGER, PREPAY_LEDGER
from lake.tables.registry import HOSPITALS
from lake.tables.results import HOSPITAL_MONTH, HOSPITAL_YEAR
from lake.tables.rules import (
    CASE_SHARING,
    DRUG_COMPENSATION,
    GROWTH_INCENTIVES,
    HOSPITAL_INDICES,
    PAYMENT_WEIGHTS,
    PREPAY_PUBLICATION,
    PREPAY_TESTS,
    PREPAYMENTS,
)
from serving.city_book import write_city_book
from serving.city_year import read_city_year
from serving.terms import INSURANCE
from settlement.rule_ledger import advances
from settlement.rule_ledger import incentives as ledger_of_incentives
from tests.conftest import ROOT
from tests.jobs.lakes import CITIES, YEAR, open_lake

NEXT = YEAR + 1


@pytest.fixture(scope="module")
def inputs(settled: JobContext, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Funds that may pay (职工) and may not (居民: too little balance), and every hospital's application."""
    folder = tmp_path_factory.mktemp("prepay")
    months = [f"{YEAR}-{month:02d}" for month in range(1, 13)]
    rich, poor = "100.00,90.00,1080.00", "100.00,90.00,539.99"
    funds = [
        f"{area},{kind},{month},{row}"
        for area in CITIES
        for kind, row in (("310", rich), ("390", poor))
        for month in months
    ]
    (folder / "funds.csv").write_text("\n".join(["area,insutype,month,income,spending,balance", *funds]) + "\n")
    codes = sorted(settled.registry(YEAR).area_of)
    rows = [f"{code},{kind},1,{place % 2},0.5,0.25" for place, code in enumerate(codes) for kind in ("310", "390")]
    header = "fixmedins_code,insutype,management,credit,policy,tracing"
    (folder / "applications.csv").write_text("\n".join([header, *rows]) + "\n")
    return folder


def test_a_month_of_the_settled_year_is_paid_in_advance(settled: JobContext, inputs: Path) -> None:
    """A twelfth of months and clearing, where the fund may pay; a second run has nothing to do."""
    assert prepay(settled, CITIES, NEXT, inputs, load_policies()) == len(CITIES)
    assert prepay(settled, CITIES, NEXT, inputs, load_policies()) == 0
    lake = settled.lake
    tests = {(row.area, row.insutype): row for row in lake.read(PREPAY_TESTS).collect()}
    assert {(key[1], row.outcome) for key, row in tests.items()} == {("310", "eligible"), ("390", "balance")}
    assert tests[CITIES[0], "310"].months == 12
    year = lake.read(HOSPITAL_YEAR).select("*", (F.col("paid_fen") + F.col("final_fen")).alias("settled")).collect()
    settled_fen = {(row.fixmedins_code, row.insutype): row.settled for row in year}
    rows = lake.read(PREPAYMENTS).collect()
    assert sum(row.paid_fen for row in rows) > 0
    for row in rows:
        base = settled_fen.get((row.fixmedins_code, row.insutype), 0)
        expected = (2 * base + 12) // 24 if row.insutype == "310" and base > 0 else 0
        assert row.paid_fen == expected
    assert lake.read(PREPAY_PUBLICATION).count() == 0  # the year has not ended
    booked = {
        (row.fixmedins_code, row.insutype): row.outstanding_fen for row in advances(lake.read(PREPAY_LEDGER)).collect()
    }
    assert booked == {(row.fixmedins_code, row.insutype): row.paid_fen for row in rows if row.paid_fen}
    lines = prepay_lines(settled, CITIES, NEXT)
    assert len(lines) == len(rows) + 1
    assert all(line.endswith(",,") for line in lines[1:])


def test_prepayment_names_what_is_wrong(settled: JobContext, inputs: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingParameters, match=r"no registry|no finished"):
        prepay(settled, CITIES, YEAR, inputs, load_policies())
    with pytest.raises(InputProblem, match=r"has no funds.csv"):
        prepay(settled, CITIES, NEXT, tmp_path, load_policies())
    (tmp_path / "funds.csv").write_text((inputs / "funds.csv").read_text())
    (tmp_path / "applications.csv").write_text(
        "fixmedins_code,insutype,management,credit,policy,tracing\nH0,310,1,1.5,1,1\n"
    )
    with pytest.raises(InputProblem, match=r"line 2: credit = '1.5'") as caught:
        prepay(settled, CITIES, NEXT, tmp_path, load_policies())
    assert "line 2: fixmedins_code = 'H0': no hospital of last year's registry" in str(caught.value)


def test_the_bulletin_counts_every_application_once(settled: JobContext) -> None:
    for half in (1, 2):
        assert bulletin(settled, CITIES, YEAR, half) == len(CITIES)
    assert bulletin(settled, CITIES, YEAR, 1) == 0
    first = published_bulletin(settled, CITIES, YEAR, 1)
    total = first.agg(*[F.sum(name).alias(name) for name in ("discharges", "applied", "passed", "over_quota")]).first()
    cases = settled.lake.read(CASE_POINTS).where(F.col("in_year") == 1)
    assert total is not None
    assert total.discharges == cases.count()  # the province of the tests has cases in January and June only
    assert total.applied == cases.where(F.col("review").isNotNull()).count() > 0
    assert total.passed == cases.where(F.col("review") == "passed").count()
    assert published_bulletin(settled, CITIES, YEAR, 2).count() == 0
    lines = bulletin_lines(settled, CITIES, YEAR, 1)
    assert len(lines) == first.count() + 1
    assert lines[0].startswith("统筹区,医疗机构编号,出院病例")


def first_city_with(folder: Path, values: Mapping[str, tuple[str, str]]) -> PolicyBook:
    """The packaged values, and over them those of the first city: key -> unit and value as they are written."""
    shutil.copy(ROOT / "conf" / "policy" / "base.yaml", folder)
    (folder / "areas").mkdir()
    lines = ["title: t", "based_on: base", "policies:"]
    for key, (unit, value) in values.items():
        lines += [f"  {key}:", "    description: d", f"    unit: {unit}", "    source: s"]
        lines += [f"    values: {{2020-01-01: {value}}}"]
    (folder / "areas" / f"{CITIES[0]}.yaml").write_text("\n".join(lines), encoding="utf-8")
    return load_policies(folder)


@pytest.fixture(scope="module")
def shared_cases(tmp_path_factory: pytest.TempPathFactory) -> PolicyBook:
    """The packaged values with growth rewarded in the first city, and its cases sharing."""
    values = {
        "case_sharing.enabled": ("true or false", "true"),
        "case_sharing.keep": ("ratio", "'0.7'"),
        "case_sharing.aid": ("ratio", "'0.5'"),
        "growth.benchmark": ("ratio or level_mean (同级别平均增长率)", "level_mean"),
        "growth.reward": ("ratio", "'0.1'"),
        "growth.restraint": ("ratio", "'0.1'"),
    }
    return first_city_with(tmp_path_factory.mktemp("policy"), values)


@dataclass(frozen=True)
class Ruled:
    """A copy of the settled lake whose first city has rules of single cases: one TCM hospital, one group by the day."""

    context: JobContext
    hospital: str
    group: str


@pytest.fixture(scope="module")
def ruled(settled: JobContext, tmp_path_factory: pytest.TempPathFactory) -> Ruled:
    scored = settled.lake.read(CASE_POINTS).where((F.col("area") == CITIES[0]) & (F.col("class") == "normal"))
    group = scored.groupBy("drg").count().orderBy(F.desc("count"), "drg").first()
    hospital = scored.groupBy("fixmedins_code").count().orderBy(F.desc("count"), "fixmedins_code").first()
    assert group is not None
    assert hospital is not None
    values = {
        "tcm.min_share": ("ratio", "'0.05'"),
        "tcm.uplift": ("ratio", "'0.05'"),
        "tcm.institutions": ("list of fixmedins_code", f"[{hospital.fixmedins_code}]"),
        "bed_day.method": ("off or points", "points"),
        "bed_day.points": ("points a day", f"{{{group.drg}: '2.5'}}"),
    }
    readings = {
        "outlier.ruler_period": "current_year",
        "special_review.los_multiple": "'1.5'",
        "special_review.cost_multiple": "'2'",
    }
    base = load_policies().layers["base"].policies
    values |= {key: (base[key].unit, value) for key, value in readings.items()}
    book = first_city_with(tmp_path_factory.mktemp("case_rules"), values)
    copied = tmp_path_factory.mktemp("ruled") / "lake"
    shutil.copytree(settled.lake.root, copied)
    context = open_lake(settled.lake.spark, copied)
    benchmark(context, [CITIES[0]], YEAR, book)
    publish(context.lake, [CITIES[0]], YEAR, "tester", "rules of single cases")
    points(context, [CITIES[0]], YEAR)
    settle(context, [CITIES[0]], YEAR)
    return Ruled(context, hospital.fixmedins_code, group.drg)


def test_001_article_35_hospitals_are_monitored(settled: JobContext) -> None:
    """The indices of the area's hospitals, weighted by their cases, are 1; rates and CMI follow from the points."""
    assert monitoring(settled, CITIES, YEAR) == len(CITIES)
    assert monitoring(settled, CITIES, YEAR) == 0
    rows = settled.lake.read(HOSPITAL_INDICES).collect()
    elements = elements_of(settled.lake, published(settled.lake, CITIES, YEAR).values())
    groups = elements.where("kind = 'benchmark_points'").select("area", "drg")
    weighed = settled.lake.read(CASE_POINTS).where("in_year = 1").join(groups, ["area", "drg"], "left_semi")
    counts = {
        row.fixmedins_code: row
        for row in weighed.groupBy("fixmedins_code")
        .agg(F.count(F.lit(1)).alias("cases"), F.count(F.when(F.col("class") == "high", 1)).alias("high"))
        .collect()
    }
    assert {row.fixmedins_code for row in rows} == set(counts)
    for area in CITIES:
        mine = [row for row in rows if row.area == area]
        cases = sum(counts[row.fixmedins_code].cases for row in mine)
        for name in ("cost_index", "time_index"):
            whole = sum(row[name] * counts[row.fixmedins_code].cases for row in mine)
            assert abs(whole / cases - 1) < Decimal("0.00001")
    for row in rows:
        of = counts[row.fixmedins_code]
        assert row.high_rate == (Decimal(of.high) / of.cases).quantize(Decimal("0.000001"), ROUND_HALF_UP)
        assert row.cmi > 0
    lines = monitoring_lines(settled, CITIES, YEAR)
    assert len(lines) == len(rows) + 1
    assert lines[0].startswith("统筹区,医疗机构编号,病例组合指数(CMI)")


def test_002_article_37_drugs_are_compensated_where_the_area_lists_them(settled: JobContext, tmp_path: Path) -> None:
    policy = {"negotiated_drug.list": ("list of drug codes", "[D1]"), "negotiated_drug.ratio": ("ratio", "'0.3'")}
    (tmp_path / "policy").mkdir()
    book = first_city_with(tmp_path / "policy", policy)
    cases = {
        area: settled.lake.read(CASE_POINTS).where((F.col("area") == area) & (F.col("in_year") == 1)).first()
        for area in CITIES
    }
    first, second = (row.setl_id for row in cases.values() if row is not None)
    items = tmp_path / "items.csv"
    items.write_text(f"setl_id,code,amount\n{first},D1,1.00\n{first},D1,0.05\n{first},D2,9.00\n{second},D1,9.00\n")
    assert drugs(settled, CITIES, YEAR, items, book) == len(CITIES)
    assert drugs(settled, CITIES, YEAR, items, book) == 0
    (paid,) = settled.lake.read(DRUG_COMPENSATION).collect()
    assert (paid.setl_id, paid.drug_fen, paid.compensation_fen) == (first, 105, 32)  # 31.5, half up
    (_, line) = drug_lines(settled, CITIES, YEAR)
    assert line.endswith(",1,1.05,0.32")
    (booked,) = settled.lake.read(DRUG_LEDGER).collect()
    assert (booked.fixmedins_code, booked.entry, booked.amount_fen) == (paid.fixmedins_code, "drug_compensation", 32)
    (block,) = (
        one
        for one in statement_blocks(settled, paid.fixmedins_code, YEAR)
        if one.splitlines()[0].endswith(INSURANCE[paid.insutype])
    )
    (shown,) = (line for line in block.splitlines() if line.startswith("谈判药品补偿（未计入清算）"))
    assert shown.split()[2] == "0.32"
    assert settle(settled, CITIES, YEAR) == 0  # beside the clearing: nothing to settle anew
    items.write_text("setl_id,code,amount\nS0,D1,1.00\n")
    with pytest.raises(InputProblem, match="setl_id S0: no case"):
        drugs(settled, CITIES, YEAR, items, book)


def test_002_article_37_drugs_enter_the_final_amount_where_the_area_says_so(
    settled: JobContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Switched on, the next `settle` of that city takes it in; the statements add up; a case that is gone is named."""
    root = tmp_path / "lake"
    shutil.copytree(settled.lake.root, root)
    context = open_lake(settled.lake.spark, root)
    policy = {
        "negotiated_drug.list": ("list of drug codes", "[D1]"),
        "negotiated_drug.ratio": ("ratio", "'0.3'"),
        "negotiated_drug.in_final": ("true or false", "true"),
    }
    (tmp_path / "policy").mkdir()
    book = first_city_with(tmp_path / "policy", policy)
    case = context.lake.read(CASE_POINTS).where((F.col("area") == CITIES[0]) & (F.col("in_year") == 1)).first()
    assert case is not None
    items = tmp_path / "items.csv"
    items.write_text(f"setl_id,code,amount\n{case.setl_id},D1,1000.00\n")
    mine = (F.col("fixmedins_code") == case.fixmedins_code) & (F.col("insutype") == case.insutype)
    (before,) = context.lake.read(HOSPITAL_YEAR).where(mine).collect()
    drugs(context, CITIES, YEAR, items, book)
    assert settle(context, CITIES, YEAR) == 1
    assert settle(context, CITIES, YEAR) == 0
    (after,) = context.lake.read(HOSPITAL_YEAR).where(mine).collect()
    assert (after.negotiated_drugs_fen, after.final_fen) == (30_000, before.final_fen + 30_000)
    assert (after.clearing_fen, after.paid_fen) == (before.clearing_fen, before.paid_fen)
    city = read_city_year(context.runs, CITIES[0], YEAR)
    write_city_book(tmp_path / "book.xlsx", city, "city")
    header, *rows = openpyxl.load_workbook(tmp_path / "book.xlsx")["清算以外"].iter_rows(min_row=2, values_only=True)
    shown = [dict(zip(header, row, strict=True)) for row in rows]
    (line,) = (
        row for row in shown if (row["医疗机构编号"], row["险种"]) == (case.fixmedins_code, INSURANCE[case.insutype])
    )
    assert round(line["最终应拨付"] * 100) == after.final_fen
    assert (line["谈判药品补偿（未计入清算）"], line["合计应拨付"]) == (0, line["最终应拨付"])
    scored = context.lake.read(CASE_POINTS).where(F.col("setl_id") != case.setl_id)
    with pytest.raises(MissingParameters, match=f"case {case.setl_id} is compensated for drugs"):
        drug_pay(context, scored, CITIES[:1], YEAR)


def test_002_article_18_2_add_ons_are_held_against_their_limits(settled: JobContext, tmp_path: Path) -> None:
    area, code = CITIES[0], next(code for code, of in settled.registry(YEAR).area_of.items() if of == CITIES[0])
    file, book = tmp_path / "add_ons.csv", load_policies()
    rows = [f"{code},AA1,national,coefficient,0.2", f"{code},BB1,provincial,coefficient,0.1"]
    header = "fixmedins_code,drg,ground,kind,value"
    file.write_text("\n".join([header, *rows, f"{code},CC1,national,coefficient,0.25"]) + "\n")
    assert add_ons(settled, CITIES, YEAR, file, book) == len(CITIES)
    assert finding_lines(settled, CITIES, YEAR)[1:] == [
        f"{area},{code},,,病组数超过上限,3,2",
        f"{area},{code},CC1,国家级重点专科或区域医疗中心,超过上限,0.25,0.2",
    ]
    file.write_text("\n".join([header, *rows]) + "\n")
    assert add_ons(settled, CITIES, YEAR, file, book) == 1
    assert len(finding_lines(settled, CITIES, YEAR)) == 1
    assert element_rows(settled, CITIES, YEAR, file, book) == [
        (area, "add_on", "AA1", "", code, "0.2"),
        (area, "add_on", "BB1", "", code, "0.1"),
    ]
    file.write_text("\n".join([header, "H0,AA1,national,rise,0.2"]) + "\n")
    with pytest.raises(InputProblem, match="kind = 'rise'") as caught:
        add_ons(settled, CITIES, YEAR, file, book)
    assert "fixmedins_code = 'H0': not in the registry" in str(caught.value)


def test_001_article_13_budgets_keep_to_the_limit_of_growth(settled: JobContext, tmp_path: Path) -> None:
    """1,000 less 50, 100 and 10 are 840; ten percent above 700 are 770."""
    file, book = tmp_path / "budget.csv", load_policies()
    names = "area,insutype,inpatient,last_inpatient,last_spending,reserve,out_of_area,other,growth,last_total"
    file.write_text(
        f"{names}\n{CITIES[0]},310,1000,900,600,50,100,10,0,700\n{CITIES[1]},310,1000,900,600,50,100,10,0,800\n"
    )
    assert budget(settled, CITIES, NEXT, file, book) == len(CITIES)
    assert budget(settled, CITIES, NEXT, file, book) == 0
    assert budget_lines(settled, CITIES, NEXT)[1:] == [
        f"{CITIES[0]},310,{NEXT},840.00,700.00,770.00,0.100000,按增长率上限核减",
        f"{CITIES[1]},310,{NEXT},840.00,800.00,840.00,0.050000,未超增长率上限",
    ]


def test_001_article_16_negotiated_weights_keep_the_total(settled: JobContext, tmp_path: Path) -> None:
    measured = measured_weights(settled.lake, [parameter_sets(settled.lake, CITIES[0], YEAR)[-1].set_id]).collect()
    total = sum(row.weight * row.cases for row in measured)
    raised = max(measured, key=lambda row: (row.cases, row.drg))
    file, book = tmp_path / "weights.csv", load_policies()
    file.write_text(f"area,drg,weight\n{CITIES[0]},{raised.drg},{raised.weight * 2}\n")
    assert weights(settled, CITIES[:1], YEAR, file, book) == 1
    new = {row.drg: row for row in settled.lake.read(PAYMENT_WEIGHTS).collect()}
    assert len(new) == len(measured)
    assert {row.outcome for row in new.values()} <= {"kept", "off_total"}
    kept = sum(new[row.drg].weight * row.cases for row in measured)
    assert abs(kept - total) <= sum(row.cases for row in measured) * Decimal("0.0000005")
    assert new[raised.drg].weight > raised.weight
    assert len(weight_lines(settled, CITIES[:1], YEAR)) == len(measured) + 1
    file.write_text(f"area,drg,weight\n{CITIES[0]},none,1\n")
    with pytest.raises(InputProblem, match="no measured weight of group"):
        weights(settled, CITIES[:1], YEAR, file, book)


def test_002_articles_12_and_15_single_cases_in_the_lake(ruled: Ruled) -> None:
    """Points by the day; points that the year adds, which its clearing counts and its months do not."""
    lake = ruled.context.lake
    city = F.col("area") == CITIES[0]
    scored = lake.read(CASE_POINTS).where(city).join(lake.read(CASES).where(city).select("setl_id", "los"), "setl_id")
    rows = scored.collect()
    by_day = [row for row in rows if row["class"] == "bed_day"]
    assert by_day
    assert all((row.drg, row.points) == (ruled.group, Decimal("2.5") * row.los) for row in by_day)
    raised = [row for row in rows if row.uplift]
    assert raised
    for row in raised:
        assert row.fixmedins_code == ruled.hospital
        assert row.uplift == (row.points * Decimal("0.05")).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    counted: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        if row.in_year and row.scope == "local":
            counted[row.fixmedins_code, row.insutype] += row.points + row.uplift
    for row in lake.read(HOSPITAL_YEAR).where(city).collect():
        assert row.points == counted[row.fixmedins_code, row.insutype]
    months = lake.read(HOSPITAL_MONTH).where(city).agg(F.sum("points")).first()
    assert months is not None
    assert months[0] == sum(row.points for row in rows if row.in_month and row.scope == "local")


def test_why_tells_of_single_cases(ruled: Ruled) -> None:
    city = ruled.context.lake.read(CASE_POINTS).where((F.col("area") == CITIES[0]) & (F.col("in_year") == 1))
    raised, by_day = city.where("uplift > 0").first(), city.where("class = 'bed_day'").first()
    assert raised is not None
    assert by_day is not None
    said = {}
    for row in (raised, by_day):
        file = read_case_file(ruled.context.runs, ruled.context.registry, row.setl_id)
        check_voices(file)
        said[row.setl_id] = "\n".join([*point_lines(file), *money_lines(file)])
    assert "中治率 = " in said[raised.setl_id]
    assert f"年度清算增加点数 = {raised.points.normalize():f} × 0.05 = " in said[raised.setl_id]
    assert "依据 policy/002 article 15" in said[by_day.setl_id]


def test_002_article_22_applications_without_ground_in_the_lake(ruled: Ruled) -> None:
    """The city asks for long stays, of which no group has a mean, or high costs; the other city asks for nothing."""
    rows = ruled.context.lake.read(CASE_POINTS).where("review IS NOT NULL").collect()
    found = {area: {row.review for row in rows if row.area == area} for area in CITIES[:2]}
    assert "no_ground" in found[CITIES[0]]
    assert "no_ground" not in found[CITIES[1]]
    one = next(row for row in rows if row.review == "no_ground")
    file = read_case_file(ruled.context.runs, ruled.context.registry, one.setl_id)
    assert "  特例单议申请：不符合申报条件，按一般规则支付" in point_lines(file)


def test_why_tells_outliers_by_the_level_mean_of_the_year(ruled: Ruled) -> None:
    """OP-34: the ruler that is told is the mean of the year's cases of the level, and explains what was settled."""
    lake = ruled.context.lake
    levels = {row.fixmedins_code: row.level for row in lake.read(HOSPITALS).where(f"year = {YEAR}").collect()}
    city = lake.read(CASE_POINTS).where((F.col("area") == CITIES[0]) & (F.col("in_year") == 1)).collect()
    tested = {row["class"]: row for row in city if row["class"] in ("high", "low", "normal")}
    assert "normal" in tested
    for one in tested.values():
        alike = [row for row in city if (row.drg, levels[row.fixmedins_code]) == (one.drg, levels[one.fixmedins_code])]
        file = read_case_file(ruled.context.runs, ruled.context.registry, one.setl_id)
        check_voices(file)
        assert file.points is not None
        ruler = file.points.figures.ruler
        assert ruler is not None
        mean = Decimal(sum(row.cost_fen for row in alike)) / (100 * len(alike))
        assert ruler.value == Fraction(mean.quantize(Decimal("0.0001"), ROUND_HALF_UP))
        assert any(line.startswith("  当年级别次均费用（判定标准） = ") for line in point_lines(file))


def test_incentives_of_the_cities_that_have_them(settled: JobContext, shared_cases: PolicyBook) -> None:
    """Ordinary cases share within their pool; growth is measured everywhere, and moves money only where it is set."""
    assert incentives(settled, CITIES, YEAR, shared_cases) == len(CITIES)
    assert incentives(settled, CITIES, YEAR, shared_cases) == 0
    pools = (
        settled.lake.read(CASE_SHARING)
        .groupBy("area", "insutype")
        .agg(F.sum("given_fen").alias("given"), F.sum("aid_fen").alias("aid"), F.count(F.lit(1)).alias("cases"))
    )
    found = pools.collect()
    assert {row.area for row in found} == {CITIES[0]}
    assert all(0 < row.aid <= row.given for row in found)
    ordinary = settled.lake.read(CASE_POINTS).where(
        (F.col("area") == CITIES[0])
        & (F.col("scope") == "local")
        & F.col("class").isin("normal", "high", "low", "unstable")
    )
    assert 0 < sum(row.cases for row in found) <= ordinary.count()
    growth = settled.lake.read(GROWTH_INCENTIVES).collect()
    books = settled.lake.read(INCENTIVE_LEDGER)
    came_to = sum(row.balance_fen for row in ledger_of_incentives(books).collect())
    assert came_to == sum(row.aid - row.given for row in found) + sum(row.adjustment_fen for row in growth)
    assert {row.entry for row in books.collect()} == {"case_surplus_given", "case_deficit_aid", "growth_incentive"}
    assert {row.area for row in growth if row.adjustment_fen} == {CITIES[0]}
    for row in growth:
        if row.area == CITIES[0] and row.growth is not None:
            assert (row.adjustment_fen > 0) <= (row.growth <= row.benchmark)
