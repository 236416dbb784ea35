"""How policy values are read: text or whole numbers, words and flags -> typed values, or an error that names the key.

Nothing here knows a key or a number of the law: both are data.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

KEPT_PLACES = 8  # decimals of a policy number
_MOST_DAYS = 366
_TOO_LARGE = 10**9  # with its places such a number still fits into 64 bits, and a count into 32

Numbers = tuple[tuple[str, Decimal], ...]  # a number by code: insurance, group, indicator


class PolicyProblem(ValueError):
    """A policy value is missing, unknown, or of the wrong kind; the message names key, value and remedy."""


def read_decimal(key: str, value: Any) -> Decimal:
    """A decimal number written as text or whole; `PolicyProblem` names the key."""
    if isinstance(value, bool | float) or value is None:
        raise PolicyProblem(f"policy value {key} = {value!r}: write a decimal number as text, like '0.05'")
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        raise PolicyProblem(f"policy value {key} = {value!r} is not a number; write it like '0.05'") from None
    if not number.is_finite():
        raise PolicyProblem(f"policy value {key} = {value!r} is not finite")
    if abs(number) >= _TOO_LARGE or number != round(number, KEPT_PLACES):
        raise PolicyProblem(f"policy value {key} = {value!r}: at most 9 digits and {KEPT_PLACES} decimals are kept")
    return number


def read_rate(key: str, value: Any) -> Decimal:
    """A decimal number, 0 or more."""
    number = read_decimal(key, value)
    if number < 0:
        raise PolicyProblem(f"policy value {key} = {value!r} is below 0 and must be 0 or more")
    return number


def read_count(key: str, value: Any) -> int:
    """A whole number, 0 or more."""
    number = read_decimal(key, value)
    if number != int(number) or number < 0:
        raise PolicyProblem(f"policy value {key} = {value!r} must be a whole number, 0 or more")
    return int(number)


def read_working_days(key: str, value: Any) -> int:
    """A number of working days, of a year at most."""
    days = read_count(key, value)
    if days > _MOST_DAYS:
        raise PolicyProblem(f"policy value {key} = {value!r}: at most {_MOST_DAYS} working days are counted")
    return days


def read_flag(key: str, value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise PolicyProblem(f"policy value {key} = {value!r} must be true or false")
    return value


def read_choice(key: str, value: Any, kind: type[StrEnum]) -> Any:
    """One of the words of `kind`."""
    try:
        return kind(value)
    except ValueError:
        raise PolicyProblem(f"policy value {key} = {value!r}: known are {', '.join(kind)}") from None


def word_of(kind: type[StrEnum]) -> Callable[[str, Any], Any]:
    """A reader of one of the words of `kind`."""
    return lambda key, value: read_choice(key, value, kind)


def read_numbers(key: str, value: Any) -> Numbers:
    """A number for each code, sorted by code."""
    if not isinstance(value, Mapping):
        raise PolicyProblem(f"policy value {key} = {value!r}: write a number for each code, like {{'310': '12'}}")
    return tuple(sorted((str(code), read_decimal(key, number)) for code, number in value.items()))


def read_codes(key: str, value: Any) -> tuple[str, ...]:
    """A list of codes, sorted, each once."""
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        raise PolicyProblem(f"policy value {key} = {value!r}: write a list of codes, each as text")
    return tuple(sorted(set(value)))


def read_rate_or_none(key: str, value: Any) -> Decimal | None:
    """A number, 0 or more, or the word none."""
    return None if value == "none" else read_rate(key, value)


def read_rows(key: str, value: Any, names: tuple[str, ...]) -> list[Mapping[str, Any]]:
    """A list of rows, each with exactly the named cells."""
    if not isinstance(value, list) or any(not isinstance(row, Mapping) or set(row) != set(names) for row in value):
        raise PolicyProblem(f"policy value {key} must be a list of rows with exactly {', '.join(names)}")
    return value


def read_values(
    readers: Mapping[str, tuple[str, Any]], values: Mapping[str, Any], optional: Collection[str] = ()
) -> dict[str, Any]:
    """Values by key -> typed values by field name. `readers`: key -> (field, reader of key and value).

    Keys of `optional` may be missing; they are then left out.

    Raises `PolicyProblem` on an unknown, missing or ill-formed value.
    """
    unknown = sorted(set(values) - set(readers))
    if unknown:
        raise PolicyProblem(f"unknown policy value(s) {', '.join(unknown)}; known: {', '.join(readers)}")
    missing = [key for key in readers if key not in values and key not in optional]
    if missing:
        raise PolicyProblem(f"policy value(s) missing: {', '.join(missing)}")
    return {name: reader(key, values[key]) for key, (name, reader) in readers.items() if key in values}
