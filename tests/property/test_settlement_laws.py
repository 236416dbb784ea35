"""Laws that every settlement keeps, on random provinces by the reference."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.policy import PointValueKind, Policy
from settlement.readings import AbnormalYearEnd, NegativeMonth, Residue, SurplusTerm
from settlement.reference.elements import CoefficientSource, RulerSource
from settlement.reference.exact import to_fen
from settlement.reference.inputs import Province, TextRow
from settlement.reference.measuring import measure
from settlement.reference.points import CaseClass, PointsRules, explain_points
from settlement.reference.scope import Scope
from settlement.reference.settle import settle, settle_province
from settlement.reference.year import HospitalYear
from settlement.reference.year_steps import assessment_of
from settlement.year_order import TERMS, YearStep
from tests.property.reading_laws import cap_of, deficit_limit, distributable, judged_fund, policies_by_hospital
from tests.property.settlement_provinces import YEAR, random_order, random_province, shuffled, united

SEEDS = st.integers(0, 2**32)
SIZES = st.integers(0, 60)


@given(SEEDS, SIZES)
def test_pools_are_used_to_the_fen_or_the_residue_is_booked(seed: int, cases: int) -> None:
    province = random_province(seed, cases)
    for pool in settle_province(province).pools:
        assert sum(pool.amounts_fen.values()) + pool.residue_fen == pool.used_fen
        if pool.value is None:
            by_item = {code: items.fund_fen for code, items in pool.items.items()}
            assert pool.residue_fen == pool.used_fen - sum(by_item.values())
            assert pool.amounts_fen == {code: by_item.get(code, 0) for code in pool.by_hospital}
        elif _floats(province.policies[pool.area]):
            assert pool.residue_fen == 0


def _floats(policy: Policy) -> bool:
    """Whether an exact value shares out what is used: neither rounded nor set, nor common, and no residue is booked."""
    own = policy.point_value_by_insurance and policy.rounding_residue is Residue.LARGEST_REMAINDER
    return own and policy.value_dp is None and policy.point_value_kind is PointValueKind.FLOATING


@given(SEEDS, SIZES)
def test_month_budgets_are_used_or_carried(seed: int, cases: int) -> None:
    province = random_province(seed, cases)
    months: dict[tuple[str, str], list[tuple[int, int, int]]] = defaultdict(list)
    for pool in settle_province(province).pools:
        if len(pool.period) > 4:
            before_test = province.policies[pool.area].month_carry_before_test
            assert (
                pool.used_fen <= pool.sums.fund_fen or not before_test
            )  # after it, the roll-over comes on top (OP-45)
            months[pool.area, pool.insutype].append((pool.budget_fen, pool.used_fen, pool.carried_or_reserve_fen))
    for rows in months.values():
        assert len(rows) == 12
        assert sum(row[0] for row in rows) == sum(row[1] for row in rows) + rows[-1][2]


@given(SEEDS, SIZES)
def test_net_sums_to_zero_and_adjustments_close_the_year(seed: int, cases: int) -> None:
    province = random_province(seed, cases)
    settlement = settle_province(province)
    assert sum(settlement.net.values()) == 0
    sums: dict[tuple[str, ...], int] = defaultdict(int)
    for debt in settlement.matrix:
        sign = -1 if debt.period == str(YEAR) else 1
        sums[debt.insured_area, debt.treating_area, debt.insutype, debt.scope] += sign * debt.amount_fen
    assert not any(sums.values())


@given(SEEDS, SIZES)
def test_every_case_has_one_row_and_pays_or_not(seed: int, cases: int) -> None:
    province = random_province(seed, cases)
    settlement = settle_province(province)
    assert [one.case for one in settlement.points] == list(province.cases)
    without = {CaseClass.FEE_FOR_SERVICE, CaseClass.NEW_TECHNIQUE, CaseClass.UNGROUPED}
    for one in settlement.points:
        late = one.deadline is not None and not one.in_month
        unpaid = late and province.policies[one.area].abnormal_year_end is AbnormalYearEnd.UNPAID  # OP-14
        assert one.in_year == (one.case_class not in without and not unpaid)
        assert one.in_year or not one.in_month
        assert one.points >= 0
        assert one.in_year or unpaid or one.points == 0
        assert not (one.by_item and one.points)
        assert one.pay_month[:4] == str(YEAR)


@given(SEEDS, SIZES)
def test_statements_and_limits_of_hospitals(seed: int, cases: int) -> None:
    province = random_province(seed, cases)
    settlement = settle_province(province)
    hospitals = {hospital.fixmedins_code: hospital for hospital in province.hospitals}
    pools = {(pool.area, pool.insutype): pool for pool in settlement.pools if pool.period == str(YEAR)}
    shares: dict[tuple[str, str], int] = defaultdict(int)
    second: dict[tuple[str, str], int] = defaultdict(int)
    rows: dict[tuple[str, str], list[HospitalYear]] = defaultdict(list)
    for row in settlement.years:
        hospital = hospitals[row.fixmedins_code]
        policy = province.policies[hospital.area]
        months = [m for m in settlement.months if (m.fixmedins_code, m.insutype) == (row.fixmedins_code, row.insutype)]
        assert row.paid_fen == sum(month.paid_fen for month in months)
        assert row.deposit_held_fen == sum(month.deposit_fen for month in months)
        assert row.audit_fen == sum(month.audit_fen for month in months) or not months
        assert sum(line.amount_fen for line in row.lines) == row.final_fen
        fund = judged_fund(row, policy)
        if fund > 0:
            cap = cap_of(hospital, fund, policy)
            assert running(row, policy, YearStep.CAP) - row.cap_excess_fen <= cap
        assert not (hospital.suspended and row.deficit_share_fen)
        kept = policy.surplus_term is SurplusTerm.PLUS_KEPT
        assert min(row.cap_excess_fen, row.surplus_not_kept_fen * (-1 if kept else 1), row.deficit_share_fen) >= 0
        assert not (hospital.suspended and kept and row.surplus_not_kept_fen)
        shares[hospital.area, row.insutype] += row.deficit_share_fen
        second[hospital.area, row.insutype] += row.second_distribution_fen
        rows[hospital.area, row.insutype].append(row)
    for (area, insutype), share in shares.items():
        pool = pools.get((area, insutype))
        if pool is None:  # no budget and no case in it: only a new technique, or audit sums
            assert share == second[area, insutype] == 0
            continue
        policy, reserve = province.policies[area], pool.carried_or_reserve_fen
        assert share <= deficit_limit(pool.budget_fen, reserve, policy)
        assert second[area, insutype] in (0, distributable(reserve, rows[area, insutype], policy))


def running(row: HospitalYear, policy: Policy, step: YearStep) -> int:
    """The amount that a step of the policy's order reads: changed by the terms of all earlier entries."""
    place = next(number for number, entry in enumerate(policy.clearing_order) if step in entry)
    before = [TERMS[one] for entry in policy.clearing_order[:place] for one in entry]
    return row.amount_fen + sum(term.sign * getattr(row, f"{term.name}_fen") for term in before)


