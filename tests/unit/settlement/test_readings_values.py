"""Readings of point values and out-of-area care (OP-02, OP-03, OP-79..OP-82), in numbers worked by hand.

GA11 gives 100 points and GB12 200, whatever the cost; areas B and C are of the province, X is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from settlement.policy import read_policy
from settlement.reference.inputs import Budget, Case, Element, Hospital, Province, Review
from settlement.reference.ledger import settle_ledger
from settlement.reference.pools import PoolPeriod
from settlement.reference.settle import Settlement, settle_province
from tests.property.settlement_provinces import CHOICES

A, B, C, X = "9901", "9902", "9903", "8801"
YEAR, MONTH = "2025", "2025-02"
POINTS = {"GA11": 100, "GB12": 200}


def province(cases: Iterable[Case], budgets: Iterable[Budget], suspended: bool = False, **changes: Any) -> Province:
    """Two hospitals of level 3 in A. No reserve, no deposit; values otherwise as usual, some changed."""
    usual = {key: several[0] for key, several in CHOICES.items()} | {"reserve.share": "0"}
    policy = read_policy({**usual, **{name.replace("__", "."): value for name, value in changes.items()}})
    elements = [Element(A, "all_mean", None, None, None, Fraction(10000))]
    elements += [Element(A, "benchmark_points", drg, None, None, Fraction(points)) for drg, points in POINTS.items()]
    return Province(
        hospitals=tuple(Hospital(code, A, 3, suspended, Fraction(1), Fraction(1)) for code in ("H1", "H2", "H3")),
        elements=tuple(elements),
        cases=tuple(cases),
        budgets=(*budgets, Budget(B, "310", YEAR, 0), Budget(C, "310", YEAR, 0)),
        policies=dict.fromkeys((A, B, C), policy),
    )


def case(setl_id: str, code: str, insured: str, cost: int, fund: int, **other: Any) -> Case:
    """A case of February in GA11, in time; yuan."""
    usual: dict[str, Any] = {
        "cost_fen": cost * 100,
        "fund_fen": fund * 100,
        "insutype": "310",
        "setl_date": date(2025, 2, 10),
        "dscg_date": date(2025, 2, 10),
        "upload_date": date(2025, 2, 11),
        "drg": "GA11",
        "special_cost_fen": 0,
        "recognition": False,
        "new_tech": False,
    }
    return Case(setl_id, code, insured, **(usual | other))


def budget(insutype: str, yuan: int) -> list[Budget]:
    """The same for February and the year."""
    return [Budget(A, insutype, period, yuan * 100) for period in (MONTH, YEAR)]


def pools_of(settlement: Settlement, period: str = YEAR) -> dict[str, PoolPeriod]:
    return {pool.insutype: pool for pool in settlement.pools if (pool.area, pool.period) == (A, period)}


def owed(settlement: Settlement) -> dict[tuple[str, str, str], int]:
    """Fen by insured area, scope and period."""
    return {(one.insured_area, one.scope.value, one.period): one.amount_fen for one in settlement.matrix}


def years(settlement: Settlement) -> dict[str, int]:
    return {insured: fen for (insured, _, period), fen in owed(settlement).items() if period == YEAR}


# --- rounding.residue --------------------------------------------------------------------------------------------


def test_op_02_a_booked_residue_is_what_amounts_rounded_one_by_one_leave() -> None:
    """100.00 ÷ 300 points: 33.333… each."""
    cases = [case(code, code, A, 100, 100) for code in ("H1", "H2", "H3")]
    booked = pools_of(settle_province(province(cases, budget("310", 100), rounding__residue="booked")))["310"]
    assert booked.amounts_fen == {"H1": 3333, "H2": 3333, "H3": 3333}
    assert (booked.value, booked.residue_fen) == (Fraction(1, 3), 1)
    allocated = pools_of(settle_province(province(cases, budget("310", 100))))["310"]
    assert allocated.amounts_fen == {"H1": 3334, "H2": 3333, "H3": 3333}
    assert (allocated.value, allocated.residue_fen) == (Fraction(1, 3), 0)


def test_op_02_a_booked_residue_may_be_below_zero() -> None:
    """50.00 ÷ 300: 16.666… each, 16.67 rounded, one fen more than there is."""
    cases = [case(code, code, A, 100, 100) for code in ("H1", "H2", "H3")]
    made = province(cases, budget("310", 50), rounding__residue="booked")
    settlement = settle_province(made)
    assert pools_of(settlement)["310"].residue_fen == -1
    (row,) = [row for row in settle_ledger(made, settlement) if row.entry == "residue"]
    assert (row.from_account, row.to_account, row.amount_fen) == (
        f"residue:{A}:310:2025",
        f"pool:{A}:310:2025",
        1,
    )


# --- point_value.by_insurance ------------------------------------------------------------------------------------


def two_insurances(**changes: Any) -> Settlement:
    """100 points and 100 yuan of employees, 200 points and 500 yuan of residents, 50 yuan of nobody."""
    cases = [case("1", "H1", A, 100, 100), case("2", "H1", A, 500, 500, insutype="390", drg="GB12")]
    budgets = [*budget("310", 100), *budget("390", 500), *budget("399", 50)]
    return settle_province(province(cases, budgets, **changes))


@pytest.mark.parametrize("period", [MONTH, YEAR])
def test_op_03_one_value_for_all_insurances_and_the_residue_is_what_one_pays_for_the_other(period: str) -> None:
    """(100 + 500) ÷ (100 + 200) = 2 yuan a point."""
    pools = pools_of(two_insurances(point_value__by_insurance=False), period)
    assert (pools["310"].value, pools["310"].amounts_fen, pools["310"].residue_fen) == (2, {"H1": 20000}, -10000)
    assert (pools["390"].value, pools["390"].amounts_fen, pools["390"].residue_fen) == (2, {"H1": 40000}, 10000)
    assert (pools["310"].budget_fen, pools["310"].used_fen) == (10000, 10000)
    apart = pools_of(two_insurances(), period)
    assert [apart[insutype].value for insutype in ("310", "390")] == [1, Fraction(5, 2)]


def test_op_03_money_without_points_is_in_no_value() -> None:
    nobody = pools_of(two_insurances(point_value__by_insurance=False))["399"]
    assert (nobody.value, nobody.used_fen, nobody.residue_fen) == (None, 5000, 5000)


def test_op_03_the_limit_of_an_elastic_value_is_that_of_each_insurance() -> None:
    """The common value 2 is above 0.5 × 1 + 0.5 × 2 = 1.5, and not above 0.5 × 3 + 0.5 × 2 = 2.5."""
    elastic = {"point_value__kind": "elastic", "point_value__elastic_split": "0.5", "point_value__elastic_max": "2"}
    fixed = {"310": "1", "390": "3"}
    pools = pools_of(two_insurances(point_value__by_insurance=False, point_value__fixed=fixed, **elastic))
    assert [pools[insutype].value for insutype in ("310", "390")] == [Fraction(3, 2), 2]
    assert [pools[insutype].residue_fen for insutype in ("310", "390")] == [-5000, 10000]


def test_op_03_in_province_cases_are_worth_the_common_value() -> None:
    cases = [
        case("1", "H1", A, 100, 100),
        case("2", "H1", A, 500, 500, insutype="390", drg="GB12"),
        case("3", "H2", B, 300, 200),
    ]
    made = province(cases, [*budget("310", 100), *budget("390", 500)], point_value__by_insurance=False)
    assert years(settle_province(made)) == {B: 10000}  # 100 × 2 − (300 − 200)


# --- out_of_area.pool: own, point_value.key ------------------------------------------------------------------------


LOCAL = (case("local", "H3", A, 1000, 1000),)  # V of the area's pool is 7 yuan
OWN = (case("b", "H1", B, 300, 200), case("c", "H2", C, 300, 100, drg="GB12"))


def test_op_79_an_own_pool_shares_out_the_fund_by_item() -> None:
    """(300 + 300) ÷ (100 + 200) = 2 yuan a point: 100 × 2 − (300 − 200), and 200 × 2 − (300 − 100)."""
    found = owed(settle_province(province((*LOCAL, *OWN), budget("310", 700), out_of_area__pool="own")))
    for period in (MONTH, YEAR):
        assert (found[B, "in_province", period], found[C, "in_province", period]) == (10000, 20000)
    assert found[B, "in_province", f"{YEAR}-adjustment"] == 0
    usual = years(settle_province(province((*LOCAL, *OWN), budget("310", 700))))
    assert usual == {B: 60000, C: 120000}  # 100 × 7 − 100, 200 × 7 − 200


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ((("H1", B), ("H1", C), ("H2", B)), {B: 20001, C: 10000}),
        ((("H1", C), ("H2", B), ("H2", C)), {C: 20001, B: 10000}),
    ],
)
def test_op_79_debts_of_an_own_pool_sum_to_its_fund(where: Any, expected: dict[str, int]) -> None:
    """300.01 ÷ 300: 100.00333… each; the fen goes to the smaller hospital, then to the smaller insured area."""
    cases = [case(f"{code}{insured}", code, insured, 100, 100) for code, insured in where[:-1]]
    code, insured = where[-1]
    cases.append(case("last", code, insured, 0, 0, cost_fen=10001, fund_fen=10001))
    assert years(settle_province(province(cases, [], out_of_area__pool="own"))) == expected


def test_op_79_an_own_pool_is_exact_whatever_the_places_of_the_value() -> None:
    changes = {"out_of_area__pool": "own", "rounding__value_dp": 0, "rounding__residue": "booked"}
    cases = [case("b", "H1", B, 100, 100), case("c", "H1", C, 100, 50, drg="GB12")]
    found = years(settle_province(province(cases, [], **changes)))  # V = 200 ÷ 300
    assert found == {B: 6667, C: 8333}  # 66.666…, 133.333… − 50 = 83.333…


def test_op_79_an_own_pool_without_points_owes_its_fund() -> None:
    made = province([case("b", "H1", B, 0, 20, drg="GC13")], budget("310", 700), out_of_area__pool="own")
    assert years(settle_province(made)) == {B: 2000}


def test_op_80_with_a_value_for_each_insured_area_each_owes_its_own_fund() -> None:
    """B: 300 ÷ 100 = 3, 300 − 100; C: 300 ÷ 200 = 1.5, 300 − 200. With another pool the key has no effect."""
    key = {"point_value__key": "insured_area"}
    own = province((*LOCAL, *OWN), budget("310", 700), out_of_area__pool="own", **key)
    assert years(settle_province(own)) == {B: 20000, C: 10000}
    assert years(settle_province(province((*LOCAL, *OWN), budget("310", 700), **key))) == {B: 60000, C: 120000}


# --- out_of_area.cross_province ------------------------------------------------------------------------------------


TREATING = {"out_of_area__cross_province": "treating_value"}


def test_op_81_cases_of_other_provinces_are_worth_the_treating_value() -> None:
    """V = 700 ÷ 100; 100 × 7 − (300 − 200) = 600."""
    made = province((*LOCAL, case("x", "H1", X, 300, 200)), budget("310", 700), **TREATING)
    settlement = settle_province(made)
    (scored,) = [one for one in settlement.points if one.case.setl_id == "x"]
    assert (scored.scope.value, scored.case_class.value, scored.points) == ("cross_province", "unstable", 100)
    assert (scored.in_month, scored.in_year, scored.article) == (True, True, "policy/002 article 19(二)")
    assert owed(settlement)[X, "cross_province", MONTH] == owed(settlement)[X, "cross_province", YEAR] == 60000
    assert pools_of(settlement)["310"].sums.cases == 1  # never in the area's pool
    assert {row.entry for row in settle_ledger(made, settlement) if row.insu_admdvs == X} == {"cross_province"}
    by_item = owed(settle_province(province((*LOCAL, case("x", "H1", X, 300, 200)), budget("310", 700))))
    assert by_item[X, "cross_province", YEAR] == 20000


def test_op_81_late_and_new_cases_are_left_out_as_in_the_province() -> None:
    late = case("x", "H1", X, 300, 200, upload_date=date(2025, 3, 10))
    new = case("n", "H1", X, 300, 200, new_tech=True)
    ungrouped = case("u", "H1", X, 300, 200, drg=None)
    made = province((*LOCAL, late, new, ungrouped), budget("310", 700), **TREATING)
    assert owed(settle_province(made)) == {
        (X, "cross_province", YEAR): 60000,
        (X, "cross_province", f"{YEAR}-adjustment"): 60000,
    }


def test_op_81_they_count_for_the_quota_of_reviews() -> None:
    """The quota of half the cases is 1 of 2 with the case of X, and 0 of the one without."""
    cases = (*LOCAL, case("x", "H1", X, 300, 200))
    reviews = (Review("local", date(2025, 2, 12), "passed"),)
    outcomes = []
    for changes in (TREATING, {}):
        made = province(cases, budget("310", 700), special_review__quota_drg="0.5", **changes)
        settlement = settle_province(Province(**{**vars(made), "reviews": reviews}))
        outcomes += [one.review for one in settlement.points if one.case.setl_id == "local"]
    assert outcomes == ["passed", "over_quota"]


@pytest.mark.parametrize(("pool", "expected"), [("joint", {X: 60000}), ("own", {B: 20000, X: 20000})])
def test_op_81_they_are_in_no_joint_pool_and_in_an_own_pool_of_their_scope(pool: str, expected: dict[str, int]) -> None:
    """Own: X alone has 300 ÷ 100 = 3 a point, so it owes its fund. Joint: B is inside, V = (100 + 1300) ÷ 200 = 7."""
    cases = (*LOCAL, case("b", "H1", B, 300, 200), case("x", "H1", X, 300, 200))
    made = province(cases, budget("310", 1300), out_of_area__pool=pool, **TREATING)
    assert years(settle_province(made)) == expected


# --- out_of_area.apply_caps --------------------------------------------------------------------------------------


CAPS = {"out_of_area__apply_caps": True}


@pytest.mark.parametrize(("suspended", "year"), [(False, 20800), (True, 20000)])
def test_op_82_the_year_is_limited_to_the_cap_and_the_months_are_not(suspended: bool, year: int) -> None:
    """By points 600; 104% of the fund of 200 for level 3, the fund itself for a suspended hospital."""
    made = province((*LOCAL, OWN[0]), budget("310", 700), suspended, **CAPS)
    assert owed(settle_province(made)) == {
        (B, "in_province", MONTH): 60000,
        (B, "in_province", YEAR): year,
        (B, "in_province", f"{YEAR}-adjustment"): year - 60000,
    }


def test_op_82_each_hospital_and_insured_area_has_its_own_limit() -> None:
    """H1 by points 600, limited to 208; H2 by points 700 − 600 = 100, below 104% of its 100."""
    cases = (*LOCAL, OWN[0], case("b2", "H2", B, 700, 100))
    assert years(settle_province(province(cases, budget("310", 700), **CAPS))) == {B: 20800 + 10000}


def test_op_82_no_limit_without_a_fund_and_none_for_what_is_owed_by_item() -> None:
    """100 × 7 − 300 = 400 for a case without fund; a cap of 90% does not cut the fund of X."""
    caps = {"3": "0.9", "2": "0.9", "1": "0.9"}
    cases = (*LOCAL, case("b", "H1", B, 300, 0), case("x", "H1", X, 300, 200))
    assert years(settle_province(province(cases, budget("310", 700), cap__level=caps, **CAPS))) == {B: 40000, X: 20000}
    nobody = province([case("b", "H1", B, 300, 200)], [], cap__level=caps, **CAPS)  # no value in A's pool
    assert years(settle_province(nobody)) == {B: 20000}


def test_op_82_an_own_pool_is_capped_after_its_fund_is_shared_out() -> None:
    """C owes 200 by points for a fund of 100, so 104; B's 100 for a fund of 200 stays."""
    made = province((*LOCAL, *OWN), budget("310", 700), out_of_area__pool="own", **CAPS)
    assert years(settle_province(made)) == {B: 10000, C: 10400}
