"""The smallest case in a state: codes for every need, as few as possible, and values for the scalars asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from grouper.case import Case
from grouper.outcome import SCALAR_COLUMNS
from grouper.rules.nodes import Field
from grouper.witness_kinds import Many, lowest
from grouper.witness_state import LISTS, State

MOST_CODES = 24  # in one list
Chosen = tuple[tuple[Field, str, int], ...]  # codes put into the lists: field, code, its kind as a bit
Need = tuple[Field, int]


@dataclass(frozen=True, slots=True)
class _Single:
    """A principal diagnosis or principal procedure: a code (None for none) and its kind as a bit."""

    code: str | None
    kind: int


def smallest_case(state: State, largest: int) -> tuple[Case | None, bool]:
    """(a case that meets the state with the fewest codes and scalars, or None; whether a larger one may exist).

    `largest` bounds the codes beside the principal diagnosis and the scalars.
    """
    room = largest - len(state.required)
    best: tuple[int, Case] | None = None
    cut = room < 0
    for principal, levels in _principals(state):
        for first in _firsts(state, principal.code):
            allowed = room if best is None else best[0] - 1
            found, was_cut = _lists(state, principal, first, levels, allowed)
            cut |= was_cut and best is None
            if found is not None:
                best = _cost(first, found), _case(state, principal, first, found)
                if best[0] + len(state.required) <= state.size:
                    return best[1], False
    return (None, cut) if best is None else (best[1], False)


def _cost(first: _Single, chosen: Chosen) -> int:
    """An empty place before other procedures costs two, so that it stands only where no code can."""
    if first.code is not None:
        return len(chosen) + 1
    return len(chosen) + 2 * any(place is Field.QTSS for place, _, _ in chosen)


def _principals(state: State) -> Iterator[tuple[_Single, Mapping[str, int]]]:
    """A principal diagnosis of each sort that matters, and which kinds count as complications beside it."""
    space, left = state.space, state.left[Field.ZYZD]
    classes = [left & kinds for kinds in space.diagnoses.principals.values()] if state.levels else [left]
    for kinds in _split([one for one in classes if one], _told_apart(state, Field.ZYZD)):
        place = lowest(kinds)
        mark = space.diagnoses.marks[place][2] if place < len(space.diagnoses.marks) else 0
        yield _single(state, Field.ZYZD, place), {level: space.standing(level, mark) for level in state.levels}


def _firsts(state: State, principal: str | None) -> Iterator[_Single]:
    """No principal procedure where that will do, else one of each sort that matters: also the principal's own code."""
    codes = state.space.procedures
    left, counted = state.left[Field.ZYSS] & ~codes.none, _told_apart(state, Field.ZYSS)
    if state.left[Field.ZYSS] & codes.none:
        yield _Single(None, codes.none)
    for kinds in _split([left] if left else [], counted):
        other = codes.unused(kinds, {principal} if counted else set())
        if other is not None:
            yield _Single(*other)
    same = codes.kind_of.get(principal or "", 0)
    if counted and principal is not None and same & left:
        yield _Single(principal, same)


def _single(state: State, field: Field, place: int) -> _Single:
    members = state.space.codes(field).members
    return _Single(members[place][0] if place < len(members) else None, 1 << place)


def _counted(state: State, field: Field) -> list[int]:
    return [bits for one in state.counts for place, bits in one.kinds if place is field]


def _told_apart(state: State, field: Field) -> list[int]:
    """What tells the codes of a single field apart where codes are counted: then it matters what may be repeated."""
    if not state.counts:
        return []
    levels = state.space.diagnoses.complications.values() if state.levels and field is Field.ZYZD else ()
    return [*_counted(state, field), *state.needs[Field.QTZD if field is Field.ZYZD else Field.QTSS], *levels]


def _split(classes: list[int], by: list[int]) -> list[int]:
    """Parts that are wholly inside or outside each of the sets `by`."""
    for bits in by:
        classes = [part for one in classes for part in (one & bits, one & ~bits) if part]
    return classes


