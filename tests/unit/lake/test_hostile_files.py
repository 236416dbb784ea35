"""Files as people hand them in: other separators and encodings, endless cells, misspelled names and areas."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql.types import ArrayType, DataType, StructType

from jobs.cli import main
from lake.case_columns import CASE_COLUMNS, read_cells
from lake.case_csv import CaseWriter, open_case_csv
from lake.errors import InputProblem
from lake.landing import find_slices
from lake.province_csv import CELL_LIMIT
from lake.province_folder import MEASURING, SETTLING, read_province_folder, write_table, write_tables
from lake.reconciliation_file import read_reconciliation_file
from lake.rule_files import read_rule_file
from lake.tables.lists import LANDING
from tests.conftest import ROOT

GOLDEN = ROOT / "tests" / "golden" / "provinces"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a golden province that a test may spoil."""
    target = tmp_path / "province"
    shutil.copytree(GOLDEN / "p1", target, ignore=shutil.ignore_patterns("expected"))
    return target


def problem(folder: Path) -> str:
    with pytest.raises(InputProblem) as caught:
        read_province_folder(folder, SETTLING)
    return str(caught.value)


def changed(file: Path, old: bytes, new: bytes, times: int = -1) -> None:
    content = file.read_bytes()
    assert old in content
    file.write_bytes(content.replace(old, new, times))


HEADERS = [
    (b",", b";", "separated by semicolons: save the file with commas"),
    (b",", b"\t", "separated by tabs: save the file with commas"),
    (b",", "，".encode(), "separated by full-width commas"),
    (b"setl_id,", "某市病例表\nsetl_id,".encode(), "no column is known, the line begins with '某市病例表'"),
    (b"\n", b",\n", "column 14 has no name; take the empty column away"),
    (b"setl_id,", b"x" * 300 + b",", "(300 characters) is not known"),
]


@pytest.mark.parametrize(("old", "new", "message"), HEADERS)
def test_a_header_is_one_fault_with_its_cause(folder: Path, old: bytes, new: bytes, message: str) -> None:
    changed(folder / "cases.csv", old, new, 1 if new.count(b"\n") or old == b"setl_id," else -1)
    said = problem(folder)
    assert message in said
    assert said.count("cases.csv line 1") <= 2


@pytest.mark.parametrize(
    ("content", "kind"), [(b"PK\x03\x04\x14\x00", "a workbook or zip"), ("a".encode("utf-16"), "UTF-16")]
)
def test_what_is_no_csv_is_called_by_its_name(folder: Path, content: bytes, kind: str) -> None:
    (folder / "cases.csv").write_bytes(content)
    assert f"cases.csv: this is {kind}, not CSV in UTF-8; save the sheet as CSV" in problem(folder)


LONG = b"X" * (CELL_LIMIT + 1)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"S00100000001", LONG),
        (b"S00100000001", b'"' + LONG + b'"'),
        (b"S00100000001", b'"S00100000001' + b"\nX" * CELL_LIMIT),
    ],
)
def test_an_endless_cell_is_told_with_the_row_it_begins_in(folder: Path, old: bytes, new: bytes) -> None:
    changed(folder / "cases.csv", old, new, 1)
    changed(folder / "cases.csv", b"-", b"/")  # faults below it are not looked for line by line
    said = problem(folder)
    assert f"a cell of more than {CELL_LIMIT:,} characters in the row that begins on line 3" in said
    assert "a quote there is not closed" in said


def test_a_long_value_is_shown_by_its_beginning(folder: Path) -> None:
    changed(folder / "cases.csv", b"36753.00", b"9" * 100_000, 1)
    said = problem(folder)
    assert "line 3: cost = '" + "9" * 60 + "'... (100,000 characters): write yuan" in said
    assert len(said) < 500


