"""What the reference works on: plain frozen rows. Money in fen, everything else exact; no I/O.

The rows are those of settlement/frames.py, one class a table.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from settlement.case_rules import CaseRules
from settlement.policy import Policy

TextRow = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hospital:
    """A hospital (定点医药机构); `level` 3 三级, 2 二级及以下, 1 基层; `score` of the year-end evaluation, if any."""

    fixmedins_code: str
    area: str
    level: int
    suspended: bool
    assessment: Fraction
    deposit_return: Fraction
    score: Fraction | None = None


@dataclass(frozen=True, slots=True)
class HistoryCase:
    """A case of the years before; `drg` None: not grouped."""

    fixmedins_code: str
    year: int
    drg: str | None
    cost_fen: int
    special_cost_fen: int


@dataclass(frozen=True, slots=True)
class BaseGroup:
    """A base group (基础病组) of an area."""

    area: str
    drg: str


@dataclass(frozen=True, slots=True)
class Element:
    """A core element (核心要素): a value for an area and, by kind, a group, level or hospital."""

    area: str
    kind: str
    drg: str | None
    level: int | None
    fixmedins_code: str | None
    value: Fraction


@dataclass(frozen=True, slots=True)
class Case:
    """A settled stay. `drg` None: not grouped."""

    setl_id: str
    fixmedins_code: str
    insu_admdvs: str
    insutype: str
    setl_date: datetime.date
    dscg_date: datetime.date
    upload_date: datetime.date
    drg: str | None
    cost_fen: int
    special_cost_fen: int
    fund_fen: int
    recognition: bool
    new_tech: bool

    @property
    def paid_cost_fen(self) -> int:
        """`c`: the cost without special-need services (特需), policy/002 article 39."""
        return self.cost_fen - self.special_cost_fen

    @property
    def month(self) -> str:
        """The month of settlement, YYYY-MM (policy/002 article 31(一))."""
        return f"{self.setl_date:%Y-%m}"

    @property
    def quarter(self) -> tuple[int, int]:
        """Year and quarter of settlement."""
        return self.setl_date.year, (self.setl_date.month + 2) // 3


@dataclass(frozen=True, slots=True)
class Stay:
    """What the rules of single cases ask of a stay; `days` from admission to discharge, None: not known."""

    setl_id: str
    days: int | None
    tcm_cost_fen: int
    tcm_place: bool
    day_care: bool


@dataclass(frozen=True, slots=True)
class Review:
    """An application for special-case review (特例单议); `points` None: the review set none."""

    setl_id: str
    applied_on: datetime.date
    decision: str
    points: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget of an area and insurance type for a month (YYYY-MM) or a year (YYYY)."""

    area: str
    insutype: str
    period: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Audit:
    """Audit deductions (审核扣款) of a hospital in a month."""

    fixmedins_code: str
    insutype: str
    month: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Day:
    """A day that departs from the Monday-to-Friday rule."""

    date: datetime.date
    working: bool


@dataclass(frozen=True)
class Province:
    """All rows of a small province and its policy values by area."""

    hospitals: tuple[Hospital, ...] = ()
    history: tuple[HistoryCase, ...] = ()
    base_groups: tuple[BaseGroup, ...] = ()
    elements: tuple[Element, ...] = ()
    elements_given: tuple[Element, ...] = ()
    cases: tuple[Case, ...] = ()
    reviews: tuple[Review, ...] = ()
    budgets: tuple[Budget, ...] = ()
    audit: tuple[Audit, ...] = ()
    calendar: tuple[Day, ...] = ()
    policies: Mapping[str, Policy] = field(default_factory=dict)
    stays: tuple[Stay, ...] = ()
    case_rules: tuple[tuple[str, CaseRules], ...] = ()  # areas with rules of single cases

    @cached_property
    def year(self) -> str | None:
        """The clearing year, YYYY; None where nothing has a date. Raises `ValueError` where there are several."""
        years = {budget.period[:4] for budget in self.budgets} | {f"{case.setl_date:%Y}" for case in self.cases}
        if len(years) > 1:
            raise ValueError(f"budgets and cases of several years ({', '.join(sorted(years))}); settle one at a time")
        return years.pop() if years else None
