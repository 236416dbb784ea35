"""Add-ons of hospitals (医疗机构调节系数) within their limits: policy/002 article 18(二), OP-31..OP-33."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from settlement.rule_policy import GroupsScope, RulePolicy

KEY_SPECIALTIES = ("national", "provincial")


@dataclass(frozen=True, slots=True)
class AddOn:
    """An add-on that an institution applied for; `kind`: coefficient, or points (rise of benchmark points)."""

    area: str
    fixmedins_code: str
    drg: str
    ground: str
    kind: str
    value: Fraction


@dataclass(frozen=True, slots=True)
class AddOnFinding:
    """What is wrong; `drg` and `ground` None where all are meant."""

    area: str
    fixmedins_code: str
    drg: str | None
    ground: str | None
    rule: str
    value: Fraction
    most: Fraction | None


def limit_of(ground: str, kind: str, policy: RulePolicy) -> Fraction | None:
    """The largest add-on for a ground and kind; None where the law knows no such kind."""
    limits = {
        ("national", "coefficient"): policy.addon_national_max,
        ("provincial", "coefficient"): policy.addon_provincial_max,
        ("discipline", "coefficient"): policy.addon_discipline_max,
        ("discipline", "points"): policy.addon_points_max,
        ("other", "coefficient"): policy.addon_other_max,
    }
    limit = limits.get((ground, kind))
    return None if limit is None else Fraction(limit)


def add_on_findings(add_ons: Iterable[AddOn], policies: Mapping[str, RulePolicy]) -> list[AddOnFinding]:
    """Single add-ons over their limit or of an unknown kind, and institutions with too many groups."""
    found: list[AddOnFinding] = []
    groups: dict[tuple[str, str, str | None], set[str]] = defaultdict(set)
    for one in add_ons:
        policy = policies[one.area]
        most = limit_of(one.ground, one.kind, policy)
        if most is None or one.value > most:
            rule = "kind_not_allowed" if most is None else "over_limit"
            found.append(AddOnFinding(one.area, one.fixmedins_code, one.drg, one.ground, rule, one.value, most))
        if one.ground in KEY_SPECIALTIES:
            rank = one.ground if policy.addon_max_groups_scope is GroupsScope.BY_RANK else None
            groups[one.area, one.fixmedins_code, rank].add(one.drg)
    for (area, code, ground), drgs in groups.items():
        limit = policies[area].addon_max_groups
        if len(drgs) > limit:
            found.append(
                AddOnFinding(area, code, None, ground, "too_many_groups", Fraction(len(drgs)), Fraction(limit))
            )
    return found


def effective_add_ons(
    add_ons: Iterable[AddOn], policies: Mapping[str, RulePolicy]
) -> dict[tuple[str, str, str], Fraction]:
    """Area, group and hospital -> what is added to the coefficient: the largest, or the sum (OP-32)."""
    values: dict[tuple[str, str, str], list[Fraction]] = defaultdict(list)
    for one in add_ons:
        if one.kind == "coefficient":
            values[one.area, one.drg, one.fixmedins_code].append(one.value)
    return {
        key: sum(several, Fraction(0)) if policies[key[0]].addon_stack else max(several)
        for key, several in values.items()
    }
