"""Files of the synthetic province: the same call gives the same bytes, whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest

from jobs.synthetic import province
from jobs.synthetic.manifest import MANIFEST, Manifest
from jobs.synthetic.settings import ProvinceSettings
from lake.errors import InputProblem
from tests.unit.jobs.generated import CASES, YEARS, Generate, hashes, landing


def test_the_manifest_names_every_file(made: tuple[Path, Manifest]) -> None:
    out, manifest = made
    found = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert found == {entry.path for entry in manifest.files} | {MANIFEST}
    assert all((out / entry.path).stat().st_size == entry.bytes for entry in manifest.files)


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
