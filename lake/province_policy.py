"""`policy.yaml` of a province folder: values of the province, and values of areas that go over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lake.errors import InputProblem
from lake.strict_yaml import read_yaml
from settlement.policy import Policy, PolicyProblem, read_policy

FILE = "policy.yaml"


def read_policies(path: Path, areas: Iterable[str]) -> dict[str, Policy]:
    """Policies by area: for all areas named here or in the file, province values with the area's values over them.

    Raises `InputProblem` naming file, area and key.
    """
    province, own = _load(path)
    wanted = sorted(set(areas) | set(own))
    return {area: _resolve(path, area, province, own.get(area, {})) for area in wanted}


def _resolve(path: Path, area: str, province: Mapping[str, Any], own: Mapping[str, Any]) -> Policy:
    try:
        return read_policy({**province, **own})
    except PolicyProblem as problem:
        raise InputProblem(f"{path} for area {area}: {problem}") from problem


def _load(path: Path) -> tuple[Mapping[str, Any], Mapping[str, Mapping[str, Any]]]:
    if not path.exists():
        return {}, {}
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise InputProblem(f"{path} cannot be read: {problem.strerror}; give a readable file") from problem
    # Numbers as text: amounts stay exact, and a code like 010100 stays a code.
    loaded = read_yaml(str(path), content, numbers=False)
    top = _mapping(path, "the file", loaded)
    unknown = sorted(set(top) - {"province", "areas"})
    if unknown:
        raise InputProblem(f"{path}: unknown part(s) {', '.join(unknown)}; known are province and areas")
    areas = _mapping(path, "areas", top.get("areas"))
    return (
        _mapping(path, "province", top.get("province")),
        {area: _mapping(path, f"areas.{area}", values) for area, values in areas.items()},
    )


def _mapping(path: Path, name: str, value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InputProblem(f"{path}: {name} must hold 'key: value' lines, not {value!r}")
    return value
