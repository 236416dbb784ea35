"""MLflow on SQLite; no Spark session is needed, but MLflow takes seconds to load and to make its tables."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from matplotlib.figure import Figure

from lake import tracking
from lake.errors import EnvironmentProblem

pytestmark = pytest.mark.slow
INPUTS = [("cases", "/lake/cases", 3), ("groups", "/lake/groups", 7)]


def points() -> pa.Table:
    values = [Decimal("79.1234"), Decimal("100"), None]
    return pa.table({"drg": ["BR11", "GB11", "演示"], "points": pa.array(values, pa.decimal128(38, 12))})


def figure() -> Figure:
    drawn = Figure()
    drawn.add_subplot().plot([1, 2])
    return drawn


def log(parent: tracking.Parent, city: str, year: int = 2025, **changes: Any) -> str:
    given: dict[str, Any] = {
        "params": {"trim.lo": "0.025", **{f"p{place}": place for place in range(150)}},
        "metrics": {"groups": 3.0, "variance_explained": None},
        "inputs": INPUTS,
        "tables": {"points": points()},
        "figures": {"points": figure()},
        **changes,
    }
    return tracking.log_city_year(parent, city, year, **given)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lake")


@pytest.fixture(scope="module")
def logged(lake: Path) -> tuple[tracking.Parent, list[str]]:
    with tracking.parent_run(str(lake), "benchmark 2025", {"year": "2025"}) as parent:
        return parent, [log(parent, "990100"), log(parent, "990200")]


def test_one_nested_run_a_city(logged: tuple[tracking.Parent, list[str]]) -> None:
    parent, cities = logged
    run = parent.client.get_run(cities[0])
    assert run.data.tags["mlflow.parentRunId"] == parent.run_id
    assert (run.data.tags["area"], run.data.tags["year"], run.info.run_name) == ("990100", "2025", "990100 2025")
    assert run.info.status == "FINISHED"
    assert parent.client.get_run(parent.run_id).info.status == "FINISHED"
    assert len(cities) == len(set(cities)) == 2


def test_parameters_and_metrics_are_kept(logged: tuple[tracking.Parent, list[str]]) -> None:
    parent, cities = logged
    data = parent.client.get_run(cities[0]).data
    assert data.params["trim.lo"] == "0.025"
    assert len(data.params) == 151
    assert data.metrics == {"groups": 3.0}


def test_lineage_names_tables_and_their_versions(logged: tuple[tracking.Parent, list[str]]) -> None:
    parent, cities = logged
    datasets = [one.dataset for one in parent.client.get_run(cities[1]).inputs.dataset_inputs]
    found = {one.name: json.loads(one.source) for one in datasets}
    assert {name: (source["path"], source["delta_table_version"]) for name, source in found.items()} == {
        name: (path, version) for name, path, version in INPUTS
    }


def test_artefacts_lie_in_the_lake(logged: tuple[tracking.Parent, list[str]], lake: Path) -> None:
    folder = lake / "mlruns" / logged[1][0] / "artifacts"
    assert sorted(file.name for file in folder.iterdir()) == ["points.csv", "points.png"]
    assert (folder / "points.csv").read_text(encoding="utf-8") == "drg,points\nBR11,79.1234\nGB11,100\n演示,\n"
    assert (lake / "mlflow.db").is_file()
    other = lake / "mlruns" / logged[1][1] / "artifacts"
    assert (folder / "points.png").read_bytes() == (other / "points.png").read_bytes()


def test_a_failed_job_is_marked(lake: Path) -> None:
    with pytest.raises(TypeError), tracking.parent_run(str(lake), "broken", {}) as parent:
        log(parent, "990100", metrics={"groups": [1]})
    assert parent.client.get_run(parent.run_id).info.status == "FAILED"
    below = parent.client.search_runs([parent.experiment_id], f"tags.`mlflow.parentRunId` = '{parent.run_id}'")
    assert [run.info.status for run in below] == ["FAILED"]


def test_a_second_job_uses_the_same_experiment(logged: tuple[tracking.Parent, list[str]], lake: Path) -> None:
    with tracking.parent_run(str(lake), "again", {}) as parent:
        pass
    assert parent.experiment_id == logged[0].experiment_id
    assert parent.run_id != logged[0].run_id


def test_the_given_uri_is_honoured(lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{lake / 'mlflow.db'}")
    with tracking.parent_run("hdfs://elsewhere/lake", "far", {"a": "b"}) as parent:
        assert parent.client.get_run(parent.run_id).data.tags["a"] == "b"
    with tracking.parent_run(str(tmp_path / "unused"), "near", {}):
        pass
    assert not (tmp_path / "unused").exists()


def test_a_distant_lake_needs_a_uri(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with (
        pytest.raises(EnvironmentProblem, match=r"hdfs://elsewhere/lake is not a folder .* set MLFLOW_TRACKING_URI"),
        tracking.parent_run("hdfs://elsewhere/lake", "far", {}),
    ):
        pass


def test_csv_of_pandas_and_exact_decimals() -> None:
    frame = pd.DataFrame({"a": [Decimal("1.10"), Decimal("-0.00"), Decimal("1E+3")], "b": ["x,y", None, 3]})
    assert tracking.csv_text(frame) == 'a,b\n1.1,"x,y"\n0,\n1000,3\n'


def test_csv_keeps_whole_numbers_whole() -> None:
    assert tracking.csv_text(pa.table({"n": [1, None]})) == 'n\n1\n""\n'


def test_nothing_is_said(tmp_path: Path) -> None:
    """A new process, because a library says most when it makes its database."""
    program = tmp_path / "program.py"
    program.write_text(
        "from lake import tracking\n"
        f"with tracking.parent_run({str(tmp_path / 'lake')!r}, 'n', {{}}) as parent:\n"
        "    tracking.log_city_year(parent, 'a', 1, {}, {}, [('cases', '/c', 1)], {}, {})\n",
        encoding="utf-8",
    )
    root = Path(__file__).resolve().parents[3]
    answer = subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(root)}
    )
    assert answer.stdout + answer.stderr == ""
