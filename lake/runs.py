"""The publishing rule: a run writes its slices, and only then appends its row to `runs`.

Readers take tables at the versions that the last finished run of an area and period names. A killed run leaves
nothing visible; a rerun replaces its own slices; any past result can be read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from typing import Any

from pyspark.sql import DataFrame

from lake.errors import MissingParameters
from lake.identity import canonical, code_version, run_id
from lake.moments import later_than
from lake.store import Lake, slice_predicate
from lake.tables.base import Table
from lake.tables.runs import RUNS

Key = tuple[str, str]  # area, period


@dataclass(frozen=True, eq=False)
class Calculation:
    """One area and period of a job, before it is run. Compared by identity; its name is `run_id`."""

    job: str
    area: str
    period: str
    determined_by: Mapping[str, Any]

    @property
    def run_id(self) -> str:
        """The hash of what determines it."""
        return run_id(self.job, self.area, self.period, {**self.determined_by, "code": code_version()})


@dataclass(frozen=True)
class FinishedRun:
    """A row of `runs`."""

    run_id: str
    job: str
    area: str
    period: str
    outputs: Mapping[str, int]
    finished_at: datetime


@dataclass
class RunBook:
    """All finished runs of a lake, read once; `last` is what readers see."""

    lake: Lake
    _last: dict[tuple[str, str, str], FinishedRun] = field(default_factory=dict)
    _loaded: bool = False

    def load(self) -> RunBook:
        """Read `runs` (again)."""
        names = ("run_id", "job", "area", "period", "outputs", "finished_at")
        rows = self.lake.table(RUNS).select(names).to_pylist()
        self._last = {}
        for row in sorted(rows, key=lambda row: (row["finished_at"], row["run_id"])):
            key = (row["job"], row["area"], row["period"])
            outputs = {output["table"]: output["version"] for output in row["outputs"]}
            self._last[key] = FinishedRun(row["run_id"], *key, outputs, row["finished_at"])
        self._loaded = True
        return self

    def last(self, job: str, area: str, period: str) -> FinishedRun | None:
        """The last finished run of a job for an area and period, or None."""
        if not self._loaded:
            self.load()
        return self._last.get((job, area, period))

    def required(self, job: str, area: str, period: str, hint: str) -> FinishedRun:
        """The same, or an error that says which job has to run first."""
        found = self.last(job, area, period)
        if found is None:
            raise MissingParameters(f"no finished `{job}` run for area {area}, period {period}: {hint}")
        return found

    def finished(self) -> list[tuple[str, str, str]]:
        """Job, area and period of all finished runs."""
        if not self._loaded:
            self.load()
        return sorted(self._last)

    def areas(self, job: str, period: str) -> list[str]:
        """Areas with a finished run of a job in a period."""
        if not self._loaded:
            self.load()
        return sorted(area for name, area, of in self._last if name == job and of == period)

    def periods(self, job: str, area: str) -> list[str]:
        """Periods with a finished run of a job for an area."""
        if not self._loaded:
            self.load()
        return sorted(period for name, of, period in self._last if name == job and of == area)

    def due(self, calculations: Iterable[Calculation], force: bool = False) -> list[Calculation]:
        """Those whose last finished run is another calculation; all of them with `force`."""
        wanted = list(calculations)
        if force:
            return wanted
        due = []
        for calculation in wanted:
            last = self.last(calculation.job, calculation.area, calculation.period)
            if last is None or last.run_id != calculation.run_id:
                due.append(calculation)
        return due

    def finish(
        self,
        calculations: Iterable[Calculation],
        started: datetime,
        inputs: Mapping[str, int],
        outputs: Mapping[str, int],
    ) -> None:
        """Append the rows that make the written slices visible: the last act of a job.

        They are dated later than all finished runs of their slices, whatever the clocks of the machines say.
        """
        finished = list(calculations)
        if not finished:
            return
        self.load()
        known = [self.last(one.job, one.area, one.period) for one in finished]
        now = later_than(max((last.finished_at for last in known if last), default=None))
        rows = [
            (
                calculation.run_id,
                calculation.job,
                calculation.area,
                calculation.period,
                canonical(calculation.determined_by),
                sorted(inputs.items()),
                sorted(outputs.items()),
                "finished",
                code_version(),
                started,
                now,
            )
            for calculation in finished
        ]
        self.lake.append(RUNS, rows, f"finish {rows[0][1]} {now.isoformat()}")
        for one in finished:
            key = (one.job, one.area, one.period)
            self._last[key] = FinishedRun(one.run_id, *key, dict(outputs), now)


def read_slices(lake: Lake, table: Table, slices: Mapping[Key, int], partition: str) -> DataFrame:
    """Rows of the slices (area, period), each at its version of the table; slices of one version are read together.

    `partition` is the column that holds the period (`month`, `year`).
    """
    by_version: dict[int, list[Key]] = {}
    for key, version in slices.items():
        by_version.setdefault(version, []).append(key)
    parts = [
        lake.read(table, version).where(slice_predicate(keys, partition))
        for version, keys in sorted(by_version.items())
    ]
    return union_all(parts) if parts else lake.rows(table, [])


def union_all(parts: Sequence[DataFrame]) -> DataFrame:
    """The frames one after the other, columns by name."""
    return reduce(DataFrame.unionByName, parts)


def read_published(runs: RunBook, table: Table, job: str, slices: Iterable[Key], partition: str) -> DataFrame:
    """Rows of the slices at the versions named by their last finished `job` runs: what readers see.

    Raises `MissingParameters` where a slice was never finished.
    """
    versions = {
        (area, period): runs.required(job, area, period, f"run `dianshu {job}` first").outputs[table.name]
        for area, period in slices
    }
    return read_slices(runs.lake, table, versions, partition)
