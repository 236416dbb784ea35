"""Codes of the clinical edition (国临版) read as those of the insurance edition (医保版), and grey codes (灰码).

A scheme may bring two tables of codes. A code that `Scheme.code_map` has is read as the code it is mapped to, in one
step. A code that is then in `Scheme.grey_codes` takes no part in grouping: its place is empty, so that a grey principal
procedure leaves the case without a principal procedure and the next one does not move up. A grey principal diagnosis
leaves the case without a group. What was written stays in the case; a reading tells what became of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from grouper.case import Case
from grouper.rules.nodes import Field
from grouper.scheme import CodeSystem, Scheme

CodeMap = Mapping[CodeSystem, Mapping[str, str]]
GreyCodes = Mapping[CodeSystem, frozenset[str]]


@dataclass(frozen=True, slots=True)
class CodeReading:
    """A code of a case that the scheme reads as another one (`code`), as grey, or both; `note` is the map's remark."""

    field: Field
    original: str
    code: str
    grey: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReadCase:
    """A case with its codes as they take part in grouping ('' for a grey one), and what became of those written."""

    case: Case
    readings: tuple[CodeReading, ...] = ()

    @property
    def grey_principal(self) -> bool:
        """Whether the principal diagnosis is a grey code."""
        return any(one.grey and one.field is Field.ZYZD for one in self.readings)


@dataclass(frozen=True, slots=True)
class CodeFault:
    """Why two tables of codes cannot stand together: the code to blame, in the map or among the grey codes."""

    system: CodeSystem
    code: str
    in_map: bool
    problem: str
    remedy: str


def changes_codes(scheme: Scheme) -> bool:
    """Whether the scheme maps some code or calls one grey."""
    return any(scheme.code_map.values()) or any(scheme.grey_codes.values())


def changed_codes(scheme: Scheme, system: CodeSystem) -> dict[str, tuple[str, bool]]:
    """Every code of a system that the scheme maps or calls grey -> the code it is read as, and whether that is grey."""
    codes = scheme.code_map.get(system, {}).keys() | scheme.grey_codes.get(system, frozenset())
    return {code: read_code(scheme, system, code) for code in sorted(codes)}


def read_code(scheme: Scheme, system: CodeSystem, code: str) -> tuple[str, bool]:
    """The code that a code is read as, and whether that is grey."""
    mapped = scheme.code_map.get(system, {}).get(code, code)
    return mapped, mapped in scheme.grey_codes.get(system, frozenset())


def read_codes(scheme: Scheme, case: Case) -> ReadCase:
    """The case as the scheme reads its codes."""
    if not changes_codes(scheme):
        return ReadCase(case)
    readings: list[CodeReading] = []

    def read(field: Field, system: CodeSystem, codes: Iterable[str]) -> Iterator[str]:
        for code in codes:
            mapped, grey = read_code(scheme, system, code)
            if grey or mapped != code:
                readings.append(CodeReading(field, code, mapped, grey, scheme.map_notes.get((system, code), "")))
            yield "" if grey else mapped

    diagnosis, procedure = CodeSystem.DIAGNOSIS, CodeSystem.PROCEDURE
    principal = case.principal_diagnosis
    changed = replace(
        case,
        principal_diagnosis=next(read(Field.ZYZD, diagnosis, [principal])) if principal else principal,
        other_diagnoses=tuple(read(Field.QTZD, diagnosis, case.other_diagnoses)),
        procedures=(
            *read(Field.ZYSS, procedure, case.procedures[:1]),
            *read(Field.QTSS, procedure, case.procedures[1:]),
        ),
    )
    return ReadCase(changed, tuple(readings))


def find_fault(code_map: CodeMap, grey_codes: GreyCodes) -> CodeFault | None:
    """The first thing, in the order of the tables, that keeps them from meaning one thing; None where all is well."""
    return next(find_faults(code_map, grey_codes), None)


def find_faults(code_map: CodeMap, grey_codes: GreyCodes) -> Iterator[CodeFault]:
    """Everything, in the order of the tables, that keeps them from meaning one thing."""
    for system, mapped in code_map.items():
        grey = grey_codes.get(system, frozenset())
        for code, target in mapped.items():
            if target in mapped:
                kind = "a cycle" if mapped[target] == code else "a chain"
                further = f"{code} is mapped to {target}, and {target} to {mapped[target]}"
                remedy = "A code is mapped in one step: map it to the last code, or delete a row."
                yield CodeFault(system, code, True, f"the map has {kind}: {further}", remedy)
            if code in grey:
                remedy = "A code is mapped before it is looked up here: delete it here or in the map."
                yield CodeFault(system, code, False, f"the grey code {code} is mapped too, to {target}", remedy)