def test_an_endless_cell_of_a_case_file(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_bytes(b"principal_diagnosis\nI42.000\n" + LONG + b"\n")
    source = open_case_csv(path)
    with pytest.raises(InputProblem, match=r"131,072 characters in the row that begins on line 3; most often a quote"):
        list(source.batches(10))


def of_area(folder: Path, area: str) -> None:
    """Values of one more area, at the end of the policy."""
    with (folder / "policy.yaml").open("a") as file:
        file.write(f"  {area}:\n    reserve.share: '0.5'\n")


@pytest.mark.parametrize("area", ["99010O", "'990100 '", "330100"])
def test_a_misspelled_area_of_the_policy_is_refused(folder: Path, area: str) -> None:
    of_area(folder, area)
    said = problem(folder)
    assert f"policy.yaml: areas.{area.strip(chr(39))}: no file of the folder names this area" in said
    assert ("is it 990100?" in said) == (area != "330100")


def test_areas_may_be_named_by_any_file_of_the_folder(folder: Path) -> None:
    """Also by one that the job does not read, and by where insured persons come from."""
    of_area(folder, "660000")
    with pytest.raises(InputProblem, match="660000"):
        read_province_folder(folder, MEASURING)
    with (folder / "budgets.csv").open("a") as file:
        file.write("660000,310,2025,1.00\n")
    for job in (MEASURING, SETTLING):
        assert "660000" in read_province_folder(folder, job).policies
    changed(folder / "budgets.csv", b"660000,310,2025,1.00\n", b"")
    first = (folder / "cases.csv").read_text().splitlines()[1].split(",")
    changed(folder / "cases.csv", ",".join(first[:3]).encode(), f"{first[0]},{first[1]},660000".encode(), 1)
    for job in (MEASURING, SETTLING):
        assert "660000" in read_province_folder(folder, job).policies


@pytest.mark.parametrize(
    ("name", "wrong"), [("audit.csv", "audits.csv"), ("reviews.csv", "Reviews.csv"), ("policy.yaml", "policy.yml")]
)
def test_a_file_with_a_misspelled_name_is_no_missing_one(folder: Path, name: str, wrong: str) -> None:
    shutil.copy(folder / name, folder / wrong)
    read_province_folder(folder, SETTLING)  # both there: nothing is missing
    (folder / name).unlink()
    assert f"{wrong}: no file of a province is called so, and {name} is missing" in problem(folder)


def test_a_link_that_leads_nowhere_is_no_missing_file(folder: Path) -> None:
    (folder / "audit.csv").unlink()
    (folder / "audit.csv").symlink_to(folder / "unmounted" / "audit.csv")
    assert "audit.csv cannot be read: No such file" in problem(folder)


def test_a_policy_that_is_not_there_is_said_to_be_missing(folder: Path) -> None:
    (folder / "policy.yaml").unlink()
    assert "(there is no policy.yaml in the folder)" in problem(folder)


def test_a_year_without_a_budget_counts_as_nothing_and_is_said(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing file is an empty one, so this is allowed; who forgot the row must hear of it."""
    words = ["settle-files", str(folder), str(tmp_path / "out"), "--engine", "reference"]
    assert main(words) == 0
    assert capsys.readouterr().err == ""
    rows = (folder / "budgets.csv").read_text().splitlines()
    (folder / "budgets.csv").write_text("\n".join(row for row in rows if ",390,2025," not in row) + "\n")
    assert main(words) == 0
    said = capsys.readouterr().err
    assert "no budget of the year for area 990100, insutype 390, which has cases: it counts as 0.00" in said
    assert said.count("\n") == 1


ITEMS = {"month": ["paid"], "year": ["paid"]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_handed_in_files_may_be_of_a_chinese_spreadsheet(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "bank.csv"
    text = "医疗机构名称,fixmedins_code,insutype,period,item,amount,备注\r\n市一院,H1,310,2025,paid,1.50,已核对\r\n"
    file.write_bytes(text.encode(encoding))
    assert read_reconciliation_file(file, 2025, ITEMS) == {("H1", "310", "2025", "paid"): 150}
    items = "setl_id,药品名称,code,amount\nS1,某药,D1,2\n"
    file.write_bytes(items.encode(encoding))
    assert read_rule_file(file, "drugs", {}).rows["amount_fen"].to_pylist() == [200]


def test_a_file_that_is_in_no_encoding_says_where_each_fails(tmp_path: Path) -> None:
    file = tmp_path / "bank.csv"
    file.write_bytes(b"fixmedins_code,insutype,period,item,amount\nH1,310,2025,paid,1\nH\xff\xff,310,2025,paid,1\n")
    with pytest.raises(
        InputProblem, match=r"line 3: bytes ff ff 2c 33 are not UTF-8; line 3: .* are not GB18030; save"
    ):
        read_reconciliation_file(file, 2025, ITEMS)


@pytest.mark.parametrize("codes", ["J18.900;I10.x00", "J18.900；I10.x00", "J18.900，I10.x00", "J18.900｜I10.x00"])
def test_codes_that_are_not_told_apart_are_said(codes: str) -> None:
    """Read as one code that no scheme knows, they would take part in nothing without a word."""
    cells = {name: [""] for name in CASE_COLUMNS} | {"other_diagnoses": [codes], "procedures": ["33.6x00|39.61"]}
    table = pa.table({name: pa.array(column, pa.string()) for name, column in cells.items()})
    (said,) = read_cells(table).problems
    assert said == f"其他诊断（other_diagnoses）“{codes}”不是用“|”分隔的编码，未拆分"


def test_one_place_that_cannot_be_leaves_all_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("old")
    (tmp_path / "b.csv").mkdir()
    with pytest.raises(InputProblem, match=r"b\.csv cannot be written: it is a folder"):
        write_tables(tmp_path, {"a.csv": (("x",), []), "b.csv": (("x",), [])})
    assert (tmp_path / "a.csv").read_text() == "old"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.csv", "b.csv"]


def test_devices_are_not_replaced_by_files(tmp_path: Path) -> None:
    """A result named /dev/null, written as root, would take the place of the device."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputProblem, match="a device or pipe"):
        write_table(tmp_path / "pipe", ("x",), [])
    with pytest.raises(InputProblem, match="a device or pipe"):
        CaseWriter(tmp_path / "pipe", ("x",))
    with pytest.raises(InputProblem, match="File name too long"):
        CaseWriter(tmp_path / ("n" * 300), ("x",))
    assert (tmp_path / "pipe").is_fifo()


def delivery(folder: Path, **others: pa.Array) -> Path:
    """A delivery of one month without rows; `others` are columns of another type."""
    columns = {field.name: pa.array([], _arrow(field.dataType)) for field in LANDING}
    month = folder / "lists" / "area=990100" / "month=2025-01"
    month.mkdir(parents=True)
    pq.write_table(pa.table(columns | others), month / "part.parquet")
    return folder / "lists"


def _arrow(kind: DataType) -> pa.DataType:
    if isinstance(kind, ArrayType):
        return pa.list_(_arrow(kind.elementType))
    if isinstance(kind, StructType):
        return pa.struct([(field.name, _arrow(field.dataType)) for field in kind])
    return pa.string()


def test_a_month_that_was_not_delivered_is_told(tmp_path: Path) -> None:
    delivery(tmp_path)
    assert len(find_slices(tmp_path, months=["2025-01"])) == 1
    with pytest.raises(InputProblem, match="nothing was delivered for month 2025-02"):
        find_slices(tmp_path, months=["2025-01", "2025-02"])


def test_marks_of_who_wrote_a_delivery_are_no_part_of_it(tmp_path: Path) -> None:
    lists = delivery(tmp_path)
    for place in (lists, lists / "area=990100", lists / "area=990100" / "month=2025-01"):
        (place / "_SUCCESS").touch()
        (place / ".DS_Store").touch()
    assert [one.month for one in find_slices(tmp_path)] == ["2025-01"]


def test_folders_of_a_delivery_that_are_none_are_told(tmp_path: Path) -> None:
    area = delivery(tmp_path) / "area=990100"
    (area / "month=2025-02").touch()
    with pytest.raises(InputProblem, match="month=2025-02: folders here are called"):
        find_slices(tmp_path)
    (area / "month=2025-02").unlink()
    (area / "month=2025-02").mkdir()
    with pytest.raises(InputProblem, match="month=2025-02: no file was delivered"):
        find_slices(tmp_path)
    (area / "month=2025-02").rmdir()
    (area.parent / "area=990200").touch()
    with pytest.raises(InputProblem, match="area=990200: folders here are called"):
        find_slices(tmp_path)


@pytest.mark.parametrize(
    "kind", [pa.int64(), pa.float64(), pa.decimal128(16, 2), pa.date32(), pa.binary(), pa.list_(pa.string())]
)
def test_a_column_of_a_delivery_that_is_no_text_is_told(tmp_path: Path, kind: pa.DataType) -> None:
    """Spark would end in a stack trace, or read something else."""
    delivery(tmp_path, medfee_sumamt=pa.array([], kind))
    with pytest.raises(InputProblem, match=r"part\.parquet: column medfee_sumamt is of type .*write it as text"):
        find_slices(tmp_path)


def test_other_kinds_of_text_are_text(tmp_path: Path) -> None:
    few = pa.array([], pa.large_list(pa.struct([("diag_code", pa.large_string())])))
    delivery(tmp_path / "good", medfee_sumamt=pa.array([], pa.dictionary(pa.int32(), pa.string())), diseinfo=few)
    assert len(find_slices(tmp_path / "good")) == 1
    delivery(tmp_path / "bad", diseinfo=pa.array([], pa.string()))
    with pytest.raises(InputProblem, match=r"column diseinfo is of type string; .* a list of structs of text"):
        find_slices(tmp_path / "bad")
