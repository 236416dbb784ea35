"""Workbooks of `results`: those of the lake's own folder are known, what lies elsewhere may say anything."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from jobs import results
from jobs.context import JobContext
from lake.runs import FinishedRun, RunBook
from lake.tables.results import HOSPITAL_YEAR
from serving.workbook import Sheet, SheetColumn, update_workbook

AREA, YEAR = "990100", 2025
SHEETS = [Sheet("表", "说明", [SheetColumn("列", "key")], [{"key": "值"}])]


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobContext:
    """A settled year whose workbooks were written; nothing is due."""
    settled = FinishedRun("s", "settle", AREA, str(YEAR), {HOSPITAL_YEAR.name: 1}, datetime(YEAR, 1, 1, tzinfo=UTC))
    runs = RunBook(None, {("settle", AREA, str(YEAR)): settled}, True)  # type: ignore[arg-type]
    monkeypatch.setattr(runs, "due", lambda calculations, force: [])
    for name in ("_check_years", "read_slices", "read_city_year"):
        monkeypatch.setattr(results, name, lambda *_: None)
    monkeypatch.setattr(results, "_summary", lambda *_: [])
    monkeypatch.setattr(results, "write_city_book", lambda path, *_: update_workbook(path, SHEETS))
    return JobContext(SimpleNamespace(root=str(tmp_path / "lake")), runs, quiet=True)  # type: ignore[arg-type]


def test_a_file_of_the_same_name_elsewhere_does_not_pass_for_the_result(context: JobContext, tmp_path: Path) -> None:
    book = tmp_path / "out" / f"{AREA}-{YEAR}.xlsx"
    book.parent.mkdir()
    book.write_bytes(b"of another lake")
    results.results(context, [AREA], YEAR, book.parent)
    written = book.read_bytes()
    assert written.startswith(b"PK")
    before = book.stat().st_mtime_ns
    results.results(context, [AREA], YEAR, book.parent)
    assert (book.read_bytes(), book.stat().st_mtime_ns) == (written, before)


def test_what_the_last_run_wrote_is_not_made_again(context: JobContext, tmp_path: Path) -> None:
    book = tmp_path / "lake" / "exports" / f"{AREA}-{YEAR}.xlsx"
    results.results(context, [AREA], YEAR)
    assert book.read_bytes().startswith(b"PK")
    book.write_bytes(b"as it was")
    results.results(context, [AREA], YEAR)
    assert book.read_bytes() == b"as it was"
