"""Everything the lake knows of one case: list, findings, group and its trace, points and their steps, money."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

import pyarrow.compute as pc
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from grouper.case import Case as GrouperCase
from grouper.reference import ReferenceGrouper
from grouper.scheme import Scheme
from grouper.trace import Trace
from lake.case_value import CaseValue, case_value
from lake.codes import load_codes
from lake.errors import UsageProblem
from lake.parameters import ParameterSet, elements_of, published
from lake.registry import Registry, registry_frame
from lake.runs import RunBook
from lake.scheme_store import load_scheme
from lake.scored import NEVER, cases_by_points
from lake.stays import stays_by_rule
from lake.store import quote
from lake.tables.case_points import CASE_POINTS
from lake.tables.cases import CASES
from lake.tables.findings import FINDINGS
from lake.tables.registry import HOSPITALS
from lake.tables.results import HOSPITAL_YEAR, POOLS
from settlement.case_points import BY_ITEM, IN_PROVINCE, LOCAL
from settlement.policy import OutOfAreaPool
from settlement.reference.elements import Elements
from settlement.reference.inputs import Case, Element, Hospital, Province, Stay
from settlement.reference.points import PointsExplanation, PointsRules, explain_points
from settlement.reference.scope import Places
from settlement.ruler import with_year_means
from settlement.sums import pays_by_item


@dataclass(frozen=True)
class CaseFile:
    """One case from the list to the money. `points` is None where its hospital is not in the registry."""

    case: Row
    findings: list[Row]
    scheme: Scheme
    trace: Trace
    parameters: ParameterSet
    scored: Row
    points: PointsExplanation | None
    value: CaseValue | None
    hospital: Row | None
    item_costs: Mapping[str, int] = field(default_factory=dict)  # fen, of the year's pool, by hospital (`BY_ITEM`)


def read_case_file(runs: RunBook, registry_of: Callable[[int], Registry], setl_id: str) -> CaseFile:
    """Collect a case by its setl_id. Raises `UsageProblem` where there is none, `MissingParameters` where it was
    never scored or settled.
    """
    lake = runs.lake
    chosen = f"setl_id = {quote(setl_id)}"
    case = _last_row(lake.read(CASES).where(chosen))
    if case is None:
        raise UsageProblem(f"no case {setl_id!r} in the lake {lake.root}; check the setl_id, or `dianshu ingest` first")
    year = int(case.month[:4])
    parameters = published(lake, [case.area], year)[case.area]
    scheme = load_scheme(lake, parameters.scheme_version)
    trace = ReferenceGrouper(scheme).explain(_grouper_case(runs, case))
    place = f"area = {quote(case.area)}"
    of_points = runs.required("points", case.area, str(year), f"run `dianshu points --year {year}` first")
    every = lake.read(CASE_POINTS, of_points.outputs[CASE_POINTS.name]).where(f"{place} AND month LIKE '{year}-%'")
    scored = every.where(chosen).first()
    if scored is None:
        raise UsageProblem(
            f"case {setl_id} was taken in after the last `points` run of {case.area}; run `dianshu points`"
        )
    of_year = runs.required("settle", case.area, str(year), f"run `dianshu settle --year {year}` first")
    pools = lake.read(POOLS, of_year.outputs[POOLS.name]).where(f"{place} AND period = {quote(str(year))}")
    hospitals = lake.read(HOSPITAL_YEAR, of_year.outputs[HOSPITAL_YEAR.name]).where(f"{place} AND year = {year}")
    insurance = F.col("insutype") == (case.insutype or "")
    return CaseFile(
        case=case,
        findings=lake.read(FINDINGS).where(f"{place} AND {chosen}").orderBy("rule", "field", "value").collect(),
        scheme=scheme,
        trace=trace,
        parameters=parameters,
        scored=scored,
        points=_points(runs, registry_of(year), case, scored, parameters, every),
        value=case_value(every, pools, scored, parameters.policy),
        hospital=hospitals.where(insurance & (F.col("fixmedins_code") == case.fixmedins_code)).first(),
        item_costs=_item_costs(every.where(insurance), parameters),
    )


def _item_costs(scored: DataFrame, parameters: ParameterSet) -> dict[str, int]:
    """Cost of the cases that the year's pool pays by item, by hospital, where the area reads so."""
    if not pays_by_item([parameters.policy]):
        return {}
    joint = parameters.policy.out_of_area_pool is OutOfAreaPool.JOINT
    inside = F.col("scope").isin(LOCAL, *([IN_PROVINCE] if joint else []))
    items = scored.where((F.col("in_year") == 1) & inside & F.col("class").isin(*BY_ITEM))
    summed = items.groupBy("fixmedins_code").agg(F.sum("cost_fen").alias("cost_fen")).collect()
    return {row.fixmedins_code: row.cost_fen for row in summed}


