"""Figures of hospitals in two years, for the yearly assessment (policy/002 article 33)."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lake.monitored import group_weights
from settlement.rule_frames import ASSESSMENT_FIGURES, typed

_HOSPITAL = ["area", "fixmedins_code"]
_OF_LISTS = ("person_visits", "persons", "personal_fen", "personal_cost_fen")


def assessment_figures(
    grouped: DataFrame, lists: DataFrame, elements: DataFrame, hospitals: DataFrame, year: int
) -> DataFrame:
    """`ASSESSMENT_FIGURES` of the hospitals, all inpatients.

    Args:
        grouped: cases of the year and the one before with `drg`, by the scheme of the year in both.
        lists: table `lists` of both years: who the person is, and what it paid.
        elements: effective elements of the year, whose weights (benchmark points ÷ 100) hold for both years, so that
            the CMI changes by the cases alone. Groups without benchmark points have no weight and are left out.
        hospitals: of the year; one without cases has figures of 0.
    """
    weighed = grouped.join(F.broadcast(group_weights(elements)), ["area", "drg"], "left")
    sums = {
        "discharges": F.lit(1),
        "cost_fen": F.col("cost_fen") - F.col("special_cost_fen"),
        "fund_fen": F.col("fund_fen"),
        "weight_sum": F.col("weight"),
        "weighted_cases": F.when(F.col("weight").isNotNull(), 1),
    }
    of_cases = weighed.groupBy(*_HOSPITAL).agg(
        *[column for last in (False, True) for column in _sums(sums, year, last)]
    )
    named = F.when(F.col("psn_no") != "", F.col("psn_no"))
    personal = F.col("psn_pay_fen").isNotNull() & F.col("medfee_sumamt_fen").isNotNull()
    list_sums = {
        "person_visits": F.when(named.isNotNull(), 1),
        "personal_fen": F.when(personal, F.col("psn_pay_fen")),
        "personal_cost_fen": F.when(personal, F.col("medfee_sumamt_fen")),
    }
    of_lists = lists.groupBy(*_HOSPITAL).agg(
        *[column for last in (False, True) for column in _sums(list_sums, year, last)],
        *[F.countDistinct(F.when(_in(year, last), named)).alias(_name("persons", last)) for last in (False, True)],
    )
    places = F.broadcast(hospitals.select(*_HOSPITAL))
    found = places.join(of_cases, _HOSPITAL, "left").join(of_lists, _HOSPITAL, "left")
    return typed(found.fillna(0), ASSESSMENT_FIGURES)


def years_without(lists: DataFrame, years: Sequence[int]) -> DataFrame:
    """area, `year`, `persons`, `payments`: whether no list of an area's year names a person, or what it paid (true)."""
    of = F.substring("month", 1, 4).cast("int")
    return (
        lists.where(of.isin(list(years)))
        .groupBy("area", of.alias("year"))
        .agg(
            (F.count(F.when(F.col("psn_no") != "", 1)) == 0).alias("persons"),
            (F.count("psn_pay_fen") == 0).alias("payments"),
        )
    )


def _in(year: int, last: bool) -> Column:
    return F.substring("month", 1, 4).cast("int") == (year - 1 if last else year)


def _name(name: str, last: bool) -> str:
    return f"last_{name}" if last else name


def _sums(sums: dict[str, Column], year: int, last: bool) -> list[Column]:
    return [
        F.coalesce(F.sum(F.when(_in(year, last), value)), F.lit(0)).alias(_name(name, last))
        for name, value in sums.items()
    ]
