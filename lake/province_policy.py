"""`policy.yaml` of a province folder: values of the province, and values of areas that go over them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from lake.errors import InputProblem
from lake.strict_yaml import read_yaml
from settlement.policy import Policy, read_policy
from settlement.policy_values import PolicyProblem

FILE = "policy.yaml"
_ALIKE = 0.8  # of six digits five, or two changed about


def read_policies(
    path: Path, areas: Iterable[str], elsewhere: Callable[[], set[str]] = lambda: set()
) -> dict[str, Policy]:
    """Policies by area: for all areas named here or in the file, province values with the area's values over them.

    Args:
        path: the file; without it there are no values.
        areas: areas of the folder's files that were read.
        elsewhere: areas of its other files, asked only where the policy names an area that is not in `areas`.

    Raises `InputProblem` naming file, area and key.
    """
    province, own = _load(path)
    named = set(areas)
    if not named >= set(own):
        _check_known(path, own, named | elsewhere())
    return {area: _resolve(path, area, province, own.get(area, {})) for area in sorted(named | set(own))}


def _check_known(path: Path, own: Iterable[str], known: set[str]) -> None:
    """An area that no file names is a misspelled one: the area that was meant would go by the province's values."""
    for area in sorted(set(own) - known):
        near = get_close_matches(area, sorted(known), n=1, cutoff=_ALIKE)
        meant = f" (is it {near[0]}?)" if near else ""
        raise InputProblem(
            f"{path}: areas.{area}: no file of the folder names this area{meant}; correct its code, or take its values "
            "away"
        )


def _resolve(path: Path, area: str, province: Mapping[str, Any], own: Mapping[str, Any]) -> Policy:
    try:
        return read_policy({**province, **own})
    except PolicyProblem as problem:
        there = "" if os.path.lexists(path) else f" (there is no {FILE} in the folder)"
        raise InputProblem(f"{path} for area {area}: {problem}{there}") from problem


def _load(path: Path) -> tuple[Mapping[str, Any], Mapping[str, Mapping[str, Any]]]:
    if not os.path.lexists(path):
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
