"""Reading a province folder: exact values, and errors that name file, line, field, value and remedy."""

from __future__ import annotations

import datetime
import shutil
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lake.errors import InputProblem, MissingParameters
from lake.province_folder import (
    MEASURING,
    SETTLING,
    check_settleable,
    frames,
    read_province_folder,
    table_bytes,
    write_table,
    write_tables,
)
from lake.province_plain import plain_province
from lake.province_schema import LAYOUTS
from settlement.policy import OutOfAreaPool

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "provinces"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a golden province that a test may spoil."""
    target = tmp_path / "province"
    shutil.copytree(GOLDEN / "p1", target, ignore=shutil.ignore_patterns("expected"))
    return target


def spoil(path: Path, line: int, old: str, new: str) -> None:
    """Replace text in one line (1 is the header) of a file."""
    lines = path.read_text(encoding="utf-8").split("\n")
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new, 1)
    path.write_text("\n".join(lines), encoding="utf-8", newline="")


def append(path: Path, row: str) -> int:
    """Add a row; returns its line number."""
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(row + "\n")
    return path.read_text(encoding="utf-8").count("\n")


def problem(folder: Path) -> str:
    with pytest.raises(InputProblem) as caught:
        read_province_folder(folder)
    return str(caught.value)


def test_values_are_exact() -> None:
    read = read_province_folder(GOLDEN / "p2")
    assert read.cases.num_rows == 800
    first = read.cases.slice(0, 1).to_pylist()[0]
    assert first["setl_id"] == (GOLDEN / "p2" / "cases.csv").read_text().split("\n")[1].split(",")[0]
    assert isinstance(first["setl_date"], datetime.date)
    assert isinstance(first["cost_fen"], int)
    text = [line.split(",") for line in (GOLDEN / "p2" / "cases.csv").read_text().splitlines()[1:]]
    assert read.cases["cost_fen"].to_pylist() == [int(Decimal(row[8]) * 100) for row in text]
    assert read.cases["drg"].to_pylist() == [row[7] or None for row in text]
    assert set(read.policies) == {"990100", "990200"}
    assert read.policies["990100"].reserve_share == Decimal("0.05")
    assert read.policies["990200"].reserve_share == Decimal("0.08")
    assert read.policies["990200"].out_of_area_pool is OutOfAreaPool.TREATING_VALUE


def test_missing_file_is_an_empty_one() -> None:
    read = read_province_folder(GOLDEN / "worked")
    assert read.history.num_rows == read.audit.num_rows == read.elements_given.num_rows == 0
    assert read.audit.schema.names == ["fixmedins_code", "insutype", "month", "amount_fen"]


def test_only_the_files_asked_for_are_read(folder: Path) -> None:
    spoil(folder / "cases.csv", 2, "S00100000000", "")
    assert read_province_folder(folder, MEASURING).cases.num_rows == 0
    with pytest.raises(InputProblem, match="setl_id"):
        read_province_folder(folder, SETTLING)


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("0", 0),
        ("0.00", 0),
        ("12", 1200),
        ("12.3", 1230),
        ("-0.01", -1),
        ("+7.05", 705),
        ("999999999999.99", 99999999999999),
    ],
)
def test_money_is_exact(folder: Path, text: str, fen: int) -> None:
    append(folder / "audit.csv", f"H99010000001,310,2025-12,{text}")
    assert read_province_folder(folder).audit["amount_fen"].to_pylist()[-1] == fen


def test_carriage_returns_byte_order_mark_quotes_and_column_order_are_accepted(folder: Path) -> None:
    plain = read_province_folder(folder)
    path = folder / "hospitals.csv"
    rows = [line.split(",") for line in path.read_text().splitlines()]
    turned = [",".join(f'"{cell}"' for cell in reversed(row)) for row in rows]
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join([*turned, "", ""]).encode())
    cases = folder / "cases.csv"
    cases.write_bytes(cases.read_bytes().replace(b"\n", b"\r\n"))
    read = read_province_folder(folder)
    assert read.hospitals.equals(plain.hospitals)
    assert read.cases.equals(plain.cases)


BAD_CELLS = [
    ("cases.csv", 3, "36753.00", "1e5", "cost = '1e5'", "no exponent"),
    ("cases.csv", 3, "36753.00", "NaN", "cost = 'NaN'", "yuan with at most 2 decimals"),
    ("cases.csv", 3, "36753.00", "36753.001", "cost = '36753.001'", "at most 2 decimals"),
    ("cases.csv", 3, "36753.00", "-1.00", "cost = '-1.00'", "not negative"),
    ("cases.csv", 3, "36753.00", '"36,753.00"', "cost = '36,753.00'", "no separators"),
    ("cases.csv", 3, "36753.00", " 36753.00", "cost = ' 36753.00'", "yuan"),
    ("cases.csv", 3, "36753.00", "1234567890123.00", "cost = '1234567890123.00'", "12 digits"),
    ("cases.csv", 3, "36753.00,0.00", "36753.00,36753.01", "special_cost = '36753.01'", "more than the cost"),
    ("cases.csv", 3, "36753.00", "", "cost = ''", "yuan"),
    ("cases.csv", 3, "S00100000001", "", "setl_id = ''", "must not be empty"),
    ("cases.csv", 3, "S00100000001", "S00100000000", "setl_id = 'S00100000000'", "an earlier row has the same setl_id"),
    ("cases.csv", 3, "H99010000003", "H99", "fixmedins_code = 'H99'", "not in hospitals.csv"),
    ("cases.csv", 3, "H99010000003", "H99010000003 ", "fixmedins_code = 'H99010000003 '", "without spaces"),
    ("cases.csv", 3, "2025-03-21", "2025-02-29", "setl_date = '2025-02-29'", "a day of the calendar"),
    ("cases.csv", 3, "2025-03-21", "2025/03/21", "setl_date = '2025/03/21'", "YYYY-MM-DD"),
    ("cases.csv", 2, "2025-09-09", "0000-01-01", "upload_date = '0000-01-01'", "from the year 1900 on"),
    ("cases.csv", 2, "2025-09-05", "9999-12-31", "dscg_date = '9999-12-31'", "from the year 1900 on"),
    ("cases.csv", 3, "2025-03-21", "2024-03-21", "setl_date = '2024-03-21'", "outside the year 2025 of budgets.csv"),
    ("cases.csv", 3, "26465.65,0,0", "26465.65,0,2", "new_tech = '2'", "0 or 1"),
    ("history.csv", 2, "H99010000003", "H9", "fixmedins_code = 'H9'", "not in hospitals.csv"),
    ("history.csv", 2, "2024", "24", "year = '24'", "YYYY"),
    ("audit.csv", 2, "H99010000001", "H9", "fixmedins_code = 'H9'", "not in hospitals.csv"),
    ("audit.csv", 2, "2025-03", "2025-13", "month = '2025-13'", "YYYY-MM"),
    ("audit.csv", 2, "2025-03", "2025", "month = '2025'", "YYYY-MM"),
    ("hospitals.csv", 2, ",3,", ",4,", "level = '4'", "3 (三级)"),
    ("hospitals.csv", 2, ",0,", ",no,", "suspended = 'no'", "0 or 1"),
    ("hospitals.csv", 2, "0.8000", "1.0001", "deposit_return = '1.0001'", "from 0 to 1"),
    ("hospitals.csv", 3, "H99010000002", "H99010000001", "fixmedins_code = 'H99010000001'", "an earlier row"),
    ("reviews.csv", 2, "S00100000006", "S9", "setl_id = 'S9'", "no case of cases.csv"),
    ("reviews.csv", 2, "passed", "maybe", "decision = 'maybe'", "passed, refused"),
    ("reviews.csv", 3, "S00100000034", "S00100000006", "setl_id = 'S00100000006'", "an earlier row"),
    ("budgets.csv", 3, "2025-02", "2025-01", "period = '2025-01'", "the same area and insutype and period"),
    ("budgets.csv", 3, "2025-02", "2025-2", "period = '2025-2'", "YYYY-MM"),
    ("budgets.csv", 3, "2025-02", "202502", "period = '202502'", "YYYY-MM"),
    ("budgets.csv", 3, "201275.56", "-201275.56", "amount = '-201275.56'", "not negative"),
    ("calendar.csv", 3, "2025-01-26", "2025-01-01", "date = '2025-01-01'", "an earlier row"),
    ("calendar.csv", 3, ",1", ",x", "working = 'x'", "0 or 1"),
    ("elements.csv", 2, "all_mean", "mean_of_all", "kind = 'mean_of_all'", "one of all_mean"),
    ("elements.csv", 2, "28875.9128", "0", "value = '0'", "more than 0"),
    ("elements.csv", 3, "BS49", "", "drg = ''", "must be filled"),
    ("elements.csv", 3, ",1", ",2", "value = '2'", "0 or 1"),
    ("elements_given.csv", 2, "H99010000002", "", "fixmedins_code = ''", "must be filled where kind is add_on"),
    ("elements_given.csv", 5, ",,,", ",,H99010000002,", "fixmedins_code = 'H99010000002'", "must be empty"),
    ("base_groups.csv", 2, "BS49", "", "drg = ''", "must not be empty"),
]


@pytest.mark.parametrize(("file", "line", "old", "new", "found", "remedy"), BAD_CELLS)
def test_bad_cell(folder: Path, file: str, line: int, old: str, new: str, found: str, remedy: str) -> None:
    spoil(folder / file, line, old, new)
    message = problem(folder)
    named = [text for text in message.splitlines() if text.startswith(f"{file} line {line}: {found}")]
    assert named, message
    assert remedy in named[0]


def test_leap_days_are_days(folder: Path) -> None:
    path = folder / "cases.csv"
    spoil(path, 3, "2025-03-20", "2024-02-29")
    assert read_province_folder(folder).cases["dscg_date"].to_pylist()[1] == datetime.date(2024, 2, 29)
    spoil(path, 3, "2024-02-29", "1900-02-29")
    assert "dscg_date = '1900-02-29'" in problem(folder)


BAD_FORMS = [
    ("cases.csv", lambda data: data.replace(b"setl_id", b"id", 1), "line 1: column setl_id is missing"),
    ("cases.csv", lambda data: data.replace(b"setl_id", b"id", 1), "line 1: column 'id' is not known"),
    ("cases.csv", lambda data: data.replace(b"special_cost", b"cost", 1), "column cost stands 2 times"),
    ("cases.csv", lambda data: b"", "has no header"),
    ("cases.csv", lambda data: data.replace(b"EU49", "肺炎".encode("gb18030"), 1), "line 2: bytes"),
    ("cases.csv", lambda data: data.replace(b"EU49", b"EU\0", 1), "line 2: holds a NUL byte"),
    ("cases.csv", lambda data: data.replace(b"EU49,", b"EU49,,", 1), "line 2: 14 cells where the header has 13"),
    ("cases.csv", lambda data: data.replace(b"EU49,", b"", 1), "line 2: 12 cells where the header has 13"),
    ("cases.csv", lambda data: data.replace(b"EU49,", b'"EU49,', 1), "unexpected end of data"),
]


@pytest.mark.parametrize(("file", "change", "found"), BAD_FORMS)
def test_bad_form(folder: Path, file: str, change: object, found: str) -> None:
    path = folder / file
    path.write_bytes(change(path.read_bytes()))  # type: ignore[operator]
    message = problem(folder)
    assert any(text.startswith(file) and found in text for text in message.splitlines()), message


def test_twenty_faults_are_shown_and_all_are_counted(folder: Path) -> None:
    path = folder / "cases.csv"
    path.write_text(path.read_text().replace(",310,", ",,"))
    message = problem(folder)
    lines = message.splitlines()
    assert len(lines) == 22
    count = (GOLDEN / "p1" / "cases.csv").read_text().count(",310,")
    assert f"{count} faults" in lines[0]
    assert lines[-1] == f"... and {count - 20} more"


def test_line_numbers_count_blank_lines(folder: Path) -> None:
    path = folder / "cases.csv"
    path.write_text(path.read_text().replace("\nS00100000001", "\n\n\nS00100000001").replace("36753.00", "many"))
    assert "cases.csv line 5: cost = 'many'" in problem(folder)


BAD_POLICIES = [
    ("rounding.mean_dp: 4", "rounding.mean_dp: four", "rounding.mean_dp"),
    ("rounding.mean_dp: 4", "rounding.mean_places: 4", "unknown policy value(s) rounding.mean_places"),
    ("  rounding.mean_dp: 4\n", "", "policy value(s) missing: rounding.mean_dp"),
    ("rounding.mean_dp: 4", "rounding.points_dp: 4", "'rounding.points_dp' stands twice"),
    ("cv.ddof: 1", "cv.ddof: some", "for area 990100: policy value cv.ddof"),
    ("trim.hi: '0.975'", "trim.hi: '1.5'", "trim.hi = '1.5' must be a share from 0 to 1"),
    ("trim.lo: '0.025'", "trim.lo: '0.99'", "trim.lo = 0.99 is above trim.hi = 0.975"),
    ("level_coef.min: '0.4'", "level_coef.min: '2'", "level_coef.min = 2 is above level_coef.max = 1.8"),
    ("deposit.rate: '0.05'", "deposit.rate: '-0.05'", "deposit.rate = '-0.05' is below 0"),
    ("deposit.rate: '0.05'", "deposit.rate: '0.123456789'", "at most 9 digits and 8 decimals"),
    ("trim.min_n: 25", "trim.min_n: 1000000000", "at most 9 digits"),
    ("upload.deadline_days: 5", "upload.deadline_days: 400", "at most 366 working days"),
    ("multiple: '3'", "multiple: '-3'", "outlier.bands = '-3' is below 0"),
    ("to: '0.15'", "to: '0.01'", "a tier must not end (to) below its start (from)"),
    ("areas:", "aeras:", "unknown part(s) aeras"),
    ("province:", "province: [", "line 3: expected ',' or ']'"),
]


@pytest.mark.parametrize(("old", "new", "found"), BAD_POLICIES)
def test_bad_policy(folder: Path, old: str, new: str, found: str) -> None:
    path = folder / "policy.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    message = problem(folder)
    assert "policy.yaml" in message
    assert found in message


def test_policy_numbers_are_taken_as_written(folder: Path) -> None:
    path = folder / "policy.yaml"
    path.write_text(path.read_text().replace("'0.05'", "0.05").replace("'990100':", "990100:"))
    assert read_province_folder(folder).policies["990100"].deposit_rate == Decimal("0.05")


def test_a_list_that_never_came_is_late(folder: Path) -> None:
    spoil(folder / "cases.csv", 2, "2025-09-09", "9999-12-31")
    assert read_province_folder(folder).cases["upload_date"][0].as_py() == datetime.date(9999, 12, 31)


def test_no_policy_no_folder_no_files(folder: Path, tmp_path: Path) -> None:
    (folder / "policy.yaml").unlink()
    assert "policy value(s) missing" in problem(folder)
    (folder / "policy.yaml").mkdir()
    assert "policy.yaml cannot be read" in problem(folder)
    assert "is not a folder" in problem(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert "holds none of the files" in problem(tmp_path / "empty")


def test_cases_without_all_mean_are_not_settled(folder: Path) -> None:
    check_settleable(read_province_folder(folder))
    (folder / "elements.csv").unlink()
    with pytest.raises(MissingParameters, match=r"990100.*no all_mean"):
        check_settleable(read_province_folder(folder))


def test_table_is_sorted_text_with_one_line_end(tmp_path: Path) -> None:
    rows = [("b", "2"), ("a", "10"), ("a", "1,5"), ("三", "")]
    write_table(tmp_path / "new" / "t.csv", ("key", "value"), rows)
    assert (tmp_path / "new" / "t.csv").read_bytes() == 'key,value\na,"1,5"\na,10\nb,2\n三,\n'.encode()
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["t.csv"]


def test_a_table_that_cannot_be_named_leaves_no_scraps(tmp_path: Path) -> None:
    (tmp_path / "b.csv").mkdir()
    with pytest.raises(InputProblem, match=r"b\.csv cannot be written: it is a folder"):
        write_tables(tmp_path, {"a.csv": (("x",), []), "b.csv": (("x",), [])})
    assert [file.name for file in tmp_path.iterdir()] == ["b.csv"]


def test_hospitals_may_have_a_score(tmp_path: Path) -> None:
    """The column may be missing, and a cell of it empty (OP-56); what it holds is a number."""
    without = read_province_folder(GOLDEN / "p1")
    assert without.hospitals["score"].null_count == without.hospitals.num_rows
    assert {hospital.score for hospital in plain_province(without).hospitals} == {None}
    copy = shutil.copytree(GOLDEN / "p1", tmp_path / "p1")
    header, *rows = (GOLDEN / "p1" / "hospitals.csv").read_text(encoding="utf-8").splitlines()
    scored = [f"{header},score", f"{rows[0]},88.5", *[f"{row}," for row in rows[1:]]]
    (copy / "hospitals.csv").write_text("\n".join(scored) + "\n", encoding="utf-8")
    scores = [hospital.score for hospital in plain_province(read_province_folder(copy)).hospitals]
    assert scores == [Fraction("88.5"), *[None] * (len(rows) - 1)]
    scored[1] = f"{rows[0]},-1"
    (copy / "hospitals.csv").write_text("\n".join(scored) + "\n", encoding="utf-8")
    with pytest.raises(InputProblem, match=r"hospitals\.csv line 2: score = '-1': write a number .* not negative"):
        read_province_folder(copy)


def test_wrong_row_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a row of 1 cells for 2 columns"):
        write_tables(tmp_path / "out", {"a.csv": (("x",), [("1",)]), "b.csv": (("x", "y"), [("1",)])})
    assert not (tmp_path / "out").exists()
    assert table_bytes(("x",), []) == b"x\n"


def test_frames_have_the_settlement_schemas(spark: SparkSession) -> None:
    folder = read_province_folder(GOLDEN / "p1")
    read = frames(spark, folder)
    assert list(read) == list(LAYOUTS)
    for name, frame in read.items():
        assert frame.schema == LAYOUTS[name].frame, name
    total = read["cases"].agg({"cost_fen": "sum"}).collect()[0][0]
    assert total == sum(folder.cases["cost_fen"].to_pylist())
    empty = frames(spark, read_province_folder(GOLDEN / "worked"), ("audit",))
    assert empty["audit"].count() == 0
