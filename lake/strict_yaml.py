"""YAML for files that people write by hand: no duplicate keys, no surprises of YAML 1.1.

Only true/false, null, decimal whole numbers and floats are typed. Dates, `yes`, `on`, `1:30` and `010` stay text, so
that the reader of the file can say what is wrong with them instead of taking another value than was written.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from lake.errors import InputProblem


class _TextLoader(yaml.SafeLoader):
    """SafeLoader without the guesses: all but true, false and null is the text that was written."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - PyYAML's own class attribute, emptied

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: dict[Any, int] = {}
        for key_node, _ in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key must be plain text", key_node.start_mark)
            key = key_node.value
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice, in lines {seen[key]} and {line}; remove one"
                )
            seen[key] = line
        return super().construct_mapping(node, deep=deep)


class _StrictLoader(_TextLoader):
    """The same, with numbers."""


_FLOAT = r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+|[-+]?\.(?:inf|nan)"
for _loader, _kind, _pattern, _first in (
    (_TextLoader, "bool", r"true|false", "tf"),
    (_TextLoader, "null", r"null|~|", "n~"),
    (_StrictLoader, "int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    (_StrictLoader, "float", _FLOAT, "-+.0123456789"),
):
    _loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_kind}",
        re.compile(rf"(?:{_pattern})\Z"),
        [*_first, ""] if _kind == "null" else list(_first),
    )


def read_yaml(shown: str, content: bytes, numbers: bool = True) -> Any:
    """The data of a YAML file; without `numbers` these too are the text that was written, exact to the last digit.

    `shown` is the name for messages. Raises `InputProblem`.
    """
    try:
        return yaml.load(content.decode("utf-8-sig"), Loader=_StrictLoader if numbers else _TextLoader)
    except UnicodeDecodeError as problem:
        raise InputProblem(f"{shown}: byte {problem.start} is not UTF-8; save the file as UTF-8") from problem
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark
        place = f", line {mark.line + 1}" if mark else ""
        raise InputProblem(f"{shown}{place}: {problem.problem}") from problem
