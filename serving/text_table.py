"""A small table as plain text for the terminal; Chinese characters take two columns there."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Header and rows in columns of equal width; `right`: places of the columns that stand at the right."""
    lines = [header, *rows]
    widths = [max(width_of(line[place]) for line in lines) for place in range(len(header))]
    return "\n".join(
        "  ".join(
            " " * (width - width_of(cell)) + cell if place in right else cell + " " * (width - width_of(cell))
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def width_of(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
