"""A scheme as a command names it: a csv folder or .xlsx workbook, or a name in a lake."""

from __future__ import annotations

from pathlib import Path

from grouper.scheme import Scheme
from grouper.workbook import Draft, read_draft, read_scheme
from lake.errors import InputProblem, UsageProblem


def scheme_at(path: Path) -> Scheme:
    """The scheme of a csv folder or workbook. Raises `InputProblem` with file, sheet, row, value and remedy."""
    try:
        return read_scheme(path)
    except ValueError as problem:
        raise InputProblem(str(problem)) from problem
    except OSError as problem:
        raise InputProblem(f"{path} cannot be read: {problem.strerror}. Give a readable scheme.") from problem


def draft_named(text: str, lake_root: str) -> Draft:
    """A scheme as far as it can be read, problems and all; one out of a lake has none."""
    if not _is_path(text):
        return Draft(scheme_named(text, lake_root), (), {})
    try:
        return read_draft(Path(text))
    except ValueError as problem:
        raise InputProblem(str(problem)) from problem
    except OSError as problem:
        raise InputProblem(f"{text} cannot be read: {problem.strerror}. Give a readable scheme.") from problem


def _is_path(text: str) -> bool:
    return Path(text).exists() or "/" in text or text.lower().endswith(".xlsx")


def scheme_named(text: str, lake_root: str) -> Scheme:
    """The scheme at a path or, where there is no such path, of that name or fingerprint in the lake.

    A session is only started for a lake that is there.
    """
    if _is_path(text):
        return scheme_at(Path(text))
    if "://" not in lake_root and not Path(lake_root).is_dir():
        raise UsageProblem(f"{text!r}: no such file or folder, and no lake at {lake_root}; give a path, or --lake DIR")
    from lake.scheme_store import load_scheme
    from lake.session import build_session
    from lake.store import Lake

    root = lake_root if "://" in lake_root else str(Path(lake_root).absolute())
    return load_scheme(Lake(build_session("dianshu-scheme"), root), text)
