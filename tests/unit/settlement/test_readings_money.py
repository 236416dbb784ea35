"""Readings of the months and the year, by open point, in numbers worked by hand (fen)."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest

from settlement.policy import Policy, read_policy
from settlement.policy_values import PolicyProblem
from settlement.reference.inputs import Audit, Budget, Case, Element, Hospital, Province
from settlement.reference.ledger import settle_ledger
from settlement.reference.ledger_views import balances, hospital_months, statements
from settlement.reference.openings import Openings, openings_of
from settlement.reference.pools import PoolPeriod
from settlement.reference.settle import Settlement, settle_province
from settlement.reference.year_steps import PoolYear, Standing, take_steps
from settlement.year_order import TERMS
from tests.property.settlement_provinces import CHOICES

VALUES = {key: values[0] for key, values in CHOICES.items()}
TIERS = [{"from": "0", "to": None, "fund_share": "0.9"}]
AREA, H, YEAR = "9901", "H1", 2025
FUND = 100_000  # F' of the hospitals below: caps of levels 1, 2, 3 are 110,000, 108,000 and 104,000


def policy(**changes: Any) -> Policy:
    """The usual values, some changed; `a__b` is the key a.b."""
    return read_policy({**VALUES, **{name.replace("__", "."): value for name, value in changes.items()}})


# --- the year of a pool ------------------------------------------------------------------------------------------


def standing(
    code: str,
    amount: int,
    level: int = 3,
    points: int = 1,
    held: int = 0,
    suspended: bool = False,
    assessment: str = "1",
    deposit_return: str = "1",
    score: str | None = None,
) -> Standing:
    """A hospital with F' of `FUND`."""
    mark = None if score is None else Fraction(score)
    hospital = Hospital(code, AREA, level, suspended, Fraction(assessment), Fraction(deposit_return), mark)
    return Standing(hospital, amount, FUND, Fraction(points), held)


def year(
    values: Policy, *hospitals: Standing, budget: int = 1_000_000, reserve: int = 0
) -> dict[str, Mapping[str, int]]:
    """The terms of the year by name, then hospital."""
    by_code = {one.hospital.fixmedins_code: one for one in hospitals}
    taken = take_steps(PoolYear(by_code, budget, reserve, values))
    return {TERMS[step].name: dict(figures) for step, figures in taken.items()}


def test_op_11_a_risk_reserve_of_its_own_leaves_the_regional_one_to_the_second_distribution() -> None:
    """The deficit of 20,000 is borne to 90%, 18,000; the limit is 5% of the budget, 50,000."""
    values = {"deficit__tiers": TIERS, "second_distribution__enabled": True}
    one = standing("a", 80_000)
    terms = year(policy(**values), one, reserve=10_000)
    assert (terms["deficit_share"]["a"], terms["second_distribution"]["a"]) == (10_000, 0)
    terms = year(policy(**values, reserve__single_fund=False), one, reserve=10_000)
    assert (terms["deficit_share"]["a"], terms["second_distribution"]["a"]) == (18_000, 10_000)
    terms = year(policy(**values, reserve__single_fund=False), one, reserve=10_000, budget=200_000)
    assert terms["deficit_share"]["a"] == 10_000  # 5% of the budget


@pytest.mark.parametrize(("reading", "term"), [("minus_not_kept", 1_200), ("plus_kept", -2_800)])
def test_op_51_the_kept_surplus_is_added(reading: str, term: int) -> None:
    """110,000 is capped to 104,000; of the surplus of 4,000, 70% are kept."""
    values = policy(clearing__surplus_term=reading, surplus__keep_share="0.7", clearing__order=ONE_BY_ONE)
    terms = year(values, standing("a", 110_000, held=1_000, assessment="0.5"))
    assert (terms["cap_excess"]["a"], terms["surplus_not_kept"]["a"]) == (6_000, term)
    # the steps after it read 104,000 less the term
    assert terms["assessment_adjustment"]["a"] == -(104_000 - term) // 2


ONE_BY_ONE = ["cap", "surplus", "deficit", "assessment", "deposit", "second_distribution"]


def test_op_53_a_neutral_assessment_moves_money_between_hospitals_only() -> None:
    """200 in all, by 100 x 1.2 : 100 x 0.9 = 4 : 3, is 114.29 and 85.71: the larger remainder is b's."""
    hospitals = (standing("a", 100, assessment="1.2"), standing("b", 100, assessment="0.9"), standing("c", -50))
    assert year(policy(), *hospitals)["assessment_adjustment"] == {"a": 20, "b": -10, "c": 0}
    neutral = year(policy(assessment__neutral=True), *hospitals)["assessment_adjustment"]
    assert neutral == {"a": 14, "b": -14, "c": 0}
    zero = (standing("a", 100, assessment="0"), standing("b", 100, assessment="0"))
    assert year(policy(assessment__neutral=True), *zero)["assessment_adjustment"] == {"a": 0, "b": 0}


