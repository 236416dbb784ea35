"""No open point of the law is forgotten: each is a dated policy value, or stands in docs/open-points.md with why."""

from __future__ import annotations

import re
from pathlib import Path

from lake.policy_files import ALL_KEYS, load_policies
from tests.conftest import ROOT

DECIDED = ROOT / "docs" / "open-points.md"
Point = tuple[str, str]  # id, parameter


def expanded(cell: str) -> list[str]:
    """Parameter names of a cell: `.x` stands for the last name's prefix, `a.b/c` and `a.b/.c` for a.b and a.c."""
    names: list[str] = []
    for quoted in re.findall(r"`([^`]+)`", cell):
        for part in quoted.split("/"):
            if part.startswith("."):
                part = names[-1].rsplit(".", 1)[0] + part
            elif "." not in part:
                part = f"{names[-1].rsplit('.', 1)[0]}.{part}"
            names.append(part)
    return names


def open_points(formulas: Path) -> list[Point]:
    rows = re.findall(r"^\| (OP-\d+) \|[^|]*\|([^|]*)\|", formulas.read_text(encoding="utf-8"), re.MULTILINE)
    return [(point, name) for point, cell in rows for name in expanded(cell)]


def decided_elsewhere() -> dict[Point, tuple[str, ...]]:
    rows = [
        line.strip("| \n").split(" | ") for line in DECIDED.read_text(encoding="utf-8").splitlines() if "| OP-" in line
    ]
    assert all(len(row) == 5 and all(row) for row in rows)
    return {(row[0], row[1]): tuple(row[2:]) for row in rows}


def test_names_of_a_cell() -> None:
    assert expanded("`a.b`, `.c`, `.d` (list)") == ["a.b", "a.c", "a.d"]
    assert expanded("`a.b.lo/hi`") == ["a.b.lo", "a.b.hi"]
    assert expanded("`a.b/.c`") == ["a.b", "a.c"]


def test_every_open_point_is_a_policy_value_or_decided_elsewhere(shared: Path) -> None:
    points = open_points(shared / "reference" / "policy-formulas.md")
    assert {point for point, _ in points} == {f"OP-{number:02d}" for number in range(1, 85)}
    decided = decided_elsewhere()
    assert [point for point in points if point[1] not in ALL_KEYS and point not in decided] == []
    assert [point for point in decided if point[1] in ALL_KEYS] == []
    assert [point for point in decided if point not in points] == []


def test_places_that_are_named_exist() -> None:
    for decision, where, why in decided_elsewhere().values():
        assert decision
        assert why
        for name in re.findall(r"`([a-z_/.]+)`", where):
            assert "/" not in name or (ROOT / name).exists(), name


def test_policy_values_that_close_an_open_point_say_so(shared: Path) -> None:
    """The source of a value names the OP number that it is the reading of."""
    base = load_policies().layers["base"].policies
    silent = [
        (point, name)
        for point, name in open_points(shared / "reference" / "policy-formulas.md")
        if name in base and point not in _numbers(base[name].source)
    ]
    assert silent == []


def _numbers(source: str) -> set[str]:
    return set(re.findall(r"OP-\d+", source))
