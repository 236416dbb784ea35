"""The grouper's kernel on Spark: one pass for all cities, the scheme chosen row by row through the area.

Only ids and the numbers that rules ask for cross into Python; everything else stays with Spark.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

from grouper.case import UNGROUPED_CODE, Outcome
from grouper.compile import NO_CODE, CompiledScheme
from grouper.kernel import REASONS, group_batch
from grouper.rules.nodes import Scalar
from grouper.scheme import CodeSystem
from lake.codes import CodeArrays

# Column of `cases` for each scalar of the rule language.
SCALARS = {
    Scalar.XB: "sex",
    Scalar.NL: "age",
    Scalar.XSRTL: "age_days",
    Scalar.XSRTZ: "birth_weight",
    Scalar.ZYTS: "los",
    Scalar.LYFS: "discharge_way",
    Scalar.ICUSC: "icu_hours",
}
ANSWER_FIELDS = ("outcome", "reason", "mdc", "adrg", "drg", "mdc_row", "adrg_row", "drg_row")
ANSWER_PLACES = frozenset({"mdc_row", "adrg_row", "drg_row"})
# Carried through beside what the kernel asks for: quicker than to join its answer to the rows again (measured: 1.5 x).
_KEPT = ("setl_id", "area", "month", "blocked")
_SEPARATOR = "\x1f"  # between the texts of a constant list; in no code


@dataclass(frozen=True)
class LakeScheme:
    """A compiled scheme as bytes and, for each id of the lake's codes, the id that the scheme has for the code.

    Bytes, because the scheme travels to the workers; each worker unpacks it once, whatever the number of its tasks.
    """

    version: str
    document: bytes
    local_ids: Mapping[str, np.ndarray]

    @property
    def compiled(self) -> CompiledScheme:
        """The scheme, ready to group; unpacked once a process."""
        if self.version not in _UNPACKED:
            _UNPACKED[self.version] = CompiledScheme.from_bytes(self.document)
        return _UNPACKED[self.version]


_UNPACKED: dict[str, CompiledScheme] = {}


def bind(compiled: CompiledScheme, codes: CodeArrays) -> LakeScheme:
    """A compiled scheme with the codes of the lake; id 0 of the lake is 'no code'.

    Mapped and grey codes are settled here, once a distinct code: the cases cost nothing more.
    """
    none = np.full(1, NO_CODE, np.int32)
    tables = {
        system: np.concatenate([none, compiled.local_ids(array, CodeSystem(system))]) for system, array in codes.items()
    }
    return LakeScheme(compiled.fingerprint, compiled.to_bytes(), tables)


def _ragged(lists: pa.Array, table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    offsets = lists.offsets.to_numpy(zero_copy_only=False)
    values = lists.values.to_numpy(zero_copy_only=False)[offsets[0] : offsets[-1]]
    return table[values], (offsets - offsets[0]).astype(np.int64)


def to_doubles(values: pa.Array) -> pa.Array:
    """Numbers of `cases` as Spark casts them to doubles: of a decimal, the double nearest to it."""
    if not pa.types.is_decimal(values.type):
        return values.cast(pa.float64())
    # Whole units fit 53 bits, so dividing them rounds once; Arrow's own cast multiplies by a rounded power of ten.
    wide = values.cast(pa.decimal128(values.type.precision, values.type.scale))
    low = np.frombuffer(wide.buffers()[1], np.int64)[::2][wide.offset : wide.offset + len(wide)]
    return pa.array(low / 10.0**values.type.scale, mask=pc.is_null(wide).to_numpy(zero_copy_only=False))


def _numbers(values: pa.Array) -> np.ndarray:
    return values.to_numpy(zero_copy_only=False)


def group_numbers(
    scheme: LakeScheme,
    asked: Sequence[Scalar],
    principal: pa.Array,
    others: pa.Array,
    procs: pa.Array,
    *scalars: pa.Array,
) -> np.ndarray:
    """Group one batch by one scheme, with the scalars `asked`; the place of each case's answer in `all_answers`."""
    other_values, other_offsets = _ragged(others, scheme.local_ids["DI"])
    proc_values, proc_offsets = _ragged(procs, scheme.local_ids["OP"])
    grouped = group_batch(
        scheme.compiled,
        scheme.local_ids["DI"][principal.to_numpy(zero_copy_only=False)],
        other_values,
        other_offsets,
        proc_values,
        proc_offsets,
        {scalar: _numbers(values) for scalar, values in zip(asked, scalars, strict=True)},
    )
    without = len(scheme.compiled.drgs) + grouped.reason.astype(np.int32)
    return np.where(grouped.drg_row < 0, without, grouped.drg_row).astype(np.int32)


def _group_answers(compiled: CompiledScheme) -> list[tuple[str | int, ...]]:
    """Answers (`ANSWER_FIELDS`) of the scheme: one for each row of a DRG, then one for each reason for none."""
    answers: list[tuple[str | int, ...]] = []
    for place, row in enumerate(compiled.drgs):
        adrg = int(compiled.adrg_of_drg[place])
        mdc = int(compiled.mdc_of_adrg[adrg])
        codes = (compiled.mdcs[mdc].code, compiled.adrgs[adrg].code, row.code)
        answers.append((Outcome(compiled.outcomes[place]).value, REASONS[0].value, *codes, mdc, adrg, place))
    return answers + [_no_group(reason.value) for reason in REASONS]


