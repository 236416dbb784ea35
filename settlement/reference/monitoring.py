"""Monitoring figures (监测指标): CMI, 费用消耗指数, 时间消耗指数, 倍率病例率; policy/001 article 35."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from settlement.reference.exact import round_half_up

_TERM_PLACES = 12


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """A hospital's cases of a group (sums of cost in fen and of days) beside those of the region."""

    drg: str
    weight: Fraction
    cases: int
    cost_fen: int
    days: int
    high_cases: int
    low_cases: int
    region_cases: int
    region_cost_fen: int
    region_days: int


def case_mix_index(groups: Iterable[GroupFigures]) -> Fraction:
    """CMI: Σ weight × cases ÷ Σ cases."""
    rows = list(groups)
    return sum((row.weight * row.cases for row in rows), Fraction(0)) / _cases(rows)


def cost_index(groups: Iterable[GroupFigures]) -> Fraction:
    """费用消耗指数: Σ (hospital mean ÷ region mean × cases) ÷ Σ cases, each group's term at 12 places."""
    rows = list(groups)
    return _terms((row.cost_fen, row.region_cost_fen, row.region_cases) for row in rows) / _cases(rows)


def time_index(groups: Iterable[GroupFigures]) -> Fraction:
    """时间消耗指数: the same with length of stay."""
    rows = list(groups)
    return _terms((row.days, row.region_days, row.region_cases) for row in rows) / _cases(rows)


def outlier_rates(groups: Iterable[GroupFigures]) -> tuple[Fraction, Fraction]:
    """高倍率病例率 and 低倍率病例率: outlier cases ÷ cases."""
    rows = list(groups)
    cases = _cases(rows)
    return Fraction(sum(row.high_cases for row in rows), cases), Fraction(sum(row.low_cases for row in rows), cases)


def _cases(rows: Iterable[GroupFigures]) -> int:
    return sum(row.cases for row in rows)


def _terms(sums: Iterable[tuple[int, int, int]]) -> Fraction:
    """Σ hospital sum ÷ region mean; a group that takes nothing in the region has no term."""
    terms = (
        round_half_up(Fraction(own * region_cases, region), _TERM_PLACES)
        for own, region, region_cases in sums
        if region
    )
    return sum(terms, Fraction(0))
