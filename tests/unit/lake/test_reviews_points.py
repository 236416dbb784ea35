"""The points that reviews set: a column that reviews.csv may be without (重新核定点数, OP-63)."""

from __future__ import annotations

import shutil
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pytest

from lake.errors import InputProblem
from lake.province_folder import read_province_folder
from lake.province_plain import plain_province
from lake.registry import Registry

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "provinces" / "p1"


def with_points(folder: Path, *cells: str) -> Path:
    """A copy of p1 whose first reviews have these points, the others none."""
    shutil.copytree(GOLDEN, folder)
    file = folder / "reviews.csv"
    header, *rows = file.read_text(encoding="utf-8").splitlines()
    points = [*cells, *[""] * (len(rows) - len(cells))]
    lines = [f"{header},points", *[f"{row},{cell}" for row, cell in zip(rows, points, strict=True)]]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_a_folder_without_the_column_has_no_points_set() -> None:
    folder = read_province_folder(GOLDEN)
    assert folder.reviews.num_rows > 2
    assert set(folder.reviews["points"].to_pylist()) == {None}
    assert {review.points for review in plain_province(folder).reviews} == {None}


def test_points_are_read_exactly_and_may_be_missing(tmp_path: Path) -> None:
    folder = read_province_folder(with_points(tmp_path / "p", "150.12345678", "0"))
    assert folder.reviews["points"].to_pylist()[:3] == [Decimal("150.12345678"), Decimal(0), None]
    assert [review.points for review in plain_province(folder).reviews][:3] == [Fraction("150.12345678"), 0, None]


@pytest.mark.parametrize("wrong", ["-1", "1.123456789", "many"])
def test_points_that_are_none_are_told_with_line_and_remedy(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(InputProblem, match=r"reviews.csv line 2: points = .*: write points with at most 8 decimals"):
        read_province_folder(with_points(tmp_path / "p", wrong))


def test_empty_points_leave_the_marks_of_a_registry_as_they_were() -> None:
    """Results of a registry that was taken in before the column was there are not calculated again for it."""
    rows = [{"setl_id": "S1", "applied_on": None, "decision": "passed"}]
    older, newer = pa.Table.from_pylist(rows), pa.Table.from_pylist([{**rows[0], "points": None}])
    filled = pa.Table.from_pylist([{**rows[0], "points": Decimal("1.5")}])
    marks = [
        (registry.fingerprint("reviews", "A"), registry.content_mark())
        for registry in (Registry(2025, {"reviews": table}) for table in (older, newer, filled))
    ]
    assert marks[0] == marks[1]
    assert not set(marks[1]) & set(marks[2])
