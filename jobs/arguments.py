"""What the words of a command may be: tested before anything is read or started."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NoReturn

from lake.errors import UsageProblem
from lake.places import check_file_place, check_folder_place

_YEAR = re.compile(r"(19|2[0-9])[0-9]{2}")
_AREA = re.compile(r"[0-9]{6}")
_LONGEST_NAME = 100  # characters
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_EMPTY_OPTION = re.compile(r"(--[a-z-]+)=\s*")


class Parser(argparse.ArgumentParser):
    """A parser whose errors may end with a hint to the command that was meant."""

    hint = ""

    def error(self, message: str) -> NoReturn:
        """Usage, message and hint on stderr; ends with exit code 2."""
        super().error(f"{message}. {self.hint}" if self.hint else message)


def check_words(words: Sequence[str]) -> None:
    """No word of a command is empty. Raises `UsageProblem`: it is a variable of a script that was never set."""
    for before, word in zip(("", *words), words, strict=False):
        option = _EMPTY_OPTION.fullmatch(word)
        if not word.strip() or option:
            named = option.group(1) if option else before if before.startswith("--") else f"the one after {before!r}"
            raise UsageProblem(f"an argument is empty ({named}): give a value, or leave it out")


def clearing_year(text: str) -> int:
    """A year, for `argparse`."""
    if not _YEAR.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no year; write four digits, like 2025")
    return int(text)


def area_code(text: str) -> str:
    """A treating area, for `argparse`: deliveries have no others."""
    if not _AREA.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no area; write the six digits of its code")
    return text


def scheme_name(text: str) -> str:
    """A name for a scheme, for `argparse`: one that can be told from a path and stands in one cell of a list."""
    if len(text) > _LONGEST_NAME or not text.isprintable() or re.search(r"[\s/\\]|\.xlsx$", text):
        raise argparse.ArgumentTypeError(
            f"{text[:40]!r} is no name for a scheme; give up to {_LONGEST_NAME} characters without blanks and slashes "
            "that do not end in .xlsx"
        )
    return text


def month(text: str) -> str:
    """A month, for `argparse`."""
    if not _MONTH.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no month; write it like 2025-02")
    return text


def calendar_day(text: str) -> date:
    """A day, for `argparse`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no day; write it like 2025-02-28") from None


def whole_number(text: str) -> int:
    """A number of 0 or more, for `argparse`."""
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number of 0 or more")
    return int(text)


def out_file(path: Path | None) -> Path | None:
    """The place of --out, where a file can be put. Raises `InputProblem`."""
    if path is not None:
        check_file_place(path)
    return path


def out_folder(path: Path | None) -> Path | None:
    """The folder of --out, which takes files. Raises `InputProblem`."""
    if path is not None:
        check_folder_place(path)
    return path
