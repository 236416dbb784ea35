"""Exact numbers: rounding half up, allocation by largest remainder, and how numbers are written."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TypeVar

Key = TypeVar("Key", str, tuple[str, str])


def round_half_up(number: Fraction, places: int = 0) -> Fraction:
    """`number` at `places` decimals; halves go away from zero (OP-01)."""
    scaled = abs(number) * 10**places
    nearest = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(nearest if number >= 0 else -nearest, 10**places)


def to_fen(fen: Fraction) -> int:
    """An exact amount of fen rounded to whole fen."""
    return int(round_half_up(fen))


def allocate(shares: Mapping[Key, Fraction], total: int) -> dict[Key, int]:
    """Whole fen for exact shares that sum to `total`: floors, then one fen to the largest remainders (OP-02).

    Ties go to the smaller key. Raises `ValueError` where the shares do not sum to the total.
    """
    if sum(shares.values(), Fraction(0)) != total:
        raise ValueError(f"shares sum to {sum(shares.values(), Fraction(0))}, not to {total}")
    floors = {key: share.numerator // share.denominator for key, share in shares.items()}
    by_remainder = sorted(shares, key=lambda key: (floors[key] - shares[key], key))
    for key in by_remainder[: total - sum(floors.values())]:
        floors[key] += 1
    return floors


def fixed(number: Fraction, places: int) -> str:
    """`number` with exactly `places` decimals, rounded half up."""
    units = int(round_half_up(number, places) * 10**places)
    digits = f"{abs(units):0{places + 1}d}"
    whole, rest = (digits[:-places], digits[-places:]) if places else (digits, "")
    sign = "-" if units < 0 else ""
    return f"{sign}{whole}.{rest}" if places else f"{sign}{whole}"


def yuan(fen: int) -> str:
    """Fen as yuan with 2 decimals."""
    return fixed(Fraction(fen, 100), 2)