def test_op_55_the_coefficient_has_limits_in_adjustment_and_second_distribution() -> None:
    """0.5 counts as 0.8, and 1.5 as 1.2; 1,000 of reserve go by 0.8 : 1.2."""
    limits = policy(assessment__min="0.8", assessment__max="1.2", second_distribution__enabled=True)
    terms = year(limits, standing("a", 1_000, assessment="0.5"), standing("b", 1_000, assessment="1.5"), reserve=1_000)
    assert terms["assessment_adjustment"] == {"a": -200, "b": 200}
    assert terms["second_distribution"] == {"a": 400, "b": 600}


def test_op_55_a_limit_has_the_places_of_a_coefficient() -> None:
    assert policy(assessment__min="0.123456").assessment_min is not None
    with pytest.raises(PolicyProblem, match=r"assessment\.min = '0\.1234567': a coefficient has at most 6 places"):
        policy(assessment__min="0.1234567")


@pytest.mark.parametrize(
    ("score", "kept"), [("59.999999", 1_000), ("60", 500), ("89.9", 500), ("90", 0), ("100", 0), (None, 200)]
)
def test_op_56_the_score_says_what_of_the_deposit_is_returned(score: str | None, kept: int) -> None:
    """Of 1,000: below the first step nothing comes back; without a score the share beside the hospital, 80%."""
    table = [{"score": "60", "share": "0.5"}, {"score": "90", "share": "1"}]
    one = standing("a", 0, held=1_000, deposit_return="0.8", score=score)
    assert year(policy(deposit__return_table=table), one)["deposit_not_returned"]["a"] == kept
    assert year(policy(), one)["deposit_not_returned"]["a"] == 200


@pytest.mark.parametrize(
    ("reserve", "scaled", "primary_first"),
    [
        (100_000, (9_000, 9_000, 18_000, 9_000), (9_000, 9_000, 18_000, 9_000)),
        (30_001, (6_000, 6_000, 12_001, 6_000), (9_000, 4_000, 8_001, 9_000)),
        (18_000, (3_600, 3_600, 7_200, 3_600), (9_000, 0, 0, 9_000)),
        (9_001, (1_800, 1_800, 3_601, 1_800), (4_501, 0, 0, 4_500)),
    ],
)
def test_op_71_level_1_goes_first(reserve: int, scaled: tuple[int, ...], primary_first: tuple[int, ...]) -> None:
    """Shares of 9,000 (level 1), 9,000 and 18,000 (level 2), 9,000 (level 1); 5% of the budget are no limit."""
    hospitals = (
        standing("a", 90_000, level=1),
        standing("b", 90_000, level=2),
        standing("c", 80_000, level=2),
        standing("d", 90_000, level=1),
    )
    for reading, shares in (("scale", scaled), ("primary_first", primary_first)):
        values = policy(deficit__tiers=TIERS, deficit__over_limit=reading)
        found = year(values, *hospitals, budget=10_000_000, reserve=reserve)["deficit_share"]
        assert tuple(found[code] for code in "abcd") == shares
        assert sum(shares) == min(reserve, 45_000)


def test_op_73_a_suspended_hospital_has_the_usual_cap_and_no_shares() -> None:
    """120,000 against F' of 100,000 and a cap of 104,000: the same is not paid, but 16,000 of it as cap excess."""
    helped = {"deficit__tiers": TIERS, "second_distribution__enabled": True}
    for reading, excess, surplus in (("limit_to_fund", 20_000, 0), ("no_shares", 16_000, 4_000)):
        values = policy(suspension__effect=reading, **helped)
        terms = year(values, standing("a", 120_000, suspended=True), standing("b", 90_000, suspended=True), reserve=9)
        assert (terms["cap_excess"]["a"], terms["surplus_not_kept"]["a"]) == (excess, surplus)
        assert not any((*terms["deficit_share"].values(), *terms["second_distribution"].values()))
    values = policy(suspension__effect="no_shares", clearing__surplus_term="plus_kept")
    terms = year(values, standing("a", 120_000, suspended=True))
    assert (terms["cap_excess"]["a"], terms["surplus_not_kept"]["a"]) == (16_000, 0)  # nothing kept is added


