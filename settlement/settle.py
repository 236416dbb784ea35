"""Settle a whole province, all areas and years in one run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DecimalType, StructType

from settlement.amounts import hospital_amounts, pools_with_residue
from settlement.case_points import known_areas, score_cases
from settlement.clearing import clearing_matrix, net_positions, period_debts
from settlement.closing import Closings, all_corrections, booked_debts, booked_pools, booked_terms, new_corrections
from settlement.elements import effective_elements
from settlement.frames import VALUE, ProvinceFrames, StaysByRule
from settlement.money import POINT_PLACES, VALUE_PLACES, from_units
from settlement.month import account_cases, hospital_accounts, hospital_months, month_terms
from settlement.openings import Openings, account_openings
from settlement.policy import Policy
from settlement.pools import pool_periods
from settlement.results import HOSPITAL_MONTH, HOSPITAL_YEAR, MATRIX, NET, POINTS, POOLS
from settlement.sums import case_sums, hospital_sums, period_sums, period_text
from settlement.year import MORE_TERMS, YEAR_TERMS, hospital_years
from settlement.year_steps import RATIO_PLACES

# Called with a name and a frame that later steps read more than once; may store it and give it back.
Keep = Callable[[str, DataFrame], DataFrame]


@dataclass(frozen=True)
class Settlement:
    """The six tables of a settled province; schemas in settlement/results.py.

    case_points has more columns than its file (treating area, period, cost, fund): they are what the rest is made of.
    """

    case_points: DataFrame
    pools: DataFrame
    hospital_month: DataFrame
    hospital_year: DataFrame
    matrix: DataFrame
    net: DataFrame
    corrections: DataFrame | None = None  # MONTH_CORRECTIONS, where months are closed


def _as_it_is(_: str, frame: DataFrame) -> DataFrame:
    return frame


def settle_province(
    frames: ProvinceFrames,
    policies: Mapping[str, Policy],
    keep: Keep = _as_it_is,
    by_rule: StaysByRule | None = None,
    closings: Closings | None = None,
    drugs: DataFrame | None = None,
    openings: Openings | None = None,
) -> Settlement:
    """Points, pools, months, year and clearing of all areas.

    Args:
        frames: the inputs (`history` and `base_groups` are not read).
        policies: by area, for every area of the hospitals and the budgets.
        keep: where the caller caches or checkpoints: case_points, sums, pools, amounts, accounts, years, matrix. Left
            out, each of the six tables is computed from the cases on its own.
        by_rule: stays and values of areas with rules of single cases.
        closings: the closed months of the year, where there are any.
        drugs: `ACCOUNT` and compensation_fen for negotiated drugs that is part of the final amount.
        openings: what the year before left, where it left something.
    """
    effective = effective_elements(frames.elements, frames.elements_given)
    known = known_areas(frames.hospitals, frames.budgets)
    inputs = (frames.cases, frames.hospitals, effective, frames.reviews, frames.calendar, known)
    scored = keep("case_points", score_cases(*inputs, policies, by_rule))
    return settle_scored(scored, frames, policies, keep, closings, drugs, openings)


def settle_scored(
    scored: DataFrame,
    frames: ProvinceFrames,
    policies: Mapping[str, Policy],
    keep: Keep = _as_it_is,
    closings: Closings | None = None,
    drugs: DataFrame | None = None,
    openings: Openings | None = None,
) -> Settlement:
    """What follows from scored cases (`CASE_POINTS`), with hospitals, budgets and audit sums of `frames`.

    `closings`: the closed months of the year, where there are any; their rows stay, and corrections are booked later.
    `drugs`: `ACCOUNT` and compensation_fen for negotiated drugs that is part of the final amount. `openings`: what the
    year before left, where it left something.
    """
    if closings is not None:
        frames = replace(frames, budgets=frames.budgets.unionByName(closings.budgets()))
    sums = keep("sums", case_sums(scored, policies))
    periods = period_sums(sums, policies)
    in_pools = hospital_sums(periods)
    pools = keep(
        "pools", pool_periods(in_pools, frames.budgets, policies, None if openings is None else openings.pools)
    )
    amounts = keep("amounts", hospital_amounts(in_pools, pools))
    present = account_cases(sums)
    if closings is not None:
        present = account_cases(present.unionByName(closings.accounts()))
    if openings is not None:
        present = account_cases(present.unionByName(openings.accounts()))
    terms = month_terms(present, amounts, frames.audit, policies)
    debts = period_debts(periods, pools, frames.hospitals, policies)
    shown, corrections = pools_with_residue(pools, amounts), None
    if closings is not None:
        new = keep("corrections", new_corrections(terms, closings))
        terms, shown = booked_terms(terms, new, closings), booked_pools(shown, closings)
        debts, corrections = booked_debts(debts, closings), all_corrections(new, closings)
    opened = account_openings(openings, closings)
    accounts = keep("accounts", hospital_accounts(present, terms, policies, opened))
    years = keep("years", hospital_years(accounts, pools, frames.hospitals, policies, drugs))
    matrix = keep("matrix", clearing_matrix(debts))
    return Settlement(
        case_points=scored,
        pools=_pools(shown),
        hospital_month=_months(hospital_months(accounts)),
        hospital_year=_years(years),
        matrix=_typed(matrix, MATRIX),
        net=_typed(net_positions(matrix), NET),
        corrections=corrections,
    )


def _typed(frame: DataFrame, schema: StructType, **given: Column) -> DataFrame:
    """The columns of `schema` in its order and types; `given` says how those that `frame` lacks are made."""
    return frame.select(
        *[given.get(f.name, F.col(f.name)).cast(f.dataType).alias(f.name) for f in schema.fields],
    )


def _points() -> Column:
    return from_units(F.col("points"), POINT_PLACES, POINTS)


def _pools(pools: DataFrame) -> DataFrame:
    return _typed(
        pools,
        POOLS,
        period=period_text(F.col("year"), F.col("slot")),
        points=_points(),
        budget_used_fen=F.col("used_fen"),
        carried_or_reserve_fen=F.col("carried_fen"),
        value=from_units(F.col("value"), VALUE_PLACES, VALUE),
    )


def _months(months: DataFrame) -> DataFrame:
    return _typed(
        months,
        HOSPITAL_MONTH,
        month=period_text(F.col("year"), F.col("slot")),
        points=_points(),
        brought_forward_fen=F.col("brought_fen"),
        carried_forward_fen=F.col("carried_fen"),
    )


def _years(years: DataFrame) -> DataFrame:
    named = {f"{name}_fen": F.col(name) for name in (*YEAR_TERMS, *MORE_TERMS)}
    ratio = from_units(F.col("ratio"), RATIO_PLACES, DecimalType(38, RATIO_PLACES))
    return _typed(years, HOSPITAL_YEAR, points=_points(), ratio=ratio, **named)
