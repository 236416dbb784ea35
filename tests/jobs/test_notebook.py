"""The notebook runs from top to bottom on a settled lake, and shows its plots."""

from __future__ import annotations

import warnings

import nbformat
import pytest

from jobs.context import JobContext
from tests.conftest import ROOT


@pytest.mark.slow
def test_first_look_runs(settled: JobContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIANSHU_LAKE", settled.lake.root)
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