def _lists(
    state: State, principal: _Single, first: _Single, levels: Mapping[str, int], room: int
) -> tuple[Chosen | None, bool]:
    """The fewest codes for the lists, and whether the search ended at `room` rather than at a contradiction."""
    left = {one: state.left[one] for one in LISTS}
    needs: list[Need] = [(one, need) for one in LISTS for need in state.needs[one]]
    for level, wanted in state.levels.items():
        if not wanted:
            left[Field.QTZD] &= ~levels[level]
    needs += [(Field.QTZD, levels[level]) for level, wanted in state.levels.items() if wanted]
    needs = [(one, need & left[one]) for one, need in needs]
    if not all(need for _, need in needs) or not all(_enough(state, one, left) for one in state.counts):
        return None, False
    search = _ListSearch(state, principal, first, left, needs)
    for number in range(min(room, MOST_CODES) + 1):
        search.cut = False
        found = search.extend((), number)
        if found is not None and _cost(first, found) <= room:
            return found, False
        if found is None and not search.cut:
            return None, False
    return None, True


def _enough(state: State, count: Many, left: Mapping[Field, int]) -> bool:
    """Whether the fields can hold as many distinct codes as are asked for, whatever else."""
    found: set[str] = set()
    singles = 0
    for field, bits in count.kinds:
        members = state.space.codes(field).members
        kinds = bits & left.get(field, 0)
        singles += field not in LISTS
        while kinds and len(found) < count.number:
            found.update(members[lowest(kinds)])
            kinds &= kinds - 1
    return count.most or len(found) + singles >= count.number


@dataclass(slots=True)
class _ListSearch:
    """Codes for the other diagnoses and procedures, one after the other, each for the first need not yet met."""

    state: State
    principal: _Single
    first: _Single
    left: Mapping[Field, int]
    needs: list[Need]
    cut: bool = False

    def extend(self, chosen: Chosen, number: int) -> Chosen | None:
        """`chosen` and at most `number` codes more, or None; `cut` says whether more codes might do."""
        for one in self.state.counts:
            if one.most and self.tally(one, chosen) > one.number:
                return None
        open_needs = [need for need in self.needs if not any(f is need[0] and kind & need[1] for f, _, kind in chosen)]
        wanting = [one for one in self.state.counts if not one.most and self.tally(one, chosen) < one.number]
        if not open_needs and not wanting:
            return chosen
        steps = self.steps(open_needs[0], chosen) if open_needs else self.further(wanting[0], chosen)
        if number == 0 or any(one.number - self.tally(one, chosen) > number for one in wanting):
            self.cut |= next(steps, None) is not None
            return None
        for step in steps:
            found = self.extend((*chosen, step), number - 1)
            if found is not None:
                return found
        return None

    def further(self, count: Many, chosen: Chosen) -> Iterator[tuple[Field, str, int]]:
        for field, bits in reversed(count.kinds):
            if field in LISTS:
                yield from self.steps((field, bits & self.left[field]), chosen)

    def steps(self, need: Need, chosen: Chosen) -> Iterator[tuple[Field, str, int]]:
        """A code of each sort that matters for this need, and the codes of the case that may be repeated for it."""
        field, kinds = need
        by = [bits for place, bits in self.needs if place is field] + _counted(self.state, field)
        taken = {code for _, code, _ in chosen} | {self.principal.code, self.first.code}
        for part in _split([kinds] if kinds else [], by):
            unused = self.state.space.codes(field).unused(part, taken)
            if unused is not None:
                yield field, *unused
        listed = {code for place, code, _ in chosen if place is field}
        for code in sorted(code for code in taken if code is not None and code not in listed):
            kind = self.state.space.codes(field).kind_of.get(code, 0)
            if kind & kinds:
                yield field, code, kind

    def tally(self, count: Many, chosen: Chosen) -> int:
        """How many distinct codes the condition counts."""
        kinds = dict(count.kinds)
        found = {code for field, code, kind in chosen if kinds.get(field, 0) & kind}
        for field, single in ((Field.ZYZD, self.principal), (Field.ZYSS, self.first)):
            if single.code is not None and kinds.get(field, 0) & single.kind:
                found.add(single.code)
        return len(found)


def _case(state: State, principal: _Single, first: _Single, chosen: Chosen) -> Case:
    rest = tuple(code for field, code, _ in chosen if field is Field.QTSS)
    scalars = {SCALAR_COLUMNS[scalar]: state.value(scalar) for scalar in state.required}
    return Case(
        "",
        principal_diagnosis=principal.code,
        other_diagnoses=tuple(code for field, code, _ in chosen if field is Field.QTZD),
        procedures=(first.code or "", *rest) if rest or first.code else (),
        **scalars,  # type: ignore[arg-type]
    )
