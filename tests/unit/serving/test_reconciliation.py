"""Reconciliation: every line of either side once, told apart, and a file read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.reconcile import DIFFERENT, difference_cells, summary
from lake.errors import InputProblem
from lake.reconciliation_file import read_reconciliation_file
from serving.reconciliation import (
    ITEMS,
    Outcome,
    ReconciledLine,
    counts,
    differences,
    in_question,
    reconcile,
    system_amounts,
)
from settlement.reference.settle import settle_province
from settlement.results import HOSPITAL_MONTH, HOSPITAL_YEAR
from tests.conftest import ROOT
from tests.property.settlement_provinces import YEAR, random_province
from tests.unit.serving.plain_cities import plain_cities

HEADER = "fixmedins_code,insutype,period,item,amount\n"
KEYS = st.tuples(
    st.sampled_from(["H1", "H2"]),
    st.sampled_from(["310", "390"]),
    st.sampled_from([f"{YEAR}-01", f"{YEAR}-02", str(YEAR)]),
    st.sampled_from(["paid", "amount"]),
)
AMOUNTS = st.dictionaries(KEYS, st.integers(-3, 3))


def key(hospital: str = "H1", period: str = f"{YEAR}-01", item: str = "paid") -> tuple[str, str, str, str]:
    return (hospital, "310", period, item)


def file_of(folder: Path, rows: str, header: str = HEADER) -> Path:
    path = folder / "bank.csv"
    path.write_text(header + rows, encoding="utf-8")
    return path


def read(path: Path, **narrow: list[str]) -> dict[tuple[str, str, str, str], int]:
    return read_reconciliation_file(path, YEAR, {grain: list(names) for grain, names in ITEMS.items()}, **narrow)


@given(AMOUNTS, AMOUNTS)
def test_every_line_once_and_nothing_hidden(file: dict, system: dict) -> None:
    lines = reconcile(file, system)
    assert [(one.fixmedins_code, one.insutype, one.period, one.item) for one in lines] == sorted({*file, *system})
    assert sum(one.difference_fen for one in lines) == sum(file.values()) - sum(system.values())
    assert sum(counts(lines).values()) == len(lines)
    found = {(one.fixmedins_code, one.insutype, one.period, one.item): one for one in differences(lines)}
    for place in {*file, *system}:
        assert (place in found) == (file.get(place, 0) != system.get(place, 0))
    for place, one in found.items():
        assert (one.outcome is Outcome.FILE_ONLY) == (place not in system)
        assert (one.outcome is Outcome.SYSTEM_ONLY) == (place not in file)


def test_four_outcomes() -> None:
    file = {key("H1"): 100, key("H2"): 99, key("H3"): 5, key("H5"): 0}
    system = {key("H1"): 100, key("H2"): 100, key("H4"): 7, key("H6"): 0}
    lines = reconcile(file, system)
    assert counts(lines) == {
        Outcome.AGREED: 3,  # one that nobody moved money for may be missing on either side
        Outcome.DIFFERING: 1,
        Outcome.FILE_ONLY: 1,
        Outcome.SYSTEM_ONLY: 1,
    }
    assert [(one.fixmedins_code, one.difference_fen) for one in differences(lines)] == [
        ("H2", -1),
        ("H3", 5),
        ("H4", -7),
    ]
    assert [difference_cells(one)[4:] for one in differences(lines)] == [
        ("实际拨付", "0.99", "1.00", "-0.01", "金额不符"),
        ("实际拨付", "0.05", "", "0.05", "仅对账文件有"),
        ("实际拨付", "", "0.07", "-0.07", "仅系统有"),
    ]


def test_what_the_file_leaves_out_is_found() -> None:
    year = str(YEAR)
    system = {
        key("H1"): 1,
        key("H2", f"{YEAR}-02"): 2,
        key("H1", item="audit"): 3,
        key("H1", year): 4,
        key("H2", year, "final"): 5,
    }
    file = [key("H1"), key("H1", year, "final")]
    assert set(in_question(system, file)) == {key("H1"), key("H2", f"{YEAR}-02"), key("H2", year, "final")}
    assert set(in_question(system, file, hospitals=["H1"])) == {key("H1")}
    assert set(in_question(system, file, periods=[f"{YEAR}-02", year])) == {
        key("H2", f"{YEAR}-02"),
        key("H2", year, "final"),
    }


@pytest.mark.parametrize("seed", range(3))
def test_the_systems_own_amounts_agree_and_one_fen_is_seen(seed: int, tmp_path: Path) -> None:
    province = random_province(seed, 40)
    for city in plain_cities(province, settle_province(province)).values():
        system = system_amounts(city.hospital_month, city.hospital_year)
        rows = [
            f"{','.join(place)},{'-' * (fen < 0)}{abs(fen) // 100}.{abs(fen) % 100:02d}\n"
            for place, fen in system.items()
        ]
        file = read(file_of(tmp_path, "".join(reversed(rows))))
        assert file == system
        assert not differences(reconcile(file, in_question(system, file)))
        one = sorted(system)[seed]
        (found,) = differences(reconcile({**file, one: file[one] + 1}, in_question(system, file)))
        assert (found.difference_fen, found.outcome) == (1, Outcome.DIFFERING)


def test_items_are_the_money_of_the_tables() -> None:
    for grain, frame in (("month", HOSPITAL_MONTH), ("year", HOSPITAL_YEAR)):
        assert {f"{name}_fen" for name in ITEMS[grain]} == {name for name in frame.names if name.endswith("_fen")}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (f"H1,310,{YEAR}-13,paid,1", "line 2: period = '2025-13'"),
        (f"H1,310,{YEAR + 1}-01,paid,1", "line 2: period = '2026-01': not in the clearing year"),
        (f"H1,310,{YEAR}-01,final,1", "line 2: item = 'final': an item of a month is cost, fund, amount"),
        (f"H1,310,{YEAR},gross,1", "line 2: item = 'gross': an item of a year is cost"),
        (f"H1,310,{YEAR}-01,paid,1e3", "line 2: amount = '1e3': write yuan with at most 2 decimals"),
        (f"H1,310,{YEAR}-01,paid,1.005", "line 2: amount = '1.005'"),
        (f"H1,310,{YEAR}-01,paid,", "line 2: amount = ''"),
        (f",310,{YEAR}-01,paid,1", "line 2: fixmedins_code = ''"),
        (f"H1,310,{YEAR}-01,paid,1\nH1,310,{YEAR}-01,paid,2", "line 3: item = 'paid': an earlier row has the same"),
        (f"H1,310,{YEAR}-01,paid", "line 2: 4 cells where the header has 5"),
        ("", "no row below the header"),
    ],
)
def test_a_wrong_row_is_named(row: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputProblem) as told:
        read(file_of(tmp_path, row + "\n" if row else ""))
    assert message in str(told.value)
    assert "bank.csv" in str(told.value)


def test_narrowed_files_and_wrong_files(tmp_path: Path) -> None:
    path = file_of(tmp_path, f"H1,310,{YEAR}-01,paid,1\nH2,310,{YEAR}-02,paid,1\n")
    assert len(read(path, hospitals=["H1", "H2"], periods=[f"{YEAR}-01", f"{YEAR}-02"])) == 2
    with pytest.raises(InputProblem, match="line 3: fixmedins_code = 'H2': not one of --hospital"):
        read(path, hospitals=["H1"])
    with pytest.raises(InputProblem, match="line 3: period = '2025-02': not one of --period"):
        read(path, periods=[f"{YEAR}-01"])
    with pytest.raises(InputProblem, match="column item is missing"):
        read(file_of(tmp_path, f"H1,310,{YEAR}-01,1\n", "fixmedins_code,insutype,period,amount\n"))
    with pytest.raises(InputProblem, match="cannot be read"):
        read(tmp_path / "nothing.csv")


def test_what_people_are_told(tmp_path: Path) -> None:
    lines = [ReconciledLine(f"H{number:03d}", "310", f"{YEAR}-01", "paid", number, 0) for number in range(60)]
    told = summary(lines, differences(lines), tmp_path / "out.csv")
    assert told[0] == "对平 1 行，金额不符 59 行，仅对账文件有 0 行，仅系统有 0 行"
    assert told[-2:] == ["其余 9 行未列出", f"全部差异见 {tmp_path / 'out.csv'}"]
    assert summary(lines[:1], [], None)[-1] == "全部对平"
    assert f"| {DIFFERENT} |" in (ROOT / "docs" / "jobs.md").read_text(encoding="utf-8")
