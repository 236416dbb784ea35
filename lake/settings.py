"""Dated numbers of the calculation that are the same for all (`conf/calculation.yaml`)."""

from __future__ import annotations

from datetime import date
from importlib import resources

from lake.errors import InputProblem
from lake.strict_yaml import read_yaml


def setting(name: str, day: date) -> int:
    """The value of a setting on a day. Raises `InputProblem` where none is in force."""
    file = "calculation.yaml"
    content = read_yaml(file, resources.files("conf").joinpath(file).read_bytes())
    entry = content.get(name) if isinstance(content, dict) else None
    if not isinstance(entry, dict):
        raise InputProblem(f"{file}: {name} is missing")
    past = [
        value
        for since, value in sorted(entry["values"].items(), key=lambda pair: str(pair[0]))
        if str(since) <= str(day)
    ]
    if not past:
        raise InputProblem(f"{file}: {name} has no value on {day}; add one with an earlier from-date")
    return int(past[-1])


def history_years(year: int) -> list[int]:
    """The years of history of a clearing year (policy/002 article 17)."""
    return list(range(year - setting("history_years", date(year, 1, 1)), year))