@given(SEEDS, SIZES, SEEDS)
def test_in_every_permitted_order_each_step_reads_what_the_entries_before_left(
    seed: int, cases: int, order: int
) -> None:
    """And the statement adds up, the same lines in every order."""
    province = random_province(seed, cases)
    chosen = random_order(Random(order))
    policies = {area: replace(policy, clearing_order=chosen) for area, policy in province.policies.items()}
    hospitals = {hospital.fixmedins_code: hospital for hospital in province.hospitals}
    for row in settle_province(replace(province, policies=policies)).years:
        hospital = hospitals[row.fixmedins_code]
        policy = policies[hospital.area]
        fund, assessed = judged_fund(row, policy), running(row, policy, YearStep.ASSESSMENT)
        factor = assessment_of(hospital, policy) - 1
        assert policy.assessment_neutral or row.assessment_adjustment_fen == to_fen(assessed * factor)
        capped, helped = running(row, policy, YearStep.CAP), running(row, policy, YearStep.DEFICIT)
        limit = cap_of(hospital, fund, policy)
        assert row.cap_excess_fen == (max(capped - limit, 0) if fund > 0 else 0)
        assert row.surplus_not_kept_fen <= max(min(running(row, policy, YearStep.SURPLUS), limit) - fund, 0)
        assert row.deficit_share_fen <= max(fund - helped, 0)
        assert sum(line.amount_fen for line in row.lines) == row.final_fen
        assert row.final_fen - row.clearing_fen == row.new_technique_fen + row.second_distribution_fen


@given(SEEDS, SIZES)
def test_negative_months_go_where_the_area_says(seed: int, cases: int) -> None:
    """To the next row, to the clearing, or back to the fund (OP-49)."""
    province = random_province(seed, cases)
    policies = policies_by_hospital(province)
    carried: dict[tuple[str, str], int] = defaultdict(int)
    for row in settle_province(province).months:
        account = (row.fixmedins_code, row.insutype)
        assert row.brought_forward_fen == carried[account]
        net = row.gross_fen - row.deposit_fen - row.audit_fen + row.brought_forward_fen
        paid, forward = max(net, 0), min(net, 0)
        expected = {
            NegativeMonth.CARRIED: (paid, forward),
            NegativeMonth.YEAR_END: (paid, 0),
            NegativeMonth.PAID_BACK: (net, 0),
        }
        assert (row.paid_fen, row.carried_forward_fen) == expected[policies[row.fixmedins_code].month_negative]
        carried[account] = row.carried_forward_fen


