"""From plain data (YAML) to a frozen dataclass, strictly: every field must be there, and nothing else."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from lake.errors import InputProblem

T = TypeVar("T")


def build(kind: type[T], value: Any, where: str) -> T:
    """`value` as an instance of the dataclass `kind`; `where` names file and key in messages.

    Raises:
        InputProblem: a key is missing or unknown, or a value is of another kind.
    """
    if not isinstance(value, Mapping):
        raise InputProblem(f"{where}: {value!r} is no mapping; give keys and values")
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    missing, unknown = sorted(names - set(value)), sorted(set(value) - names)
    if missing or unknown:
        found = [*(f"missing {name}" for name in missing), *(f"unknown {name}" for name in unknown)]
        raise InputProblem(f"{where}: {', '.join(found)}; the keys are {', '.join(sorted(names))}")
    hints = get_type_hints(kind)
    return kind(**{name: _convert(hints[name], value[name], f"{where}: {name}") for name in value})


def _convert(kind: Any, value: Any, where: str) -> Any:
    origin = get_origin(kind)
    if is_dataclass(kind):
        if isinstance(value, kind):  # type: ignore[arg-type]
            return value
        return build(kind, value, where)  # type: ignore[arg-type]
    if origin is tuple:
        return _tuple(get_args(kind), value, where)
    if origin is Mapping:
        if not isinstance(value, Mapping):
            raise InputProblem(f"{where}: {value!r} is no mapping; give keys and values")
        of_key, of_value = get_args(kind)
        return {_convert(of_key, k, where): _convert(of_value, v, f"{where}: {k}") for k, v in value.items()}
    return _scalar(kind, value, where)


def _tuple(kinds: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    open_ended = len(kinds) == 2 and kinds[1] is Ellipsis
    if not isinstance(value, list | tuple) or not (open_ended or len(value) == len(kinds)):
        raise InputProblem(f"{where}: {value!r} must be a list" + ("" if open_ended else f" of {len(kinds)}"))
    each = [kinds[0]] * len(value) if open_ended else list(kinds)
    return tuple(_convert(kind, one, where) for kind, one in zip(each, value, strict=True))


def _scalar(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(kind, type) or isinstance(kind, types.GenericAlias):
        raise TypeError(f"{where}: settings of type {kind} are not read from files")
    if kind is str and isinstance(value, str):
        return value
    if kind in (int, float) and isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            return kind(value)
        except ValueError:
            pass
    raise InputProblem(f"{where}: {value!r} is no {'text' if kind is str else 'number'}; correct it")
