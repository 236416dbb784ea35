"""Random histories of closing: a province is settled, months are closed, its inputs change, it is settled again."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import partial
from random import Random
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from settlement.closing import Closings
from settlement.reference.closing import NOTHING_CLOSED, ClosedMonths, close_months
from settlement.reference.inputs import Audit, Budget, Case, Province
from settlement.reference.settle import settle_province
from settlement.reference.sums import Sums
from settlement.results import HOSPITAL_MONTH, MATRIX, MONTH_CORRECTIONS, POOLS
from tests.property.settlement_provinces import INSURANCE, YEAR, random_province


@dataclass(frozen=True)
class History:
    """A province as it is in the end, with the months that were closed on the way there."""

    province: Province
    closed: ClosedMonths
    areas: Mapping[str, str]  # hospital -> treating area

    def all_closed(self, area: str) -> bool:
        """Whether the area's December is closed."""
        return self.closed.booked_in(area, str(YEAR)) == str(YEAR)


def random_history(seed: int, cases: int, prefix: str = "99") -> History:
    """Two rounds of closing and changing; areas close at their own pace, some never, some the whole year."""
    random = Random(seed)
    province = random_province(seed, cases, prefix)
    areas = {hospital.fixmedins_code: hospital.area for hospital in province.hospitals}
    closed = NOTHING_CLOSED
    for last in (random.choice((1, 2, 3)), 12):
        settled = settle_province(province, closed)
        closed = close_months(settled, areas, _through(random, closed, areas, last), closed)
        province = changed(random, province, f"{prefix}{last}")
    return History(province, closed, areas)


def _through(random: Random, closed: ClosedMonths, areas: Mapping[str, str], last: int) -> dict[str, str]:
    through = {}
    for area in sorted(set(areas.values())):
        first = int(closed.through.get(area, "0000-00")[5:])
        month = random.choice((first, min(first + 1, 12), max(first, 2), max(first, last)))
        through |= {area: f"{YEAR}-{month:02d}"} if month else {}
    return through


def changed(random: Random, province: Province, mark: str) -> Province:
    """Cases dropped, added and corrected, reviews decided otherwise, audit sums and budgets changed."""
    cases = [_corrected(random, case) for case in province.cases if random.random() < 0.9]
    more = [replace(case, setl_id=f"{case.setl_id}-{mark}") for case in province.cases if random.random() < 0.1]
    known = {case.setl_id for case in cases}
    reviews = tuple(
        replace(review, decision=random.choice((review.decision, "passed", "refused")))
        for review in province.reviews
        if review.setl_id in known and random.random() < 0.9
    )
    dropped = random.choice(province.budgets) if province.budgets and random.random() < 0.3 else None
    budgets = tuple(
        replace(budget, amount_fen=max(budget.amount_fen + random.choice((-1000, 1, 500_000)), 0))
        if random.random() < 0.1
        else budget
        for budget in province.budgets
        if not dropped or (budget.area, budget.insutype) != (dropped.area, dropped.insutype)
    )
    new = _new_budgets(random, province)
    audit = _audited(random, province)
    return replace(province, cases=(*cases, *more), reviews=reviews, budgets=(*budgets, *new), audit=audit)


def _new_budgets(random: Random, province: Province) -> list[Budget]:
    known = {(budget.area, budget.insutype) for budget in province.budgets}
    missing = sorted({(one.area, insutype) for one in province.hospitals for insutype in INSURANCE} - known)
    return [Budget(*pool, f"{YEAR}-02", random.randint(0, 1_000_000)) for pool in missing if random.random() < 0.3]


def _corrected(random: Random, case: Case) -> Case:
    kind = random.choice(("as it was",) * 6 + ("fund", "cost", "month", "hospital's group", "insurance"))
    if kind == "fund":
        return replace(case, fund_fen=random.randint(0, max(case.paid_cost_fen, 1)))
    if kind == "cost":
        return replace(case, cost_fen=case.cost_fen + random.randint(0, 1_000_000))
    if kind == "month":
        return replace(case, setl_date=datetime.date(YEAR, random.randint(1, 12), 28))
    if kind == "insurance":
        return replace(case, insutype=random.choice(INSURANCE))
    return replace(case, drg=None) if kind == "hospital's group" else case


def _audited(random: Random, province: Province) -> tuple[Audit, ...]:
    kept = {(one.fixmedins_code, one.insutype, one.month): one for one in province.audit if random.random() < 0.9}
    for hospital in province.hospitals:
        if random.random() < 0.5:
            key = (hospital.fixmedins_code, random.choice(INSURANCE), f"{YEAR}-{random.randint(1, 12):02d}")
            kept[key] = Audit(*key, random.choice((0, 1, random.randint(0, 5_000_000))))
    return tuple(kept.values())


def united_closed(histories: Iterable[History]) -> ClosedMonths:
    """The closed months of provinces with different prefixes as one."""
    parts = [history.closed for history in histories]
    through = {area: month for part in parts for area, month in part.through.items()}
    rows = {
        name: tuple(row for part in parts for row in getattr(part, name))
        for name in ("months", "pools", "matrix", "corrections")
    }
    return ClosedMonths(through, **rows)


def closing_frames(spark: SparkSession, closed: ClosedMonths, areas: Mapping[str, str]) -> Closings:
    """The closed months as DataFrames."""

    def frame(rows: Iterable[object], schema: StructType, **given: Callable[[Any], Any]) -> DataFrame:
        cells = [[given.get(name, partial(_cell, name))(row) for name in schema.names] for row in rows]
        return spark.createDataFrame(cells, schema)

    year: dict[str, Callable[[Any], Any]] = {"year": lambda _: YEAR}
    placed = {"area": lambda row: areas[row.fixmedins_code], **year}
    used = {"budget_used_fen": lambda pool: pool.used_fen, **year}
    scope = {"scope": lambda debt: debt.scope.value}
    return Closings(
        closed.through,
        frame(closed.months, HOSPITAL_MONTH, **placed),
        frame(closed.pools, POOLS, **used),
        frame(closed.matrix, MATRIX, **scope),
        frame(closed.corrections, MONTH_CORRECTIONS, **placed),
    )


def _cell(name: str, row: Any) -> Any:
    """A field of the row, of its terms or of its sums."""
    for part in (row, getattr(row, "terms", None), getattr(row, "sums", None), *_sums_of(row)):
        if hasattr(part, name):
            value = getattr(part, name)
            return _decimal(value) if isinstance(value, Fraction) else value
    raise AttributeError(f"{name} of {row}")


def _sums_of(row: Any) -> list[Sums]:
    return [row.terms.sums] if hasattr(row, "terms") else []


def _decimal(number: Fraction, places: int = 12) -> Decimal:
    return Decimal(round(number * 10**places)).scaleb(-places)
