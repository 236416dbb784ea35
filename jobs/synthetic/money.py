"""Money of the cases in whole fen: total, special needs, fund, personal payment, items that sum to the total."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.synthetic.codes import CaseCodes
from jobs.synthetic.population import Population
from jobs.synthetic.settings import CostSettings, ProvinceSettings
from jobs.synthetic.tables import CC, MCC, Floats, SchemeTables

Fen = NDArray[np.int64]


@dataclass(frozen=True)
class CaseMoney:
    """Fen by case; `items` is a matrix, a column an item type, 0 where the type does not occur."""

    total: Fen
    special: Fen
    fund: Fen
    items: Fen

    @property
    def personal(self) -> Fen:
        """个人支付: what the fund does not pay."""
        return self.total - self.fund


def draw_money(
    generator: np.random.Generator,
    tables: SchemeTables,
    settings: ProvinceSettings,
    people: Population,
    codes: CaseCodes,
    *,
    price: float,
    years_on: int,
    local: NDArray[np.bool_],
) -> CaseMoney:
    """Money of all cases. `price` is the area's level, `years_on` the years since the first one."""
    cost = settings.cost
    yuan = tables.mean_cost[people.template] * price * (1 + cost.year_growth) ** years_on
    yuan *= _by_level(cost.level_factor)[people.level]
    yuan *= np.select([codes.severity == MCC, codes.severity == CC], [cost.mcc_factor, cost.cc_factor], 1.0)
    yuan *= np.where(people.age >= cost.old_age_from, cost.old_age_factor, 1.0)
    sigma = np.array([one.sigma for one in settings.mdcs])[tables.mdc[people.template]]
    yuan *= np.exp(generator.normal(0.0, 1.0, people.size) * sigma - sigma**2 / 2)
    yuan *= _outliers(generator, cost, people.size)
    total = np.maximum(np.rint(yuan * 100), round(cost.lowest_yuan * 100)).astype(np.int64)
    special = _special(generator, cost, total)
    return CaseMoney(
        total=total,
        special=special,
        fund=_fund(generator, settings, people, total - special, local),
        items=_items(generator, settings, tables.surgical[people.template], total),
    )


def _by_level(values: Mapping[int, float]) -> Floats:
    """Values as an array that is read at a level."""
    return np.array([values.get(level, 1.0) for level in range(max(values) + 1)])


def _between(generator: np.random.Generator, bounds: tuple[float, float], count: int) -> Floats:
    return bounds[0] + generator.random(count) * (bounds[1] - bounds[0])


def _outliers(generator: np.random.Generator, cost: CostSettings, count: int) -> Floats:
    kind = generator.random(count)
    dear = _between(generator, cost.very_dear_factor, count)
    cheap = _between(generator, cost.very_cheap_factor, count)
    return np.select([kind < cost.very_dear_rate, kind > 1 - cost.very_cheap_rate], [dear, cheap], 1.0)


def _special(generator: np.random.Generator, cost: CostSettings, total: Fen) -> Fen:
    share = _between(generator, cost.special_share, len(total))
    special: Fen = np.where(generator.random(len(total)) < cost.special_rate, total * share, 0).astype(np.int64)
    return special


def _fund(
    generator: np.random.Generator,
    settings: ProvinceSettings,
    people: Population,
    base: Fen,
    local: NDArray[np.bool_],
) -> Fen:
    share = np.array([_by_level(one.fund_share) for one in settings.insurances])[people.insurance, people.level]
    deductible = np.array([_by_level(one.deductible) for one in settings.insurances])[people.insurance, people.level]
    share = share * np.where(local, 1.0, settings.cost.out_of_area_fund_factor)
    share = np.minimum(share * _between(generator, settings.cost.fund_jitter, people.size), 1.0)
    fund: Fen = np.maximum((base - deductible * 100) * share, 0).astype(np.int64)
    return fund


def _items(generator: np.random.Generator, settings: ProvinceSettings, surgical: NDArray[np.bool_], total: Fen) -> Fen:
    """Splits each total by jittered shares; the last item type always occurs and takes what is left."""
    items = settings.items
    medical, operated, occurs = (
        np.array([getattr(x, name) for x in items]) for name in ("medical", "surgical", "occurs")
    )
    weights = np.where(surgical[:, None], operated, medical)
    weights = weights * (0.5 + generator.random(weights.shape))
    weights *= generator.random(weights.shape) < occurs
    weights[:, -1] = np.maximum(weights[:, -1], 0.01)
    result: Fen = (total[:, None] * (weights / weights.sum(axis=1, keepdims=True))).astype(np.int64)
    result[:, -1] += total - result.sum(axis=1)
    return result
