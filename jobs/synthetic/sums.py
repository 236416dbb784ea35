"""What the registry is made from: funds by hospital, pool and month, and candidates for review. Small, by file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.synthetic.lists import Drawn, Slice
from jobs.synthetic.population import hospitals_of
from jobs.synthetic.settings import ProvinceSettings
from jobs.synthetic.tables import seeded


@dataclass(frozen=True)
class SliceSums:
    """Sums of one file in fen. `local_fund`: by insurance; `hospital_fund`: by hospital and insurance."""

    piece: Slice
    faults: dict[str, int]
    local_fund: dict[str, int]
    hospital_fund: dict[tuple[str, str], int]
    reviews: tuple[tuple[str, str, str], ...]


def sums_of(drawn: Drawn, settings: ProvinceSettings, seed: int, piece: Slice) -> SliceSums:
    """Sums of a slice's cases; integers, so that no order matters."""
    fund, insurance = drawn.money.fund, drawn.people.insurance
    hospitals = hospitals_of(settings, piece.area)
    local_fund: dict[str, int] = {}
    hospital_fund: dict[tuple[str, str], int] = {}
    for place, one in enumerate(settings.insurances):
        mine = insurance == place
        local_fund[one.code] = int(fund[mine & drawn.local].sum())
        by_hospital = np.zeros(len(hospitals), dtype=np.int64)
        np.add.at(by_hospital, drawn.people.hospital[mine], fund[mine])
        hospital_fund |= {(h.code, one.code): int(x) for h, x in zip(hospitals, by_hospital, strict=True) if x}
    return SliceSums(piece, drawn.faults.counts(), local_fund, hospital_fund, _reviews(drawn, settings, seed, piece))


def _reviews(drawn: Drawn, settings: ProvinceSettings, seed: int, piece: Slice) -> tuple[tuple[str, str, str], ...]:
    """Applications for review: hospitals apply for the dearest cases first."""
    generator = seeded(seed, "reviews", piece.area, piece.month, piece.part)
    wanted = int(generator.binomial(piece.count, settings.registry.review_rate))
    dearest = np.argsort(-drawn.money.total, kind="stable")[:wanted]
    waits = generator.integers(1, settings.registry.review_wait_most + 1, wanted)
    passed = generator.random(wanted) < settings.registry.review_passed
    number = piece.month.replace("-", "")
    return tuple(
        (
            f"{piece.area}{number}{piece.first + int(case):08d}",
            str(drawn.stay.settled[case] + int(wait)),
            "passed" if ok else "refused",
        )
        for case, wait, ok in zip(dearest, waits, passed, strict=True)
    )
