"""Which scheme each area of the synthetic province groups with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grouper.scheme import Scheme
from grouper.workbook import read_scheme
from jobs.synthetic.settings import AreaSettings, ProvinceSettings
from lake.errors import InputProblem

DEMO = "demo"
_SHEETS = ("mdc.csv", "workbook.xlsx")


@dataclass(frozen=True)
class NamedScheme:
    """A scheme with its name and where it was read from; `base` is the name of the scheme it is an overlay of."""

    scheme_id: str
    scheme: Scheme
    source: str
    base: str | None = None


def demo_schemes(folder: Path, settings: ProvinceSettings) -> dict[str, NamedScheme]:
    """By area, the demonstration scheme of `folder`, or that scheme with an overlay laid over it (`demo+NAME`)."""
    base = NamedScheme(DEMO, _read(folder / "scheme"), "conf/demo/scheme")
    return {area.code: _demo_scheme(folder, area, base) for area in settings.areas}


def _demo_scheme(folder: Path, area: AreaSettings, base: NamedScheme) -> NamedScheme:
    name, plus, overlay = area.scheme.partition("+")
    path = folder / "overlays" / overlay
    if name != DEMO or bool(plus) != bool(overlay) or (plus and not path.is_dir()):
        raise InputProblem(
            f"{folder / 'province.yaml'}: area {area.code}: scheme = {area.scheme!r} is neither {DEMO} nor {DEMO}+NAME "
            "with a folder overlays/NAME"
        )
    if not plus:
        return base
    from grouper.overlay import apply_overlay, read_overlay

    try:
        scheme = apply_overlay(base.scheme, read_overlay(path))
    except ValueError as problem:
        raise InputProblem(str(problem)) from problem
    return NamedScheme(f"{DEMO}-{overlay}", scheme, f"conf/demo/overlays/{overlay}", DEMO)


def given_schemes(paths: Sequence[Path], settings: ProvinceSettings) -> dict[str, NamedScheme]:
    """Schemes in the national layout, given to the areas in turn; a path may be a folder of schemes."""
    found = [scheme for path in paths for scheme in _scheme_paths(path)]
    used = [found[place % len(found)] for place in range(len(settings.areas))]
    read = {path: NamedScheme(path.name, _read(path), str(path)) for path in dict.fromkeys(used)}
    return {area.code: read[path] for area, path in zip(settings.areas, used, strict=True)}


def _read(path: Path) -> Scheme:
    try:
        return read_scheme(path)
    except ValueError as problem:
        raise InputProblem(str(problem)) from problem


def _scheme_paths(path: Path) -> list[Path]:
    if path.is_file() or any((path / name).exists() for name in _SHEETS):
        return [path]
    below = sorted(folder for folder in path.iterdir() if (folder / _SHEETS[0]).exists()) if path.is_dir() else []
    if not below:
        raise InputProblem(f"{path}: no scheme there; give a folder with mdc.csv, adrg.csv, ..., or a workbook.xlsx")
    return below
