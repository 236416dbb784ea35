"""Places that results are written to, looked at before anything is calculated or written."""

from __future__ import annotations

import os
from pathlib import Path

from lake.errors import InputProblem


def check_file_place(path: Path) -> None:
    """A whole file can be put here. Raises `InputProblem` for a folder, a device, or a place that cannot be written."""
    try:
        if path.exists() and not path.is_file():
            kind = "a folder" if path.is_dir() else "no file but a device or pipe"
            raise InputProblem(f"{path} cannot be written: it is {kind}. Give the name of a file.")
    except OSError as problem:
        raise InputProblem(f"{_short(path)} cannot be written: {problem.strerror}. Give a place that can.") from problem
    check_folder_place(path.absolute().parent)


def check_folder_place(path: Path) -> None:
    """Files can be put into this folder, or it can be made. Raises `InputProblem`."""
    try:
        there = next(place for place in (path.absolute(), *path.absolute().parents) if place.exists())
        if not there.is_dir():
            raise InputProblem(f"{path} cannot be written to: {there} is a file. Give a folder.")
    except OSError as problem:
        raise InputProblem(f"{_short(path)} cannot be made: {problem.strerror}. Give a folder that can.") from problem
    if not os.access(there, os.W_OK | os.X_OK):
        raise InputProblem(f"{path} cannot be written to: {there} is read-only for this user. Give a folder that can.")


def _short(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 200 else f"{text[:100]}...{text[-60:]}"
