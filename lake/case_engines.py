"""Three ways to group a table of cases, all with one answer: the kernel here, the reference, the kernel on Spark."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from grouper.case import GroupResult
from grouper.case_rows import case_from_row
from grouper.compile import compile_scheme
from grouper.explain import explain_lines
from grouper.reference import ReferenceGrouper
from grouper.scheme import Scheme
from grouper.tables import group_table
from lake.errors import ContractBroken

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

GROUP_COLUMNS = ("mdc", "adrg", "drg", "outcome", "reason")
STEP_SEPARATOR = " ｜ "
# A table of text columns as `lake.case_columns.read_cells` gives it -> GROUP_COLUMNS, row for row.
Engine = Callable[[pa.Table], pa.Table]


def kernel_engine(scheme: Scheme) -> Engine:
    """The kernel in this process."""
    compiled = compile_scheme(scheme)
    return lambda table: group_table(compiled, table).select(GROUP_COLUMNS)


def reference_engine(scheme: Scheme) -> Engine:
    """Plain Python, case by case."""
    grouper = ReferenceGrouper(scheme)
    return lambda table: _results(grouper.group(case_from_row(row)) for row in table.to_pylist())


def _results(results: Iterable[GroupResult]) -> pa.Table:
    cells = [(one.mdc, one.adrg, one.drg, one.outcome.value, one.reason.value) for one in results]
    columns = zip(*cells, strict=True) if cells else [()] * len(GROUP_COLUMNS)
    return pa.table({name: pa.array(column, pa.string()) for name, column in zip(GROUP_COLUMNS, columns, strict=True)})


def spark_engine(scheme: Scheme, session: SparkSession) -> Engine:
    """The kernel in Spark's workers; the order of the rows is kept by their number."""
    from lake.grouping import LakeScheme

    bound = LakeScheme(scheme.fingerprint, compile_scheme(scheme).to_bytes(), {})
    schema = ", ".join([*(f"{name} string" for name in GROUP_COLUMNS), "row bigint"])

    def grouped(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            table = pa.Table.from_batches([batch])
            found = group_table(bound.compiled, table).select(GROUP_COLUMNS)
            yield from found.append_column("row", table["row"]).to_batches()

    def engine(table: pa.Table) -> pa.Table:
        numbered = table.append_column("row", pa.array(range(table.num_rows), pa.int64()))
        found = session.createDataFrame(numbered).mapInArrow(grouped, schema).toArrow()
        return found.sort_by("row").select(GROUP_COLUMNS)

    return engine


class Explainer:
    """The path of each case in Chinese, by the reference; what is explained must be what was found."""

    def __init__(self, scheme: Scheme) -> None:
        """Prepare the reference."""
        self._grouper, self._names = ReferenceGrouper(scheme), scheme.code_names

    def lines(self, table: pa.Table, found: pa.Table) -> list[str]:
        """One line a case.

        Raises:
            ContractBroken: the reference gives another group than `found`.
        """
        rows = zip(table.to_pylist(), found["drg"].to_pylist(), strict=True)
        return [self._line(row, drg) for row, drg in rows]

    def _line(self, row: dict[str, str], drg: str) -> str:
        trace = self._grouper.explain(case_from_row(row))
        if trace.result.drg != drg:
            case = row["case_id"] or "(no case_id)"
            raise ContractBroken(
                f"case {case}: grouped as {drg}, explained as {trace.result.drg}. This is an error of the program."
            )
        return one_line(explain_lines(trace, self._names)).removeprefix("病例 ：")


def one_line(lines: Sequence[str]) -> str:
    """Several lines as one, without their indents and line ends."""
    return STEP_SEPARATOR.join(" ".join(line.split()) for line in lines)
