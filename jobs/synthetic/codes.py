"""Diagnoses and procedures of the cases: what the template needs, then what else a patient has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.synthetic.population import Population, pick
from jobs.synthetic.settings import ProvinceSettings
from jobs.synthetic.tables import Ints, SchemeTables


@dataclass(frozen=True)
class CaseCodes:
    """Codes as matrices, a row a case, -1 where there is none; principal codes in column 0. `severity`: 0, CC, MCC."""

    diagnoses: Ints
    procedures: Ints
    severity: NDArray[np.int8]


def draw_codes(
    generator: np.random.Generator, tables: SchemeTables, settings: ProvinceSettings, people: Population
) -> CaseCodes:
    """Codes of all cases."""
    further, severity = _further_diagnoses(generator, tables, settings, people)
    needed = tables.others.padded(people.template, tables.others.longest)
    principal = tables.principal[people.template]
    return CaseCodes(
        diagnoses=np.concatenate([principal[:, None], needed, further], axis=1),
        procedures=_procedures(generator, tables, settings, people),
        severity=severity,
    )


def _further_diagnoses(
    generator: np.random.Generator, tables: SchemeTables, settings: ProvinceSettings, people: Population
) -> tuple[Ints, NDArray[np.int8]]:
    coding = settings.coding
    mean = coding.mean_others * (coding.others_at_birth + people.age * coding.others_by_year)
    count = np.minimum(generator.poisson(mean), coding.most_others)
    places = pick(generator, tables.pool_cumulative, people.size * coding.most_others)
    places = places.reshape(people.size, coding.most_others)
    kept = np.arange(coding.most_others) < count[:, None]
    principal = tables.principal[people.template]
    kept &= tables.pool[places] != principal[:, None]
    kept &= ~_repeated(places)
    kept &= (places >= tables.common) | (people.age >= settings.population.adult_from)[:, None]
    severity = np.where(kept, tables.severity[principal[:, None], places], np.int8(0)).max(axis=1, initial=0)
    return np.where(kept, tables.pool[places], np.int32(-1)), severity.astype(np.int8)


def _repeated(codes: Ints) -> NDArray[np.bool_]:
    """Where a code stands in an earlier column of its row."""
    result = np.zeros(codes.shape, dtype=bool)
    for column in range(1, codes.shape[1]):
        result[:, column] = (codes[:, :column] == codes[:, column : column + 1]).any(axis=1)
    return result


def _procedures(
    generator: np.random.Generator, tables: SchemeTables, settings: ProvinceSettings, people: Population
) -> Ints:
    """Further procedures stand only behind a principal one: alone they would make a medical case a surgical one."""
    needed = tables.procedures.padded(people.template, tables.procedures.longest)
    most = settings.coding.most_procedures
    count = np.minimum(generator.poisson(settings.coding.mean_procedures, people.size), most)
    count = np.where(tables.surgical[people.template] & (len(tables.procedure_pool) > 0), count, 0)
    if not len(tables.procedure_pool):
        return needed
    drawn = tables.procedure_pool[generator.integers(0, len(tables.procedure_pool), (people.size, most))]
    kept = (np.arange(most) < count[:, None]) & ~_repeated(drawn)
    return np.concatenate([needed, np.where(kept, drawn, np.int32(-1))], axis=1)