@given(SEEDS, SIZES, SEEDS)
@settings(max_examples=50)
def test_the_order_of_rows_is_irrelevant(seed: int, cases: int, order: int) -> None:
    province = random_province(seed, cases)
    other = shuffled(province, order)
    assert settle(other) == settle(province)
    again = measure(other.hospitals, other.history, other.base_groups, other.policies, YEAR)
    assert again == measure(province.hospitals, province.history, province.base_groups, province.policies, YEAR)


@given(SEEDS, SEEDS)
@settings(max_examples=20)
def test_provinces_apart_settle_apart(first: int, second: int) -> None:
    parts = [random_province(first, 20, "11"), random_province(second, 20, "22")]
    together = settle(united(parts))
    assert together == {name: sorted(settle(parts[0])[name] + settle(parts[1])[name]) for name in together}


def _outside(
    tables: dict[str, list[TextRow]], province: Province, area: str, near: set[str]
) -> dict[str, list[TextRow]]:
    """The rows that a case treated in `area` must not touch; `near`: areas whose debts to it may change."""
    own = {hospital.fixmedins_code for hospital in province.hospitals if hospital.area == area}
    cases = {case.setl_id for case in province.cases if case.fixmedins_code in own}
    return {
        "case_points": [row for row in tables["case_points"] if row[0] not in cases],
        "pools": [row for row in tables["pools"] if row[0] != area],
        "hospital_month": [row for row in tables["hospital_month"] if row[0] not in own],
        "hospital_year": [row for row in tables["hospital_year"] if row[0] not in own],
        "matrix": [row for row in tables["matrix"] if row[1] != area],
        "net": [row for row in tables["net"] if row[0] not in {area, *near}],
    }


@given(SEEDS, st.integers(1, 40))
@settings(max_examples=50)
def test_a_case_touches_its_treating_and_its_insured_area_only(seed: int, cases: int) -> None:
    province = random_province(seed, cases)
    added = province.cases[-1]
    area = next(one.area for one in province.hospitals if one.fixmedins_code == added.fixmedins_code)
    reviews = tuple(review for review in province.reviews if review.setl_id != added.setl_id)
    before = settle(replace(province, cases=province.cases[:-1], reviews=reviews))
    after = settle(province)
    near = {row[0] for row in after["matrix"] if row[1] == area}
    assert _outside(before, province, area, near) == _outside(after, province, area, near)
    assert any(row[0] == added.setl_id for row in after["case_points"])


def test_random_provinces_take_every_branch() -> None:
    """What the generator never makes, no property above could notice."""
    classes, coefficients, rulers, outcomes, seen = set(), set(), set(), set(), set()
    for seed in range(100):
        province = random_province(seed, 60)
        settlement = settle_province(province)
        rules = PointsRules.of(province)
        for one in (explain_points(case, rules) for case in province.cases):
            classes.add((one.case_class, one.scope))
            outcomes.add((one.review, one.in_month, one.in_year))
            if one.figures.coefficient:
                coefficients.add(one.figures.coefficient.source)
            if one.figures.ruler:
                rulers.add(one.figures.ruler.source)
        for pool in settlement.pools:
            seen |= {"no value" if pool.value is None else "value", "residue" if pool.residue_fen else "no residue"}
        for month in settlement.months:
            seen |= {"carried" if month.carried_forward_fen else "", "negative" if month.gross_fen < 0 else ""}
        for year in settlement.years:
            seen |= {line.item for line in year.lines if line.amount_fen}
            seen |= {"no ratio"} if year.ratio is None else {"ratio"}
        seen |= {f"{debt.scope} {len(debt.period)}" for debt in settlement.matrix if debt.amount_fen}
    of_cases = set(CaseClass) - {CaseClass.BED_DAY, CaseClass.OUTSIDE_DAY_CARE}  # these are made of stays
    assert {one for one, _ in classes} == of_cases
    assert len(classes) == (len(of_cases) - 1) * len(Scope) + 1
    assert (coefficients, rulers) == (set(CoefficientSource), set(RulerSource))
    reviews = ("", "passed", "refused", "over_quota", "no_ground")
    decided = {(review, late, True) for review in reviews for late in (True, False)}
    assert outcomes == {*decided, *[(review, False, False) for review in reviews]}
    assert seen >= {"no value", "value", "residue", "no residue", "carried", "negative", "no ratio", "ratio"}
    assert seen >= {"cap_excess", "surplus_not_kept", "deficit_share", "second_distribution", "new_technique"}
    assert seen >= {f"{scope} {length}" for scope in ("in_province", "cross_province") for length in (4, 7)}
    assert "in_province 15" in seen
