"""A scheme as numpy tables over dense local code ids: made once, stored as bytes, loaded in a moment.

Local ids: 1..n are the codes that some table of the scheme names, 0 is any other code, -1 is no code at all and n + 1 a
grey code (灰码). All tables over ids have n + 2 rows, so that -1 and n + 1 find the last row, which says "in nothing".
A code that the scheme maps has the id of the code it is mapped to (see grouper.edition).

Codes in the same code sets share a *profile*; a rule's `in SETS` is then one small table over profiles.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from grouper.edition import changed_codes
from grouper.errors import SchemeProblem
from grouper.outcome import outcome_of
from grouper.rules.nodes import And, CountIn, InSets, Not, Or, Rule
from grouper.rules.parse import parse_rule
from grouper.rules.text import rule_text
from grouper.scheme import CodeSystem, Complication, RuleRow, Scheme

Ints = npt.NDArray[np.int32]
Places = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

NO_CODE = -1
UNKNOWN_CODE = 0
LEVEL_BITS: Mapping[str, int] = {Complication.MCC.value: 1, Complication.CC.value: 2}
FORMAT = 2  # of the stored bytes


@dataclass(frozen=True, slots=True)
class CompiledRow:
    """A row of rules: its code, its rule in canonical writing, the place of the row it belongs to (-1 of an MDC)."""

    code: str
    rule: str
    parent: int


@dataclass(frozen=True, eq=False)
class CompiledScheme:
    """The tables that the kernel looks into. n codes, p profiles, t tuples of sets, x exclusion tables, e profiles of
    principal diagnoses in them.

    Attributes:
        fingerprint: of the scheme it was made from.
        codes: the n codes, sorted; a code's local id is its place plus 1.
        profile: profile of each id, shape (n + 2,).
        set_tuples: the tuples of set names that rules ask for; `members` has a row for each.
        members: whether a profile is in one of the sets of a tuple, shape (t, p).
        level: bit 1 for MCC, bit 2 for CC of each id, shape (n + 2,).
        exclusion: exclusion table of each id as a complication, shape (n + 2,).
        exclusion_profile: what each id is as a principal diagnosis, shape (n + 2,).
        excluded: whether an exclusion table holds a principal diagnosis of a profile, shape (x, e).
        known_diagnosis: whether some table of diagnoses names the code, shape (n + 2,).
        changed: by code system, the codes that the scheme maps or calls grey, with their ids.
    """

    fingerprint: str
    codes: tuple[str, ...]
    mdcs: tuple[CompiledRow, ...]
    adrgs: tuple[CompiledRow, ...]
    drgs: tuple[CompiledRow, ...]
    set_tuples: tuple[tuple[str, ...], ...]
    profile: Places
    members: Bools
    level: Bytes
    exclusion: Places
    exclusion_profile: Places
    excluded: Bools
    known_diagnosis: Bools
    changed: Mapping[CodeSystem, Mapping[str, int]] = field(default_factory=dict)

    @property
    def grey_id(self) -> int:
        """The id of all grey codes."""
        return len(self.codes) + 1

    def local_ids(self, codes: pa.Array | pa.ChunkedArray, system: CodeSystem) -> Ints:
        """Local ids of code strings of a system (plain, large or dictionary encoded), mapped codes as what they are
        mapped to; null and '' are -1, unknown codes 0, grey codes `grey_id`.

        To map the ids of a code system instead, call it once with that system's codes in the order of their ids and
        index the answer.
        """
        ids: Ints
        if isinstance(codes, pa.ChunkedArray):
            codes = codes.combine_chunks()
        if pa.types.is_dictionary(codes.type):
            places = codes.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
            ids = np.append(self.local_ids(codes.dictionary, system), np.int32(NO_CODE))[places]
            return ids
        texts = codes.cast(pa.string())
        found = pc.index_in(texts, value_set=self._code_array)
        ids = pc.add(found.fill_null(-1), 1).to_numpy(zero_copy_only=False).astype(np.int32, copy=True)
        unknown = np.flatnonzero(ids == UNKNOWN_CODE)
        if len(unknown):
            blank = pc.equal(texts.take(pa.array(unknown)).fill_null(""), "").to_numpy(zero_copy_only=False)
            ids[unknown[blank]] = NO_CODE
        if changed := self.changed.get(system):
            found = pc.index_in(texts, value_set=pa.array(changed.keys(), pa.string())).fill_null(-1)
            places = found.to_numpy(zero_copy_only=False)
            ids = np.where(places < 0, ids, np.fromiter(changed.values(), np.int32)[places])
        return ids

    @cached_property
    def _code_array(self) -> pa.Array:
        return pa.array(self.codes, pa.string())

    @cached_property
    def table_of(self) -> Mapping[tuple[str, ...], Bools]:
        """Row of `members` for a tuple of sets."""
        return {names: self.members[place] for place, names in enumerate(self.set_tuples)}

    @cached_property
    def adrg_of_drg(self) -> Ints:
        """Row of the ADRG of each DRG row; the last element, found by -1, is -1."""
        return np.array([*(row.parent for row in self.drgs), -1], np.int32)

    @cached_property
    def mdc_of_adrg(self) -> Ints:
        """Row of the MDC of each ADRG row; the last element, found by -1, is -1."""
        return np.array([*(row.parent for row in self.adrgs), -1], np.int32)

    @cached_property
    def outcomes(self) -> tuple[str, ...]:
        """Outcome of each DRG row."""
        return tuple(outcome_of(row.code) for row in self.drgs)

    def to_bytes(self) -> bytes:
        """The stored form; same scheme, same bytes."""
        header = {
            "format": FORMAT,
            "fingerprint": self.fingerprint,
            "codes": self.codes,
            "set_tuples": self.set_tuples,
            "profiles": self.members.shape[1],
            "principals": self.excluded.shape[1],
            "changed": self.changed,
            "rows": [[(row.code, row.rule, row.parent) for row in rows] for rows in (self.mdcs, self.adrgs, self.drgs)],
        }
        stream = io.BytesIO()
        np.savez_compressed(
            stream,
            header=np.frombuffer(json.dumps(header, ensure_ascii=False).encode(), np.uint8),
            profile=self.profile.astype(np.int32),
            members=np.packbits(self.members, axis=1),
            level=self.level,
            exclusion=self.exclusion.astype(np.int32),
            exclusion_profile=self.exclusion_profile.astype(np.int32),
            excluded=np.packbits(self.excluded, axis=1),
            known_diagnosis=np.packbits(self.known_diagnosis),
        )
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> CompiledScheme:
        """Read the stored form.

        Raises:
            SchemeProblem: the bytes are not a compiled scheme of this format.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            header = json.loads(arrays["header"].tobytes())
        except (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile, zlib.error) as error:
            raise SchemeProblem(
                f"not a stored compiled scheme ({error})", remedy="Compile the scheme again."
            ) from error
        if header["format"] != FORMAT:
            raise SchemeProblem(
                "the compiled scheme is in another format", value=str(header["format"]), remedy="Compile it again."
            )
        mdcs, adrgs, drgs = (tuple(CompiledRow(*row) for row in rows) for rows in header["rows"])
        size = len(arrays["profile"])
        return cls(
            fingerprint=header["fingerprint"],
            codes=tuple(header["codes"]),
            mdcs=mdcs,
            adrgs=adrgs,
            drgs=drgs,
            set_tuples=tuple(tuple(names) for names in header["set_tuples"]),
            profile=arrays["profile"].astype(np.intp),
            members=np.unpackbits(arrays["members"], axis=1, count=header["profiles"]).astype(np.bool_),
            level=arrays["level"],
            exclusion=arrays["exclusion"].astype(np.intp),
            exclusion_profile=arrays["exclusion_profile"].astype(np.intp),
            excluded=np.unpackbits(arrays["excluded"], axis=1, count=header["principals"]).astype(np.bool_),
            known_diagnosis=np.unpackbits(arrays["known_diagnosis"], count=size).astype(np.bool_),
            changed={CodeSystem(system): ids for system, ids in header["changed"].items()},
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Travel in the stored form, without what was derived from it."""
        return CompiledScheme.from_bytes, (self.to_bytes(),)


def compile_scheme(scheme: Scheme) -> CompiledScheme:
    """Turn a scheme into tables.

    Raises:
        RuleSyntaxError: a rule cannot be read.
        SchemeProblem: a rule asks for a code set that the scheme does not have.
    """
    codes = _all_codes(scheme)
    ids = {code: place for place, code in enumerate(codes, start=1)}
    rows = (scheme.mdcs, scheme.adrgs, scheme.drgs)
    rules = [[parse_rule(row.rule) for row in level] for level in rows]
    set_tuples = tuple(sorted({names for level in rules for rule in level for names in _set_tuples(rule)}))
    profile, members = _membership(scheme, ids, set_tuples)
    level, exclusion, table_rows = _complications(scheme, ids)
    exclusion_profile, excluded = _exclusions(scheme, ids, table_rows)
    known = np.zeros(len(ids) + 2, np.bool_)
    known[[ids[code] for code in _diagnoses(scheme)]] = True
    mdcs, adrgs, drgs = _rows(rows, rules)
    return CompiledScheme(
        fingerprint=scheme.fingerprint,
        codes=codes,
        mdcs=mdcs,
        adrgs=adrgs,
        drgs=drgs,
        set_tuples=set_tuples,
        profile=profile,
        members=members,
        level=level,
        exclusion=exclusion,
        exclusion_profile=exclusion_profile,
        excluded=excluded,
        known_diagnosis=known,
        changed={system: ids_of for system in CodeSystem if (ids_of := _changed(scheme, system, ids))},
    )


def _changed(scheme: Scheme, system: CodeSystem, ids: Mapping[str, int]) -> dict[str, int]:
    grey = len(ids) + 1
    read = changed_codes(scheme, system)
    return {code: grey if is_grey else ids.get(target, UNKNOWN_CODE) for code, (target, is_grey) in read.items()}


def _diagnoses(scheme: Scheme) -> set[str]:
    found = set(scheme.complications)
    return found.union(*(s.diagnoses for s in scheme.sets.values()), *scheme.exclusions.values())


def _all_codes(scheme: Scheme) -> tuple[str, ...]:
    return tuple(sorted(_diagnoses(scheme).union(*(s.procedures for s in scheme.sets.values()))))


def _set_tuples(rule: Rule) -> Iterable[tuple[str, ...]]:
    if isinstance(rule, InSets | CountIn):
        if rule.sets:
            yield rule.sets
    elif isinstance(rule, Not):
        yield from _set_tuples(rule.operand)
    elif isinstance(rule, And | Or):
        for operand in rule.operands:
            yield from _set_tuples(operand)


def _classes(size: int, lists: Mapping[int, list[int]]) -> tuple[Places, list[tuple[int, ...]]]:
    """Number the distinct lists; ids without a list are class 0."""
    classes: dict[tuple[int, ...], int] = {(): 0}
    table = np.zeros(size, np.intp)
    for place in sorted(lists):
        table[place] = classes.setdefault(tuple(lists[place]), len(classes))
    return table, list(classes)


def _membership(scheme: Scheme, ids: Mapping[str, int], set_tuples: Sequence[tuple[str, ...]]) -> tuple[Places, Bools]:
    used = sorted({name for names in set_tuples for name in names})
    lists: dict[int, list[int]] = {}
    for number, name in enumerate(used):
        if name not in scheme.sets:
            raise SchemeProblem(
                "a rule asks for a code set that has no rows",
                sheet="集合",
                value=name,
                remedy="Add it or correct the rule.",
            )
        for code in scheme.sets[name].codes:
            lists.setdefault(ids[code], []).append(number)
    profile, classes = _classes(len(ids) + 2, lists)
    in_set = np.zeros((len(classes), max(len(used), 1)), np.bool_)
    for number, sets in enumerate(classes):
        in_set[number, list(sets)] = True
    place = {name: number for number, name in enumerate(used)}
    members = np.zeros((len(set_tuples), len(classes)), np.bool_)
    for number, names in enumerate(set_tuples):
        members[number] = in_set[:, [place[name] for name in names]].any(axis=1)
    return profile, members


def _complications(scheme: Scheme, ids: Mapping[str, int]) -> tuple[Bytes, Places, Mapping[str, int]]:
    level = np.zeros(len(ids) + 2, np.uint8)
    exclusion = np.zeros(len(ids) + 2, np.intp)
    names = sorted({entry.exclusion for entry in scheme.complications.values()})
    table_rows = {name: number for number, name in enumerate(names)}
    for code, entry in scheme.complications.items():
        level[ids[code]] = LEVEL_BITS[entry.level.value]
        exclusion[ids[code]] = table_rows[entry.exclusion]
    return level, exclusion, table_rows


def _exclusions(scheme: Scheme, ids: Mapping[str, int], table_rows: Mapping[str, int]) -> tuple[Places, Bools]:
    lists: dict[int, list[int]] = {}
    for name, number in sorted(table_rows.items()):
        for code in scheme.exclusions.get(name, ()):
            lists.setdefault(ids[code], []).append(number)
    profile, classes = _classes(len(ids) + 2, lists)
    excluded = np.zeros((max(len(table_rows), 1), len(classes)), np.bool_)
    for number, tables in enumerate(classes):
        excluded[list(tables), number] = True
    return profile, excluded


def _rows(
    rows: tuple[tuple[RuleRow, ...], ...], rules: list[list[Rule]]
) -> tuple[tuple[CompiledRow, ...], tuple[CompiledRow, ...], tuple[CompiledRow, ...]]:
    places: Mapping[str, int] = {}
    compiled = []
    for level, parsed in zip(rows, rules, strict=True):
        compiled.append(
            tuple(
                CompiledRow(row.code, rule_text(rule), places.get(row.parent, -1))
                for row, rule in zip(level, parsed, strict=True)
            )
        )
        places = {row.code: place for place, row in enumerate(level)}
    mdcs, adrgs, drgs = compiled
    return mdcs, adrgs, drgs
