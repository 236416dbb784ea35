"""Core elements (核心要素) of a city and year: drafted by a measurement, published by a person, never changed after.

A parameter set is the measured and given elements, the policy values and the scheme version together; its fingerprint
is taken of all three. Publishing appends a row that names who, when and why, and the set that it supersedes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lake.errors import MissingParameters, UsageProblem
from lake.identity import canonical, fingerprint
from lake.moments import moment_after
from lake.store import Lake
from lake.tables.parameters import CORE_ELEMENTS, PARAMETER_SETS
from settlement.case_rules import CASE_RULE_KEYS, CaseRules, read_case_rules
from settlement.elements import effective_elements
from settlement.frames import ELEMENTS
from settlement.policy import Policy, read_policy

ElementRow = tuple[
    str, str | None, int | None, str | None, Any, str, str
]  # kind, drg, level, hospital, value, unit, source


@dataclass(frozen=True)
class ParameterSet:
    """One parameter set without its elements."""

    set_id: str
    area: str
    year: int
    version: int
    status: str
    fingerprint: str
    scheme_version: str
    policy_values: Mapping[str, Any]
    who: str | None
    why: str | None
    at: datetime

    @property
    def policy(self) -> Policy:
        """The policy values, typed."""
        return read_policy({key: value for key, value in self.policy_values.items() if key not in CASE_RULE_KEYS})

    @property
    def case_rules(self) -> CaseRules:
        """The values of the rules of single cases, typed; those that are not there are off."""
        return read_case_rules({key: value for key, value in self.policy_values.items() if key in CASE_RULE_KEYS})


def draft(
    area: str,
    year: int,
    elements: Sequence[ElementRow],
    policy_values: Mapping[str, Any],
    scheme_version: str,
) -> tuple[str, tuple]:
    """Id and `parameter_sets` row (without run and time) of the set that these contents make; nothing is written."""
    content = sorted(canonical([*row[:4], str(row[4]), *row[5:]]) for row in elements)
    mark = fingerprint({"elements": content, "policy": policy_values, "scheme": scheme_version})
    set_id = f"{area}-{year}-{mark[:16]}"
    return set_id, (set_id, area, year, 0, "draft", mark, scheme_version, canonical(policy_values), None, None, None)


def write_drafts(
    lake: Lake, drafts: Mapping[str, tuple[tuple, Sequence[ElementRow]]], run_ids: Mapping[str, str]
) -> dict:
    """Append the sets that are not there yet (by id), elements first; gives table -> version."""
    ids = sorted(drafts)
    note = f"draft {fingerprint(ids)[:20]}"

    def elements(known: pa.Table) -> list[tuple]:
        present = set(pc.unique(known["set_id"]).to_pylist())
        missing = [set_id for set_id in ids if set_id not in present]
        return [(set_id, drafts[set_id][0][1], *element) for set_id in missing for element in drafts[set_id][1]]

    def events(known: pa.Table) -> list[tuple]:
        newest = {(one.area, one.year): one.set_id for one in _events(known) if one.status == "draft"}
        now = moment_after(known, "at")
        return [(*drafts[set_id][0], run_ids[set_id], now) for set_id in ids if set_id not in newest.values()]

    written = {CORE_ELEMENTS: lake.extend(CORE_ELEMENTS, elements, note)}
    written[PARAMETER_SETS] = lake.extend(PARAMETER_SETS, events, note)
    return {table.name: version for table, version in written.items() if version is not None}


def parameter_sets(lake: Lake, area: str | None = None, year: int | None = None) -> list[ParameterSet]:
    """Events of sets, oldest first."""
    events = _events(lake.table(PARAMETER_SETS))
    return [one for one in events if area in (None, one.area) and year in (None, one.year)]


def _events(rows: pa.Table) -> list[ParameterSet]:
    """Rows of `parameter_sets`, oldest first."""
    names = [name for name in ParameterSet.__dataclass_fields__ if name != "policy_values"]
    found = [
        ParameterSet(**{name: row[name] for name in names}, policy_values=json.loads(row["policy"]))
        for row in rows.to_pylist()
    ]
    return sorted(found, key=lambda one: (one.area, one.year, one.at, one.version, one.set_id))


def published(lake: Lake, areas: Iterable[str], year: int) -> dict[str, ParameterSet]:
    """Area -> its newest published set of the year. Raises `MissingParameters` naming areas without one."""
    newest: dict[str, ParameterSet] = {}
    for one in parameter_sets(lake, year=year):
        if one.status == "published" and (one.area not in newest or one.version > newest[one.area].version):
            newest[one.area] = one
    wanted = sorted(set(areas))
    missing = [area for area in wanted if area not in newest]
    if missing:
        raise MissingParameters(
            f"no published parameter version for {year} of area(s) {', '.join(missing)}: measure with `dianshu "
            f"benchmark --year {year}` and publish with `dianshu publish --year {year} --who NAME --why REASON`"
        )
    return {area: newest[area] for area in wanted}


def check_publication(who: str, why: str) -> None:
    """Raises `UsageProblem` where nobody publishes, or for no reason."""
    if not who.strip() or not why.strip():
        raise UsageProblem("publishing needs --who (a person) and --why (a reason or document)")


def publish(
    lake: Lake, areas: Iterable[str], year: int, who: str, why: str, set_id: str | None = None
) -> list[ParameterSet]:
    """Publish a draft of each area (its newest one if none is named) as the next version of its year, in one commit.

    Publishing what is published already changes nothing. Raises `UsageProblem`, `MissingParameters`.
    """
    check_publication(who, why)
    wanted = sorted(set(areas))

    def versions(known: pa.Table) -> list[tuple]:
        events = [one for one in _events(known) if one.year == year]
        chosen = {area: _draft_of([one for one in events if one.area == area], area, year, set_id) for area in wanted}
        latest = {one.area: one for one in sorted(events, key=lambda one: one.version) if one.status == "published"}
        new = {one.set_id: latest.get(area) for area, one in chosen.items() if _differs(latest.get(area), one)}
        # A draft may have been made twice: it says the same.
        by_id = {row["set_id"]: row for row in known.to_pylist() if row["status"] == "draft"}
        now = moment_after(known, "at")
        return [_published_row(by_id[one], last, who, why, now) for one, last in sorted(new.items())]

    lake.extend(PARAMETER_SETS, versions, f"publish {fingerprint([year, wanted, set_id])[:20]}")
    return list(published(lake, wanted, year).values())


def _draft_of(events: Sequence[ParameterSet], area: str, year: int, set_id: str | None) -> ParameterSet:
    drafts = [one for one in events if one.status == "draft" and (set_id is None or one.set_id == set_id)]
    if not drafts:
        named = f" with id {set_id}" if set_id else ""
        raise MissingParameters(
            f"no draft{named} for area {area}, year {year}: run `dianshu benchmark --year {year} --city {area}` first"
        )
    return drafts[-1]


def _differs(last: ParameterSet | None, chosen: ParameterSet) -> bool:
    return last is None or last.set_id != chosen.set_id


def _published_row(
    draft_row: Mapping[str, Any], last: ParameterSet | None, who: str, why: str, at: datetime
) -> tuple[Any, ...]:
    changed = {
        "version": last.version + 1 if last else 1,
        "status": "published",
        "supersedes": last.set_id if last else None,
        "who": who,
        "why": why,
        "at": at,
    }
    row = {**draft_row, **changed}
    return tuple(row[name] for name in PARAMETER_SETS.columns)


def elements_of(lake: Lake, sets: Iterable[ParameterSet]) -> DataFrame:
    """Effective elements of the sets: given rows over measured ones. Columns of settlement.frames.ELEMENTS."""
    ids = [one.set_id for one in sets]
    rows = lake.read_or_empty(CORE_ELEMENTS).where(F.col("set_id").isin(ids))
    columns = ELEMENTS.names
    return effective_elements(
        rows.where(F.col("source") == "measured").select(*columns),
        rows.where(F.col("source") == "given").select(*columns),
    )


def diff(lake: Lake, first: str, second: str) -> DataFrame:
    """Elements that differ between two sets: kind, drg, level, fixmedins_code, before, after (null: not there)."""
    known = {one.set_id for one in parameter_sets(lake)}
    for set_id in (first, second):
        if set_id not in known:
            raise UsageProblem(f"no parameter set {set_id!r}; `dianshu params list` shows them")
    key = ["kind", "drg", "level", "fixmedins_code", "source"]
    of_both = lake.read(CORE_ELEMENTS).where(F.col("set_id").isin(first, second))
    sides = of_both.groupBy(*key).agg(
        F.max(F.when(F.col("set_id") == first, F.col("value"))).alias("before"),
        F.max(F.when(F.col("set_id") == second, F.col("value"))).alias("after"),
    )
    return sides.where(~F.col("before").eqNullSafe(F.col("after"))).orderBy(*key)
