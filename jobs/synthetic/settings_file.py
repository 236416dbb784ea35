"""Reads the settings of a synthetic province: province.yaml, profile.csv and code_limits.csv of one folder."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jobs.synthetic.faults import Fault
from jobs.synthetic.population import CROSS_PROVINCE, IN_PROVINCE, LOCAL
from jobs.synthetic.record import build
from jobs.synthetic.settings import CodeLimit, MdcProfile, ProvinceSettings
from lake.errors import InputProblem
from lake.strict_yaml import read_yaml

PROVINCE, PROFILE, LIMITS = "province.yaml", "profile.csv", "code_limits.csv"
_KEYED = ("areas", "insurances", "items")  # mappings from a code to a record


def read_settings(folder: Path) -> ProvinceSettings:
    """The settings in a folder.

    Raises:
        InputProblem: a file is missing, or a value in it is missing, unknown or of the wrong kind.
    """
    contents = {name: _bytes(folder / name) for name in (PROVINCE, PROFILE, LIMITS)}
    shown = str(folder / PROVINCE)
    raw = read_yaml(shown, contents[PROVINCE])
    if not isinstance(raw, Mapping):
        raise InputProblem(f"{shown} holds no keys; see conf/demo/province.yaml for those that it needs")
    keyed = {name: _records(raw.get(name), f"{shown}: {name}") for name in _KEYED}
    settings = build(
        ProvinceSettings,
        {
            **raw,
            **keyed,
            "mdcs": [build(MdcProfile, row, where) for where, row in _rows(folder / PROFILE, contents[PROFILE])],
            "code_limits": [build(CodeLimit, row, where) for where, row in _rows(folder / LIMITS, contents[LIMITS])],
            "fingerprint": hashlib.sha256(b"\0".join(contents.values())).hexdigest(),
        },
        shown,
    )
    _check(settings, shown)
    return settings


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise InputProblem(f"{path} cannot be read: {problem.strerror}; the settings need it") from problem


def _records(value: Any, where: str) -> list[dict[str, Any]]:
    if not isinstance(value, Mapping) or not all(isinstance(record, Mapping) for record in value.values()):
        raise InputProblem(f"{where}: {value!r} must map codes to records")
    return [{"code": code, **record} for code, record in value.items()]


def _rows(path: Path, content: bytes) -> list[tuple[str, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""))
    return [(f"{path}, line {number}", row) for number, row in enumerate(reader, start=2)]


def _check(settings: ProvinceSettings, shown: str) -> None:
    """What the kinds of the values do not say."""
    for name, found, needed in (
        ("faults", set(settings.faults), {fault.value for fault in Fault}),
        ("residence", set(settings.residence), {LOCAL, IN_PROVINCE, CROSS_PROVINCE}),
    ):
        if found != needed:
            raise InputProblem(f"{shown}: {name} has the keys {sorted(found)}; give exactly {sorted(needed)}")
    levels = {level for area in settings.areas for level in area.hospitals}
    if unknown := levels - set(settings.level_share) | levels - set(settings.level_share_surgical):
        raise InputProblem(f"{shown}: hospitals of level {sorted(unknown)} have no share in level_share")
    if not settings.areas or min(sum(area.hospitals.values()) for area in settings.areas) < 1:
        raise InputProblem(f"{shown}: areas needs at least one area, and each area one hospital")
    if len(settings.months) != 12:
        raise InputProblem(f"{shown}: months has {len(settings.months)} weights; give one for each of 12 months")
    names = [profile.mdc for profile in settings.mdcs]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise InputProblem(f"{PROFILE}: MDC {', '.join(repeated)} has more than one row; keep one")
