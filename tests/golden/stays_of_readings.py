"""The city of tests/golden/by_hand_readings: its folder, with the stays and rules of single cases of stays.yaml."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import yaml

from lake.province_folder import read_province_folder
from lake.province_plain import plain_province
from settlement.case_rules import CaseRules, read_case_rules
from settlement.reference.inputs import Province, Stay

FOLDER = Path(__file__).resolve().parent / "by_hand_readings"
CITY = "990400"
FEN = 100  # of a yuan


def case_rules() -> CaseRules:
    """The rules of single cases of the city."""
    return read_case_rules(_written()["case_rules"])


def stays() -> tuple[Stay, ...]:
    """What is known of each stay."""
    return tuple(
        Stay(setl_id, of["days"], int(Fraction(of["tcm_cost"]) * FEN), of["tcm_place"], of["day_care"])
        for setl_id, of in _written()["stays"].items()
    )


def province() -> Province:
    """The city as the plain voice takes it."""
    plain = plain_province(read_province_folder(FOLDER))
    return replace(plain, stays=stays(), case_rules=((CITY, case_rules()),))


def _written() -> dict:
    return yaml.safe_load((FOLDER / "stays.yaml").read_text(encoding="utf-8"))
