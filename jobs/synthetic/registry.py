"""The registry of the synthetic province: what an agency hands in beside the lists, in the province-folder format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from grouper.scheme import Scheme
from jobs.synthetic.population import Hospital, hospitals_of
from jobs.synthetic.settings import ProvinceSettings
from jobs.synthetic.sums import SliceSums
from jobs.synthetic.tables import SchemeTables, seeded
from lake.province_schema import LAYOUTS
from lake.province_write import write_table

Rows = list[tuple[str, ...]]


def write_registry(
    folder: Path,
    settings: ProvinceSettings,
    seed: int,
    year: int,
    sums: Sequence[SliceSums],
    schemes: Mapping[str, Scheme],
    tables: Mapping[str, SchemeTables],
) -> dict[str, int]:
    """Write all registry files; `sums` are those of all years, `year` is the settlement year. Rows by file name."""
    own = [one for one in sums if one.piece.month.startswith(f"{year}-")]
    files: dict[str, Rows] = {
        "hospitals": _hospitals(settings, seed),
        "budgets": _budgets(settings, own, year),
        "audit": _audit(settings, seed, own),
        "reviews": [row for one in own for row in one.reviews],
        "calendar": [(day, str(working)) for day, working in settings.registry.calendar.items()],
        "elements_given": _given(settings, seed, schemes, tables),
        "base_groups": [],  # named after measuring: groups are not known before lists are grouped
    }
    for name, rows in files.items():
        layout = LAYOUTS[name]
        write_table(folder / layout.file, layout.required, rows)
    return {LAYOUTS[name].file: len(rows) for name, rows in files.items()}


def yuan(fen: int) -> str:
    """Fen -> yuan with two decimals."""
    sign, rest = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{rest // 100}.{rest % 100:02d}"


def _all_hospitals(settings: ProvinceSettings) -> Iterator[Hospital]:
    for area in settings.areas:
        yield from hospitals_of(settings, area.code)


def _hospitals(settings: ProvinceSettings, seed: int) -> Rows:
    registry = settings.registry
    rows: Rows = []
    for hospital in _all_hospitals(settings):
        generator = seeded(seed, "hospital", hospital.code)
        rows.append(
            (
                hospital.code,
                hospital.area,
                str(hospital.level),
                str(int(generator.random() < registry.suspended_rate)),
                str(generator.choice(registry.assessments)),
                str(generator.choice(registry.deposit_returns)),
            )
        )
    return rows


def _budgets(settings: ProvinceSettings, sums: Sequence[SliceSums], year: int) -> Rows:
    """The configured share of the local cases' fund by month, in whole fen; the year is the sum of its months."""
    millionths = round(settings.registry.budget_share * 1_000_000)
    rows: Rows = []
    for area in (one.code for one in settings.areas):
        for insurance in (one.code for one in settings.insurances):
            months: dict[str, int] = {}
            for one in sums:
                if one.piece.area == area:
                    months[one.piece.month] = months.get(one.piece.month, 0) + one.local_fund[insurance]
            budgets = {month: fund * millionths // 1_000_000 for month, fund in months.items()}
            rows += [(area, insurance, month, yuan(amount)) for month, amount in budgets.items()]
            rows.append((area, insurance, str(year), yuan(sum(budgets.values()))))
    return rows


def _audit(settings: ProvinceSettings, seed: int, sums: Sequence[SliceSums]) -> Rows:
    funds: dict[tuple[str, str, str], int] = {}
    for one in sums:
        for (hospital, insurance), fund in one.hospital_fund.items():
            key = (hospital, insurance, one.piece.month)
            funds[key] = funds.get(key, 0) + fund
    rows: Rows = []
    for key, fund in sorted(funds.items()):
        generator = seeded(seed, "audit", *key)
        if generator.random() < settings.registry.audit_rate:
            rows.append((*key, yuan(int(fund * settings.registry.audit_share * generator.random()))))
    return rows


def _given(
    settings: ProvinceSettings, seed: int, schemes: Mapping[str, Scheme], tables: Mapping[str, SchemeTables]
) -> Rows:
    """Negotiated elements by area: add-ons of hospitals of the highest level, and one group reviewed as a whole."""
    rows: Rows = []
    for area, scheme in schemes.items():
        generator = seeded(seed, "given", area)
        reached = set(tables[area].adrgs)
        drgs = [row.code for row in scheme.drgs if row.parent in reached and row.code[1:] != "QY"]
        chosen = [drgs[place] for place in generator.permutation(len(drgs))[: settings.registry.add_ons + 1]]
        best = [one for one in hospitals_of(settings, area) if one.level == max(settings.level_share)]
        for drg in chosen[1:]:
            hospital = best[int(generator.integers(len(best)))]
            rows.append(
                (area, "add_on", drg, "", hospital.code, str(generator.choice(settings.registry.add_on_values)))
            )
        rows.append((area, "whole_review", chosen[0], "", "", "1"))
    return rows
