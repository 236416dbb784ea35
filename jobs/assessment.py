"""Job `assessment`: the assessment coefficient that each hospital's figures speak for (policy/002 article 33, OP-55).

It proposes: what counts is the coefficient that the agency writes into hospitals.csv of the registry.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.arguments import out_file
from jobs.context import (
    JobContext,
    add_city_year_arguments,
    add_lake_arguments,
    add_policy_argument,
    cities_of,
    open_context,
)
from jobs.shell import run_job
from jobs.slices import publish_slices
from lake.assessed import assessment_figures, years_without
from lake.errors import InputProblem
from lake.identity import canonical
from lake.parameters import ParameterSet, elements_of, published
from lake.policy_files import PolicyBook, load_policies
from lake.province_write import write_table
from lake.registry import registry_frame
from lake.runs import Calculation, read_published
from lake.stays import lists_of
from lake.tables.registry import HOSPITALS
from lake.tables.rules import ASSESSMENT_PROPOSALS
from lake.views import cases_of, city_years, group_period, groups_of, ingest_ids, with_groups
from settlement import frames
from settlement.assessment import NOT_COMPARABLE, OFF, PROPOSED, assessment_proposals
from settlement.rule_policy import Indicator, RulePolicy

NAME = "assessment"
CHANGES = ("人次人头比", "出院人次", "次均费用", "个人负担比", "CMI", "统筹发生额")
HEADER = ",".join(("统筹区", "医疗机构编号", *(f"{name}变化" for name in CHANGES), "建议考核系数", "结论"))
OUTCOMES = {PROPOSED: "建议", NOT_COMPARABLE: "缺少可比数据", OFF: "未设指标权重"}
# What an indicator needs of the lists beside the cases: column of `years_without`, and its name for people.
_NEEDS = {Indicator.VISITS_PER_PERSON: ("persons", "psn_no"), Indicator.PERSONAL_SHARE: ("payments", "psn_pay")}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu assessment`."""
    add_city_year_arguments(parser)
    parser.add_argument(
        "--out", type=Path, metavar="FILE.csv", help="the hospitals with the proposed coefficients, for hospitals.csv"
    )
    add_policy_argument(parser)
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the job from the command line."""
    book = load_policies(args.policy)
    out_file(args.out)
    context = open_context(args, NAME)
    cities = cities_of(context, args.city, args.year)
    assessment(context, cities, args.year, book)
    print("\n".join(proposal_lines(context, cities, args.year)))
    if args.out is not None:
        write_table(args.out, frames.HOSPITALS.names, hospital_rows(context, cities, args.year))
    return 0


def assessment(context: JobContext, cities: Collection[str], year: int, book: PolicyBook) -> int:
    """Propose for the hospitals of the cities whose inputs changed; gives the number of cities.

    Raises `InputProblem` where an indicator has a weight and no list of a year has what it is made of.
    """
    started = context.now()
    sets = published(context.lake, cities, year)
    rules = {area: book.rules_at(area, date(year, 1, 1)) for area in sets}
    calculations = [_calculation(context, one, year, book) for _, one in sorted(sets.items())]
    due = context.runs.due(calculations, context.force)
    if due:
        chosen = {key.area: sets[key.area] for key in due}
        proposals = _proposals(context, chosen, {area: rules[area] for area in chosen}, year)
        publish_slices(context, due, {ASSESSMENT_PROPOSALS: proposals.withColumn("year", F.lit(year))}, started)
    context.say(NAME, f"{len(calculations)} cities, {len(due)} assessed")
    return len(due)


def _calculation(context: JobContext, chosen: ParameterSet, year: int, book: PolicyBook) -> Calculation:
    area, years = chosen.area, (year - 1, year)
    groups = {}
    for one in years:
        hint = f"run `dianshu group --year {one} --scheme-year {year}` first"
        period = group_period(one, chosen.scheme_version)
        groups[str(one)] = context.runs.required("group", area, period, hint).run_id
    by = {
        "groups": groups,
        "lists": {str(one): ingest_ids(context.runs, area, one) for one in years},
        "hospitals": context.registry(year).fingerprint("hospitals", area),
        "parameters": chosen.fingerprint,
        "rules": canonical(book.rule_values_at(area, date(year, 1, 1))),
    }
    return Calculation(NAME, area, str(year), by)


def _proposals(
    context: JobContext, sets: Mapping[str, ParameterSet], rules: Mapping[str, RulePolicy], year: int
) -> DataFrame:
    areas, years = sorted(sets), [year - 1, year]
    places = city_years(areas, years)
    schemes = {area: one.scheme_version for area, one in sets.items()}
    grouped = with_groups(cases_of(context.runs, places), groups_of(context.runs, schemes, places))
    lists = lists_of(context.runs, areas, year - 1).unionByName(lists_of(context.runs, areas, year))
    _check_lists(lists, rules, years)
    hospitals = registry_frame(context.lake, context.registry(year), HOSPITALS).where(F.col("area").isin(areas))
    figures = assessment_figures(grouped, lists, elements_of(context.lake, sets.values()), hospitals, year)
    return assessment_proposals(figures, {area: one.policy for area, one in sets.items()}, rules)


def _check_lists(lists: DataFrame, rules: Mapping[str, RulePolicy], years: list[int]) -> None:
    """A weight on an indicator that the lists say nothing of is refused, not passed over."""
    asked = {area: {name for name, weight in rule.assessment_weights if weight} for area, rule in rules.items()}
    areas = sorted(area for area, names in asked.items() if names & set(_NEEDS))
    if not areas:
        return
    for row in years_without(lists.where(F.col("area").isin(areas)), years).orderBy("area", "year").collect():
        for indicator, (column, field) in _NEEDS.items():
            if row[column] and indicator in asked[row.area]:
                raise InputProblem(
                    f"assessment.weights of area {row.area}: {indicator} has a weight, but no list of {row.year} has "
                    f"{field}; deliver the lists with it, or take the weight away"
                )


def _found(context: JobContext, cities: Collection[str], year: int) -> pa.Table:
    slices = [(area, str(year)) for area in sorted(cities)]
    rows = read_published(context.runs, ASSESSMENT_PROPOSALS, NAME, slices, "year").toArrow()
    return rows.sort_by([("area", "ascending"), ("fixmedins_code", "ascending")])


def proposal_lines(context: JobContext, cities: Collection[str], year: int) -> list[str]:
    """The proposals as CSV lines with a Chinese header; an empty change: a year has no figure."""
    lines = [HEADER]
    for row in _found(context, cities, year).to_pylist():
        figures = [_shown(row[name]) for name in (*Indicator, "coefficient")]
        lines.append(",".join((row["area"], row["fixmedins_code"], *figures, OUTCOMES[row["outcome"]])))
    return lines


def hospital_rows(context: JobContext, cities: Collection[str], year: int) -> list[tuple[str, ...]]:
    """Rows of hospitals.csv of the cities, with the proposed coefficients; where there is none, the registry's."""
    proposed = {row["fixmedins_code"]: row["coefficient"] for row in _found(context, cities, year).to_pylist()}
    rows = []
    for row in context.registry(year).tables["hospitals"].to_pylist():
        if row["area"] in cities:
            coefficient = proposed.get(row["fixmedins_code"])
            own = row | {"assessment": row["assessment"] if coefficient is None else coefficient}
            rows.append(tuple(_cell(own[name]) for name in frames.HOSPITALS.names))
    return rows


def _shown(number: Decimal | None) -> str:
    return "" if number is None else f"{number:f}"


def _cell(value: str | int | Decimal) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
