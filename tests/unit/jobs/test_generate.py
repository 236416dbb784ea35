"""The lists of the synthetic province: what is in them is what was asked for, and hangs together."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql.pandas.types import to_arrow_schema

from jobs.synthetic.manifest import Manifest
from jobs.synthetic.settings import ProvinceSettings
from lake.tables.lists import LANDING
from tests.unit.jobs.generated import CASES, YEARS, Rows, csv_rows, day, is_day, money


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


def test_folders_are_settlement_month_and_area_of_the_hospital(made: tuple[Path, Manifest]) -> None:
    out = made[0]
    areas = {row["fixmedins_code"]: row["area"] for row in csv_rows(out / "registry" / "hospitals.csv")}
    for path in out.glob("lists/*/*/*.parquet"):
        area, month = (part.split("=")[1] for part in path.parts[-3:-1])
        table = pq.read_table(path, columns=["setl_time", "fixmedins_code"], partitioning=None)
        assert pc.all(pc.starts_with(table["setl_time"], month)).as_py()
        assert {areas.get(code, area) for code in table["fixmedins_code"].to_pylist()} == {area}


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
