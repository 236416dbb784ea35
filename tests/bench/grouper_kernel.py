"""How many cases a second one core groups, and how much memory that takes.

Usage: python tests/bench/grouper_kernel.py [--scheme ../shared/schemes/chs_drg_20] [--cases 1000000] [--batch 50000]

The cases are those of the scheme's expected.csv, repeated and perturbed: each repeat draws its other diagnoses and
procedures from another case, so that combinations are new. Prints cases per second of the kernel over code ids, and of
the convenience over strings, and the peak memory of the process.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from grouper.case_rows import NUMBER_COLUMNS
from grouper.compile import CompiledScheme, compile_scheme
from grouper.kernel import group_batch
from grouper.outcome import SCALAR_COLUMNS
from grouper.scheme import CodeSystem
from grouper.tables import group_table, ragged
from grouper.workbook import read_scheme

ROOT = Path(__file__).resolve().parent.parent.parent
CODE_COLUMNS = ("principal_diagnosis", "other_diagnoses", "procedures")


def read_table(path: Path) -> pa.Table:
    """expected.csv as text columns."""
    names = ("case_id", *NUMBER_COLUMNS, *CODE_COLUMNS, "mdc", "adrg", "drg")
    return pacsv.read_csv(path, convert_options=pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())))


def perturbed(table: pa.Table, cases: int, seed: int) -> pa.Table:
    """`cases` rows: whole cases, of which half get the other diagnoses and procedures of another case."""
    random = np.random.default_rng(seed)
    base = random.integers(0, table.num_rows, cases)
    other = np.where(random.random(cases) < 0.5, base, random.integers(0, table.num_rows, cases))
    columns = {name: table[name].take(pa.array(base)) for name in (*NUMBER_COLUMNS, "principal_diagnosis")}
    columns |= {name: table[name].take(pa.array(other)) for name in ("other_diagnoses", "procedures")}
    return pa.table(columns)


def columns_of(compiled: CompiledScheme, table: pa.Table) -> tuple[object, ...]:
    """What the kernel takes, prepared outside the clock."""
    lists = [ragged(pc.split_pattern(table[name], "|")) for name in CODE_COLUMNS[1:]]
    (others, other_offsets), (procedures, procedure_offsets) = lists
    scalars = {
        scalar: np.array([float(text) if text else np.nan for text in table[name].to_pylist()])
        for scalar, name in SCALAR_COLUMNS.items()
    }
    principal = compiled.local_ids(table["principal_diagnosis"], CodeSystem.DIAGNOSIS)
    return (
        compiled,
        principal,
        compiled.local_ids(others, CodeSystem.DIAGNOSIS),
        other_offsets,
        compiled.local_ids(procedures, CodeSystem.PROCEDURE),
        procedure_offsets,
        scalars,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scheme", type=Path, default=ROOT.parent / "shared" / "schemes" / "chs_drg_20")
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=50_000)
    parser.add_argument("--profile", action="store_true", help="print where the time goes")
    arguments = parser.parse_args()
    compiled = compile_scheme(read_scheme(arguments.scheme))
    table = read_table(arguments.scheme / "expected.csv")
    batches = [perturbed(table, arguments.batch, seed) for seed in range(max(1, arguments.cases // arguments.batch))]
    prepared = [columns_of(compiled, batch) for batch in batches]
    group_batch(*prepared[0])
    cases = sum(batch.num_rows for batch in batches)
    if arguments.profile:
        import cProfile

        cProfile.runctx("for one in prepared: group_batch(*one)", globals(), {"prepared": prepared}, sort="tottime")
    started = time.process_time()
    grouped = [group_batch(*one) for one in prepared]
    seconds = time.process_time() - started
    open_cases = sum(int((one.drg_row < 0).sum()) for one in grouped)
    print(f"{arguments.scheme.name}: kernel over ids: {cases:,} cases in {seconds:.2f} s CPU, {cases / seconds:,.0f}/s")
    started = time.process_time()
    group_table(compiled, batches[0])
    seconds = time.process_time() - started
    print(f"table over strings: {arguments.batch / seconds:,.0f} cases/s; ungrouped {open_cases / cases:.1%}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main()
