"""For each group the smallest case that reaches it, or why no case can.

The search settles a group's own path (the rules of its MDC, its ADRG and itself) condition by condition. A case that
meets the path and comes out in an earlier group shows what else must be so: that the path of that group fails. All
ways are tried, smallest first, so a case that is found is a smallest one and a group without one cannot be reached.

The size of a case is the number of its other diagnoses, procedures and scalars; the principal diagnosis, which every
settlement list has, always stands. Every case found went through `grouper.reference`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from grouper.case import Case
from grouper.reference import ReferenceGrouper
from grouper.rules.parse import parse_rule
from grouper.scheme import Scheme
from grouper.witness_codes import smallest_case
from grouper.witness_kinds import All, Any, Meaning, Space
from grouper.witness_state import State

MOST_STATES = 20_000  # tried for one row
MOST_SIZE = 60
MOST_NAMED = 12  # rows before a group of which the fewest that suffice are looked for


@dataclass(frozen=True, slots=True)
class Missing:
    """A group without a case. `proven`: no case can reach it; else the search was given up.

    `before`: codes of groups that take all cases of its path before it; empty where the path contradicts itself.
    """

    code: str
    proven: bool
    before: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """Why, in Chinese."""
        if not self.proven:
            return "搜索范围内未找到病例，不能断定不可达"
        if not self.before:
            return "不可达：没有编码和数值能同时满足其MDC、ADRG、DRG规则"
        return f"不可达：满足其规则的病例都已先进入 {'、'.join(self.before)}"


@dataclass(frozen=True)
class Witnesses:
    """`found`: a smallest case by DRG code; `missing`: the groups without one, in the scheme's order."""

    found: Mapping[str, Case]
    missing: tuple[Missing, ...]


def find_witnesses(scheme: Scheme) -> Witnesses:
    """A case for every DRG of a scheme that one can reach; same scheme, same cases."""
    paths = _Paths(scheme)
    found: dict[str, Case] = {}
    missing: dict[str, list[_RowSearch]] = {}
    for place, row in enumerate(scheme.drgs):
        search = _RowSearch(paths, place)
        case = search.smallest()
        if case is None:
            missing.setdefault(row.code, []).append(search)
        elif row.code not in found or _size(case) < _size(found[row.code]):
            found[row.code] = replace(case, case_id=row.code)
    unfound = tuple(_missing(code, rows) for code, rows in missing.items() if code not in found)
    return Witnesses(found, unfound)


def _size(case: Case) -> int:
    return len(case.other_diagnoses) + len(case.procedures) + sum(value is not None for value in _scalars(case))


def _scalars(case: Case) -> tuple[object, ...]:
    return case.sex, case.age, case.age_days, case.birth_weight, case.los, case.discharge_way, case.icu_hours


def _missing(code: str, rows: Iterable[_RowSearch]) -> Missing:
    listed = list(rows)
    if any(one.given_up for one in listed):
        return Missing(code, proven=False)
    before = dict.fromkeys(name for one in listed for name in one.culprits())
    return Missing(code, proven=True, before=tuple(before))


class _Paths:
    """What the rules of each DRG row mean, with those of its ADRG and MDC."""

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme
        self.space = Space(scheme)
        self.grouper = ReferenceGrouper(scheme)
        self._mdcs = {row.code: parse_rule(row.rule) for row in scheme.mdcs}
        self._adrgs = {row.code: parse_rule(row.rule) for row in scheme.adrgs}
        self._failing: dict[int, Meaning] = {}

    def holding(self, place: int) -> Meaning:
        """That all three rules of a row hold."""
        return All(self._parts(place, True))

    def failing(self, place: int) -> Meaning:
        """That one of the three rules of a row does not hold."""
        if place not in self._failing:
            self._failing[place] = Any(self._parts(place, False))
        return self._failing[place]

    def _parts(self, place: int, wanted: bool) -> tuple[Meaning, ...]:
        row = self.scheme.drgs[place]
        rules = (self._mdcs[row.mdc], self._adrgs[row.parent], parse_rule(row.rule))
        return tuple(self.space.meaning(rule, wanted) for rule in rules)


