"""The command line: help without Spark, exit codes, messages instead of stack traces."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from jobs import cli
from jobs.shell import guarded
from lake import errors
from tests.conftest import ROOT


def test_help_needs_no_spark() -> None:
    code = "import sys, jobs.cli as c; c.build_parser(None).format_help(); print('pyspark' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert set(cli.COMMANDS) == set(cli.SUMMARIES)
    with pytest.raises(SystemExit) as ended:
        cli.main([name, "--help"])
    assert ended.value.code == 0
    assert name in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_command_is_a_job_module(name: str) -> None:
    module = importlib.import_module(cli.COMMANDS[name])
    assert module.__doc__
    assert callable(module.add_arguments)
    assert callable(module.run)


def test_wrong_calls_end_with_2() -> None:
    for words in (["nothing"], [], ["points"], ["points", "--year", "soon"], ["publish", "--year", "2025"]):
        with pytest.raises(SystemExit) as ended:
            cli.main(words)
        assert ended.value.code == 2


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (errors.UsageProblem, 2),
        (errors.InputProblem, 3),
        (errors.MissingParameters, 4),
        (errors.ContractBroken, 5),
        (errors.ConcurrentRun, 6),
        (errors.EnvironmentProblem, 7),
    ],
)
def test_exit_codes_and_messages(
    problem: type[errors.DianshuError], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> int:
        raise problem("what, where, what to do")

    assert guarded(fail) == code
    assert capsys.readouterr().err == "dianshu: what, where, what to do\n"
    page = (ROOT / "docs" / "jobs.md").read_text(encoding="utf-8")
    assert f"| {code} |" in page


@pytest.mark.parametrize(
    "words",
    [
        ["why", "S1"],
        ["statement", "H1", "--year", "2025"],
        ["results", "--year", "2025"],
        ["scheme", "show", "nothing"],
        ["settle", "--year", "2025"],
    ],
)
def test_a_lake_that_is_not_there_is_told_before_spark_starts(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("jobs.context.build_session", lambda _: pytest.fail("a session was started"))
    assert cli.main([*words, "--lake", str(tmp_path / "nowhere")]) == 2
    assert f"no lake at {tmp_path / 'nowhere'}" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()


def test_an_interrupt_while_a_command_is_loaded_is_no_stack_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.importlib, "import_module", interrupt)
    assert cli.main(["group-file", "CASES.csv", "OUT.csv", "--scheme", "PATH"]) == 130
    assert capsys.readouterr().err.startswith("dianshu: interrupted")


@pytest.mark.parametrize("lines", [1, 100_000])
def test_a_reader_that_goes_away_is_no_stack_trace(lines: int) -> None:
    code = f"import sys, jobs.shell as s; sys.exit(s.guarded(lambda: print('line\\n' * {lines}) or 0))"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_a_demo_of_no_cases_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo", "--cases", "0"]) == 2
    assert "--cases 0" in capsys.readouterr().err
