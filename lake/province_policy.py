"""`policy.yaml` of a province folder: values of the province, and values of areas that go over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from lake.errors import InputProblem
from settlement.policy import Policy, PolicyProblem, read_policy

FILE = "policy.yaml"


class _PolicyLoader(yaml.SafeLoader):
    """Numbers stay the text that was written (exact, and `010100` stays a code); a key twice is an error."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key must be plain text", key_node.start_mark)
            if key_node.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key_node.value!r} stands twice; keep one", key_node.start_mark
                )
            seen.add(key_node.value)
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}


def _as_written(loader: _PolicyLoader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


def _as_dict(loader: _PolicyLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    return loader.construct_mapping(node, deep=True)


for _tag in ("int", "float", "timestamp"):
    _PolicyLoader.add_constructor(f"tag:yaml.org,2002:{_tag}", _as_written)
_PolicyLoader.add_constructor("tag:yaml.org,2002:map", _as_dict)


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
        loaded = yaml.load(path.read_bytes().decode("utf-8-sig"), Loader=_PolicyLoader)
    except OSError as problem:
        raise InputProblem(f"{path} cannot be read: {problem.strerror}; give a readable file") from problem
    except UnicodeDecodeError as problem:
        raise InputProblem(f"{path}: is not UTF-8; save the file as UTF-8") from problem
    except yaml.YAMLError as problem:
        raise InputProblem(f"{path}: cannot be read as YAML: {' '.join(str(problem).split())}") from problem
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
