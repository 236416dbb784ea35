"""Laws of the readings of point values and out-of-area care (OP-02, OP-03, OP-79..OP-82), by the reference."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from settlement.policy import OutOfAreaPool, PointValueKind
from settlement.readings import CrossProvince, Residue, ValueKey
from settlement.reference.inputs import Province
from settlement.reference.own_pools import in_own_pool
from settlement.reference.points import CaseClass
from settlement.reference.scope import Scope
from settlement.reference.settle import settle_province
from tests.property.settlement_provinces import YEAR, random_province

SEEDS = st.integers(0, 2**32)
SIZES = st.integers(0, 60)


def with_readings(seed: int, cases: int, **readings: Any) -> Province:
    """A random province with some readings the same in all its areas."""
    made = random_province(seed, cases)
    return replace(made, policies={area: replace(policy, **readings) for area, policy in made.policies.items()})


@given(SEEDS, SIZES)
def test_a_booked_residue_is_a_rounding_rest(seed: int, cases: int) -> None:
    """At most half a fen for each hospital, of a pool that has an exact floating value of its own."""
    province = with_readings(
        seed,
        cases,
        rounding_residue=Residue.BOOKED,
        value_dp=None,
        point_value_kind=PointValueKind.FLOATING,
        point_value_by_insurance=True,
    )
    for pool in settle_province(province).pools:
        if pool.value is not None:
            assert 2 * abs(pool.residue_fen) <= len(pool.amounts_fen)


@given(SEEDS, SIZES)
def test_residues_of_a_common_value_cancel(seed: int, cases: int) -> None:
    """Over the pools with points of an area and period only rounding is left; these pools have one value."""
    province = with_readings(
        seed, cases, value_dp=None, point_value_kind=PointValueKind.FLOATING, point_value_by_insurance=False
    )
    values, residues, amounts = defaultdict(set), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for pool in settle_province(province).pools:
        if pool.value is None:
            assert pool.residue_fen == pool.used_fen - sum(one.fund_fen for one in pool.items.values())
            continue
        values[pool.area, pool.period].add(pool.value)
        residues[pool.area, pool.period] += pool.residue_fen
        amounts[pool.area, pool.period] += len(pool.amounts_fen)
    assert all(len(several) == 1 for several in values.values())
    assert all(2 * abs(residues[key]) <= amounts[key] for key in values)


@given(SEEDS, SIZES, st.sampled_from(ValueKey), st.sampled_from(CrossProvince))
def test_debts_of_own_pools_sum_to_their_fund(seed: int, cases: int, key: ValueKey, cross: CrossProvince) -> None:
    """In each month and the year; of each insured area where it has a value of its own."""
    province = with_readings(
        seed,
        cases,
        out_of_area_pool=OutOfAreaPool.OWN,
        point_value_key=key,
        cross_province=cross,
        out_of_area_apply_caps=False,
    )
    settlement = settle_province(province)
    left: Counter[tuple[str, ...]] = Counter()

    def pool(treating: str, insutype: str, scope: Scope, insured: str, period: str) -> tuple[str, ...]:
        return treating, insutype, scope, insured if key is ValueKey.INSURED_AREA else "", period

    for one in settlement.points:
        if in_own_pool(one.scope, province.policies[one.area]):
            place = (one.area, one.case.insutype, one.scope, one.case.insu_admdvs)
            left[pool(*place, str(YEAR))] += one.case.fund_fen * one.in_year
            left[pool(*place, one.pay_month)] += one.case.fund_fen * one.in_month
    for debt in settlement.matrix:
        if in_own_pool(debt.scope, province.policies[debt.treating_area]) and "adjustment" not in debt.period:
            left[pool(debt.treating_area, debt.insutype, debt.scope, debt.insured_area, debt.period)] -= debt.amount_fen
    assert not any(left.values())


@given(SEEDS, SIZES)
def test_caps_lower_the_years_debts_and_nothing_else(seed: int, cases: int) -> None:
    capped, free = (settle_province(with_readings(seed, cases, out_of_area_apply_caps=caps)) for caps in (True, False))
    assert (capped.pools, capped.months, capped.years) == (free.pools, free.months, free.years)
    others = {(*debt.pair, debt.period): debt for debt in free.matrix}
    assert {(*debt.pair, debt.period) for debt in capped.matrix} == others.keys()
    for debt in capped.matrix:
        other = others[*debt.pair, debt.period]
        month = len(debt.period) == len("YYYY-MM")
        assert debt.amount_fen == other.amount_fen if month else debt.amount_fen <= other.amount_fen


@given(SEEDS, SIZES)
def test_cases_of_other_provinces_are_scored_as_those_of_the_province(seed: int, cases: int) -> None:
    """The same cases insured in another area of the province have the same classes and points, and one pool more."""
    province = with_readings(seed, cases, cross_province=CrossProvince.TREATING_VALUE)
    inside = {hospital.area for hospital in province.hospitals}
    areas = {hospital.fixmedins_code: hospital.area for hospital in province.hospitals}

    def moved(insured: str, treating: str) -> str:
        return insured if insured in inside else next(iter(sorted(inside - {treating})))

    other = replace(
        province,
        cases=tuple(
            replace(one, insu_admdvs=moved(one.insu_admdvs, areas[one.fixmedins_code])) for one in province.cases
        ),
    )
    for one, same in zip(settle_province(province).points, settle_province(other).points, strict=True):
        assert one.case_class is not CaseClass.FEE_FOR_SERVICE
        found = (one.case_class, one.points, one.in_month, one.in_year, one.review)
        assert found == (same.case_class, same.points, same.in_month, same.in_year, same.review)


def test_random_provinces_draw_every_reading() -> None:
    """What the generator never makes, no law could notice."""
    seen: Counter[str] = Counter()
    for seed in range(200):
        province = random_province(seed, 40)
        settlement = settle_province(province)
        for pool in settlement.pools:
            policy = province.policies[pool.area]
            seen["negative residue"] += pool.residue_fen < 0 and pool.value is not None
            seen["common"] += not policy.point_value_by_insurance and pool.value is not None
        for debt in settlement.matrix:
            policy = province.policies[debt.treating_area]
            own = in_own_pool(debt.scope, policy)
            seen[f"own {debt.scope} by {policy.point_value_key}"] += own and debt.cases > 1
            seen["caps"] += policy.out_of_area_apply_caps and own
            seen["across"] += debt.scope is Scope.CROSS_PROVINCE and not own
    names = [f"own {scope} by {key}" for scope in (Scope.IN_PROVINCE, Scope.CROSS_PROVINCE) for key in ValueKey]
    assert all(seen[name] for name in ("negative residue", "common", "caps", "across", *names)), seen
