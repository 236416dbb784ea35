"""Two jobs that make MLflow's store at once: one finds, in the middle of making it, that the other has."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from lake.tracking import EXPERIMENT, _connect


class Refused(Exception):
    """As MLflow says it: what was to be made is there."""


@dataclass
class Server:
    """MLflow, with another job that makes store and experiment at a given step of this one's."""

    other_comes: str
    experiments: list[str] = field(default_factory=list)
    ready: bool = False

    @property
    def exceptions(self) -> Any:
        return SimpleNamespace(MlflowException=Refused)

    def _step(self, name: str) -> None:
        if self.other_comes == name and not self.experiments:
            self.ready, self.experiments = True, [EXPERIMENT]
            raise Refused(name)

    def MlflowClient(self, tracking_uri: str) -> Server:  # noqa: N802
        assert tracking_uri == "sqlite:///mlflow.db"
        self._step("store")
        self.ready = True
        return self

    def get_experiment_by_name(self, name: str) -> Any:
        assert self.ready
        return SimpleNamespace(experiment_id="7") if name in self.experiments else None

    def create_experiment(self, name: str, artifact_location: str | None) -> str:
        self._step("experiment")
        self.experiments.append(name)
        return "7"


@pytest.mark.parametrize("step", ["never", "store", "experiment"])
def test_one_experiment_whoever_makes_it(step: str) -> None:
    server = Server(step)
    assert _connect(server, "sqlite:///mlflow.db", None) == (server, "7")
    assert server.experiments == [EXPERIMENT]


def test_what_stays_wrong_is_said() -> None:
    """A store that cannot be reached at all."""

    def unreachable(tracking_uri: str) -> None:
        raise Refused(tracking_uri)

    broken = SimpleNamespace(MlflowClient=unreachable, exceptions=SimpleNamespace(MlflowException=Refused))
    with pytest.raises(Refused):
        _connect(broken, "sqlite:///mlflow.db", None)
