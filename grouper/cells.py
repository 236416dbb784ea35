"""What a table of a scheme file is before anything is understood: rows of cleaned text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

LARGEST_UNPACKED = 1 << 28  # bytes of a file; a national workbook unpacks to 35 MB
OVERSIZED = "A national scheme has less than a fifth of that; give a real one."
_BLANKS = re.compile(r"(?:(?:_x005F)?_x00(?:0[9AaDd]|[Aa]0)_|[\s\u200b\ufeff])+")
_ODD = re.compile(r"_x00|[\s\u200b\ufeff]")

# Tuples of text, not lists: the collector of cyclic garbage lets go of them, and a scheme has 150,000.
Row = tuple[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table as text. `rows` are (1-based row number, cells); empty cells are ''."""

    file: str
    name: str
    rows: list[Row]


def clean(text: str) -> str:
    """A cell's text: `_x000D_`, line ends, full-width and non-breaking spaces are a space; no space at the ends."""
    return _BLANKS.sub(" ", text).strip() if _ODD.search(text) else text


def clean_row(cells: Iterable[str]) -> tuple[str, ...]:
    """All cells of a row, cleaned; one look tells that most rows need nothing."""
    row = tuple(cells)
    return tuple(map(clean, row)) if _ODD.search("\0".join(row)) else row
