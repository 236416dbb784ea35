"""Closed months (月度关账): what was closed stays as it was; what changes later is booked in the first open month.

A correction is what a closed month comes to now, less what was booked for it before. It is added to the first open
month of the year, term by term; where all months are closed, the annual clearing takes it up, which starts from the
year's own sums, less what the months paid (policy/002 articles 32 and 34(五); policy/000 article 21). The plain voice
is settlement/reference/closing.py; docs/closing.md tells it at length.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from settlement.clearing import DEBT_KEY
from settlement.money import POINT_PLACES, VALUE_PLACES, conformed, from_units, to_units
from settlement.month import ACCOUNT, NEW_TECHNIQUES, TERMS
from settlement.results import MONTH_CORRECTIONS, POINTS
from settlement.sums import MONTHS, POOL, YEAR_SLOT, period_text, year_and_slot

# Terms of a hospital's month that its table holds: all but the number of cases.
BOOKED = tuple(name for name in TERMS if name != "cases")
_POOL_TERMS = ("cases", "points", "cost_fen", "fund_fen", "budget_fen", "used_fen", "residue_fen")
_DEBT_TERMS = ("cases", "amount_fen")
_SUM_TYPES = {"points": "decimal(38,0)"}


@dataclass(frozen=True)
class Closings:
    """The closed months of a year and their rows, as they were closed.

    `through`: area -> its last closed month, YYYY-MM; months are closed in order, so all months of the year before it
    are closed too. `corrections`: those that were booked in a closed month.
    """

    through: Mapping[str, str]
    hospital_month: DataFrame  # HOSPITAL_MONTH
    pools: DataFrame  # POOLS
    matrix: DataFrame  # MATRIX
    corrections: DataFrame  # MONTH_CORRECTIONS

    def last_slot(self) -> Column:
        """The last closed month (1 to 12) of the row's `area` and `year`; 0 where none is closed."""
        pairs = [F.lit(part) for pair in sorted(self.through.items()) for part in pair]
        month = F.try_element_at(F.create_map(*pairs), F.col("area")) if pairs else F.lit(None).cast("string")
        of_year = F.substring(month, 1, 4).cast("int") == F.col("year")
        return F.when(of_year, F.substring(month, 6, 2).cast("int")).otherwise(F.lit(0))

    def holds(self) -> Column:
        """Whether the row's `slot` is a closed month."""
        return F.col("slot").between(F.lit(1), self.last_slot())

    def booked_slot(self) -> Column:
        """Where corrections of the row's area are booked: its first open month; `MONTHS` + 1 where none is open."""
        return self.last_slot() + 1

    def accounts(self) -> DataFrame:
        """`ACCOUNT` of every hospital with a row in a closed month, without new techniques."""
        zeros = [F.lit(0).cast("bigint").alias(name) for name in NEW_TECHNIQUES]
        return self.hospital_month.select(*ACCOUNT).distinct().select(*ACCOUNT, *zeros)

    def budgets(self) -> DataFrame:
        """A yearly budget of nothing for each pool of a closed month: its year is settled also where it is gone."""
        pools = self.pools.select("area", "insutype", F.col("year").cast("string").alias("period")).distinct()
        return pools.withColumn("amount_fen", F.lit(0).cast("bigint"))


def _signed(rows: DataFrame, keys: Iterable[str], terms: Iterable[str], sign: int = 1) -> DataFrame:
    return rows.select(*keys, *[(F.col(name) * sign).cast(_kind(name)).alias(name) for name in terms])


def _kind(name: str) -> str:
    return _SUM_TYPES.get(name, "bigint")


def _summed(parts: Iterable[DataFrame], keys: Iterable[str], terms: Iterable[str]) -> DataFrame:
    sums = [F.sum(name).cast(_kind(name)).alias(name) for name in terms]
    return reduce(DataFrame.unionByName, parts).groupBy(*keys).agg(*sums)


def _moves(terms: Iterable[str]) -> Column:
    return reduce(or_, [F.col(name) != 0 for name in terms])


def _of_month(rows: DataFrame, month: str) -> DataFrame:
    """Rows of hospitals with `slot` from the column `month`, and points as integers at `POINT_PLACES`."""
    slot = year_and_slot(F.col(month))[1]
    units = to_units(F.col("points"), POINT_PLACES).alias("points")
    return rows.select(*ACCOUNT, slot, units, *[name for name in BOOKED if name != "points"])


def new_corrections(terms: DataFrame, closings: Closings) -> DataFrame:
    """What closed months come to now, less what was booked for them before.

    Args:
        terms: `month_terms`, of all accounts that have any now or had a row in a closed month.
        closings: of the year.

    Returns `ACCOUNT`, slot (the month corrected), `BOOKED`, booked_slot (`closings.booked_slot`). A changed number of
    cases alone is none.
    """
    key = (*ACCOUNT, "slot")
    parts = (
        _signed(terms.where(closings.holds()), key, BOOKED),
        _signed(_of_month(closings.hospital_month, "month"), key, BOOKED, -1),
        # what a closed row holds for another month is that month's
        _signed(_of_month(closings.corrections, "booked_in"), key, BOOKED),
        _signed(_of_month(closings.corrections, "month"), key, BOOKED, -1),
    )
    return _summed(parts, key, BOOKED).where(_moves(BOOKED)).withColumn("booked_slot", closings.booked_slot())


