"""What a calculation is: the hash of all that determines it. No clock and no chance is in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
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
    """Fingerprint of the code that calculates; a changed line makes a new calculation."""
    root = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for package in CODE_PACKAGES:
        for file in sorted((root / package).rglob("*.py")):
            digest.update(str(file.relative_to(root)).encode("utf-8"))
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
