"""Records of measurements in MLflow (测算记录): one parent run a job, one nested run a city and year.

Records are for people: what was measured, from which versions of which tables, with which policy, how well. Nothing is
ever calculated from them. They lie in `<lake>/mlflow.db` (SQLite) and `<lake>/mlruns`, or where MLFLOW_TRACKING_URI
says.
"""

from __future__ import annotations

import csv
import io
import logging
import os
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from lake.errors import EnvironmentProblem
from lake.store import local_path

EXPERIMENT = "dianshu"
_BATCH = 100  # parameters that one request may carry
_PNG = {"dpi": 110, "metadata": {"Software": None}}  # no version in the file: the same figure, the same bytes


@dataclass(frozen=True)
class Parent:
    """The run of a job under which the runs of its cities stand."""

    client: Any
    experiment_id: str
    run_id: str


@cache
def _mlflow() -> Any:
    """The library, without telemetry and chatter. It takes seconds to import, hence late."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    import mlflow
    import mlflow.data.delta_dataset_source
    import mlflow.data.meta_dataset

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return mlflow


@contextmanager
def _quiet() -> Iterator[Any]:
    """MLflow's own use of deprecated parts of SQLAlchemy is not our caller's concern."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield _mlflow()


def _places(lake_dir: str | Path) -> tuple[str, str | None]:
    """Tracking store and folder for artefacts (None: the server's choice)."""
    given = os.environ.get("MLFLOW_TRACKING_URI")
    if given:
        return given, None
    folder = local_path(str(lake_dir))
    if folder is None:
        raise EnvironmentProblem(
            f"the lake {lake_dir} is not a folder of this machine, so MLflow's records cannot lie in it: "
            "set MLFLOW_TRACKING_URI to a tracking server or to sqlite:////some/folder/mlflow.db"
        )
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / 'mlflow.db'}", (folder / "mlruns").as_uri()


def _connect(mlflow: Any, uri: str, artefacts: str | None) -> tuple[Any, str]:
    """Client and experiment, made where they are not there yet: by this job, or by another one meanwhile."""

    def connect() -> tuple[Any, str]:
        client = mlflow.MlflowClient(tracking_uri=uri)
        found = client.get_experiment_by_name(EXPERIMENT)
        if found is None:
            return client, str(client.create_experiment(EXPERIMENT, artifact_location=artefacts))
        return client, str(found.experiment_id)

    try:
        return connect()
    except mlflow.exceptions.MlflowException:
        return connect()


@contextmanager
def parent_run(lake_dir: str | Path, name: str, tags: Mapping[str, str]) -> Iterator[Parent]:
    """A run for a whole job; it ends as FINISHED, or as FAILED where the block raises.

    Raises `EnvironmentProblem` when the lake is not local and MLFLOW_TRACKING_URI is not set.
    """
    uri, artefacts = _places(lake_dir)
    with _quiet() as mlflow:
        client, experiment_id = _connect(mlflow, uri, artefacts)
        run = client.create_run(experiment_id, run_name=name, tags=dict(tags))
    parent = Parent(client, experiment_id, run.info.run_id)
    with _ended(parent.client, parent.run_id):
        yield parent


@contextmanager
def _ended(client: Any, run_id: str) -> Iterator[None]:
    status = "FAILED"
    try:
        yield
        status = "FINISHED"
    finally:
        with _quiet():
            client.set_terminated(run_id, status=status)


def log_city_year(
    parent: Parent,
    city: str,
    year: int,
    params: Mapping[str, Any],
    metrics: Mapping[str, Any],
    inputs: Sequence[tuple[str, str, int]],
    tables: Mapping[str, pa.Table | pd.DataFrame],
    figures: Mapping[str, Any],
) -> str:
    """One nested run of a city and year; gives its id.

    `inputs` are (table, path, Delta version) and become its lineage; `tables` become `<name>.csv`, `figures`
    (Matplotlib) `<name>.png`. Metrics that are None are left out.
    """
    tags = {"mlflow.parentRunId": parent.run_id, "area": city, "year": str(year)}
    with _quiet() as mlflow:
        client = parent.client
        run_id = str(client.create_run(parent.experiment_id, run_name=f"{city} {year}", tags=tags).info.run_id)
        with _ended(client, run_id):
            _log_values(mlflow, client, run_id, params, metrics)
            client.log_inputs(run_id, datasets=[_lineage(mlflow, *one) for one in inputs])
            for name, table in tables.items():
                client.log_text(run_id, csv_text(table), f"{name}.csv")
            for name, figure in figures.items():
                client.log_figure(run_id, figure, f"{name}.png", save_kwargs=_PNG)
    return run_id


def _log_values(mlflow: Any, client: Any, run_id: str, params: Mapping[str, Any], metrics: Mapping[str, Any]) -> None:
    now = int(time.time() * 1000)
    measured = [
        mlflow.entities.Metric(key, float(value), now, 0) for key, value in metrics.items() if value is not None
    ]
    chosen = [mlflow.entities.Param(key, str(value)) for key, value in params.items()]
    client.log_batch(run_id, metrics=measured, params=chosen[:_BATCH])
    for start in range(_BATCH, len(chosen), _BATCH):
        client.log_batch(run_id, params=chosen[start : start + _BATCH])


def _lineage(mlflow: Any, table: str, path: str, version: int) -> Any:
    """A Delta table at a version as an input, without reading it."""
    source = mlflow.data.delta_dataset_source.DeltaDatasetSource(path=path, delta_table_version=version)
    described = mlflow.data.meta_dataset.MetaDataset(source, name=table).to_dict()
    dataset = mlflow.entities.Dataset(**described)
    tag = mlflow.entities.InputTag("mlflow.data.context", f"{table} at version {version}")
    return mlflow.entities.DatasetInput(dataset, [tag])


def csv_text(table: pa.Table | pd.DataFrame) -> str:
    """A table as CSV with LF; decimals exact and without trailing zeros, missing cells empty."""
    columns = list(table.column_names if isinstance(table, pa.Table) else table.columns)
    if isinstance(table, pa.Table):
        cells = [column.to_pylist() for column in table.columns]
    else:
        cells = [table[name].astype(object).where(table[name].notna(), None).tolist() for name in columns]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_plain(cell) for cell in row] for row in zip(*cells, strict=True))
    return out.getvalue()


def _plain(value: Any) -> Any:
    if not isinstance(value, Decimal):
        return value
    if value == 0:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
