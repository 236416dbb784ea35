"""`scheme lint`, `diff` and `witness` on paths: tables on stdout, words on stderr, no Java."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs import scheme_report
from jobs.cli import main
from jobs.scheme_report import count_moves
from jobs.scheme_source import scheme_at
from tests.conftest import ROOT
from tests.unit.grouper.small_scheme import FILES, spoiled, write_files

CASES = (
    "case_id,sex,age,principal_diagnosis,other_diagnoses,procedures,drg\n"
    "1,2,40,I60.000,,01.2400,kept\n2,2,40,I60.000,A41.900,01.2400,kept\n3,1,40,I60.000,,,kept\n4,1,5,I60.000,,,kept\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files(tmp_path / "scheme")


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    path = tmp_path / "cases.csv"
    path.write_text(CASES)
    return path


def tables(capsys: pytest.CaptureFixture[str]) -> tuple[list[list[dict[str, str]]], str]:
    """The tables on stdout, and stderr."""
    said = capsys.readouterr()
    found = []
    for block in said.out.rstrip("\n").split("\n\n"):
        header, *rows = [line.split("\t") for line in block.split("\n")]
        found.append([dict(zip(header, row, strict=True)) for row in rows])
    return found, said.err


def test_lint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unused = "DI_B,I61.x00,脑出血,DI\nDI_X,I63.900,脑梗死,DI\n"
    folder = write_files(tmp_path / "odd", **spoiled("code_set", "DI_B,I61.x00,脑出血,DI\n", unused))
    assert main(["scheme", "lint", str(folder)]) == 0
    (found,), said = tables(capsys)
    finding = next(row for row in found if row["code"] == "DI_X")
    assert finding == {
        "severity": "note",
        "kind": "unused_set",
        "sheet": "集合",
        "row": "4",
        "code": "DI_X",
        "message": "没有规则引用此集合",
        "remedy": "不用的可删除",
    }
    assert f"共{len(found)}条，其中错误0条" in said


def test_a_scheme_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_files(tmp_path / "broken", **spoiled("drg", "NL > 17", "NL > > 17"))
    for command in (["witness", str(folder)], ["diff", str(folder), str(folder)]):
        assert main(["scheme", *command]) == 3
        assert "drg.csv, sheet DRG, row 7, column DRG规则: the rule of BR15 cannot be read" in capsys.readouterr().err


def test_lint_names_everything_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = {**spoiled("drg", "NL > 17", "NL > > 17"), **spoiled("cc", "2,CC", "2,C"), "exclusion": None}
    assert main(["scheme", "lint", str(write_files(tmp_path / "broken", **broken))]) == 3
    (found,), said = tables(capsys)
    assert [(row["severity"], row["kind"], row["sheet"], row["row"], row["code"]) for row in found] == [
        ("error", "rule_syntax", "DRG", "7", "NL > > 17"),
        ("error", "wrong_value", "CC", "3", "C"),
        ("error", "missing_sheet", "排除表", "", ""),
    ]
    assert all(row["message"] and row["remedy"] for row in found)
    assert "共3条，其中错误3条，警告0条；方案有3处不能读" in said


def test_lint_against_the_national_scheme_and_a_catalogue(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = {
        **spoiled("adrg", "BR1,内科", "BR2,内科"),
        "drg": FILES["drg.csv"].replace(",BR1,", ",BR2,"),
        **spoiled("code_set", "OP_B,01.2400,开颅,OP\n", "OP_B,01.2400,开颅,OP\nOP_B,01.9999,新技术,OP\n"),
    }
    local = str(write_files(tmp_path / "local", **changes))
    assert main(["scheme", "lint", local, "--national", str(folder)]) == 3
    (found,), _ = tables(capsys)
    assert [(row["severity"], row["kind"], row["sheet"], row["row"], row["code"]) for row in found] == [
        ("error", "adrg_not_national", "ADRG", "5", "BR2"),
        ("error", "national_adrg_missing", "ADRG", "", "BR1"),
        ("warning", "code_not_in_catalogue", "集合", "6", "01.9999"),
        ("warning", "unreachable_group", "DRG", "5", "BQY"),
    ]
    assert found[-1]["message"] == "没有病例能进入此病组。不可达：满足其规则的病例都已先进入 AA19"
    catalogue = tmp_path / "codes.csv"
    catalogue.write_text("system,code,name\nOP,01.9999,新技术\n")
    both = ["--national", str(folder), "--catalogue", str(catalogue)]
    assert main(["scheme", "lint", local, *both]) == 3
    assert "code_not_in_catalogue" not in capsys.readouterr().out
    catalogue.write_text("system,code\nXX,01.9999\n")
    assert main(["scheme", "lint", local, *both]) == 3
    assert "codes.csv, sheet 编码目录, row 2, column system: no such system of codes" in capsys.readouterr().err


def test_a_name_without_a_lake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A slip of the pen starts no Spark."""
    assert main(["scheme", "lint", "nothing", "--lake", str(tmp_path / "lake")]) == 2
    assert "no such file or folder, and no lake at" in capsys.readouterr().err
    assert main(["scheme", "lint", str(tmp_path / "scheme.xlsx")]) == 3


