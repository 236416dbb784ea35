"""Dated policy values from YAML: layers over layers, every value with unit, from-date and source.

A folder holds `base.yaml`, further layers beside it, and one file an area under `areas/`. Every layer but `base`
names the layer that it stands on (`based_on`). On a given day a value comes from the topmost layer that has one in
force; a `null` ends a layer's own value, and the layer below holds again. An area without a file takes `base`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from lake.errors import InputProblem
from lake.strict_yaml import read_yaml
from settlement.case_rules import CASE_RULE_KEYS, CaseRules, in_effect, read_case_rules
from settlement.policy import POLICY_KEYS, Policy, read_policy
from settlement.policy_values import PolicyProblem
from settlement.rule_policy import RULE_KEYS, RulePolicy, read_rule_policy

BASE = "base"
ALL_KEYS = (*POLICY_KEYS, *CASE_RULE_KEYS, *RULE_KEYS)
_LAYER_FIELDS = {"title", "based_on", "policies"}
_TEXT_FIELDS = ("description", "unit", "source")
_LIMITS = ("at_least", "at_most")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class DatedValue:
    """One policy key in one layer: what it means, and its values by from-date, oldest first (None: ended)."""

    key: str
    description: str
    unit: str
    source: str
    values: tuple[tuple[date, Any], ...]
    at_least: Decimal | None = None
    at_most: Decimal | None = None

    def in_force(self, day: date) -> tuple[date, Any] | None:
        """From-date and value that hold on the day; None before the first date and after an end."""
        past = [(since, value) for since, value in self.values if since <= day]
        return past[-1] if past and past[-1][1] is not None else None


@dataclass(frozen=True, slots=True)
class Layer:
    """One file of policy values."""

    name: str
    file: str
    title: str
    based_on: str | None
    policies: Mapping[str, DatedValue]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the value of a key comes from, for an area and a day."""

    key: str
    value: Any
    description: str
    unit: str
    file: str
    since: date
    source: str

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.key} = {self.value!r} [{self.unit}] from {self.since}, {self.file}: {self.source}"