def _last_row(rows: DataFrame) -> Row | None:
    return rows.orderBy(F.col("month").desc()).first()


def _grouper_case(runs: RunBook, case: Row) -> GrouperCase:
    codes = load_codes(runs.lake)

    def text(system: str, number: int) -> str:
        return codes[system][number - 1].as_py()

    return GrouperCase(
        case_id=case.setl_id,
        sex=case.sex,
        age=case.age,
        age_days=case.age_days,
        birth_weight=case.birth_weight,
        los=case.los,
        discharge_way=case.discharge_way,
        icu_hours=case.icu_hours,
        principal_diagnosis=text("DI", case.principal_id) if case.principal_id else None,
        other_diagnoses=tuple(text("DI", number) for number in case.other_ids if number),
        procedures=tuple(text("OP", number) for number in case.procedure_ids if number),
    )


def _points(
    runs: RunBook, registry: Registry, case: Row, scored: Row, parameters: ParameterSet, of_area: DataFrame
) -> PointsExplanation | None:
    hospitals = tuple(_hospital(row) for row in registry.tables["hospitals"].to_pylist())
    if case.fixmedins_code not in {one.fixmedins_code for one in hospitals if one.area == case.area}:
        return None
    places = Places.of(Province(hospitals=hospitals))
    elements = tuple(
        Element(row.area, row.kind, row.drg, row.level, row.fixmedins_code, Fraction(row.value))
        for row in _elements(runs, registry, parameters, of_area).collect()
    )
    days = {row["date"]: bool(row["working"]) for row in registry.tables["calendar"].to_pylist()}
    budgets = frozenset(registry.tables["budgets"]["area"].to_pylist())
    rules = PointsRules(
        Places(places.hospitals, places.areas | budgets),
        Elements.in_force(elements, ()),
        {case.area: parameters.policy},
        {case.setl_id: scored.review} if scored.review else {},
        days,
        {stay.setl_id: stay for stay in _stays(runs, case, parameters)},
        {case.area: parameters.case_rules},
        _set_points(registry, case.setl_id),
    )
    return explain_points(_settlement_case(case, scored), rules)


def _elements(runs: RunBook, registry: Registry, parameters: ParameterSet, of_area: DataFrame) -> DataFrame:
    """The elements that the area's cases were scored by: of the year where outliers are told by it (OP-34)."""
    cases = cases_by_points(of_area, registry_frame(runs.lake, registry, HOSPITALS))
    return with_year_means(elements_of(runs.lake, [parameters]), cases, {parameters.area: parameters.policy})


def _set_points(registry: Registry, setl_id: str) -> dict[str, Fraction]:
    """The points that the review of this case set, where it set any."""
    reviews = registry.tables["reviews"]
    mine = reviews.filter(pc.equal(reviews["setl_id"], setl_id))["points"].to_pylist()
    return dict.fromkeys([setl_id], Fraction(mine[0])) if mine and mine[0] is not None else {}


def _stays(runs: RunBook, case: Row, parameters: ParameterSet) -> list[Stay]:
    """What the rules of single cases ask of this case, where the area has such rules."""
    by_rule = stays_by_rule(runs, {case.area: parameters.case_rules}, {}, int(case.month[:4]))
    rows = [] if by_rule is None else by_rule.stays.where(F.col("setl_id") == case.setl_id).collect()
    return [Stay(row.setl_id, row.days, row.tcm_cost_fen, bool(row.tcm_place), bool(row.day_care)) for row in rows[:1]]


def _hospital(row: dict) -> Hospital:
    return Hospital(
        row["fixmedins_code"],
        row["area"],
        row["level"],
        bool(row["suspended"]),
        Fraction(row["assessment"]),
        Fraction(row["deposit_return"]),
        None if row["score"] is None else Fraction(row["score"]),
    )


def _settlement_case(case: Row, scored: Row) -> Case:
    first = date.fromisoformat(f"{case.month}-01")
    inside = case.setl_date is not None and f"{case.setl_date:%Y-%m}" == case.month
    settled = case.setl_date if inside else first
    return Case(
        setl_id=case.setl_id,
        fixmedins_code=case.fixmedins_code,
        insu_admdvs=case.insu_admdvs or "",
        insutype=case.insutype or "",
        setl_date=settled,
        dscg_date=case.dscg_date or settled,
        upload_date=case.upload_date or date.fromisoformat(NEVER),
        drg=scored.drg,
        cost_fen=case.cost_fen,
        special_cost_fen=case.special_cost_fen,
        fund_fen=case.fund_fen,
        recognition=bool(case.recognition),
        new_tech=bool(case.new_tech),
    )
