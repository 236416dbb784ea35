"""Caps on out-of-area cases (异地病例封顶): policy/002 articles 34.2 and 34.4 between areas, OP-82."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from settlement.policy import Policy
from settlement.reference.exact import to_fen
from settlement.reference.inputs import Hospital
from settlement.reference.sums import Sums


def capped(
    owed: Mapping[str, int], by_hospital: Mapping[str, Sums], hospitals: Mapping[str, Hospital], treating: Policy
) -> Mapping[str, int]:
    """What an insured area owes for the year by points, by hospital, limited where the treating area says so.

    The limit is the cap of the hospital's level × the fund of these cases, rounded; the fund itself where the hospital
    is suspended. Without a fund above 0 there is none.
    """
    if not treating.out_of_area_apply_caps:
        return owed
    return {code: _limited(fen, by_hospital[code].fund_fen, hospitals[code], treating) for code, fen in owed.items()}


def _limited(owed: int, fund: int, hospital: Hospital, treating: Policy) -> int:
    if fund <= 0:
        return owed
    limit = fund if hospital.suspended else to_fen(fund * Fraction(dict(treating.cap_level)[hospital.level]))
    return min(owed, limit)
