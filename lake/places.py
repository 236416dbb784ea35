"""Places that results are written to, looked at before anything is calculated or written."""

from __future__ import annotations

import os
from pathlib import Path

from lake.errors import InputProblem

_LONGEST = 200  # characters of a path in a message


def check_file_place(path: Path) -> None:
    """A whole file can be put here. Raises `InputProblem` for a folder, a device, or a place that cannot be written."""
    wrong = _wrong_file(path)
    if wrong:
        raise InputProblem(f"{_shown(path)} cannot be written: {wrong}")


def check_folder_place(path: Path) -> None:
    """Files can be put into this folder, or it can be made. Raises `InputProblem`."""
    wrong = _wrong_folder(path)
    if wrong:
        raise InputProblem(f"{_shown(path)} cannot be written to: {wrong}")


def _wrong_file(path: Path) -> str | None:
    try:
        if path.exists() and not path.is_file():
            kind = "a folder" if path.is_dir() else "no file but a device or pipe"
            return f"it is {kind}. Give the name of a file."
    except OSError as problem:
        return f"{problem.strerror}. Give a place that can."
    return _wrong_folder(path.absolute().parent)


def _wrong_folder(path: Path) -> str | None:
    try:
        there = next(place for place in (path.absolute(), *path.absolute().parents) if place.exists())
        if not there.is_dir():
            return f"{there} is a file. Give a folder that can."
    except OSError as problem:
        return f"{problem.strerror}. Give a folder that can."
    if not os.access(there, os.W_OK | os.X_OK):
        return f"{there} is read-only for this user. Give a folder that can."
    return None


def _shown(path: Path) -> str:
    text = str(path)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]}...{text[-_LONGEST // 2 :]}"
