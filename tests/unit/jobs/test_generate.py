"""The synthetic province: what is in it is what was asked for, and the same call gives the same bytes."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from pyspark.sql.pandas.types import to_arrow_schema

from grouper.compile import compile_scheme
from grouper.scheme import Scheme
from grouper.tables import group_table
from grouper.workbook import read_scheme
from jobs.cli import main
from jobs.synthetic import province
from jobs.synthetic.faults import Fault
from jobs.synthetic.manifest import MANIFEST, Manifest
from jobs.synthetic.province import generate_province
from jobs.synthetic.settings import ProvinceSettings
from jobs.synthetic.settings_file import read_settings
from lake.errors import InputProblem
from lake.province_folder import read_province_folder
from lake.tables.lists import LANDING
from tests.conftest import ROOT

DEMO = ROOT / "conf" / "demo"
YEARS = (2022, 2023, 2024, 2025)
CASES = 4000
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def settings() -> ProvinceSettings:
    """The demonstration settings with ten times the faults, so that each occurs."""
    read = read_settings(DEMO)
    return replace(read, faults={name: rate * 10 for name, rate in read.faults.items()})


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    return read_scheme(DEMO / "scheme")


@pytest.fixture(scope="module")
def small(settings: ProvinceSettings) -> dict[str, Any]:
    """Arguments of a province that is made in a moment."""
    few = replace(settings, templates=replace(settings.templates, per_adrg=1))
    return {"cases_per_year": 60, "years": YEARS[-1:], "settings": few}


Generate = Callable[..., Manifest]


@pytest.fixture(scope="module")
def generate(settings: ProvinceSettings, scheme: Scheme) -> Generate:
    def call(out: Path, **changes: Any) -> Manifest:
        arguments: dict[str, Any] = {
            "seed": 3,
            "cases_per_year": CASES,
            "years": YEARS,
            "settings": settings,
            "schemes": {area.code: scheme for area in settings.areas},
            "progress": lambda line: None,
        }
        return generate_province(out, **(arguments | changes))

    return call


@pytest.fixture(scope="module")
def made(generate: Generate, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    out = tmp_path_factory.mktemp("generated") / "province"
    return out, generate(out)


def landing(out: Path) -> pa.Table:
    return pa.concat_tables(
        [pq.read_table(path, partitioning=None) for path in sorted(out.glob("lists/*/*/*.parquet"))]
    )


@pytest.fixture(scope="module")
def rows(made: tuple[Path, Manifest]) -> Rows:
    listed: Rows = landing(made[0]).to_pylist()
    return listed


@pytest.fixture(scope="module")
def newest(rows: Rows) -> Rows:
    """One row a list: of several versions the one uploaded last."""
    latest: dict[str, dict[str, Any]] = {}
    for row in rows:
        known = latest.get(row["setl_id"])
        if known is None or row["upload_date"] > known["upload_date"]:
            latest[row["setl_id"]] = row
    return list(latest.values())


def principal(row: dict[str, Any]) -> str | None:
    return next((one["diag_code"] for one in row["diseinfo"] if one["maindiag_flag"] == "1"), None)


def money(text: str | None) -> Decimal | None:
    try:
        return Decimal(text or "")
    except InvalidOperation:
        return None


def day(text: str) -> date:
    return date.fromisoformat(text[:10])


def is_day(text: str) -> bool:
    try:
        day(text)
    except ValueError:
        return False
    return True


def test_every_file_has_the_landing_columns(made: tuple[Path, Manifest]) -> None:
    expected = to_arrow_schema(LANDING)
    schemas = [pq.read_schema(path) for path in made[0].glob("lists/*/*/*.parquet")]
    assert len(schemas) == len(YEARS) * 12 * 3
    assert all(schema.equals(expected) for schema in schemas)


def test_sizes_are_those_asked_for(made: tuple[Path, Manifest], rows: Rows, newest: Rows) -> None:
    assert made[1].cases == CASES * len(YEARS) == len(newest)
    assert made[1].rows == len(rows)
    by_year = Counter(row["setl_time"][:4] for row in newest)
    assert by_year == {str(year): CASES for year in YEARS}


def test_the_manifest_names_every_file(made: tuple[Path, Manifest]) -> None:
    out, manifest = made
    found = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert found == {entry.path for entry in manifest.files} | {MANIFEST}
    assert all((out / entry.path).stat().st_size == entry.bytes for entry in manifest.files)


def test_folders_are_settlement_month_and_area_of_the_hospital(made: tuple[Path, Manifest]) -> None:
    out = made[0]
    areas = {row["fixmedins_code"]: row["area"] for row in csv_rows(out / "registry" / "hospitals.csv")}
    for path in out.glob("lists/*/*/*.parquet"):
        area, month = (part.split("=")[1] for part in path.parts[-3:-1])
        table = pq.read_table(path, columns=["setl_time", "fixmedins_code"], partitioning=None)
        assert pc.all(pc.starts_with(table["setl_time"], month)).as_py()
        assert {areas.get(code, area) for code in table["fixmedins_code"].to_pylist()} == {area}


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


def test_older_versions_were_uploaded_earlier_and_say_less(rows: Rows) -> None:
    versions: dict[str, Rows] = {}
    for row in rows:
        versions.setdefault(row["setl_id"], []).append(row)
    repeated = [pair for pair in versions.values() if len(pair) > 1]
    assert repeated
    assert {len(pair) for pair in repeated} == {2}
    for newer, older in repeated:
        assert older["upload_date"] < newer["upload_date"]
        assert older["diseinfo"] == newer["diseinfo"][:1]
        assert older["medfee_sumamt"] == newer["medfee_sumamt"]


def test_money_adds_up_exactly(newest: Rows, settings: ProvinceSettings) -> None:
    kinds = {one.code: one.fund_pay_type for one in settings.insurances}
    wrong = 0
    for row in newest:
        fund, personal, special = (Decimal(row[name]) for name in ("fund_pay_sumamt", "psn_pay", "special_cost"))
        total = fund + personal
        assert money(row["medfee_sumamt"]) in (total, None)
        assert all(text.split(".")[1].__len__() == 2 for text in (row["psn_pay"], row["fund_pay_sumamt"]))
        assert 0 <= special <= total
        assert 0 <= fund <= total - special
        paid = {one["fund_pay_type"]: Decimal(one["fund_payamt"]) for one in row["payinfo"]}
        assert paid == ({kinds[row["insutype"]]: fund} if fund else {})
        wrong += sum(Decimal(item["item_sumamt"]) for item in row["iteminfo"]) != total
    assert wrong < len(newest) * 0.02


def test_dates_are_in_order(newest: Rows) -> None:
    for row in newest:
        discharged = max(row["adm_time"], row["dscg_time"]) if is_day(row["adm_time"]) else row["dscg_time"]
        assert day(discharged) <= day(row["setl_time"]) <= day(row["upload_date"])
        if is_day(row["adm_time"]):
            stay = abs(day(row["dscg_time"]) - day(row["adm_time"]))
            assert stay == timedelta(days=int(row["act_ipt_days"])) >= timedelta(days=1)
            assert all(
                row["adm_time"][:10] <= one["oprn_oprt_date"] <= row["dscg_time"][:10]
                or row["dscg_time"] < row["adm_time"]
                for one in row["oprninfo"]
            )


def test_some_stays_cross_the_end_of_a_year(newest: Rows) -> None:
    crossing = [row for row in newest if is_day(row["adm_time"]) and row["adm_time"][:4] < row["setl_time"][:4]]
    discharged_before = [row for row in newest if row["dscg_time"][:4] < row["setl_time"][:4]]
    assert len(crossing) > 20
    assert discharged_before


def test_ages_fit_the_birthdays(newest: Rows) -> None:
    infants = 0
    for row in newest:
        if not is_day(row["adm_time"]):
            continue
        admitted, born = day(min(row["adm_time"], row["dscg_time"])), day(row["brdy"])
        years = admitted.year - born.year - ((admitted.month, admitted.day) < (born.month, born.day))
        if row["age_days"] is not None:
            infants += 1
            assert int(row["age"]) == 0
            assert admitted - born == timedelta(days=int(row["age_days"]))
            assert (row["nwb_bir_wt"] is not None) == (int(row["age_days"]) <= 28)
        else:
            assert years == int(row["age"]) >= 1
            assert row["nwb_bir_wt"] is None
    assert infants > len(newest) * 0.01


def test_codes_of_a_list_are_in_order_and_not_repeated(newest: Rows) -> None:
    for row in newest:
        flags = [one["main_oprn_flag"] for one in row["oprninfo"]]
        assert flags == ["1", *["0"] * (len(flags) - 1)][: len(flags)]
        assert sum(one["maindiag_flag"] == "1" for one in row["diseinfo"]) <= 1
        codes = [one["diag_code"] for one in row["diseinfo"]]
        assert len(codes) == len(set(codes))


def test_patients_come_from_everywhere(newest: Rows, settings: ProvinceSettings) -> None:
    local = sum(row["insu_admdvs"] == row["setl_id"][:6] for row in newest) / len(newest)
    assert abs(local - settings.residence["local"]) < 0.02
    assert {row["insu_admdvs"] for row in newest} == {*settings.outside, *(area.code for area in settings.areas)}
    assert {row["insutype"] for row in newest} == {one.code for one in settings.insurances}


def grouped_shares(table: pa.Table, scheme: Scheme) -> Counter[str]:
    """Outcomes of the kernel over landing rows."""
    listed = table.to_pylist()
    cases = pa.table(
        {
            "principal_diagnosis": pa.array([principal(row) for row in listed], pa.string()),
            "other_diagnoses": pa.array(
                [[one["diag_code"] for one in row["diseinfo"] if one["maindiag_flag"] == "0"] for row in listed],
                pa.list_(pa.string()),
            ),
            "procedures": pa.array(
                [[one["oprn_oprt_code"] for one in row["oprninfo"]] for row in listed], pa.list_(pa.string())
            ),
            **{
                name: table[column]
                for name, column in (
                    ("sex", "gend"),
                    ("age", "age"),
                    ("age_days", "age_days"),
                    ("birth_weight", "nwb_bir_wt"),
                    ("los", "act_ipt_days"),
                    ("discharge_way", "dscg_way"),
                    ("icu_hours", "icu_hours"),
                )
            },
        }
    )
    return Counter(group_table(compile_scheme(scheme), cases)["outcome"].to_pylist())


def test_most_cases_are_grouped(made: tuple[Path, Manifest], scheme: Scheme) -> None:
    table = landing(made[0])
    outcomes = grouped_shares(table, scheme)
    assert outcomes["grouped"] > 0.93 * table.num_rows
    assert outcomes["ungrouped"] > 0


@pytest.mark.slow
def test_most_cases_are_grouped_by_a_published_scheme(shared: Path, generate: Generate, tmp_path: Path) -> None:
    published = read_scheme(shared / "schemes" / "chs_drg_20")
    areas = [area.code for area in read_settings(DEMO).areas]
    generate(tmp_path / "out", cases_per_year=2000, years=YEARS[-1:], schemes=dict.fromkeys(areas, published))
    table = landing(tmp_path / "out")
    outcomes = grouped_shares(table, published)
    assert outcomes["grouped"] > 0.93 * table.num_rows
    assert outcomes["ambiguous"] > 0


def csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_registry_is_a_province_folder(made: tuple[Path, Manifest], shared: Path, tmp_path: Path) -> None:
    shutil.copytree(made[0] / "registry", tmp_path / "registry")
    shutil.copy(shared / "provinces" / "p1" / "policy.yaml", tmp_path / "registry")
    # Reviews name lists, which a province folder keeps in cases.csv.
    names = ("hospitals", "budgets", "audit", "calendar", "elements_given", "base_groups")
    folder = read_province_folder(tmp_path / "registry", names)
    assert folder.hospitals.num_rows == len(csv_rows(made[0] / "registry" / "hospitals.csv"))
    assert folder.base_groups.num_rows == 0
    assert {*folder.elements_given["kind"].to_pylist()} == {"add_on", "whole_review"}


def test_budgets_are_a_share_of_the_local_fund(
    made: tuple[Path, Manifest], newest: Rows, settings: ProvinceSettings
) -> None:
    funds: Counter[tuple[str, str, str]] = Counter()
    for row in newest:
        if row["setl_time"].startswith(str(YEARS[-1])) and row["insu_admdvs"] == row["setl_id"][:6]:
            funds[row["setl_id"][:6], row["insutype"], row["setl_time"][:7]] += Decimal(row["fund_pay_sumamt"])  # type: ignore[assignment]
    budgets = csv_rows(made[0] / "registry" / "budgets.csv")
    months = {
        (row["area"], row["insutype"], row["period"]): Decimal(row["amount"])
        for row in budgets
        if len(row["period"]) == 7
    }
    share = Decimal(str(settings.registry.budget_share))
    assert {key: (Decimal(fund) * share).quantize(Decimal("0.01"), "ROUND_DOWN") for key, fund in funds.items()} == {
        key: amount for key, amount in months.items() if amount
    }
    for row in budgets:
        if len(row["period"]) == 4:
            mine = [months[key] for key in months if key[:2] == (row["area"], row["insutype"])]
            assert Decimal(row["amount"]) == sum(mine)


def test_reviews_name_lists_of_the_settlement_year(made: tuple[Path, Manifest], newest: Rows) -> None:
    settled = {row["setl_id"]: row["setl_time"] for row in newest}
    reviews = csv_rows(made[0] / "registry" / "reviews.csv")
    assert reviews
    assert {row["decision"] for row in reviews} == {"passed", "refused"}
    for row in reviews:
        assert settled[row["setl_id"]].startswith(str(YEARS[-1]))
        assert row["applied_on"] > settled[row["setl_id"]]


def hashes(manifest: Manifest) -> dict[str, str]:
    return {entry.path: entry.sha256 for entry in manifest.files}


@pytest.mark.slow
def test_same_seed_same_bytes_whatever_the_workers(
    made: tuple[Path, Manifest], generate: Generate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(province, "CASES_PER_WORKER", 100)
    again = generate(tmp_path / "again", workers=2)
    assert hashes(again) == hashes(made[1])
    assert (tmp_path / "again" / MANIFEST).read_bytes() == (made[0] / MANIFEST).read_bytes()


def test_another_seed_gives_other_cases(made: tuple[Path, Manifest], generate: Generate, tmp_path: Path) -> None:
    other = hashes(generate(tmp_path / "other", seed=4))
    same = [path for path, digest in hashes(made[1]).items() if other[path] == digest]
    # What does not come from draws: the calendar, and the empty list of base groups.
    assert set(same) <= {"registry/calendar.csv", "registry/base_groups.csv"}


def test_smaller_files_hold_all_cases(generate: Generate, settings: ProvinceSettings, tmp_path: Path) -> None:
    manifest = generate(tmp_path / "out", settings=replace(settings, rows_per_file=50), years=YEARS[-1:])
    assert manifest.cases == CASES
    assert max(entry.cases for entry in manifest.files) == 50
    ids = landing(tmp_path / "out")["setl_id"]
    assert pc.count_distinct(ids).as_py() == CASES


def test_a_second_call_does_nothing(generate: Generate, small: dict[str, Any], tmp_path: Path) -> None:
    said: list[str] = []
    first = generate(tmp_path / "out", **small)
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    second = generate(tmp_path / "out", **small, progress=said.append)
    assert second == first
    assert len(said) == 1
    assert "nothing to do" in said[0]
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == times


@pytest.mark.parametrize("damage", ["short file", "missing file", "no manifest entry", "other seed"])
def test_what_is_not_whole_is_made_again(
    generate: Generate, small: dict[str, Any], tmp_path: Path, damage: str
) -> None:
    out = tmp_path / "out"
    first = generate(out, **small)
    victim = next(out.glob("lists/*/*/*.parquet"))
    if damage == "short file":
        victim.write_bytes(b"PAR1")
    elif damage == "missing file":
        victim.unlink()
    elif damage == "no manifest entry":
        (out / MANIFEST).write_text("{}", encoding="utf-8")
    changed = {"seed": 9} if damage == "other seed" else {}
    again = generate(out, **small, **changed)
    assert (hashes(again) == hashes(first)) == (damage != "other seed")
    assert all((out / entry.path).stat().st_size == entry.bytes for entry in again.files)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_run_that_dies_leaves_nothing(generate: Generate, small: dict[str, Any], tmp_path: Path) -> None:
    class Killed(BaseException):
        pass

    def die(line: str) -> None:
        if line.startswith("lists"):
            assert any(path.name.endswith(".partial") for path in tmp_path.iterdir())
            raise Killed

    with pytest.raises(Killed):
        generate(tmp_path / "out", **small, progress=die)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_dies_leaves_the_old_result(generate: Generate, small: dict[str, Any], tmp_path: Path) -> None:
    first = generate(tmp_path / "out", **small)

    def die(line: str) -> None:
        raise RuntimeError(line)

    with pytest.raises(RuntimeError):
        generate(tmp_path / "out", **small, seed=8, progress=die)
    assert Manifest.read(tmp_path / "out") == first


def test_what_a_killed_process_left_is_cleared(generate: Generate, small: dict[str, Any], tmp_path: Path) -> None:
    left = tmp_path / ".out.partial" / "lists"
    left.mkdir(parents=True)
    (left / "part-0000.parquet").write_bytes(b"half")
    generate(tmp_path / "out", **small)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_of_something_else_is_left_alone(generate: Generate, small: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(InputProblem, match="not a result of this job"):
        generate(tmp_path, **small)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    command = ["generate", "--out", str(out), "--cases", "40", "--year", "2030", "--workers", "1", "--quiet"]
    assert main([*command, "--schemes", str(DEMO / "scheme")]) == 0
    printed = capsys.readouterr()
    assert printed.out.split("\t")[1:3] == ["160 cases", f"{landing(out).num_rows} rows"]
    assert printed.err == ""
    manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    assert manifest["request"]["years"] == [2027, 2028, 2029, 2030]


@pytest.mark.parametrize(("option", "value"), [("--cases", "0"), ("--workers", "-1")])
def test_the_command_refuses_sizes_that_cannot_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    assert main(["generate", "--out", str(tmp_path / "out"), option, value]) == 2
    assert f"{option} {value}" in capsys.readouterr().err
