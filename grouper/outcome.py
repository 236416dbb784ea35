"""What both voices of the grouper share: which column feeds which scalar, and how a missing group is explained.

A rule that was tried and did not hold is *undecided* when it would have held had every comparison in it of a missing
sex (XB), age (NL, XSRTL) or birth weight (XSRTZ) gone in the rule's favour. The rules tried for a case without group
are: every MDC rule, every ADRG rule of an MDC that held, every DRG rule of an ADRG that held. The reason names the
first, in the order of `MISSING`, of the missing values that some undecided rule asks for. So a newborn without age is
`missing_age` where the MDC of newborns would have taken him, and a case for which the age could change nothing is not.

Before that come a principal diagnosis that is missing, one that is a grey code (for such a case no rule is tried), and
one that no diagnosis table of the scheme knows. After it, `principal_diagnosis_in_no_mdc` where no MDC held, and
`no_rule_held` else. An MDC without a rule of its own (the first of some editions has none) is open to all, so that it
held says nothing and does not count.
"""

from __future__ import annotations

from collections.abc import Mapping

from grouper.case import Outcome, Reason
from grouper.rules.nodes import And, Compare, Constant, Not, Or, Rule, Scalar

SCALAR_COLUMNS: Mapping[Scalar, str] = {
    Scalar.XB: "sex",
    Scalar.NL: "age",
    Scalar.XSRTL: "age_days",
    Scalar.XSRTZ: "birth_weight",
    Scalar.ZYTS: "los",
    Scalar.LYFS: "discharge_way",
    Scalar.ICUSC: "icu_hours",
}
MISSING: Mapping[Reason, tuple[Scalar, ...]] = {
    Reason.MISSING_SEX: (Scalar.XB,),
    Reason.MISSING_AGE: (Scalar.NL, Scalar.XSRTL),
    Reason.MISSING_BIRTH_WEIGHT: (Scalar.XSRTZ,),
}
EXPLAINED_SCALARS = frozenset(scalar for scalars in MISSING.values() for scalar in scalars)


def outcome_of(drg: str) -> Outcome:
    """A DRG code whose second and third letters are QY is an ambiguous group (歧义组), not a payment group."""
    return Outcome.AMBIGUOUS if drg[1:3] == "QY" else Outcome.GROUPED


def is_open_to_all(rule: Rule) -> bool:
    """Whether an MDC's rule says nothing of a case, so that its holding does not count as having found an MDC."""
    return isinstance(rule, Constant)


def scalars_of(rule: Rule) -> frozenset[Scalar]:
    """All scalars a rule asks for."""
    if isinstance(rule, Compare):
        return frozenset({rule.scalar})
    if isinstance(rule, Not):
        return scalars_of(rule.operand)
    if isinstance(rule, And | Or):
        return frozenset(scalar for operand in rule.operands for scalar in scalars_of(operand))
    return frozenset()
