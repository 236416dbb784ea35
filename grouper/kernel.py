"""The grouper over batches of cases: the meaning of grouper.reference, done with whole columns.

MDC rules are asked of the cases still open, ADRG rules of the cases inside the MDC, DRG rules of those inside the ADRG.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from grouper.case import UNGROUPED_CODE, Outcome, Reason
from grouper.compile import NO_CODE, CompiledRow, CompiledScheme, Ints, Places
from grouper.outcome import MISSING
from grouper.plan import Step, plan_scheme
from grouper.rules.nodes import Scalar
from grouper.view import Batch, Floats, View

OUTCOMES: tuple[Outcome, ...] = tuple(Outcome)
REASONS: tuple[Reason, ...] = tuple(Reason)
Codes8 = npt.NDArray[np.int8]
_REASON_NUMBER = {reason: number for number, reason in enumerate(REASONS)}


@dataclass(frozen=True)
class GroupedBatch:
    """Groups of n cases. `*_row` are places in the scheme's tuples of rows, -1 where there is none; `outcome` and
    `reason` are places in `OUTCOMES` and `REASONS`.
    """

    scheme: CompiledScheme
    mdc_row: Ints
    adrg_row: Ints
    drg_row: Ints
    outcome: Codes8
    reason: Codes8

    def mdc(self) -> pa.DictionaryArray:
        """MDC codes, '' where there is none."""
        return _row_codes(self.mdc_row, self.scheme.mdcs, "")

    def adrg(self) -> pa.DictionaryArray:
        """ADRG codes, '' where there is none."""
        return _row_codes(self.adrg_row, self.scheme.adrgs, "")

    def drg(self) -> pa.DictionaryArray:
        """DRG codes, 0000 where there is none."""
        return _row_codes(self.drg_row, self.scheme.drgs, UNGROUPED_CODE)

    def outcomes(self) -> pa.DictionaryArray:
        """Outcomes as text."""
        return pa.DictionaryArray.from_arrays(pa.array(self.outcome), pa.array([o.value for o in OUTCOMES]))

    def reasons(self) -> pa.DictionaryArray:
        """Reasons as text, '' for grouped cases."""
        return pa.DictionaryArray.from_arrays(pa.array(self.reason), pa.array([r.value for r in REASONS]))


def group_batch(
    compiled: CompiledScheme,
    principal: Ints,
    other_values: Ints,
    other_offsets: npt.NDArray[np.integer],
    procedure_values: Ints,
    procedure_offsets: npt.NDArray[np.integer],
    scalars: Mapping[Scalar, Floats],
) -> GroupedBatch:
    """Group n cases.

    Args:
        compiled: the scheme.
        principal: local id of the principal diagnosis, shape (n,); see `CompiledScheme.local_ids`.
        other_values: local ids of all other diagnoses, case after case.
        other_offsets: where each case's other diagnoses begin and end, shape (n + 1,).
        procedure_values: local ids of all procedures, each case's principal one first.
        procedure_offsets: as `other_offsets`.
        scalars: a float64 per case, NaN where missing; a scalar that is not there is missing everywhere.

    Raises:
        ValueError: the arrays do not fit each other, or an id is none of the scheme's.
    """
    batch = _batch(compiled, principal, other_values, other_offsets, procedure_values, procedure_offsets, scalars)
    steps = _plan(compiled)
    drg_row = np.full(batch.size, -1, np.int32)
    grey = principal == compiled.grey_id
    open_cases = View(batch, np.flatnonzero(~grey)) if grey.any() else View(batch)
    for mdc in steps:
        if open_cases.size == 0:
            break
        open_cases = _try_mdc(mdc, open_cases, drg_row)
    adrg_row = compiled.adrg_of_drg[drg_row]
    outcome_of_row = [OUTCOMES.index(Outcome(outcome)) for outcome in compiled.outcomes]
    outcome = np.array([*outcome_of_row, OUTCOMES.index(Outcome.UNGROUPED)], np.int8)[drg_row]
    reason = np.zeros(batch.size, np.int8)
    if open_cases.size:
        reason[open_cases.cases] = _reasons(steps, open_cases)
    reason[grey] = _REASON_NUMBER[Reason.GREY_PRINCIPAL_DIAGNOSIS]
    return GroupedBatch(compiled, compiled.mdc_of_adrg[adrg_row], adrg_row, drg_row, outcome, reason)


@lru_cache(maxsize=64)
def _plan(compiled: CompiledScheme) -> tuple[Step, ...]:
    return plan_scheme(compiled)


def _batch(
    compiled: CompiledScheme,
    principal: Ints,
    other_values: Ints,
    other_offsets: npt.NDArray[np.integer],
    procedure_values: Ints,
    procedure_offsets: npt.NDArray[np.integer],
    scalars: Mapping[Scalar, Floats],
) -> Batch:
    size = len(principal)
    _check_ids("principal", principal, compiled)
    for name, values, offsets in (
        ("other", other_values, other_offsets),
        ("procedure", procedure_values, procedure_offsets),
    ):
        _check_ids(f"{name}_values", values, compiled)
        if len(offsets) != size + 1:
            raise ValueError(f"{name}_offsets has {len(offsets)} elements for {size} cases; it needs {size + 1}")
        if offsets[0] < 0 or offsets[-1] > len(values) or np.any(offsets[1:] < offsets[:-1]):
            raise ValueError(f"{name}_offsets must rise from 0 to at most {len(values)}, the length of {name}_values")
    for scalar, column in scalars.items():
        if len(column) != size:
            raise ValueError(f"scalar {scalar} has {len(column)} values for {size} cases")
    others, procedures = other_offsets.astype(np.intp), procedure_offsets.astype(np.intp)
    return Batch(
        scheme=compiled,
        size=size,
        principal=principal,
        other_values=other_values,
        other_starts=others[:-1],
        other_ends=others[1:],
        procedure_values=procedure_values,
        procedure_starts=procedures[:-1],
        procedure_ends=procedures[1:],
        scalars={scalar: np.asarray(column, np.float64) for scalar, column in scalars.items()},
    )


def _check_ids(name: str, ids: Ints, compiled: CompiledScheme) -> None:
    if len(ids) and (ids.min() < NO_CODE or ids.max() > compiled.grey_id):
        raise ValueError(f"{name} holds ids outside -1..{compiled.grey_id}; map codes with CompiledScheme.local_ids")


def _try_mdc(mdc: Step, view: View, drg_row: Ints) -> View:
    """Group what the MDC can of the view; the cases that stay open."""
    if mdc.always:
        inside, places = view, None
    else:
        places = np.flatnonzero(mdc.plan.holds(view))
        if len(places) == 0:
            return view
        inside = view.narrowed(places)
    open_inside = np.ones(inside.size, np.bool_)
    for adrg in mdc.below:
        found = open_inside if adrg.always else adrg.plan.holds(inside) & open_inside
        candidates = np.flatnonzero(found)
        if len(candidates):
            open_inside[_try_adrg(adrg, inside, candidates, drg_row)] = False
    if open_inside.all():
        return view
    if places is None:
        return view.narrowed(np.flatnonzero(open_inside))
    still_open = np.ones(view.size, np.bool_)
    still_open[places[~open_inside]] = False
    return view.narrowed(np.flatnonzero(still_open))


def _try_adrg(adrg: Step, view: View, candidates: Places, drg_row: Ints) -> Places:
    """Group what the ADRG can of the candidates (places in the view); the places that were grouped."""
    left = candidates
    for drg in adrg.below:
        if drg.always:
            taken, left = left, left[:0]
        else:
            held = drg.plan.holds(view.narrowed(left))
            taken, left = left[held], left[~held]
        drg_row[view.cases[taken]] = drg.place
        if len(left) == 0:
            return candidates
    return np.setdiff1d(candidates, left, assume_unique=True)


def _reasons(steps: tuple[Step, ...], view: View) -> Codes8:
    """Why each case of the view, all without group, has none (see grouper.outcome)."""
    missing = {reason: np.zeros(view.size, np.bool_) for reason in MISSING}
    some_mdc = np.zeros(view.size, np.bool_)
    everywhere = np.arange(view.size)
    for mdc in steps:
        held = _undecided(mdc, view, everywhere, missing)
        if not mdc.open_to_all:
            some_mdc[held] = True
    batch = view.batch
    reason = np.where(some_mdc, _REASON_NUMBER[Reason.NO_RULE_HELD], _REASON_NUMBER[Reason.NO_MDC]).astype(np.int8)
    for name in reversed(list(MISSING)):
        reason[missing[name]] = _REASON_NUMBER[name]
    principal = batch.principal[view.cases]
    reason[~batch.scheme.known_diagnosis[principal]] = _REASON_NUMBER[Reason.UNKNOWN_PRINCIPAL_DIAGNOSIS]
    reason[principal == NO_CODE] = _REASON_NUMBER[Reason.NO_PRINCIPAL_DIAGNOSIS]
    return reason


def _undecided(step: Step, view: View, places: Places, missing: Mapping[Reason, npt.NDArray[np.bool_]]) -> Places:
    """Mark what is missing for the rules that would have held; `places` are those of the view in the whole answer."""
    held = step.plan.holds(view)
    if step.asked:
        could = step.plan.holds(view, favour=True) & ~held
        for reason, scalars in MISSING.items():
            for scalar in step.asked.intersection(scalars):
                missing[reason][places[could & np.isnan(view.scalar(scalar))]] = True
    inside = np.flatnonzero(held)
    if step.asked_below and len(inside) and step.below:
        narrowed = view.narrowed(inside)
        for below in step.below:
            if below.asked_below:
                _undecided(below, narrowed, places[inside], missing)
    return places[inside]


def _row_codes(rows: Ints, names: tuple[CompiledRow, ...], none: str) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(rows + np.int32(1)), pa.array([none, *(row.code for row in names)]))
