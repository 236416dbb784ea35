"""The notebook runs from top to bottom on a settled lake, and shows its plots."""

from __future__ import annotations

import warnings
from pathlib import Path

import nbformat
import pytest

from jobs.recalc import recalculate
from lake.policy_files import load_policies
from tests.conftest import ROOT
from tests.jobs.lakes import deliver, fill, open_lake, small_schemes, small_settings


@pytest.mark.slow
def test_first_look_runs(spark, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    settings = small_settings()
    schemes = small_schemes(settings)
    deliver(tmp_path / "landing", settings, schemes, cases=600)
    context = open_lake(spark, tmp_path / "lake")
    fill(context, tmp_path / "landing", schemes, settings.year)
    recalculate(context, sorted(schemes), settings.year, load_policies(), "tester", "test")
    monkeypatch.setenv("DIANSHU_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the notebook machinery, not ours
        from nbclient import NotebookClient

        notebook = nbformat.read(ROOT / "notebooks" / "first_look.ipynb", as_version=4)
        NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(ROOT / "notebooks")}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == 3
    text = "".join(output.get("text", "") for output in outputs)
    assert text.count("= budget used") == 2