@dataclass(frozen=True, slots=True)
class PolicyBook:
    """All layers of a folder. `layers` by name; an area's layer has the area's code as its name."""

    layers: Mapping[str, Layer]

    def explain(self, key: str, area: str, day: date) -> Provenance:
        """Where the value of `key` comes from. Raises `InputProblem` for an unknown key or a key without a value."""
        if key not in ALL_KEYS:
            raise InputProblem(f"unknown policy key {key!r}; known are {', '.join(ALL_KEYS)}")
        for layer in self._from_the_top(area):
            entry = layer.policies.get(key)
            found = entry.in_force(day) if entry else None
            if entry and found:
                return Provenance(key, found[1], entry.description, entry.unit, layer.file, found[0], entry.source)
        base = self.layers[BASE]
        raise InputProblem(
            f"{base.file}: policy value {key} of area {area} has no value on {day}; its first from-date is "
            f"{base.policies[key].values[0][0]}. Add a value with an earlier from-date, or ask for a later day."
        )

    def values_at(self, area: str, day: date) -> dict[str, Any]:
        """The values that points and clearing follow from, of the area on the day, as plain data under their keys.

        Those of rules of single cases (TCM share, bed days, day care) are there where such a rule is on.
        """
        of_cases = in_effect({key: self.explain(key, area, day).value for key in CASE_RULE_KEYS})
        return {key: self.explain(key, area, day).value for key in POLICY_KEYS} | of_cases

    def rule_values_at(self, area: str, day: date) -> dict[str, Any]:
        """The values of the other rules (prepayment, incentives, ...), likewise."""
        return {key: self.explain(key, area, day).value for key in RULE_KEYS}

    def at(self, area: str, day: date) -> Policy:
        """The typed policy of the area on the day."""
        return read_policy({key: self.explain(key, area, day).value for key in POLICY_KEYS})

    def case_rules_at(self, area: str, day: date) -> CaseRules:
        """The typed values of the rules of single cases, of the area on the day."""
        return read_case_rules({key: self.explain(key, area, day).value for key in CASE_RULE_KEYS})

    def rules_at(self, area: str, day: date) -> RulePolicy:
        """The typed policy of the other rules, of the area on the day."""
        return read_rule_policy(self.rule_values_at(area, day))

    def fingerprint(self, area: str, day: date) -> str:
        """Hash of the values that hold (not of their wording): two areas with equal values have equal hashes."""
        text = json.dumps(self.values_at(area, day), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()

    def _from_the_top(self, area: str) -> Iterator[Layer]:
        layer: Layer | None = self.layers.get(area, self.layers[BASE])
        while layer is not None:
            yield layer
            layer = self.layers[layer.based_on] if layer.based_on else None


def load_policies(folder: Path | None = None) -> PolicyBook:
    """Read and check every layer of a folder; without a folder, of the packaged `conf/policy`.

    Raises `InputProblem` naming file, key, value and remedy.
    """
    root: Traversable = folder if folder is not None else resources.files("conf").joinpath("policy")
    layers: dict[str, Layer] = {}
    for shown, file in _policy_files(root):
        layer = _read_layer(shown, file)
        if layer.name in layers:
            raise InputProblem(f"{shown}: the layer {layer.name} is already {layers[layer.name].file}; remove one file")
        layers[layer.name] = layer
    if BASE not in layers:
        raise InputProblem(f"{root}: there is no {BASE}.yaml; every other file stands on it")
    _check_order(layers)
    _check_values(layers)
    return PolicyBook(layers)


def _policy_files(root: Traversable) -> list[tuple[str, Traversable]]:
    if not root.is_dir():
        raise InputProblem(f"{root} is not a folder of policy files; give a folder that holds {BASE}.yaml")
    areas = root.joinpath("areas")
    found = [(file.name, file) for file in root.iterdir()]
    if areas.is_dir():
        found += [(f"areas/{file.name}", file) for file in areas.iterdir()]
    return sorted(((name, file) for name, file in found if name.endswith(".yaml")), key=lambda pair: pair[0])


def _read_layer(shown: str, file: Traversable) -> Layer:
    content = read_yaml(shown, file.read_bytes())
    if not isinstance(content, dict) or not isinstance(content.get("policies"), dict):
        raise InputProblem(f"{shown}: a policy file is a mapping with title, based_on and policies (key: entry)")
    unknown = sorted(set(content) - _LAYER_FIELDS)
    if unknown:
        raise InputProblem(f"{shown}: unknown field {unknown[0]!r}; known are {', '.join(sorted(_LAYER_FIELDS))}")
    name = Path(shown).stem
    based_on = content.get("based_on")
    if name != BASE and not isinstance(based_on, str):
        raise InputProblem(f"{shown}: based_on = {based_on!r}; name the layer that it stands on, like based_on: {BASE}")
    if name == BASE and based_on is not None:
        raise InputProblem(f"{shown}: based_on = {based_on!r}; {BASE} stands on nothing, remove the line")
    policies = {key: _read_entry(shown, key, entry, name == BASE) for key, entry in content["policies"].items()}
    return Layer(name, shown, str(content.get("title", "")), based_on, policies)


def _read_entry(shown: str, key: str, entry: Any, is_base: bool) -> DatedValue:
    where = f"{shown}: {key}"
    if key not in ALL_KEYS:
        raise InputProblem(f"{where} is no policy key; known are {', '.join(ALL_KEYS)}")
    if not isinstance(entry, dict):
        raise InputProblem(f"{where} = {entry!r}: write description, unit, source and values")
    known = {*_TEXT_FIELDS, "values", *(_LIMITS if is_base else ())}
    unknown = sorted(set(entry) - known)
    if unknown:
        raise InputProblem(f"{where}: unknown field {unknown[0]!r}; known here are {', '.join(sorted(known))}")
    for field in _TEXT_FIELDS:
        if not isinstance(entry.get(field), str) or not entry[field].strip():
            raise InputProblem(f"{where}: {field} = {entry.get(field)!r}; every value needs its {field} as text")
    limits = {name: _read_limit(where, name, entry[name]) for name in _LIMITS if name in entry}
    return DatedValue(
        key,
        description=entry["description"].strip(),
        unit=entry["unit"].strip(),
        source=entry["source"].strip(),
        values=_read_values(where, entry.get("values")),
        at_least=limits.get("at_least"),
        at_most=limits.get("at_most"),
    )


def _read_limit(where: str, name: str, value: Any) -> Decimal:
    try:
        return Decimal(value)
    except (ArithmeticError, TypeError, ValueError):
        raise InputProblem(f"{where}: {name} = {value!r} is not a number; write it as text, like '0.05'") from None


def _read_values(where: str, values: Any) -> tuple[tuple[date, Any], ...]:
    if not isinstance(values, dict) or not values:
        raise InputProblem(f"{where}: values = {values!r}; write at least one from-date, like {{2020-01-01: '0.05'}}")
    dated = sorted((_read_date(where, text), value) for text, value in _refuse_floats(where, values).items())
    if dated[0][1] is None:
        raise InputProblem(f"{where}: the first value, from {dated[0][0]}, is null; a null only ends an earlier value")
    return tuple(dated)


def _read_date(where: str, text: Any) -> date:
    if isinstance(text, str) and _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise InputProblem(f"{where}: {text!r} is no date; write the from-date as YYYY-MM-DD")


def _refuse_floats(where: str, values: dict[str, Any]) -> dict[str, Any]:
    """Binary floats cannot hold decimal fractions; they are refused wherever they stand in a value."""

    def walk(since: str, value: Any) -> None:
        if isinstance(value, float):
            raise InputProblem(f"{where}, from {since}: {value!r} is a bare number; write it as text: '{value!r}'")
        for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            walk(since, part)

    for since, value in values.items():
        walk(since, value)
    return values


def _check_order(layers: Mapping[str, Layer]) -> None:
    for layer in layers.values():
        seen = [layer.name]
        while (below := layers[seen[-1]].based_on) is not None:
            if below not in layers:
                raise InputProblem(
                    f"{layers[seen[-1]].file}: based_on = {below!r}, and there is no {below}.yaml; "
                    f"known layers are {', '.join(sorted(layers))}"
                )
            if below in seen:
                raise InputProblem(
                    f"{layer.file}: based_on goes in a circle ({' -> '.join([*seen, below])}); let one stand on {BASE}"
                )
            seen.append(below)


def _check_values(layers: Mapping[str, Layer]) -> None:
    """Every value on its own, put among values that are known to be good, so that a message names the right one."""
    base = layers[BASE]
    missing = [key for key in ALL_KEYS if key not in base.policies]
    if missing:
        raise InputProblem(f"{base.file}: {', '.join(missing)} missing; {BASE} must hold every policy key")
    good = {key: entry.values[0][1] for key, entry in base.policies.items()}
    _try_values(base.file, good)
    for layer in layers.values():
        for key, entry in layer.policies.items():
            if entry.unit != base.policies[key].unit:
                raise InputProblem(
                    f"{layer.file}: {key} is in {entry.unit!r}, but {base.file} has {base.policies[key].unit!r}; "
                    "write the value in the unit of the base"
                )
            for since, value in entry.values:
                if value is not None:
                    _try_values(f"{layer.file}, from {since}", {**good, key: value})
                    _check_limits(f"{layer.file}: {key} from {since}", base.policies[key], value)


def _try_values(where: str, values: Mapping[str, Any]) -> None:
    try:
        read_policy({key: value for key, value in values.items() if key in POLICY_KEYS})
        read_case_rules({key: value for key, value in values.items() if key in CASE_RULE_KEYS})
        read_rule_policy({key: value for key, value in values.items() if key in RULE_KEYS})
    except PolicyProblem as problem:
        raise InputProblem(f"{where}: {problem}") from problem


def _check_limits(where: str, entry: DatedValue, value: Any) -> None:
    if entry.at_least is None and entry.at_most is None:
        return
    try:
        number = Decimal(value)
    except (ArithmeticError, TypeError, ValueError):
        raise InputProblem(f"{where} = {value!r} is not a number, but {BASE} gives {entry.key} limits") from None
    if entry.at_least is not None and number < entry.at_least:
        raise InputProblem(f"{where} = {value!r} is below {entry.at_least} ({entry.source}); write a value within it")
    if entry.at_most is not None and number > entry.at_most:
        raise InputProblem(f"{where} = {value!r} is above {entry.at_most} ({entry.source}); write a value within it")