def test_op_74_what_is_above_the_cap_is_distributed_again() -> None:
    """The reserve of 1,000 and the excess of 6,000 go to b, which is below its cap."""
    hospitals = (standing("a", 110_000), standing("b", 100_000))
    usual = year(policy(second_distribution__enabled=True), *hospitals, reserve=1_000)
    assert usual["second_distribution"] == {"a": 0, "b": 1_000}
    values = policy(second_distribution__enabled=True, cap__excess_to="second_distribution")
    assert year(values, *hospitals, reserve=1_000)["second_distribution"] == {"a": 0, "b": 7_000}


@pytest.mark.parametrize(
    ("key", "shares"), [("points_assessment", (750, 250)), ("points", (600, 400)), ("amount", (200, 800))]
)
def test_op_77_the_key_of_the_second_distribution(key: str, shares: tuple[int, int]) -> None:
    """Points 3 : 2, x assessment 3 : 1, amounts after the steps before 20,000 x 1 : 160,000 x 0.5; below 0 is 0."""
    hospitals = (
        standing("a", 20_000, points=3),
        standing("b", 160_000, level=1, points=2, assessment="0.5"),
        standing("c", -1, points=0),
    )
    caps = {"cap.level": {"1": "9", "2": "9", "3": "9"}}
    values = policy(second_distribution__enabled=True, second_distribution__key=key, **caps)
    found = year(values, *hospitals, reserve=1_000)["second_distribution"]
    assert found == {"a": shares[0], "b": shares[1], "c": 0}


def test_op_78_a_capped_hospital_may_take_part() -> None:
    hospitals = (standing("a", 110_000), standing("b", 100_000), standing("c", 100_000, suspended=True))
    for capped, shares in ((False, {"a": 0, "b": 1_000, "c": 0}), (True, {"a": 500, "b": 500, "c": 0})):
        values = policy(second_distribution__enabled=True, second_distribution__capped=capped)
        assert year(values, *hospitals, reserve=1_000)["second_distribution"] == shares


# --- a province of one hospital ----------------------------------------------------------------------------------
# All that its pool uses in a month or the year is its amount; each case has 100 points.


def case(month: int, fund: int, cost: int = 500_000, special: int = 0, new_tech: bool = False) -> Case:
    day = datetime.date(YEAR, month, 3)
    return Case(
        setl_id=f"S{month}-{new_tech}",
        fixmedins_code=H,
        insu_admdvs=AREA,
        insutype="310",
        setl_date=day,
        dscg_date=day,
        upload_date=day,
        drg="GA11",
        cost_fen=cost,
        special_cost_fen=special,
        fund_fen=fund,
        recognition=False,
        new_tech=new_tech,
    )


def province(
    values: Policy, cases: list[Case], budgets: Mapping[int, int], audit: Mapping[int, int] | None = None
) -> Province:
    """`budgets` and `audit` by month; 0 is the year."""
    periods = {month: f"{YEAR}-{month:02d}" if month else str(YEAR) for month in range(13)}
    return Province(
        hospitals=(Hospital(H, AREA, 2, False, Fraction(1), Fraction(1)),),
        elements=(
            Element(AREA, "all_mean", None, None, None, Fraction(5000)),
            Element(AREA, "benchmark_points", "GA11", None, None, Fraction(100)),
            Element(AREA, "stable", "GA11", None, None, Fraction(0)),
            Element(AREA, "level_coefficient", "GA11", 2, None, Fraction(1)),
        ),
        cases=tuple(cases),
        budgets=tuple(Budget(AREA, "310", periods[month], amount) for month, amount in budgets.items()),
        audit=tuple(Audit(H, "310", periods[month], amount) for month, amount in (audit or {}).items()),
        policies={AREA: values},
    )


def months_of_pool(settled: Settlement) -> list[PoolPeriod]:
    return [pool for pool in settled.pools if len(pool.period) > 4]


@pytest.mark.parametrize(
    ("before_test", "used", "carried"),
    [(True, [60, 120, 90], [40, 20, 30]), (False, [60, 140, 90], [40, 0, 10])],
)
def test_op_45_rollover_enters_after_the_test(before_test: bool, used: list[int], carried: list[int]) -> None:
    """T is 100 in each month, F is 60, 120 and 90. After the test, February uses all: 120 >= 100."""
    cases = [case(1, 60), case(2, 120), case(3, 90)]
    made = province(policy(month__carry_before_test=before_test), cases, dict.fromkeys((1, 2, 3), 100))
    months = months_of_pool(settle_province(made))
    assert [month.used_fen for month in months[:3]] == used
    assert [month.carried_or_reserve_fen for month in months[:3]] == carried
    assert [month.amounts_fen.get(H, 0) for month in months[:3]] == used


