"""`dianshu generate`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jobs.cli import main
from jobs.synthetic.manifest import MANIFEST
from tests.unit.jobs.generated import DEMO, landing


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
