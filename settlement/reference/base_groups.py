"""Which groups history speaks for as base groups (基础病组): policy/002 article 13, OP-39."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from settlement.policy import Policy
from settlement.reference.inputs import BaseGroup, HistoryCase, Hospital
from settlement.reference.measuring import Stay, trim_and_test
from settlement.rule_policy import RulePolicy

_PRIMARY = 1


@dataclass(frozen=True, slots=True)
class BaseGroupFinding:
    """A group that qualifies (candidate), is listed, or both; shares and the squared CV exact, None without cases."""

    area: str
    drg: str
    cases: int
    primary_cases: int
    share: Fraction | None
    kept: int
    cv_squared: Fraction | None
    share_met: bool
    cv_met: bool
    cases_met: bool
    listed: bool
    article: str = "policy/002 article 13"

    @property
    def finding(self) -> str | None:
        """candidate, listed, both; None: nothing to say of the group."""
        qualifies = self.share_met and self.cv_met and self.cases_met
        if self.listed:
            return "both" if qualifies else "listed"
        return "candidate" if qualifies else None

    @property
    def why(self) -> str:
        """What was compared, in words."""
        share = "no cases" if self.share is None else f"{self.primary_cases} / {self.cases} in primary institutions"
        return f"{share}; CV² {self.cv_squared} of {self.kept} cases kept"


def base_group_candidates(
    hospitals: Iterable[Hospital],
    history: Iterable[HistoryCase],
    base_groups: Iterable[BaseGroup],
    policies: Mapping[str, Policy],
    rules: Mapping[str, RulePolicy],
) -> list[BaseGroupFinding]:
    """The groups that qualify as base groups, or are listed as such."""
    by_hospital = {hospital.fixmedins_code: hospital for hospital in hospitals}
    groups: dict[tuple[str, str], list[Stay]] = defaultdict(list)
    for case in history:
        if case.drg is not None:
            hospital = by_hospital[case.fixmedins_code]
            groups[hospital.area, case.drg].append(Stay(case.cost_fen - case.special_cost_fen, hospital.level))
    listed = {(group.area, group.drg) for group in base_groups}
    found = [
        _tested(area, drg, groups.get((area, drg), []), (area, drg) in listed, policies[area], rules[area])
        for area, drg in sorted({*groups, *listed})
    ]
    return [one for one in found if one.finding is not None]


def _tested(area: str, drg: str, stays: list[Stay], listed: bool, policy: Policy, rule: RulePolicy) -> BaseGroupFinding:
    """Share of all cases; CV of those that the first trimming keeps (OP-16, OP-19)."""
    kept = trim_and_test(stays, policy).kept_first
    primary = sum(stay.level == _PRIMARY for stay in stays)
    share = Fraction(primary, len(stays)) if stays else None
    total, spread = sum(stay.cost_fen for stay in kept), _squares_from_mean(kept)
    # Squares are compared, so that no root is taken: deviation² <= (max_cv x mean)².
    limit = (Fraction(rule.base_group_max_cv) * total) ** 2
    return BaseGroupFinding(
        area=area,
        drg=drg,
        cases=len(stays),
        primary_cases=primary,
        share=share,
        kept=len(kept),
        cv_squared=_cv_squared(len(kept), total, spread, policy.cv_ddof),
        share_met=share is not None and share >= Fraction(rule.base_group_min_share),
        cv_met=total > 0 and spread * len(kept) ** 2 <= limit * (len(kept) - policy.cv_ddof),
        cases_met=len(kept) > policy.stable_min_n,
        listed=listed,
    )


def _squares_from_mean(stays: tuple[Stay, ...]) -> Fraction:
    """Σ (cost - mean)²."""
    mean = Fraction(sum(stay.cost_fen for stay in stays), max(len(stays), 1))
    return sum(((stay.cost_fen - mean) ** 2 for stay in stays), Fraction(0))


def _cv_squared(count: int, total: int, spread: Fraction, ddof: int) -> Fraction | None:
    if total <= 0 or count <= ddof:
        return None
    return spread / (count - ddof) / Fraction(total, count) ** 2