def all_answers(compiled: CompiledScheme) -> list[tuple[str | int, ...]]:
    """The answers that a scheme can give, then that of a case which a finding blocks: the reason is the finding's."""
    return [*_group_answers(compiled), _no_group("")]


def _no_group(reason: str) -> tuple[str | int, ...]:
    return (Outcome.UNGROUPED.value, reason, "", "", UNGROUPED_CODE, -1, -1, -1)


class Tally:
    """Cases that went into the grouper and came out of it, counted while they pass: nothing is read a second time."""

    def __init__(self) -> None:
        """Of one pass; its numbers are there once the pass was carried out."""
        self._read, self._grouped = Observation(), Observation()

    def before(self, cases: DataFrame) -> DataFrame:
        """The cases, counted on their way into the grouper."""
        return cases.observe(self._read, F.count(F.lit(1)).alias("cases"))

    def after(self, grouped: DataFrame, outcome: Column) -> DataFrame:
        """The cases, counted by outcome on their way out of it."""
        return grouped.observe(self._grouped, *[F.count_if(outcome == one.value).alias(one.value) for one in Outcome])

    @property
    def cases(self) -> int:
        """How many cases were read."""
        return int(self._read.get["cases"])

    @property
    def outcomes(self) -> dict[str, int]:
        """How many cases came out, by outcome; only outcomes that there were."""
        return {name: int(count) for name, count in self._grouped.get.items() if count}


def asked_scalars(schemes: Iterable[CompiledScheme]) -> list[Scalar]:
    """The numbers that some rule of the schemes may ask for: the others need not be read."""
    rules = {row.rule for scheme in schemes for rows in (scheme.mdcs, scheme.adrgs, scheme.drgs) for row in rows}
    return [scalar for scalar in SCALARS if any(scalar.value in rule for rule in rules)]


def group_cases(cases: DataFrame, schemes: Mapping[str, LakeScheme], tally: Tally | None = None) -> DataFrame:
    """`cases` -> setl_id, area, month, outcome, reason, codes, rows and scheme_version; `schemes` by treating area.

    A case that a finding blocks is not grouped; its reason is the rule of the finding. Out of Python comes one number a
    case, its answer's place in a constant list of all answers of all schemes: texts of groups never cross. `tally`
    counts the cases while they pass.
    """
    by_version = {scheme.version: scheme for scheme in schemes.values()}
    versions, areas = sorted(by_version), sorted(schemes)
    answers = {version: all_answers(by_version[version].compiled) for version in versions}
    ends = np.cumsum([len(answers[version]) for version in versions], dtype=np.int32)
    first = np.array([0, *ends[:-1]], np.int32)
    which = np.array([versions.index(schemes[area].version) for area in areas])
    known = pa.array(areas)
    asked = asked_scalars(scheme.compiled for scheme in by_version.values())

    def number(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            *kept, blocked = batch.columns[: len(_KEPT)]
            blocked = pc.fill_null(blocked, "")
            columns = batch.columns[len(_KEPT) :]
            chosen = which[pc.index_in(batch.column("area"), value_set=known).to_numpy(zero_copy_only=False)]
            numbers = np.empty(len(chosen), np.int32)
            for index in np.unique(chosen):
                rows = np.flatnonzero(chosen == index)
                mine = columns if len(rows) == len(chosen) else [column.take(pa.array(rows)) for column in columns]
                numbers[rows] = group_numbers(by_version[versions[index]], asked, *mine) + first[index]
            free = pc.equal(blocked, "")
            answer = pc.if_else(free, pa.array(numbers), pa.array(ends[chosen] - 1))
            refused = pc.if_else(free, pa.scalar(None, pa.string()), blocked)
            yield pa.RecordBatch.from_arrays([*kept, refused, answer], [*_KEPT, "answer"])

    scalars = [F.col(SCALARS[scalar]).cast("double").alias(SCALARS[scalar]) for scalar in asked]
    narrow = cases.select(*_KEPT, "principal_id", "other_ids", "procedure_ids", *scalars)
    narrow = tally.before(narrow) if tally else narrow
    numbered = narrow.mapInArrow(number, ", ".join([*(f"{name} string" for name in _KEPT), "answer int"]))
    fields = _fields([(*answer, version) for version in versions for answer in answers[version]])
    numbered = tally.after(numbered, fields["outcome"]) if tally else numbered
    return numbered.select("setl_id", "area", "month", *[field.alias(name) for name, field in fields.items()])


def _fields(answers: Sequence[tuple[str | int, ...]]) -> dict[str, Column]:
    """The fields of the answer of a case, by name."""
    columns = {}
    for name, texts in zip((*ANSWER_FIELDS, "scheme_version"), zip(*answers, strict=True), strict=True):
        kind = "int" if name in ANSWER_PLACES else "string"
        # Constant, so that the plan holds the list itself: one expression, whatever its length.
        listed = F.split(F.lit(_SEPARATOR.join(str(text) for text in texts)), _SEPARATOR).cast(f"array<{kind}>")
        columns[name] = F.get(listed, F.col("answer"))
    return columns | {"reason": F.coalesce("blocked", columns["reason"])}