@dataclass
class _RowSearch:
    """The search for one DRG row. `blockers` are rows found to take cases of its path before it."""

    paths: _Paths
    place: int
    blockers: list[int] = field(default_factory=list)
    learning: bool = True
    bound: int = 0
    cut: bool = False
    states: int = 0

    @property
    def given_up(self) -> bool:
        """Whether the search ended before all ways were tried."""
        return self.states > MOST_STATES or self.bound >= MOST_SIZE

    def smallest(self) -> Case | None:
        """A smallest case of the row, or None."""
        for self.bound in range(MOST_SIZE + 1):
            self.cut = False
            case = self._settle(State.free(self.paths.space), [self.paths.holding(self.place)], 0)
            if case is not None or self.given_up or not self.cut:
                return case
        return None

    def culprits(self) -> tuple[str, ...]:
        """Codes of the fewest rows found that leave no case of the path to this one."""
        needed = list(dict.fromkeys(self.blockers))
        for one in list(needed) if len(needed) <= MOST_NAMED else ():
            fewer = [other for other in needed if other != one]
            probe = _RowSearch(self.paths, self.place, fewer, learning=False)
            if probe.smallest() is None and not probe.given_up:
                needed = fewer
        return tuple(dict.fromkeys(self.paths.scheme.drgs[one].code for one in sorted(needed)))

    def _settle(self, state: State, pending: list[Meaning], seen: int) -> Case | None:
        """Add what must hold; branch where there is a choice. `seen` blockers are among the pending already."""
        while True:
            pending = pending + [self.paths.failing(one) for one in self.blockers[seen:]]
            seen = len(self.blockers)
            settled = _propagate(state, pending)
            if settled is None:
                return None
            state, choices = settled
            if state.size > self.bound:
                self.cut = True
                return None
            if choices:
                return self._branch(state, choices, seen)
            case = self._leaf(state)
            if case is not None or seen == len(self.blockers):
                return case
            pending = []

    def _branch(self, state: State, choices: list[Any], seen: int) -> Case | None:
        choice = min(choices, key=lambda one: len(one.parts))
        rest: list[Meaning] = [one for one in choices if one is not choice]
        for part in choice.parts:
            self.states += 1
            if self.given_up:
                return None
            case = self._settle(state, [*rest, part], seen)
            if case is not None:
                return case
        return None

    def _leaf(self, state: State) -> Case | None:
        """The smallest case of a state; where an earlier row takes it, that row becomes a blocker."""
        case, cut = smallest_case(state, self.bound)
        self.cut |= cut
        if case is None:
            return None
        if not self.learning:
            return case
        result = self.paths.grouper.group(case)
        if result.drg == self.paths.scheme.drgs[self.place].code:
            return case
        self.blockers.append(result.drg_row)
        return None


def _propagate(state: State, pending: list[Meaning]) -> tuple[State, list[Any]] | None:
    """Add all literals, also those that are the only way left; the choices that remain. None: a contradiction."""
    choices: list[Any] = []
    while pending:
        before = state
        literals: list[Meaning] = list(pending)
        while literals:
            one = literals.pop()
            if isinstance(one, All):
                literals.extend(one.parts)
            elif isinstance(one, Any):
                choices.append(one)
            elif not state.entails(one):
                after = state.with_literal(one)
                if after is None:
                    return None
                state = after
        choices, pending = _narrowed(state, choices), []
        if any(not one.parts for one in choices):
            return None
        if state is not before or any(len(one.parts) == 1 for one in choices):
            pending = [one.parts[0] for one in choices if len(one.parts) == 1]
            choices = [one for one in choices if len(one.parts) > 1]
    return state, choices


def _narrowed(state: State, choices: Iterable[Any]) -> list[Any]:
    """Choices still open, each with the ways still possible; ways that are choices themselves are laid flat."""
    found: dict[Any, None] = {}
    for one in choices:
        if not state.entails(one):
            found[Any(tuple(part for part in _flat(one) if state.admits(part)))] = None
    return list(found)


def _flat(choice: Any) -> Iterable[Meaning]:
    for part in choice.parts:
        if isinstance(part, Any):
            yield from _flat(part)
        else:
            yield part
