"""Everything the lake knows of one case: list, findings, group and its trace, points and their steps, money."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from grouper.case import Case as GrouperCase
from grouper.reference import ReferenceGrouper
from grouper.scheme import Scheme
from grouper.trace import Trace
from lake.codes import load_codes
from lake.errors import UsageProblem
from lake.parameters import ParameterSet, elements_of, published
from lake.registry import Registry
from lake.runs import RunBook
from lake.scheme_store import load_scheme
from lake.scored import NEVER
from lake.stays import stays_by_rule
from lake.store import quote
from lake.tables.case_points import CASE_POINTS
from lake.tables.cases import CASES
from lake.tables.findings import FINDINGS
from lake.tables.results import HOSPITAL_YEAR, POOLS
from settlement.reference.elements import Elements
from settlement.reference.inputs import Case, Element, Hospital, Province, Stay
from settlement.reference.points import PointsExplanation, PointsRules, explain_points
from settlement.reference.scope import Places


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
    pool: Row | None
    hospital: Row | None


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
    scored = lake.read(CASE_POINTS, of_points.outputs[CASE_POINTS.name]).where(f"{place} AND {chosen}").first()
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
        points=_points(runs, registry_of(year), case, scored, parameters),
        pool=pools.where(insurance).first(),
        hospital=hospitals.where(insurance & (F.col("fixmedins_code") == case.fixmedins_code)).first(),
    )


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
    runs: RunBook, registry: Registry, case: Row, scored: Row, parameters: ParameterSet
) -> PointsExplanation | None:
    hospitals = tuple(_hospital(row) for row in registry.tables["hospitals"].to_pylist())
    if case.fixmedins_code not in {one.fixmedins_code for one in hospitals if one.area == case.area}:
        return None
    places = Places.of(Province(hospitals=hospitals))
    elements = tuple(
        Element(row.area, row.kind, row.drg, row.level, row.fixmedins_code, Fraction(row.value))
        for row in elements_of(runs.lake, [parameters]).collect()
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
    )
    return explain_points(_settlement_case(case, scored), rules)


def _stays(runs: RunBook, case: Row, parameters: ParameterSet) -> list[Stay]:
    """What the rules of single cases ask of this case, where the area has such rules."""
    by_rule = stays_by_rule(runs, {case.area: parameters.case_rules}, int(case.month[:4]))
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
