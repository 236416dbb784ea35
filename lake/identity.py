"""What a calculation is: the hash of all that determines it. No clock and no chance is in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

CODE_PACKAGES = ("grouper", "settlement", "lake", "jobs")


def fingerprint(value: Any) -> str:
    """SHA-256 of a value as JSON with sorted keys."""
    return hashlib.sha256(canonical(value).encode("utf-8")).hexdigest()


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: one text for one value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def run_id(job: str, area: str, period: str, determined_by: Mapping[str, Any]) -> str:
    """Id of a calculation, 20 characters: job, area, period, inputs, versions and code."""
    return fingerprint({"job": job, "area": area, "period": period, "by": determined_by})[:20]


@cache
def code_version() -> str:
    """Fingerprint of the code that calculates, from a folder or a wheel; a changed line makes a new calculation."""
    digest = hashlib.sha256()
    for package in CODE_PACKAGES:
        for name, content in _sources(resources.files(package), package):
            digest.update(name.encode("utf-8"))
            digest.update(content)
    return digest.hexdigest()[:16]


def _sources(folder: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            yield from _sources(entry, f"{name}/{entry.name}")
        elif entry.name.endswith(".py"):
            yield f"{name}/{entry.name}", entry.read_bytes()
