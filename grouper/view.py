"""Some cases of a batch, seen by their codes' profiles; columns are made when first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from grouper.compile import NO_CODE, Bools, Bytes, CompiledScheme, Ints, Places
from grouper.rules.nodes import Field, Scalar

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CodeList:
    """Codes of many cases one after the other: `ids[i]` belongs to case `owner[i]` of the view."""

    ids: Ints
    owner: Places


@dataclass(frozen=True)
class Batch:
    """The columns of a batch of n cases as they came; codes are local ids of `scheme`.

    `*_starts` and `*_ends` (n each) bound a case's codes in `*_values`; of procedures, the principal one is first.
    """

    scheme: CompiledScheme
    size: int
    principal: Ints
    other_values: Ints
    other_starts: Places
    other_ends: Places
    procedure_values: Ints
    procedure_starts: Places
    procedure_ends: Places
    scalars: Mapping[Scalar, Floats]

    @cached_property
    def principal_profile(self) -> Places:
        """Profile of the principal diagnosis."""
        return self.scheme.profile[self.principal]

    @cached_property
    def other_profiles(self) -> Places:
        """Profiles of `other_values`."""
        return self.scheme.profile[self.other_values]

    @cached_property
    def procedure_profiles(self) -> Places:
        """Profiles of `procedure_values`."""
        return self.scheme.profile[self.procedure_values]

    @cached_property
    def first_procedure(self) -> Ints:
        """The principal procedure, -1 where there is none."""
        first = np.full(self.size, NO_CODE, np.int32)
        some = self.procedure_ends > self.procedure_starts
        first[some] = self.procedure_values[self.procedure_starts[some]]
        return first

    @cached_property
    def first_profile(self) -> Places:
        """Profile of the principal procedure."""
        return self.scheme.profile[self.first_procedure]

    @cached_property
    def levels(self) -> Bytes:
        """Bits of the complications that count: the other diagnoses listed and not struck out by the principal one."""
        scheme = self.scheme
        places, owner = _ragged(self.other_starts, self.other_ends)
        level = scheme.level[self.other_values[places]]
        listed = np.flatnonzero(level)
        codes, cases = self.other_values[places[listed]], owner[listed]
        struck = scheme.excluded[scheme.exclusion[codes], scheme.exclusion_profile[self.principal[cases]]]
        counted = level[listed]
        answer = np.zeros(self.size, np.uint8)
        for bit in (1, 2):
            answer[cases[~struck & (counted == bit)]] |= np.uint8(bit)
        return answer


class View:
    """The cases `cases` (places in the batch) of a batch."""

    def __init__(self, batch: Batch, cases: Places | None = None) -> None:
        """All cases where `cases` is None."""
        self.batch = batch
        self._all = cases is None
        self.cases: Places = np.arange(batch.size) if cases is None else cases
        self.size = len(self.cases)
        self._profiles: dict[Field, tuple[Places, Places | None]] = {}

    def narrowed(self, places: Places) -> View:
        """The cases at these places of this view."""
        return View(self.batch, self.cases[places])

    def scalar(self, scalar: Scalar) -> Floats:
        """A scalar per case, NaN where it is missing."""
        values = self.batch.scalars.get(scalar)
        return np.full(self.size, np.nan) if values is None else values[self.cases]

    @property
    def levels(self) -> Bytes:
        """Bits of the complications that count, per case."""
        return self.batch.levels if self._all else self.batch.levels[self.cases]

    def any_in(self, field: Field, table: Bools) -> Bools:
        """Whether some code of the field is in the table (over profiles), per case."""
        profiles, owner = self._profiles.get(field) or self._take(field)
        hits = table[profiles]
        if owner is None:
            return hits
        answer = np.zeros(self.size, np.bool_)
        answer[owner[hits]] = True
        return answer

    def count_in(self, fields: tuple[Field, ...], table: Bools) -> Places:
        """How many distinct codes of the fields are in the table, per case."""
        scheme = self.batch.scheme
        pairs = []
        for field in fields:
            codes = self._codes(field)
            hits = table[scheme.profile[codes.ids]]
            pairs.append(codes.owner[hits] * (len(scheme.codes) + 1) + codes.ids[hits])
        distinct = np.unique(np.concatenate(pairs))
        return np.bincount(distinct // (len(scheme.codes) + 1), minlength=self.size)

    def _take(self, field: Field) -> tuple[Places, Places | None]:
        """Profiles of a field's codes, and whose they are (None: one per case, in order)."""
        batch = self.batch
        taken: tuple[Places, Places | None]
        if field is Field.ZYZD or field is Field.ZYSS:
            column = batch.principal_profile if field is Field.ZYZD else batch.first_profile
            taken = (column if self._all else column[self.cases]), None
        else:
            places, owner = self._places(field)
            profiles = batch.other_profiles if field is Field.QTZD else batch.procedure_profiles
            taken = profiles[places], owner
        self._profiles[field] = taken
        return taken

    def _places(self, field: Field) -> tuple[Places, Places]:
        batch = self.batch
        if field is Field.QTZD:
            return _ragged(batch.other_starts[self.cases], batch.other_ends[self.cases])
        return _ragged(batch.procedure_starts[self.cases] + 1, batch.procedure_ends[self.cases])

    def _codes(self, field: Field) -> CodeList:
        batch = self.batch
        if field is Field.ZYZD or field is Field.ZYSS:
            column = batch.principal if field is Field.ZYZD else batch.first_procedure
            return CodeList(column[self.cases], np.arange(self.size))
        places, owner = self._places(field)
        values = batch.other_values if field is Field.QTZD else batch.procedure_values
        return CodeList(values[places], owner)


def _ragged(starts: Places, ends: Places) -> tuple[Places, Places]:
    """Places of the values of many slices, one slice after the other, and the number of the slice of each."""
    counts = np.maximum(ends - starts, 0)
    owner = np.repeat(np.arange(len(starts)), counts)
    before = np.cumsum(counts) - counts
    return np.arange(len(owner)) + (starts - before)[owner], owner
