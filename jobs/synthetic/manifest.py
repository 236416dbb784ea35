"""What was generated from what: the request, the files with their sums, and what was planted in them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

MANIFEST = "manifest.json"
# Raised when the same request gives other rows, so that an old result is not taken for a new one.
GENERATOR_VERSION = 1


@dataclass(frozen=True)
class Request:
    """Everything that determines the result."""

    seed: int
    cases_per_year: int
    years: tuple[int, ...]
    settings: str
    schemes: Mapping[str, str]
    generator: int
    libraries: Mapping[str, str]

    @staticmethod
    def of(seed: int, cases_per_year: int, years: Sequence[int], settings: str, schemes: Mapping[str, str]) -> Request:
        """The request with the versions at hand. `settings` and `schemes` (by area) are fingerprints."""
        libraries = {"numpy": np.__version__, "pyarrow": pa.__version__}
        return Request(seed, cases_per_year, tuple(years), settings, dict(schemes), GENERATOR_VERSION, libraries)

    def as_json(self) -> dict[str, Any]:
        """As it stands in the manifest."""
        return {**asdict(self), "years": list(self.years)}


@dataclass(frozen=True)
class FileEntry:
    """A file of the result. `rows` counts older versions too; `cases` does not. CSV: rows without the header."""

    path: str
    rows: int
    cases: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """manifest.json. `faults`: planted cases by fault; `templates`: by area, what was drawn from."""

    request: Mapping[str, Any]
    cases: int
    rows: int
    faults: Mapping[str, int]
    templates: Mapping[str, Mapping[str, int]]
    files: tuple[FileEntry, ...]

    def write(self, folder: Path) -> None:
        """Write it into the folder."""
        text = json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True)
        (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")

    @staticmethod
    def read(folder: Path) -> Manifest | None:
        """The manifest of a folder; None where there is none that can be read."""
        try:
            found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            return Manifest(**{**found, "files": tuple(FileEntry(**entry) for entry in found["files"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def describes(self, folder: Path, request: Request) -> bool:
        """Whether it answers the request, and all its files are there in their sizes."""
        paths = [(folder / entry.path, entry.bytes) for entry in self.files]
        return self.request == request.as_json() and all(
            path.is_file() and path.stat().st_size == size for path, size in paths
        )
