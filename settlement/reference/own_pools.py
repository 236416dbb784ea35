"""Own pools of out-of-area cases (异地病例单独点值): policy/002 article 8 (budgets itemised), OP-79, OP-80."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from settlement.policy import OutOfAreaPool, Policy
from settlement.readings import ValueKey
from settlement.reference.exact import allocate
from settlement.reference.pools import amount_fen, point_value
from settlement.reference.scope import Scope, cross_by_item
from settlement.reference.sums import NOTHING, Sums

if TYPE_CHECKING:
    from settlement.reference.clearing import Pair


def in_own_pool(scope: Scope, treating: Policy) -> bool:
    """Whether an out-of-area case of this scope is in a pool of its own; one paid by item is in none."""
    return (
        treating.out_of_area_pool is OutOfAreaPool.OWN
        and scope is not Scope.LOCAL
        and not cross_by_item(scope, treating)
    )


def own_value(sums: Sums) -> Fraction | None:
    """V of an own pool: its money is the fund of its cases by item, so V = cost ÷ points; never rounded."""
    return point_value(sums, sums.fund_fen, None)


def own_shares(
    away: Mapping[tuple[Pair, str], Mapping[str, Sums]], policies: Mapping[str, Policy]
) -> dict[tuple[Pair, str], dict[str, int]]:
    """What is owed from own pools by pair, period and hospital: points × V − (cost − fund), allocated to the fund.

    A pool is a treating area, insurance, scope and period, and an insured area where `point_value.key` says so. Ties go
    to the smaller hospital, then to the smaller insured area. A pool without points has no shares.
    """
    pools: dict[tuple[str, ...], list[tuple[Pair, str]]] = defaultdict(list)
    for pair, period in away:
        insured, treating, insutype, scope = pair
        if in_own_pool(scope, policies[treating]):
            by_insured = policies[treating].point_value_key is ValueKey.INSURED_AREA
            pools[treating, insutype, scope, period, insured if by_insured else ""].append((pair, period))
    found: dict[tuple[Pair, str], dict[str, int]] = {}
    for keys in pools.values():
        found |= _shares_of_pool({key: away[key] for key in keys})
    return found


def _shares_of_pool(
    inside: Mapping[tuple[Pair, str], Mapping[str, Sums]],
) -> dict[tuple[Pair, str], dict[str, int]]:
    total = NOTHING
    for by_hospital in inside.values():
        for sums in by_hospital.values():
            total = total.plus(sums)
    value = own_value(total)
    if value is None:
        return {}
    exact = {
        (code, pair[0]): amount_fen(sums, value)
        for (pair, _), by_hospital in inside.items()
        for code, sums in by_hospital.items()
    }
    shares = allocate(exact, total.fund_fen)
    return {key: {code: shares[code, key[0][0]] for code in by_hospital} for key, by_hospital in inside.items()}
