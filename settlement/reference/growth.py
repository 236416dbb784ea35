"""Growth incentive (增量约束、减量激励): policy/002 article 36, OP-76."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from settlement.reference.exact import to_fen
from settlement.rule_policy import RulePolicy


@dataclass(frozen=True, slots=True)
class FundGrowth:
    """A hospital's pooled inpatient fund in the year and the year before, fen."""

    area: str
    insutype: str
    fixmedins_code: str
    level: int
    fund_fen: int
    last_fund_fen: int


@dataclass(frozen=True, slots=True)
class GrowthResult:
    """Growth against its benchmark, exact, and what follows from it; None without a last year."""

    funds: FundGrowth
    growth: Fraction | None
    benchmark: Fraction | None
    adjustment_fen: int
    article: str = "policy/002 article 36"


def growth_adjustments(funds: Iterable[FundGrowth], policies: Mapping[str, RulePolicy]) -> list[GrowthResult]:
    """Reward or restraint of every hospital of one year."""
    rows = list(funds)
    levels: dict[tuple[str, str, int], list[FundGrowth]] = defaultdict(list)
    for row in rows:
        if row.last_fund_fen > 0:
            levels[row.area, row.insutype, row.level].append(row)
    means = {
        key: Fraction(sum(one.fund_fen for one in ones), sum(one.last_fund_fen for one in ones)) - 1
        for key, ones in levels.items()
    }
    return [_adjusted(row, means.get((row.area, row.insutype, row.level)), policies[row.area]) for row in rows]


def _adjusted(row: FundGrowth, mean: Fraction | None, policy: RulePolicy) -> GrowthResult:
    benchmark = mean if policy.growth_benchmark is None else Fraction(policy.growth_benchmark)
    if row.last_fund_fen <= 0 or benchmark is None:
        return GrowthResult(row, None, None, 0)
    gap = row.last_fund_fen * (1 + benchmark) - row.fund_fen
    rate = Fraction(policy.growth_reward if gap > 0 else policy.growth_restraint)
    growth = Fraction(row.fund_fen - row.last_fund_fen, row.last_fund_fen)
    return GrowthResult(row, growth, benchmark, to_fen(gap * rate))
