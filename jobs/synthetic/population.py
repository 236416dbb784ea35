"""Who is treated where: template, hospital, insurance, residence, sex, age."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.synthetic.settings import ProvinceSettings
from jobs.synthetic.tables import Floats, Ints, SchemeTables, zipf
from jobs.synthetic.template import NEWBORN_DAYS

LOCAL, IN_PROVINCE, CROSS_PROVINCE = "local", "in_province", "cross_province"


@dataclass(frozen=True)
class Hospital:
    """A hospital (定点医药机构)."""

    code: str
    area: str
    level: int


@dataclass(frozen=True)
class Population:
    """One value a case. `hospital`, `insurance`, `residence` are places in their lists; -1 is no value."""

    template: Ints
    hospital: Ints
    level: Ints
    insurance: Ints
    residence: Ints
    sex: Ints
    age: Ints
    age_days: Ints
    birth_weight: Ints

    @property
    def size(self) -> int:
        """Number of cases."""
        return len(self.template)


def hospitals_of(settings: ProvinceSettings, area: str) -> list[Hospital]:
    """The hospitals of an area, highest level first; codes are H, area and five digits."""
    counts = next(one.hospitals for one in settings.areas if one.code == area)
    levels = [level for level in sorted(counts, reverse=True) for _ in range(counts[level])]
    return [Hospital(f"H{area}{place:05d}", area, level) for place, level in enumerate(levels, start=1)]


def residences_of(settings: ProvinceSettings, area: str) -> list[tuple[str, str]]:
    """(admdvs, scope) of all residences that patients of an area can have; its own comes first."""
    others = [one.code for one in settings.areas if one.code != area]
    return [
        (area, LOCAL),
        *((code, IN_PROVINCE) for code in others),
        *((code, CROSS_PROVINCE) for code in settings.outside),
    ]


def pick(generator: np.random.Generator, cumulative: Floats, count: int) -> Ints:
    """`count` places, drawn by cumulative weights."""
    drawn = np.searchsorted(cumulative, generator.random(count) * cumulative[-1], side="right")
    places: Ints = np.minimum(drawn, len(cumulative) - 1).astype(np.int32)
    return places


def draw_population(
    generator: np.random.Generator, tables: SchemeTables, settings: ProvinceSettings, area: str, count: int
) -> Population:
    """`count` people and what they come for."""
    template = pick(generator, tables.cumulative, count)
    hospitals = hospitals_of(settings, area)
    hospital = _hospitals(generator, tables.surgical[template], hospitals, settings)
    insurance = pick(generator, np.cumsum([one.share for one in settings.insurances]), count)
    sex = _sexes(generator, tables, template, settings)
    age = _ages(generator, tables, template, settings)
    age_days = _age_days(generator, tables, template, age)
    return Population(
        template=template,
        hospital=hospital,
        level=np.array([one.level for one in hospitals], dtype=np.int32)[hospital],
        insurance=insurance,
        residence=_residences(generator, settings, area, count),
        sex=sex,
        age=age,
        age_days=age_days,
        birth_weight=_birth_weights(generator, tables, template, settings, age_days),
    )


def _hospitals(
    generator: np.random.Generator, surgical: NDArray[np.bool_], hospitals: list[Hospital], settings: ProvinceSettings
) -> Ints:
    drawn = generator.random(len(surgical))
    result = np.zeros(len(surgical), dtype=np.int32)
    for kind, shares in ((False, settings.level_share), (True, settings.level_share_surgical)):
        weights = np.zeros(len(hospitals))
        for level, share in shares.items():
            mine = [place for place, one in enumerate(hospitals) if one.level == level]
            weights[mine] = share * zipf(len(mine), settings.population.zipf_hospital) if mine else 0.0
        cumulative = np.cumsum(weights / weights.sum())
        places = np.minimum(np.searchsorted(cumulative, drawn, side="right"), len(hospitals) - 1)
        result[surgical == kind] = places[surgical == kind]
    return result


def _residences(generator: np.random.Generator, settings: ProvinceSettings, area: str, count: int) -> Ints:
    scopes = [scope for _, scope in residences_of(settings, area)]
    weights = [settings.residence[scope] / scopes.count(scope) for scope in scopes]
    return pick(generator, np.cumsum(weights), count)


def _sexes(generator: np.random.Generator, tables: SchemeTables, template: Ints, settings: ProvinceSettings) -> Ints:
    low, high = tables.bounds["XB"]
    drawn = np.where(generator.random(len(template)) < settings.population.female_share, 2, 1).astype(np.int32)
    return np.clip(drawn, low[template], high[template])


def _ages(generator: np.random.Generator, tables: SchemeTables, template: Ints, settings: ProvinceSettings) -> Ints:
    """Ages in years: a share of children, spread evenly, and adults around the mean of the MDC."""
    people, count, mdc = settings.population, len(template), tables.mdc[template]
    mean, spread, child = (
        np.array([getattr(one, name) for one in settings.mdcs]) for name in ("mean_age", "age_spread", "child_share")
    )
    adult = np.clip(np.rint(generator.normal(mean[mdc], spread[mdc], count)), people.adult_from, people.oldest)
    young = np.floor(generator.random(count) * people.adult_from)
    age = np.where(generator.random(count) < child[mdc], young, adult)
    low, high = tables.bounds["NL"]
    return np.clip(age, low[template], high[template]).astype(np.int32)


def _age_days(generator: np.random.Generator, tables: SchemeTables, template: Ints, age: Ints) -> Ints:
    """Age in days below one year, -1 above."""
    low, high = tables.bounds["XSRTL"]
    days = low[template] + generator.random(len(template)) * (high[template] - low[template] + 1)
    return np.where(age == 0, days, -1).astype(np.int32)


def _birth_weights(
    generator: np.random.Generator, tables: SchemeTables, template: Ints, settings: ProvinceSettings, age_days: Ints
) -> Ints:
    """Birth weights of newborns in g, to 10 g, -1 for others."""
    people = settings.population
    low, high = tables.bounds["XSRTZ"]
    weight = generator.normal(people.birth_weight, people.birth_weight_spread, len(template))
    weight = np.ceil(np.clip(weight, low[template], high[template]) / 10) * 10
    weight = np.minimum(weight, high[template] // 10 * 10)
    return np.where((age_days >= 0) & (age_days <= NEWBORN_DAYS), weight, -1).astype(np.int32)
