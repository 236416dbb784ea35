"""`group-file`: published cases come out with their groups, and no case is lost in a bad file."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs import group_file
from jobs.cli import main
from lake import case_csv
from tests.conftest import ROOT

DEMO = ROOT / "conf" / "demo" / "scheme"
GROUPS = ("mdc", "adrg", "drg")
HEADER = "case_id,age,principal_diagnosis,other_diagnoses,procedures\n"
HEART = "42,I42.000,,33.6x00"  # heart transplantation: AA19


def run(cases: Path, out: Path, *options: str, scheme: Path = DEMO) -> list[dict[str, str]]:
    assert main(["group-file", "--scheme", str(scheme), str(cases), str(out), *options]) == 0
    return rows(out)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "cases.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def groups(found: list[dict[str, str]], prefix: str = "") -> list[tuple[str, ...]]:
    return [tuple(row[prefix + name] for name in GROUPS) for row in found]


def test_published_schemes(shared: Path, tmp_path: Path) -> None:
    """Every case of every scheme, the order and the input kept."""
    folders = sorted(path.parent for path in (shared / "schemes").glob("*/expected.csv"))
    assert len(folders) == 11
    for folder in folders:
        expected = rows(folder / "expected.csv")
        found = run(folder / "expected.csv", tmp_path / "out.csv", scheme=folder)
        assert [row["case_id"] for row in found] == [row["case_id"] for row in expected]
        assert groups(found) == groups(expected), folder.name
        assert groups(found, "input_") == groups(expected)


def test_workbook_as_scheme(shared: Path, tmp_path: Path) -> None:
    folder = shared / "schemes" / "chs_drg_11"
    found = run(folder / "expected.csv", tmp_path / "out.csv", scheme=folder / "workbook.xlsx")
    assert groups(found) == groups(found, "input_")


@pytest.mark.parametrize("options", [(), ("--trace",)])
def test_engines_write_the_same_bytes(options: tuple[str, ...], tmp_path: Path) -> None:
    kernel, reference = tmp_path / "kernel.csv", tmp_path / "reference.csv"
    found = run(DEMO / "expected.csv", kernel, *options)
    run(DEMO / "expected.csv", reference, "--engine", "reference", *options)
    assert kernel.read_bytes() == reference.read_bytes()
    assert groups(found) == groups(found, "input_")
    assert {row["outcome"] for row in found} == {"grouped", "ambiguous"}


@pytest.mark.slow
def test_spark_writes_the_same_bytes(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert spark is not None  # the job takes the running session
    monkeypatch.setitem(group_file.BATCH_ROWS, "spark", 300)  # 511 cases: more than one job
    run(DEMO / "expected.csv", tmp_path / "kernel.csv")
    run(DEMO / "expected.csv", tmp_path / "spark.csv", "--engine", "spark")
    assert (tmp_path / "spark.csv").read_bytes() == (tmp_path / "kernel.csv").read_bytes()


def test_more_rows_than_a_batch(tmp_path: Path) -> None:
    count = group_file.BATCH_ROWS["kernel"] + 3
    lines = [f"{number},X,{'33.6x00' if number % 2 else ''}" for number in range(count)]
    found = run(written(tmp_path, "\n".join(["n,principal_diagnosis,procedures", *lines])), tmp_path / "out.csv")
    assert [row["n"] for row in found] == [str(number) for number in range(count)]
    assert all((row["drg"] == "AA19") == (int(row["n"]) % 2 == 1) for row in found[-5:])


def test_trace_is_one_line_in_chinese(tmp_path: Path) -> None:
    cases = written(tmp_path, HEADER + f'"a\nb",{HEART}\n,42,I42.000,,\n')
    found = run(cases, tmp_path / "out.csv", "--trace")
    assert found[0]["trace"].startswith("病例 a b：已入组，MDC A，ADRG AA1，DRG AA19 ｜ MDC A ")
    assert not any("\n" in row["trace"] for row in found)
    assert found[1]["trace"].startswith("已入组")


@pytest.fixture
def coded(tmp_path: Path) -> Path:
    """The demonstration scheme with clinical codes mapped, and grey codes."""
    folder = tmp_path / "coded"
    shutil.copytree(DEMO, folder)
    (folder / "code_map.csv").write_text(
        "system,clinical_code,code,note\nDI,I42.x,I42.000,旧码\nOP,33.6,33.6x00,\nDI,I42.9x,I42.900,\n",
        encoding="utf-8",
    )
    (folder / "grey_codes.csv").write_text("system,code\nDI,I42.900\nOP,99.99\n", encoding="utf-8")
    return folder


CODED = (
    "case_id,principal_diagnosis,other_diagnoses,procedures\n"
    "1,I42.x,I42.9x|A01, 33.6 |99.99\n2,I42.9x,,33.6x00\n3,X,,\n"
)


@pytest.mark.parametrize("engine", ["kernel", "reference"])
def test_mapped_codes_stand_beside_those_written(engine: str, coded: Path, tmp_path: Path) -> None:
    cases = written(tmp_path, CODED)
    found = run(cases, tmp_path / "out.csv", "--mapped", "--engine", engine, scheme=coded)
    assert [row["drg"] for row in found] == ["AA19", "0000", "0000"]
    assert [row["reason"] for row in found] == ["", "grey_principal_diagnosis", "unknown_principal_diagnosis"]
    assert [row["principal_diagnosis"] for row in found] == ["I42.x", "I42.9x", "X"]
    mapped = [tuple(row[f"mapped_{name}"] for name in ("principal", "others", "procedures")) for row in found]
    assert mapped == [("I42.000", "|A01", "33.6x00|"), ("", "", "33.6x00"), ("X", "", "")]
    assert "trace" not in found[0]


def test_trace_tells_what_was_mapped(coded: Path, tmp_path: Path) -> None:
    found = run(written(tmp_path, CODED), tmp_path / "out.csv", "--trace", scheme=coded)
    assert list(found[0])[-5:] == ["problem", "mapped_principal", "mapped_others", "mapped_procedures", "trace"]
    assert " ｜ 编码映射 主要诊断 I42.x -> I42.000" in found[0]["trace"]
    assert "（备注：旧码） ｜ 编码映射 其他诊断 I42.9x -> I42.900" in found[0]["trace"]
    assert " ｜ 其他手术 99.99，灰码，不参加分组 ｜ " in found[0]["trace"]
    assert "原因：主要诊断为灰码，不能作为主要诊断" in found[1]["trace"]


@pytest.mark.parametrize(("scheme", "options"), [("coded", ()), ("plain", ("--mapped",)), ("plain", ("--trace",))])
def test_mapped_columns_only_where_asked_for_and_mapped(
    scheme: str, options: tuple[str, ...], coded: Path, tmp_path: Path
) -> None:
    cases = written(tmp_path, CODED)
    found = run(cases, tmp_path / "out.csv", *options, scheme=coded if scheme == "coded" else DEMO)
    assert not any(name.startswith("mapped_") for name in found[0])


def test_only_the_principal_diagnosis_must_be_there(tmp_path: Path) -> None:
    found = run(written(tmp_path, "principal_diagnosis\nI21.900\nNO.SUCH\n"), tmp_path / "out.csv")
    assert [row["outcome"] for row in found] == ["grouped", "ungrouped"]
    assert (*groups(found)[1], found[1]["reason"]) == ("", "", "0000", "unknown_principal_diagnosis")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings_and_line_ends(encoding: str, end: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Further columns come out as they were: commas, quotes, both kinds of line end in a cell, names that repeat."""
    names = ["姓名", "principal_diagnosis", "procedures", "", ""]
    cells = ['王, “小”\r明\n"二"', "I42.000", "33.6x00", " ", "=1"]
    line = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    cases = written(tmp_path, (",".join(names) + end + line + end + end).encode(encoding))
    run(cases, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        header, row = csv.reader(stream)
    assert header == [*names, "mdc", "adrg", "drg", "outcome", "reason", "problem"]
    assert row == [*cells, "A", "AA1", "AA19", "grouped", "", ""]
    assert ("read as GB18030" in capsys.readouterr().err) == (encoding == "gb18030")


def test_a_bad_number_is_a_missing_one(tmp_path: Path) -> None:
    """Both engines; nothing vanishes, and the row says what was not read."""
    header = "sex,age,birth_weight,principal_diagnosis,procedures\n"
    bad = ["nan", "1e3", "１２", "1_0", "45岁", "+1", "--", "1.2.3", "9" * 400, "0x10", "1,5", "NULL", "inf"]
    lines = [f'1.5,"{cell}",2500,I42.000,33.6x00\n' for cell in bad] + ["2.0, 42.50 ,,I42.000,33.6x00\n"]
    cases = written(tmp_path, header + "".join(lines))
    found = run(cases, tmp_path / "out.csv")
    assert [row["drg"] for row in found] == ["AA19"] * len(lines)
    for row, cell in zip(found, bad, strict=False):
        assert row["age"] == cell
        assert row["problem"] == (
            f"性别（sex）“1.5”不是可用的整数，按缺失处理；年龄（age）“{cell[:40]}”不是可用的数字，按缺失处理"
        )
    assert found[-1]["problem"] == ""
    run(cases, tmp_path / "reference.csv", "--engine", "reference")
    assert (tmp_path / "reference.csv").read_bytes() == (tmp_path / "out.csv").read_bytes()


def test_an_unreadable_age_groups_as_a_missing_one(tmp_path: Path) -> None:
    header = "age,principal_diagnosis,other_diagnoses\n"
    found = run(written(tmp_path, header + "5,J18.900,\nfive,J18.900,\n,J18.900,\n"), tmp_path / "out.csv")
    assert [row["drg"] for row in found] == ["ES32", "ES35", "ES35"]
    assert [bool(row["problem"]) for row in found] == [False, True, False]


def test_blanks_around_codes_do_not_count(tmp_path: Path) -> None:
    cases = written(tmp_path, HEADER + "1,42,\u3000I42.000 ,, 1 | 33.6x00\n2,42,I42.000,,33.6x00\t| 1\n")
    for engine in ("kernel", "reference"):
        found = run(cases, tmp_path / "out.csv", "--engine", engine)
        assert found[1]["drg"] == "AA19"  # the principal procedure is the first
        assert found[0]["procedures"] == " 1 | 33.6x00"
        assert found[0]["reason"] != "unknown_principal_diagnosis"


def test_no_cases(tmp_path: Path) -> None:
    assert run(written(tmp_path, HEADER), tmp_path / "new" / "out.csv") == []
    assert (tmp_path / "new" / "out.csv").read_text().startswith("case_id,age,principal_diagnosis,")


REFUSED = {
    "empty": ("", "the file is empty"),
    "only blank lines": ("\n\n", "the file is empty"),
    "no header": (f"1,{HEART}\n", "line 1: column principal_diagnosis is missing; found 1, 42, I42.000"),
    "semicolons": ("case_id;principal_diagnosis\n", "Is the separator a comma?"),
    "long row": (HEADER + f"1,{HEART}\n\n2,{HEART},\n", "line 4: 6 cell(s) where the header has 5"),
    "short row": (
        HEADER + f'"1\n1",{HEART}\nlast\n',
        "line 4: 1 cell(s) where the header has 5 (the row begins with 'last'",
    ),
    "open quote": (
        HEADER + f'1,{HEART}\n"2,{HEART}\n3,{HEART}\n',
        "the row that begins on line 3: unexpected end of data",
    ),
    "bad quote": (HEADER + f'"1"x,{HEART}\n', "the row that begins on line 2: ',' expected after '\"'"),
    "twice": ("age,age,principal_diagnosis\n", "column age stands twice"),
    "result twice": ("drg,input_drg,principal_diagnosis\n", "two columns would be called input_drg"),
    "nul": (HEADER + "1\0", "line 2: a NUL byte"),
    "utf-16": (HEADER.encode("utf-16"), "the file is UTF-16"),
    "workbook": (b"PK\x03\x04rest", "this is a workbook"),
    "no text": (HEADER.encode() + b"\xff\xff\n", "line 2: bytes that are not UTF-8, and line 2: bytes"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_files_leave_the_old_result(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, message = REFUSED[name]
    cases, out = written(tmp_path, content), tmp_path / "out.csv"
    out.write_text("old")
    assert main(["group-file", "--scheme", str(DEMO), str(cases), str(out)]) == 3
    said = capsys.readouterr().err
    assert message in said
    assert str(cases) in said
    assert out.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cases.csv", "out.csv"]


def test_lines_are_counted_across_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(case_csv, "_CHUNK", 7)
    cases = written(tmp_path, HEADER.encode() + "姓,,,,\n".encode() * 9 + b"\xe5\xff,,,,\n")
    assert main(["group-file", "--scheme", str(DEMO), str(cases), str(tmp_path / "out.csv")]) == 3
    assert "cases.csv line 11: bytes that are not UTF-8" in capsys.readouterr().err


def test_places_that_cannot_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = written(tmp_path, HEADER)
    (tmp_path / "folder").mkdir()

    def refused(scheme: Path, source: Path, out: Path) -> str:
        assert main(["group-file", "--scheme", str(scheme), str(source), str(out)]) == 3
        return capsys.readouterr().err

    assert "no such file" in refused(DEMO, tmp_path / "nowhere.csv", tmp_path / "out.csv")
    assert "not a file" in refused(DEMO, tmp_path, tmp_path / "out.csv")
    assert "is a folder" in refused(DEMO, cases, tmp_path / "folder")
    os.mkfifo(tmp_path / "pipe")
    assert "a device or pipe" in refused(DEMO, cases, tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()
    assert "cannot be written" in refused(DEMO, cases, cases / "out.csv")
    assert "no such file or folder" in refused(tmp_path / "nowhere", cases, tmp_path / "out.csv")


def test_cases_and_out_may_be_one_file(tmp_path: Path) -> None:
    cases = written(tmp_path, HEADER + f"1,{HEART}\n")
    assert run(cases, cases)[0]["drg"] == "AA19"


def test_default_and_reference_need_no_java(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "jobs" / "group_file.py"), "--scheme", str(DEMO)]
    surroundings = {**os.environ, "JAVA_HOME": str(tmp_path / "no-java"), "PATH": "", "PYTHONPATH": str(ROOT)}
    answer = subprocess.run(
        [*command, str(DEMO / "expected.csv"), str(tmp_path / "out.csv")],
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert "511 cases: 503 grouped, 8 ambiguous, 0 ungrouped; 0 with unreadable cells" in answer.stderr