@pytest.mark.parametrize(("base", "deposit"), [("gross", 3_600), ("amount", 4_000), ("fund", 5_000)])
def test_op_47_the_base_of_the_deposit(base: str, deposit: int) -> None:
    """5% of 72,000 gross, of the amount of 80,000, or of the fund of 100,000; what is paid is less by as much."""
    values = policy(deposit__base=base, month__pay_ratio="0.9")
    settled = settle_province(province(values, [case(1, 100_000)], {1: 80_000}))
    (month,) = settled.months
    assert (month.amount_fen, month.gross_fen, month.deposit_fen) == (80_000, 72_000, deposit)
    assert month.paid_fen == 72_000 - deposit


@pytest.mark.parametrize(
    ("reading", "months"),
    [
        ("carried", [(0, 0, -30), (-30, 60, 0)]),
        ("year_end", [(0, 0, 0), (0, 90, 0)]),
        ("paid_back", [(0, -30, 0), (0, 90, 0)]),
    ],
)
def test_op_49_a_month_below_0(reading: str, months: list[tuple[int, int, int]]) -> None:
    """January comes to 70 less 100 of audit; February to 90. The year is the same in all: 160 - 100 of audit."""
    no_caps = {"cap.level": {"1": "9", "2": "9", "3": "9"}}
    values = policy(month__negative=reading, deposit__rate="0", reserve__share="0", **no_caps)
    made = province(values, [case(1, 70), case(2, 90)], {0: 160, 1: 70, 2: 90}, {1: 100})
    settled = settle_province(made)
    found = [(row.brought_forward_fen, row.paid_fen, row.carried_forward_fen) for row in settled.months]
    assert found == months
    (row,) = settled.years
    assert row.paid_fen + row.clearing_fen == 60
    ledger = settle_ledger(made, settled)
    left = balances(ledger)
    assert (left.get(f"withheld:{H}:310:{YEAR}", 0), left.get(f"payable:{H}:310:{YEAR}", 0)) == (0, row.final_fen)
    assert left[f"cash:{H}:310:{YEAR}"] == row.paid_fen
    views = hospital_months(ledger)
    assert [
        tuple(views[H, "310", one.month][name] for name in ("brought_forward", "paid", "carried_forward"))
        for one in settled.months
    ] == months


@pytest.mark.parametrize(("base", "paid"), [("fund", 36_000), ("cost", 72_000)])
def test_op_65_new_techniques_by_fund_or_cost(base: str, paid: int) -> None:
    """90% of the fund of 40,000, or of 100,000 less 20,000 of special-need services; the claim is the fund."""
    made = province(policy(new_tech__base=base), [case(1, 40_000, 100_000, 20_000, new_tech=True)], {0: 0})
    (row,) = settle_province(made).years
    assert (row.new_technique_fen, row.new_technique_fund_fen) == (paid, 40_000)
    assert row.write_off_fen == max(40_000 - paid, 0)


@pytest.mark.parametrize(("net", "ratio", "excess"), [(True, Fraction(80, 60), 80 - 65), (False, Fraction(80, 100), 0)])
def test_op_72_the_fund_of_the_ratio_is_gross(net: bool, ratio: Fraction, excess: int) -> None:
    """80 due, F 100, 40 of audit: F' is 60 with a cap of 64.8, or 100 with a deficit that nobody shares."""
    values = policy(ratio__fund_net_of_violations=net, reserve__share="0")
    (row,) = settle_province(province(values, [case(1, 100)], {0: 80}, {1: 40})).years
    assert (row.ratio, row.cap_excess_fen) == (ratio, excess)


def test_books_of_the_readings_close() -> None:
    """OP-11, OP-51, OP-74: 200,000 due, F' 100,000, cap 108,000, half of 8,000 added; reserve beside."""
    values = policy(
        reserve__single_fund=False,
        clearing__surplus_term="plus_kept",
        surplus__keep_share="0.5",
        cap__excess_to="second_distribution",
        reserve__share="0.05",
        reserve__deduct_before_points=False,
        deficit__tiers=TIERS,
    )
    made = province(values, [case(1, 100_000)], {0: 200_000})
    settled = settle_province(made)
    (row,) = settled.years
    assert (row.cap_excess_fen, row.surplus_not_kept_fen, row.final_fen) == (92_000, -4_000, 112_000)
    ledger = settle_ledger(made, settled)
    left = balances(ledger)
    assert left[f"reserve:{AREA}:310:{YEAR}"] == 10_000 + 92_000
    assert left[f"payable:{H}:310:{YEAR}"] == 112_000
    assert left[f"fund:{AREA}:310:{YEAR}"] == -(112_000 + 102_000)
    lines = {line.item: line.amount_fen for line in statements(ledger)[H, "310"]}
    assert (lines["cap_excess"], lines["surplus_not_kept"]) == (-92_000, 4_000)
    assert {row.entry for row in ledger} >= {"cap_excess_shared", "surplus_kept"}
    assert not {row.entry for row in ledger} & {"cap_excess", "surplus_not_kept"}


