"""A case template: what a rule needs to send a case into its ADRG, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from grouper.case import Outcome
from grouper.outcome import outcome_of
from grouper.rules.nodes import Scalar
from jobs.synthetic.terms import WIDEST, Bounds

# Up to this age a list gives the birth weight (QC-503). Newborns go to their own MDC whatever their diagnosis, so
# templates whose rules do not speak of days start behind it.
NEWBORN_DAYS = 28
_USUAL = {
    Scalar.XSRTL: Bounds(NEWBORN_DAYS + 1, WIDEST[Scalar.XSRTL].high),
    Scalar.NL: Bounds(1, WIDEST[Scalar.NL].high),
}


@dataclass(frozen=True)
class Template:
    """One way to reach an ADRG (核心病组)."""

    mdc: str
    adrg: str
    principal: str
    others: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    bounds: Mapping[Scalar, Bounds] = field(default_factory=dict)

    @property
    def ambiguous(self) -> bool:
        """It reaches an ambiguous group (歧义组), which is not paid by points."""
        return outcome_of(self.adrg) is Outcome.AMBIGUOUS

    def bound(self, scalar: Scalar) -> Bounds:
        """The bounds of a number; where no rule asks, as wide as a case outside the newborn's MDC can have it."""
        return self.bounds.get(scalar, _USUAL.get(scalar, WIDEST[scalar]))
