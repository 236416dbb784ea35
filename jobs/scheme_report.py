"""What keepers of schemes ask of them: what is odd, what differs and whom it moves, a case for each group."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from grouper.case import Case
from grouper.case_rows import CODE_SEPARATOR
from grouper.diff import CcDifference, CodesDifference, RowDifference, SchemeDiff, diff_schemes
from grouper.reference import ReferenceGrouper
from grouper.rules.lint import lint_scheme
from grouper.scheme import Scheme
from grouper.witness import find_witnesses
from lake.case_columns import CASE_COLUMNS, lay_out, read_cells
from lake.case_csv import CaseWriter, open_case_csv
from lake.case_engines import kernel_engine
from lake.errors import ContractBroken, InputProblem

MOST_MOVES = 20
BATCH_ROWS = 50_000
ADDED, REMOVED, CHANGED = "新增", "删除", "修改"
WITNESS_COLUMNS = (*CASE_COLUMNS, "mdc", "adrg", "drg")
Difference = RowDifference | CodesDifference | CcDifference


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Tab-separated on stdout; tabs and line ends in cells become blanks."""
    print("\t".join(header))
    for row in rows:
        print("\t".join(" ".join(str(cell).split()) for cell in row))


def report_lint(scheme: Scheme) -> int:
    """All oddities as a table, their numbers on stderr; `InputProblem`'s exit code where one of them is an error."""
    findings = lint_scheme(scheme)
    print_table(
        ("severity", "kind", "sheet", "row", "code", "message"),
        [
            ("error" if one.is_error else "note", one.kind.value, one.sheet, one.row or "", one.code, one.message)
            for one in findings
        ],
    )
    errors = sum(one.is_error for one in findings)
    print(f"共{len(findings)}条，其中错误{errors}条", file=sys.stderr)
    return InputProblem.exit_code if errors else 0


def report_diff(before: Scheme, after: Scheme, cases: Path | None) -> int:
    """What differs as a table; with cases two more behind blank lines: how many move, and the most frequent moves."""
    diff = diff_schemes(before, after)
    moves = None if cases is None else count_moves(before, after, cases)
    lines = diff.lines({**before.code_names, **after.code_names})
    differences: list[Difference] = [*diff.rows, *diff.codes, *diff.complications]
    print_table(
        ("sheet", "code", "change", "message"),
        [(*_place(one), line) for one, line in zip(differences, lines, strict=True)],
    )
    print(_count_words(diff), file=sys.stderr)
    if moves is not None:
        _print_moves(moves)
    return 0


def _place(one: Difference) -> tuple[str, str, str]:
    if isinstance(one, CodesDifference):
        return one.sheet, one.name, CHANGED
    change = ADDED if one.before is None else REMOVED if one.after is None else CHANGED
    return (one.sheet if isinstance(one, RowDifference) else "CC"), one.code, change


def _count_words(diff: SchemeDiff) -> str:
    if diff.is_empty:
        return "两个方案没有差异"
    tables = Counter([*(one.sheet for one in diff.rows), *(one.sheet for one in diff.codes)])
    if diff.complications:
        tables["CC"] = len(diff.complications)
    return "差异：" + "，".join(f"{sheet} {count}处" for sheet, count in tables.items())


def count_moves(before: Scheme, after: Scheme, cases: Path) -> Counter[tuple[str, str]]:
    """How many cases of a file go from which DRG to which; those that stay are counted too."""
    source = open_case_csv(cases)
    layout = lay_out(source, ())
    engines = [kernel_engine(scheme) for scheme in (before, after)]
    moves: Counter[tuple[str, str]] = Counter()
    for rows in source.batches(BATCH_ROWS):
        table = read_cells(layout.case_table(rows)).table
        old, new = (engine(table)["drg"].to_pylist() for engine in engines)
        moves.update(zip(old, new, strict=True))
    return moves


def _print_moves(moves: Counter[tuple[str, str]]) -> None:
    moved = {pair: count for pair, count in moves.items() if pair[0] != pair[1]}
    ordered = sorted(moved.items(), key=lambda item: (-item[1], item[0]))
    print()
    print_table(("cases", "moved"), [(moves.total(), sum(moved.values()))])
    print()
    print_table(("from", "to", "cases"), [(*pair, count) for pair, count in ordered[:MOST_MOVES]])
    if len(ordered) > MOST_MOVES:
        rest = ordered[MOST_MOVES:]
        print(f"另有{len(rest)}种变化，共{sum(count for _, count in rest)}例，未列出", file=sys.stderr)


def report_witnesses(scheme: Scheme, out: Path | None) -> int:
    """A case for each group, as a table or in a case file; groups without one on stderr."""
    writer = None if out is None else CaseWriter(out, WITNESS_COLUMNS)
    found = find_witnesses(scheme)
    grouper = ReferenceGrouper(scheme)
    rows = [_witness_row(grouper, code, case) for code, case in found.found.items()]
    if writer is None:
        print_table(WITNESS_COLUMNS, rows)
    else:
        with writer:
            writer.write_rows(rows)
    names = {row.code: row.name for row in scheme.drgs}
    for code in found.missing:
        print(f"未找到能进入病组 {code} {names[code]}".rstrip() + " 的病例", file=sys.stderr)
    print(f"{len(found.found)}个病组有见证病例，{len(found.missing)}个没有", file=sys.stderr)
    return 0


def _witness_row(grouper: ReferenceGrouper, code: str, case: Case) -> tuple[str, ...]:
    """The case as a row; the reference must give it the group that the kernel gave."""
    result = grouper.group(case)
    if result.drg != code:
        raise ContractBroken(
            f"witness of {code}: the reference groups it as {result.drg}. This is an error of the program."
        )
    return (*(_cell(getattr(case, column)) for column in CASE_COLUMNS), result.mdc, result.adrg, result.drg)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return CODE_SEPARATOR.join(value)
    return f"{value:f}" if not isinstance(value, str | int) else str(value)
