"""The year's by-disease budget (总额预算): policy/001 article 13, policy/000 article 9, OP-05..08."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from settlement.reference.exact import allocate, to_fen, yuan
from settlement.rule_policy import BudgetMethod, GrowthBase, GrowthScope, RulePolicy


@dataclass(frozen=True, slots=True)
class BudgetInputs:
    """What the budget of an area, insurance and year is made of; money in fen."""

    area: str
    insutype: str
    year: int
    inpatient_fen: int
    last_inpatient_fen: int
    last_spending_fen: int
    reserve_fen: int
    out_of_area_fen: int
    other_fen: int
    growth: Fraction
    last_total_fen: int | None


@dataclass(frozen=True, slots=True)
class YearlyBudget:
    """A budget; `why` is its method with numbers, `growth` is exact."""

    inputs: BudgetInputs
    wanted_fen: int
    base_fen: int | None
    budget_fen: int
    growth: Fraction | None
    outcome: str
    why: str
    article: str = "policy/000 article 9"


def by_ratio(inpatient: int, last_spending: int, last_inpatient: int) -> int:
    """基金支出比例法."""
    return to_fen(Fraction(inpatient * last_spending, last_inpatient)) if last_inpatient > 0 else 0


def by_deduction(inpatient: int, *deductions: int) -> int:
    """基金支出扣减法, not below 0."""
    return max(inpatient - sum(deductions), 0)


def by_trend(last_spending: int, growth: Fraction) -> int:
    """趋势法."""
    return to_fen(last_spending * (1 + growth))


def largest_budget(base_fen: int, policy: RulePolicy) -> int:
    """The largest whole fen whose growth over the base is within `budget.growth_cap`."""
    most = base_fen * (1 + Fraction(policy.budget_growth_cap))
    return most.numerator // most.denominator


def yearly_budgets(inputs: Iterable[BudgetInputs], policies: Mapping[str, RulePolicy]) -> list[YearlyBudget]:
    """The budgets of all areas, insurances and years."""
    years: dict[tuple[str, int], list[BudgetInputs]] = defaultdict(list)
    for one in inputs:
        years[one.area, one.year].append(one)
    return [budget for (area, _), ones in sorted(years.items()) for budget in _budgets(ones, policies[area])]


def _budgets(ones: list[BudgetInputs], policy: RulePolicy) -> list[YearlyBudget]:
    wanted = {one.insutype: _wanted(one, policy) for one in ones}
    bases = {one.insutype: _base(one, policy) for one in ones}
    known = [base for base in bases.values() if base is not None]
    budgets = {name: amount for name, (amount, _) in wanted.items()}
    limited = {name: base is not None for name, base in bases.items()}
    if policy.budget_growth_scope is GrowthScope.SUM:
        limited = dict.fromkeys(bases, len(known) == len(ones))
        total, most = sum(budgets.values()), largest_budget(sum(known), policy)
        if len(known) == len(ones) and total > most:
            budgets = allocate({name: Fraction(amount * most, total) for name, amount in budgets.items()}, most)
    else:
        budgets = {
            name: amount if (base := bases[name]) is None else min(amount, largest_budget(base, policy))
            for name, amount in budgets.items()
        }
    return [
        _budget(one, wanted[one.insutype], bases[one.insutype], budgets[one.insutype], limited[one.insutype])
        for one in ones
    ]


def _wanted(one: BudgetInputs, policy: RulePolicy) -> tuple[int, str]:
    if policy.budget_method is BudgetMethod.RATIO:
        why = f"{yuan(one.inpatient_fen)} × {yuan(one.last_spending_fen)} ÷ {yuan(one.last_inpatient_fen)}"
        return by_ratio(one.inpatient_fen, one.last_spending_fen, one.last_inpatient_fen), why
    if policy.budget_method is BudgetMethod.TREND:
        return by_trend(one.last_spending_fen, one.growth), f"{yuan(one.last_spending_fen)} × (1 + {one.growth})"
    out_of_area = 0 if policy.budget_include_out_of_area else one.out_of_area_fen
    parts = (one.reserve_fen, out_of_area, one.other_fen)
    return by_deduction(one.inpatient_fen, *parts), " − ".join(map(yuan, (one.inpatient_fen, *parts)))


def _base(one: BudgetInputs, policy: RulePolicy) -> int | None:
    first = one.last_spending_fen if policy.budget_growth_base_first_year is GrowthBase.LAST_YEAR_SPENDING else None
    base = first if one.last_total_fen is None else one.last_total_fen
    return base if base is not None and base > 0 else None


def _budget(one: BudgetInputs, wanted: tuple[int, str], base: int | None, budget: int, limited: bool) -> YearlyBudget:
    outcome = "no_base" if not limited else "capped" if budget < wanted[0] else "within"
    growth = None if base is None else Fraction(budget - base, base)
    return YearlyBudget(one, wanted[0], base, budget, growth, outcome, wanted[1])
