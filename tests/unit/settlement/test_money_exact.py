"""The one division in plain Python, against exact rationals; policy numbers as integers."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.money import RATE_PLACES, divide_exact, rate_units

WHOLE = st.integers(-(10**20), 10**20)


TIES = [(1, 2, 0, 1), (-1, 2, 0, -1), (1, -2, 0, -1), (-1, -2, 0, 1), (3, 2, 0, 2), (149, 100, 0, 1), (5, 1000, 2, 1)]
OTHERS = [(1, 3, 4, 3333), (2, 3, 4, 6667), (-2, 3, 4, -6667), (0, -7, 2, 0), (150, 100, 0, 2), (49, 10000, 2, 0)]


@pytest.mark.parametrize(("numerator", "denominator", "places", "expected"), [*TIES, *OTHERS])
def test_half_up_away_from_zero(numerator: int, denominator: int, places: int, expected: int) -> None:
    assert divide_exact(numerator, denominator, places) == expected


@given(WHOLE, WHOLE.filter(bool), st.integers(0, 12))
def test_the_quotient_is_the_nearest_and_ties_go_away_from_zero(numerator: int, denominator: int, places: int) -> None:
    exact = Fraction(numerator, denominator) * 10**places
    found = divide_exact(numerator, denominator, places)
    assert abs(found - exact) <= Fraction(1, 2)
    if abs(found - exact) == Fraction(1, 2):
        assert abs(found) > abs(exact)
    assert divide_exact(-numerator, denominator, places) == -found


def test_no_division_by_zero() -> None:
    with pytest.raises(ZeroDivisionError):
        divide_exact(1, 0)


def test_a_policy_number_keeps_all_its_places_or_is_refused() -> None:
    assert rate_units(Decimal("0.05")) == 5 * 10 ** (RATE_PLACES - 2)
    assert rate_units(Decimal("-1.00000001")) == -100000001
    with pytest.raises(ValueError, match="more than 8 places"):
        rate_units(Decimal("0.123456789"))