def test_diff_of_the_same(folder: Path, cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scheme", "diff", str(folder), str(folder), "--cases", str(cases)]) == 0
    (differences, totals, moves), said = tables(capsys)
    assert (differences, moves) == ([], [])
    assert totals == [{"cases": "4", "moved": "0"}]
    assert "两个方案没有差异" in said


def test_diff_says_who_moves(folder: Path, cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changes = {
        **spoiled("drg", "NL > 17", "NL > 50"),
        **spoiled("cc", "A41.900,脓毒症,1,MCC\n", ""),
        **spoiled("exclusion", "2,I99.x00,其他\n", "3,I99.x00,其他\n"),
    }
    after = write_files(tmp_path / "after", **changes)
    assert main(["scheme", "diff", str(folder), str(after), "--cases", str(cases)]) == 0
    (differences, totals, moves), said = tables(capsys)
    assert [(row["sheet"], row["code"], row["change"]) for row in differences] == [
        ("DRG", "BR15", "修改"),
        ("排除表", "2", "修改"),
        ("排除表", "3", "修改"),
        ("CC", "A41.900", "删除"),
    ]
    assert differences[0]["message"] == "DRG BR15 内科：规则由“NL > 17”改为“NL > 50”"
    assert totals == [{"cases": "4", "moved": "2"}]
    assert moves == [{"from": "BB11", "to": "BB15", "cases": "1"}, {"from": "BR15", "to": "0000", "cases": "1"}]
    assert "差异：DRG 1处，排除表 2处，CC 1处" in said


def test_the_most_frequent_moves_come_first(
    folder: Path, cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scheme_report, "MOST_MOVES", 1)
    monkeypatch.setattr(scheme_report, "BATCH_ROWS", 2)
    cases.write_text(CASES + "5,1,40,I60.000,,,\n")
    changes = {**spoiled("drg", "NL > 17", "NL > 50"), **spoiled("cc", "A41.900,脓毒症,1,MCC\n", "")}
    after = write_files(tmp_path / "after", **changes)
    moves = count_moves(scheme_at(folder), scheme_at(after), cases)
    assert moves[("BR15", "0000")] == 2
    assert moves.total() == 5
    assert main(["scheme", "diff", str(folder), str(after), "--cases", str(cases)]) == 0
    found, said = tables(capsys)
    assert found[2] == [{"from": "BR15", "to": "0000", "cases": "2"}]
    assert "另有1种变化，共1例，未列出" in said


def test_witnesses_group_as_they_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_files(tmp_path / "scheme", **spoiled("drg", "QTZD in CC", "NL < 3 and NL > 5"))
    out, grouped = tmp_path / "witnesses.csv", tmp_path / "grouped.csv"
    assert main(["scheme", "witness", str(folder)]) == 0
    (table,), said = tables(capsys)
    assert [row["drg"] for row in table] == ["AA19", "BB11", "BB15", "BR15"]
    assert "病组 BQY 歧义：不可达：满足其规则的病例都已先进入 AA19" in said
    assert "病组 BR11 内科伴：不可达：没有编码和数值能同时满足其MDC、ADRG、DRG规则" in said
    assert "4个病组有见证病例，2个不可达，0个未能判定" in said
    assert main(["scheme", "witness", str(folder), "--out", str(out)]) == 0
    assert out.read_text().splitlines() == [",".join(table[0]), *(",".join(row.values()) for row in table)]
    assert main(["group-file", "--scheme", str(folder), str(out), str(grouped)]) == 0
    for line in grouped.read_text().splitlines()[1:]:
        cells = line.split(",")
        assert cells[11:14] == cells[14:17]


def test_every_group_of_the_demonstration_scheme_has_a_witness(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = ROOT / "conf" / "demo" / "scheme", tmp_path / "cases.csv"
    assert main(["scheme", "witness", str(folder), "--out", str(out)]) == 0
    drgs = {row.code for row in scheme_at(folder).drgs}
    assert f"{len(drgs)}个病组有见证病例，0个不可达，0个未能判定" in capsys.readouterr().err
    assert main(["group-file", "--scheme", str(folder), str(out), str(tmp_path / "grouped.csv")]) == 0
    cells = [line.split(",") for line in (tmp_path / "grouped.csv").read_text().splitlines()[1:]]
    assert all(row[11:14] == row[14:17] for row in cells)
    assert {row[13] for row in cells} == drgs


def test_paths_need_no_java(folder: Path, tmp_path: Path) -> None:
    surroundings = {**os.environ, "JAVA_HOME": str(tmp_path / "no-java"), "PATH": "", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(ROOT / "jobs" / "scheme.py"), "lint", str(folder)]
    answer = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("severity\tkind\tsheet\trow\tcode\tmessage\tremedy\n")


@pytest.mark.slow
def test_names_in_the_lake(
    spark: SparkSession, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Imported, listed, shown, used, and compared with a path."""
    assert spark is not None  # the job takes the running session
    lake = ["--lake", str(tmp_path / "lake")]
    day = ["--city", "990100", "--from", "2025-01-01"]
    assert main(["scheme", "import", str(folder), "--id", "small", *day, *lake]) == 0
    fingerprint = capsys.readouterr().out.split("\t")[1].strip()
    assert main(["scheme", "list", *lake]) == 0
    assert f"small\t{fingerprint[:16]}" in capsys.readouterr().out
    assert main(["scheme", "show", "small", *lake]) == 0
    assert "B\tBB1\tBB11\t手术伴\tQTZD in MCC" in capsys.readouterr().out
    assert main(["scheme", "use", fingerprint[:8], *day, *lake]) == 0
    assert main(["scheme", "diff", "small", str(folder), *lake]) == 0
    assert "两个方案没有差异" in capsys.readouterr().err
    assert main(["scheme", "lint", "other", *lake]) == 4
