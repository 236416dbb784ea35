"""Grounds of special-case review (特例单议申报条件): long stays and high costs (policy/002 article 22, OP-64)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from settlement.case_rules import OFF, CaseRules
from settlement.policy import Policy
from settlement.reference.elements import Elements
from settlement.reference.exact import round_half_up
from settlement.reference.inputs import Case, Hospital, Province, Stay
from settlement.reference.stays import daily_points
from settlement.reference.tcm import effect_standard


@dataclass(frozen=True)
class Grounds:
    """What applications are measured by."""

    elements: Elements
    stays: Mapping[str, Stay]
    case_rules: Mapping[str, CaseRules]

    @classmethod
    def of(cls, province: Province) -> Grounds:
        """The elements in force, stays and rules of single cases of a province."""
        elements = Elements.in_force(province.elements, province.elements_given)
        return cls(elements, {stay.setl_id: stay for stay in province.stays}, dict(province.case_rules))

    def hold(self, case: Case, hospital: Hospital, policy: Policy) -> bool:
        """Whether a case has a ground: its cost or its stay, whichever is asked; always where neither is.

        A case without a standard, of a blank or whole-review group, has one: 现行分组方案未能包含的病例.
        """
        if policy.review_cost_multiple is None and policy.review_los_multiple is None:
            return True
        standard = self.standard(case, hospital, policy)
        return (
            standard is None or self._is_dear(case, hospital, policy, standard) or self._is_long(case, hospital, policy)
        )

    def standard(self, case: Case, hospital: Hospital, policy: Policy) -> Fraction | None:
        """Points of a case by the standard that it is paid by unless its cost departs; None where they follow it."""
        drg, stay = case.drg or "", self.stays.get(case.setl_id)
        daily = None if stay is None else daily_points(drg, stay, self.case_rules.get(hospital.area, OFF))
        if daily is not None and stay is not None and stay.days is not None:
            return round_half_up(daily * stay.days, policy.points_dp)
        benchmark = self.elements.find(hospital.area, "benchmark_points", drg)
        effect = effect_standard(drg, policy)
        if self.elements.reviewed_as_a_whole(hospital.area, drg, policy):
            return None
        if effect is not None:
            return round_half_up(effect, policy.points_dp)
        if benchmark is None:
            return None
        return round_half_up(benchmark * self.elements.coefficient(hospital, drg, policy).value, policy.points_dp)

    def _is_dear(self, case: Case, hospital: Hospital, policy: Policy, standard: Fraction) -> bool:
        """Cost above a multiple of the standard in yuan, points x M ÷ 100."""
        all_mean = self.elements.find(hospital.area, "all_mean")
        if policy.review_cost_multiple is None or all_mean is None:
            return False
        return Fraction(case.paid_cost_fen, 100) > Fraction(policy.review_cost_multiple) * standard * all_mean / 100

    def _is_long(self, case: Case, hospital: Hospital, policy: Policy) -> bool:
        """Days above a multiple of the group's mean days; not where days or mean are not known."""
        mean, stay = self.elements.find(hospital.area, "mean_days", case.drg), self.stays.get(case.setl_id)
        if policy.review_los_multiple is None or mean is None or stay is None or stay.days is None:
            return False
        return stay.days > Fraction(policy.review_los_multiple) * mean
