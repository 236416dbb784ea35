"""The jobs that propose what a person decides, on the settled lake: base groups (OP-39), assessment (OP-55)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import functions as F

from jobs.assessment import assessment, hospital_rows, proposal_lines
from jobs.base_groups import base_group_rows, base_groups, finding_lines
from jobs.context import JobContext
from lake.assessed import years_without
from lake.errors import InputProblem
from lake.parameters import published
from lake.policy_files import PolicyBook, load_policies
from lake.stays import lists_of
from lake.tables.rules import ASSESSMENT_PROPOSALS, BASE_GROUP_FINDINGS
from lake.views import grouped_history
from tests.jobs.lakes import CITIES, YEAR
from tests.jobs.test_rule_jobs import first_city_with

PLACES = Decimal("0.000001")


def book_with(folder: Path, **values: str) -> PolicyBook:
    base = load_policies().layers["base"].policies
    named = {name.replace("__", "."): value for name, value in values.items()}
    return first_city_with(folder, {key: (base[key].unit, value) for key, value in named.items()})


def with_base_groups(context: JobContext, *groups: tuple[str, str]) -> JobContext:
    """The lake with these groups listed in the year's registry."""
    registry = context.registry(YEAR)
    listed = pa.Table.from_pylist(
        [dict(zip(("area", "drg"), group, strict=True)) for group in groups], registry.tables["base_groups"].schema
    )
    return replace(context, _registries={YEAR: replace(registry, tables=registry.tables | {"base_groups": listed})})


def test_002_article_13_groups_that_history_speaks_for(settled: JobContext, tmp_path: Path) -> None:
    """Shares are counted again from the history; the list of the registry stands beside them."""
    book = book_with(tmp_path, base_group__min_share="'0.2'", base_group__max_cv="'1.5'")
    assert base_groups(settled, CITIES, YEAR, book) == len(CITIES)
    candidate = (
        settled.lake.read(BASE_GROUP_FINDINGS)
        .where((F.col("area") == CITIES[0]) & (F.col("finding") == "candidate"))
        .first()
    )
    assert candidate is not None
    listing_both = with_base_groups(settled, (CITIES[0], candidate.drg), (CITIES[0], "none"))
    assert base_groups(listing_both, CITIES, YEAR, book) == 1
    assert base_groups(listing_both, CITIES, YEAR, book) == 0
    rows = settled.lake.read(BASE_GROUP_FINDINGS).collect()
    schemes = {area: one.scheme_version for area, one in published(settled.lake, CITIES, YEAR).items()}
    places = {row["fixmedins_code"]: row for row in settled.registry(YEAR).tables["hospitals"].to_pylist()}
    counted: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for case in grouped_history(settled.runs, schemes, YEAR).collect():
        place = places[case.fixmedins_code]
        counted[place["area"], case.drg][0] += 1
        counted[place["area"], case.drg][1] += place["level"] == 1
    found = {(row.area, row.drg): row.finding for row in rows}
    assert found.pop((CITIES[0], candidate.drg)) == "both"
    assert found.pop((CITIES[0], "none")) == "listed"
    assert set(found.values()) == {"candidate"}
    for row in rows:
        assert [row.cases, row.primary_cases] == counted[row.area, row.drg]
        least = Decimal("0.2") if row.area == CITIES[0] else Decimal("0.5")
        assert row.share_met == (row.cases > 0 and row.primary_cases >= least * row.cases)
        assert (row.finding == "listed") == (not (row.share_met and row.cv_met and row.cases_met))
    lines = finding_lines(settled, CITIES, YEAR)
    assert len(lines) == len(rows) + 1
    assert base_group_rows(settled, CITIES, YEAR) == sorted(
        (row.area, row.drg) for row in rows if row.finding != "listed"
    )


def test_002_article_33_coefficients_are_proposed(settled: JobContext, tmp_path: Path) -> None:
    """One area weighs discharges, persons and cost, within limits; the other gives no weights."""
    weights = "{discharges: '0.05', visits_per_person: '-0.2', mean_cost: '-0.1'}"
    book = book_with(tmp_path, assessment__weights=weights)
    assert assessment(settled, CITIES, YEAR, book) == len(CITIES)
    assert assessment(settled, CITIES, YEAR, book) == 0
    rows = {row.fixmedins_code: row for row in settled.lake.read(ASSESSMENT_PROPOSALS).collect()}
    assert set(rows) == set(settled.registry(YEAR).area_of)
    assert {row.outcome for row in rows.values() if row.area != CITIES[0]} == {"off"}
    ours = {code: row for code, row in rows.items() if row.area == CITIES[0]}
    figures: dict[tuple[str, int], list] = defaultdict(lambda: [0, set(), 0])
    for year in (YEAR - 1, YEAR):
        for one in lists_of(settled.runs, CITIES[:1], year).collect():
            found = figures[one.fixmedins_code, year]
            found[0] += 1
            found[1].add(one.psn_no)
            found[2] += (one.medfee_sumamt_fen or 0) - (one.special_cost_fen or 0)
    for code, row in ours.items():
        now, before = figures[code, YEAR], figures[code, YEAR - 1]
        assert row.outcome == ("proposed" if now[0] and before[0] else "not_comparable")
        if row.outcome == "not_comparable":  # a hospital that opened or closed
            assert row.coefficient is None
            continue
        assert row.discharges == change(now[0], 1, before[0], 1)
        assert row.visits_per_person == change(now[0], len(now[1]), before[0], len(before[1]))
        assert row.mean_cost == change(now[2], now[0], before[2], before[0])
        assert None not in (row.personal_share, row.fund)
        terms = Decimal("0.05") * row.discharges - Decimal("0.2") * row.visits_per_person
        exact = 1 + terms - Decimal("0.1") * row.mean_cost
        assert row.coefficient == exact.quantize(PLACES, ROUND_HALF_UP)
    assert "proposed" in {row.outcome for row in ours.values()}
    assert any(row.cmi is not None for row in ours.values())  # a hospital may have blank groups only
    lines = proposal_lines(settled, CITIES, YEAR)
    assert len(lines) == len(rows) + 1
    assert len({line.count(",") for line in lines}) == 1
    written = {row[0]: row for row in hospital_rows(settled, CITIES, YEAR)}
    for place in settled.registry(YEAR).tables["hospitals"].to_pylist():
        own = written[place["fixmedins_code"]]
        proposed = rows[place["fixmedins_code"]].coefficient
        assert Decimal(own[4]) == (place["assessment"] if proposed is None else proposed)
        assert own[1:4] == (place["area"], str(place["level"]), str(place["suspended"]))


def change(above: int, below: int, last_above: int, last_below: int) -> Decimal:
    before = below * last_above
    return (Decimal(above * last_below - before) / before).quantize(PLACES, ROUND_HALF_UP)


def test_002_article_33_a_weight_without_data_is_refused(
    settled: JobContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unnamed(*given: object) -> object:
        return lists_of(*given).withColumn("psn_no", F.lit(None).cast("string"))  # type: ignore[arg-type]

    book = book_with(tmp_path, assessment__weights="{visits_per_person: '-0.3'}")
    monkeypatch.setattr("jobs.assessment.lists_of", unnamed)
    with pytest.raises(InputProblem, match=f"area {CITIES[0]}: visits_per_person has a weight.*{YEAR - 1} has psn_no"):
        assessment(settled, CITIES, YEAR, book)
    found = years_without(lists_of(settled.runs, CITIES[:1], YEAR), [YEAR]).collect()
    assert [(row.persons, row.payments) for row in found] == [(False, False)]