def test_books_of_a_risk_reserve_of_its_own() -> None:
    """OP-11: 80,000 due, F' 100,000; the limit is 5% of the budget. The fund pays, the reserve stays."""
    values = policy(
        reserve__single_fund=False, deficit__tiers=TIERS, reserve__share="0.05", reserve__deduct_before_points=False
    )
    made = province(values, [case(1, 100_000)], {0: 80_000})
    settled = settle_province(made)
    left = balances(settle_ledger(made, settled))
    assert settled.years[0].deficit_share_fen == 4_000
    assert left[f"reserve:{AREA}:310:{YEAR}"] == 4_000
    assert left[f"fund:{AREA}:310:{YEAR}"] == -(84_000 + 4_000)


def test_op_46_december_opens_the_next_january() -> None:
    """December left 40 of 100; in January 100 + 40 are there for a fund of 130, and 10 are carried on."""
    ended = settle_province(province(policy(), [case(12, 60)], {12: 100}))
    for reading, used, left in (("ends", 100, 0), ("next_year", 130, 10)):
        new = {AREA: policy(month__carry_year_end=reading)}
        openings = openings_of(ended.pools, ended.years, {H: AREA}, {AREA: policy()}, new)
        assert openings.pools == ({(AREA, "310"): 40} if reading == "next_year" else {})
        january = months_of_pool(settle_province(province(policy(), [case(1, 130)], {1: 100}), openings=openings))[0]
        assert (january.budget_fen, january.used_fen, january.carried_or_reserve_fen) == (100, used, left)


@pytest.mark.parametrize(
    ("owed", "months", "final"),
    [(0, [(0, 70, 0), (0, 90, 0)], 0), (100, [(-100, 0, -30), (-30, 60, 0)], 0), (200, [(-200, 0, -130)], -40)],
)
def test_op_54_a_negative_final_amount_is_set_against_the_next_payments(
    owed: int, months: list[tuple[int, int, int]], final: int
) -> None:
    """70 and 90 are due in the months, 160 in the year: with 100 owed 60 are paid, with 200 owed 40 are still owed."""
    no_caps = {"cap.level": {"1": "9", "2": "9", "3": "9"}}
    values = policy(deposit__rate="0", reserve__share="0", **no_caps)
    made = province(values, [case(1, 70), case(2, 90)], {0: 160, 1: 70, 2: 90})
    settled = settle_province(made, openings=Openings(owed={(H, "310"): owed} if owed else {}))
    found = [(row.brought_forward_fen, row.paid_fen, row.carried_forward_fen) for row in settled.months]
    assert found[: len(months)] == months
    (row,) = settled.years
    assert (row.paid_fen + row.final_fen, row.final_fen) == (160 - owed, final)
    assert row.write_off_fen == 0  # all of the claim of 160 was received, in part by what was owed
    left = balances(settle_ledger(made, settled))
    assert left.get(f"owed_before:{H}:310:{YEAR}", 0) == owed
    assert left.get(f"payable:{H}:310:{YEAR}", 0) == final
    assert left[f"fund:{AREA}:310:{YEAR}"] == -160


def test_op_54_only_where_the_year_that_ended_says_so() -> None:
    """100 of audit against 60: the hospital owes 40, as a receivable or as the opening of the next year."""
    no_caps = {"cap.level": {"1": "9", "2": "9", "3": "9"}}
    made = province(policy(reserve__share="0", **no_caps), [case(1, 160)], {0: 60}, {1: 100})
    ended = settle_province(made)
    assert ended.years[0].final_fen == -40
    for reading, owed in (("receivable", {}), ("next_payments", {(H, "310"): 40})):
        policies = {AREA: policy(clearing__negative=reading)}
        assert openings_of(ended.pools, ended.years, {H: AREA}, policies, {AREA: policy()}).owed == owed
        assert openings_of(ended.pools, ended.years, {}, policies, {AREA: policy()}).owed == {}  # it has closed
