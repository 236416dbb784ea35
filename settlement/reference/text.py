"""The six result tables of a settlement as text (columns, decimals)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

from settlement.reference.exact import fixed, yuan
from settlement.reference.inputs import TextRow

if TYPE_CHECKING:
    from settlement.reference.settle import Settlement
    from settlement.reference.sums import Sums

POINTS_PLACES = 4
RATIO_PLACES = 6
VALUE_PLACES = 12

TABLES: dict[str, tuple[str, ...]] = {
    "case_points": ("setl_id", "scope", "class", "points", "in_month", "in_year", "review"),
    "pools": (
        "area",
        "insutype",
        "period",
        "cases",
        "points",
        "cost",
        "fund",
        "budget",
        "budget_used",
        "carried_or_reserve",
        "value",
        "residue",
    ),
    "hospital_month": (
        "fixmedins_code",
        "insutype",
        "month",
        "points",
        "cost",
        "fund",
        "amount",
        "gross",
        "deposit",
        "audit",
        "brought_forward",
        "paid",
        "carried_forward",
    ),
    "hospital_year": (
        "fixmedins_code",
        "insutype",
        "points",
        "cost",
        "fund",
        "amount",
        "ratio",
        "cap_excess",
        "surplus_not_kept",
        "deficit_share",
        "assessment_adjustment",
        "deposit_held",
        "deposit_not_returned",
        "audit",
        "paid",
        "clearing",
        "new_technique",
        "second_distribution",
        "final",
    ),
    "matrix": ("insured_area", "treating_area", "insutype", "scope", "period", "cases", "amount"),
    "net": ("area", "amount"),
}


def table_rows(name: str, settlement: Settlement) -> Iterable[TextRow]:
    """The rows of one table, in no particular order."""
    return _ROWS[name](settlement)


def _flag(flag: bool) -> str:
    return "1" if flag else "0"


def _optional(number: Fraction | None, places: int) -> str:
    return "" if number is None else fixed(number, places)


def _sums(sums: Sums) -> TextRow:
    return fixed(sums.points, POINTS_PLACES), yuan(sums.cost_fen), yuan(sums.fund_fen)


def _case_points(settlement: Settlement) -> Iterable[TextRow]:
    for one in settlement.points:
        points = fixed(one.points, POINTS_PLACES)
        flags = (_flag(one.in_month), _flag(one.in_year))
        yield (one.case.setl_id, one.scope.value, one.case_class.value, points, *flags, one.review)


def _pools(settlement: Settlement) -> Iterable[TextRow]:
    for pool in settlement.pools:
        money = (pool.budget_fen, pool.used_fen, pool.carried_or_reserve_fen)
        yield (
            *(pool.area, pool.insutype, pool.period, str(pool.sums.cases), *_sums(pool.sums)),
            *map(yuan, money),
            _optional(pool.value, VALUE_PLACES),
            yuan(pool.residue_fen),
        )


def _hospital_month(settlement: Settlement) -> Iterable[TextRow]:
    for row in settlement.months:
        money = (
            row.amount_fen,
            row.gross_fen,
            row.deposit_fen,
            row.audit_fen,
            row.brought_forward_fen,
            row.paid_fen,
            row.carried_forward_fen,
        )
        yield (row.fixmedins_code, row.insutype, row.month, *_sums(row.sums), *map(yuan, money))


def _hospital_year(settlement: Settlement) -> Iterable[TextRow]:
    for row in settlement.years:
        money = (
            row.cap_excess_fen,
            row.surplus_not_kept_fen,
            row.deficit_share_fen,
            row.assessment_adjustment_fen,
            row.deposit_held_fen,
            row.deposit_not_returned_fen,
            row.audit_fen,
            row.paid_fen,
            row.clearing_fen,
            row.new_technique_fen,
            row.second_distribution_fen,
            row.final_fen,
        )
        amount_and_ratio = (yuan(row.amount_fen), _optional(row.ratio, RATIO_PLACES))
        yield (row.fixmedins_code, row.insutype, *_sums(row.sums), *amount_and_ratio, *map(yuan, money))


def _matrix(settlement: Settlement) -> Iterable[TextRow]:
    for debt in settlement.matrix:
        pair = (debt.insured_area, debt.treating_area, debt.insutype, debt.scope.value)
        yield (*pair, debt.period, str(debt.cases), yuan(debt.amount_fen))


def _net(settlement: Settlement) -> Iterable[TextRow]:
    return ((area, yuan(amount)) for area, amount in settlement.net.items())


_ROWS: dict[str, Callable[[Settlement], Iterable[TextRow]]] = {
    "case_points": _case_points,
    "pools": _pools,
    "hospital_month": _hospital_month,
    "hospital_year": _hospital_year,
    "matrix": _matrix,
    "net": _net,
}
