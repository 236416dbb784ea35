"""Faults of the synthetic province: those that were asked for, and the manifest names them."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

from grouper.scheme import Scheme
from jobs.synthetic.faults import Fault
from jobs.synthetic.manifest import Manifest
from jobs.synthetic.settings import ProvinceSettings
from tests.unit.jobs.generated import Rows, csv_rows, is_day, money, principal


def found_faults(rows: Rows, newest: Rows, hospitals: set[str], codes: set[str]) -> dict[str, int]:
    """Faults as a reader meets them."""
    counts: Counter[str] = Counter()
    for row in newest:
        total, diagnosis = money(row["medfee_sumamt"]), principal(row)
        admitted, discharged = row["adm_time"], row["dscg_time"]
        items = sum(Decimal(item["item_sumamt"]) for item in row["iteminfo"])
        counts[Fault.MISSING_PRINCIPAL] += diagnosis is None
        counts[Fault.UNKNOWN_CODE] += diagnosis is not None and diagnosis not in codes
        counts[Fault.MISSING_SEX] += row["gend"] is None
        counts[Fault.UNREADABLE_MONEY] += total is None
        counts[Fault.UNREADABLE_DATE] += not is_day(admitted)
        counts[Fault.DISCHARGE_BEFORE_ADMISSION] += is_day(admitted) and discharged < admitted
        counts[Fault.ITEMS_NOT_ADDING_UP] += total is not None and items != total
        counts[Fault.UNKNOWN_HOSPITAL] += row["fixmedins_code"] not in hospitals
    counts[Fault.DUPLICATE] = len(rows) - len(newest)
    return dict(counts)


def test_planted_faults_are_those_of_the_manifest(
    made: tuple[Path, Manifest], rows: Rows, newest: Rows, scheme: Scheme
) -> None:
    out, manifest = made
    hospitals = {row["fixmedins_code"] for row in csv_rows(out / "registry" / "hospitals.csv")}
    codes = {code for one in scheme.sets.values() for code in one.diagnoses} | set(scheme.complications)
    assert found_faults(rows, newest, hospitals, codes) == manifest.faults
    assert all(manifest.faults[fault.value] > 0 for fault in Fault)


def test_fault_rates_are_those_of_the_settings(made: tuple[Path, Manifest], settings: ProvinceSettings) -> None:
    for name, rate in settings.faults.items():
        expected = rate * made[1].cases
        assert abs(made[1].faults[name] - expected) < 5 * expected**0.5, name
