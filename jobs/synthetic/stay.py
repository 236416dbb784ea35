"""Dates of the cases: birth, admission, discharge, settlement, upload; how stays end; intensive care."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.synthetic.codes import CaseCodes
from jobs.synthetic.population import Population, pick
from jobs.synthetic.settings import ProvinceSettings
from jobs.synthetic.tables import MCC, Ints, SchemeTables

Days = NDArray[np.datetime64]


@dataclass(frozen=True)
class CaseStay:
    """One value a case. Times of day in seconds; `way` is a place in the ways of leaving; hundredths of hours."""

    born: Days
    admitted: Days
    admitted_at: NDArray[np.int64]
    discharged: Days
    discharged_at: NDArray[np.int64]
    settled: Days
    uploaded: Days
    days: Ints
    way: Ints
    icu_hundredths: NDArray[np.int64]


def draw_stay(
    generator: np.random.Generator,
    tables: SchemeTables,
    settings: ProvinceSettings,
    people: Population,
    codes: CaseCodes,
    month: str,
) -> CaseStay:
    """Stays that are settled in `month` (YYYY-MM); they may begin and end in an earlier month or year."""
    stay, count = settings.stay, people.size
    start = np.datetime64(month, "M")
    length = int(((start + 1).astype("datetime64[D]") - start.astype("datetime64[D]")).astype(int))
    settled = start.astype("datetime64[D]") + generator.integers(0, length, count)
    later = generator.integers(1, stay.settled_late_most + 1, count)
    discharged = settled - np.where(generator.random(count) < stay.settled_late_rate, later, 0)
    mean = tables.mean_stay[people.template]
    days = np.exp(np.log(mean) + generator.normal(0.0, stay.sigma, count) - stay.sigma**2 / 2)
    days = np.clip(np.rint(days), 1, stay.longest).astype(np.int32)
    admitted = discharged - days
    born = _births(generator, people, admitted)
    hours = generator.integers(0, 24 * 60, count) * 60
    return CaseStay(
        born=born,
        admitted=admitted,
        admitted_at=hours,
        discharged=discharged,
        discharged_at=(8 * 60 + generator.integers(0, 10 * 60, count)) * 60,
        settled=settled,
        uploaded=_uploads(generator, settings, discharged, settled),
        days=days,
        way=pick(generator, np.cumsum(list(stay.ways.values())), count),
        icu_hundredths=_icu(generator, tables, settings, people, codes, days),
    )


def _births(generator: np.random.Generator, people: Population, admitted: Days) -> Days:
    """Birthdays that give exactly the age at admission."""
    month = admitted.astype("datetime64[M]")
    day = admitted - month.astype("datetime64[D]")
    month = month - 12 * people.age
    last = (month + 1).astype("datetime64[D]") - month.astype("datetime64[D]") - 1
    birthday = month.astype("datetime64[D]") + np.minimum(day, last)  # 29 February falls on the 28th
    return np.where(
        people.age_days >= 0, admitted - people.age_days, birthday - generator.integers(0, 365, people.size)
    )


def _uploads(generator: np.random.Generator, settings: ProvinceSettings, discharged: Days, settled: Days) -> Days:
    """Some working days after discharge, seldom much later, never before settlement."""
    stay = settings.stay
    chosen = pick(generator, np.cumsum(list(stay.upload_days.values())), len(discharged))
    wait = np.array(list(stay.upload_days))[chosen]
    late = generator.integers(1, stay.upload_late_most + 1, len(discharged)) + max(stay.upload_days)
    wait = np.where(generator.random(len(discharged)) < stay.upload_late_rate, late, wait)
    off = [day for day, working in settings.registry.calendar.items() if not working]
    uploaded = np.busday_offset(discharged, wait, roll="backward", holidays=np.array(off, dtype="datetime64[D]"))
    return np.maximum(np.maximum(uploaded, settled), discharged)


def _icu(
    generator: np.random.Generator,
    tables: SchemeTables,
    settings: ProvinceSettings,
    people: Population,
    codes: CaseCodes,
    days: Ints,
) -> NDArray[np.int64]:
    """Hours of intensive care in hundredths; 0 for most. Severe and operated cases have it more often."""
    stay = settings.stay
    rate = np.where(tables.surgical[people.template], stay.icu_surgical_rate, stay.icu_rate)
    rate = rate * np.where(codes.severity == MCC, stay.icu_mcc_factor, 1.0)
    hours = np.minimum(generator.exponential(stay.icu_mean_hours, people.size), days * 24.0)
    return np.where(generator.random(people.size) < rate, np.rint(hours * 100), 0).astype(np.int64)