def booked_terms(terms: DataFrame, new: DataFrame, closings: Closings) -> DataFrame:
    """`month_terms` with closed months as they were closed and the `new_corrections` where they are booked.

    What the year takes up is in slot `MONTHS` + 1.
    """
    key = (*ACCOUNT, "slot")
    no_cases = F.lit(0).cast("bigint").alias("cases")
    parts = (
        _signed(terms.where(~closings.holds()), key, TERMS),
        _of_month(closings.hospital_month, "month").select(*key, no_cases, *BOOKED),
        new.select(*ACCOUNT, F.col("booked_slot").alias("slot"), no_cases, *BOOKED),
    )
    return _summed(parts, key, TERMS)


def booked_pools(pools: DataFrame, closings: Closings) -> DataFrame:
    """`pools_with_residue` with closed months as they were closed, their differences in the first open month.

    The point value of that month stays that of its own cases.
    """
    columns = (*POOL, "slot", *_POOL_TERMS, "carried_fen", "value")
    closed = closings.pools.select(
        *POOL,
        year_and_slot(F.col("period"))[1],
        "cases",
        to_units(F.col("points"), POINT_PLACES).alias("points"),
        "cost_fen",
        "fund_fen",
        "budget_fen",
        F.col("budget_used_fen").alias("used_fen"),
        "residue_fen",
        F.col("carried_or_reserve_fen").alias("carried_fen"),
        to_units(F.col("value"), VALUE_PLACES).alias("value"),
    )
    parts = (_signed(pools.where(closings.holds()), POOL, _POOL_TERMS), _signed(closed, POOL, _POOL_TERMS, -1))
    left = _summed(parts, POOL, _POOL_TERMS).select(
        *POOL, closings.booked_slot().alias("slot"), *[F.col(name).alias(f"_{name}") for name in _POOL_TERMS]
    )
    opened = pools.where(~closings.holds()).join(F.broadcast(left), [*POOL, "slot"], "left")
    added = {name: (F.col(name) + F.coalesce(f"_{name}", F.lit(0))).cast(_kind(name)) for name in _POOL_TERMS}
    return opened.withColumns(added).select(*columns).unionByName(closed.select(*columns))


def booked_debts(debts: DataFrame, closings: Closings) -> DataFrame:
    """`period_debts` with closed months as they were closed, their differences in the first open month.

    Where all months are closed, the adjustment of the year takes the differences up: it is the year less its months.
    """
    key = (*DEBT_KEY, "year", "slot")
    dated = (*DEBT_KEY, "year", "area")
    now = debts.withColumn("area", F.col("treating_area"))
    closed = closings.matrix.select(
        *DEBT_KEY, F.col("treating_area").alias("area"), *year_and_slot(F.col("period")), *_DEBT_TERMS
    )
    parts = (_signed(now.where(closings.holds()), dated, _DEBT_TERMS), _signed(closed, dated, _DEBT_TERMS, -1))
    left = _summed(parts, dated, _DEBT_TERMS).withColumn("slot", closings.booked_slot())
    nothing = closed.withColumns({"slot": F.lit(YEAR_SLOT), **{name: F.lit(0).cast("bigint") for name in _DEBT_TERMS}})
    rows = (
        now.where(~closings.holds()),
        closed,
        left.where((F.col("slot") <= MONTHS) & _moves(_DEBT_TERMS)),
        nothing,
    )
    return _summed([part.select(*key, *_DEBT_TERMS) for part in rows], key, _DEBT_TERMS)


def all_corrections(new: DataFrame, closings: Closings) -> DataFrame:
    """`MONTH_CORRECTIONS`: those that were booked in a month that is closed by now, and the `new_corrections`."""
    booked = F.when(F.col("booked_slot") > MONTHS, F.lit(YEAR_SLOT)).otherwise(F.col("booked_slot"))
    shown = new.withColumns(
        {
            "month": period_text(F.col("year"), F.col("slot")),
            "booked_in": period_text(F.col("year"), booked),
            "points": from_units(F.col("points"), POINT_PLACES, POINTS),
        }
    )
    types = {field.name: field.dataType for field in MONTH_CORRECTIONS.fields}
    return conformed(closings.corrections, types).unionByName(conformed(shown, types))


def closed_differences(closings: Closings, hospital_month: DataFrame, pools: DataFrame, matrix: DataFrame) -> DataFrame:
    """Rows of closed months that the tables have otherwise than they were closed; empty for every right settlement.

    Returns table, area, period.
    """
    tables = (
        ("hospital_month", hospital_month, closings.hospital_month, "area", "month"),
        ("pools", pools, closings.pools, "area", "period"),
        ("clearing_matrix", matrix, closings.matrix, "treating_area", "period"),
    )
    found = []
    for name, rows, closed, area, period in tables:
        dated = rows.withColumns(
            {
                "area": F.col(area),
                "year": F.substring(period, 1, 4).cast("int"),
                "slot": F.substring(period, 6, 2).try_cast("int"),  # missing for a year and an adjustment
            }
        )
        now = dated.where(closings.holds()).select(closed.columns)
        where = (F.lit(name).alias("table"), F.col(area).alias("area"), F.col(period).alias("period"))
        found += [more.exceptAll(less).select(*where) for more, less in ((now, closed), (closed, now))]
    return reduce(DataFrame.unionByName, found)
