"""What keepers of schemes ask of them: what is odd, what differs and whom it moves, a case for each group."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from grouper.case import Case
from grouper.case_rows import CODE_SEPARATOR
from grouper.compile import compile_scheme
from grouper.diff import CcDifference, CodesDifference, RowDifference, SchemeDiff, diff_schemes
from grouper.lint import Catalogue, lint_draft
from grouper.reference import ReferenceGrouper
from grouper.rules.findings import Severity
from grouper.scheme import Scheme
from grouper.tables import group_table
from grouper.witness import find_witnesses
from grouper.workbook import Draft
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


def report_lint(draft: Draft, national: Scheme | None, catalogue: Catalogue | None) -> int:
    """All findings as a table, their numbers on stderr; `InputProblem`'s exit code where one of them is an error."""
    findings = lint_draft(draft, national, catalogue)
    print_table(
        ("severity", "kind", "sheet", "row", "code", "message", "remedy"),
        [
            (one.severity.value, one.kind.value, one.sheet, one.row or "", one.code, one.message, one.remedy)
            for one in findings
        ],
    )
    counts = Counter(one.severity for one in findings)
    said = f"共{len(findings)}条，其中错误{counts[Severity.ERROR]}条，警告{counts[Severity.WARNING]}条"
    if draft.problems:
        said += f"；方案有{len(draft.problems)}处不能读，改正后再查规则是否矛盾、病组是否可达"
    print(said, file=sys.stderr)
    return InputProblem.exit_code if counts[Severity.ERROR] else 0


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
    moved = sum(count for pair, count in moves.items() if pair[0] != pair[1])
    print()
    print_table(("cases", "moved"), [(moves.total(), moved)])
    print()
    print_top_moves(moves)


def print_top_moves(moves: Counter[tuple[str, str]]) -> None:
    """The most frequent moves as a table; how many are not in it, on stderr."""
    moved = {pair: count for pair, count in moves.items() if pair[0] != pair[1]}
    ordered = sorted(moved.items(), key=lambda item: (-item[1], item[0]))
    print_table(("from", "to", "cases"), [(*pair, count) for pair, count in ordered[:MOST_MOVES]])
    if len(ordered) > MOST_MOVES:
        rest = ordered[MOST_MOVES:]
        print(f"另有{len(rest)}种变化，共{sum(count for _, count in rest)}例，未列出", file=sys.stderr)


def report_witnesses(scheme: Scheme, out: Path | None) -> int:
    """A case for each group, as a table or in a case file; on stderr the groups that no case reaches, and why."""
    writer = None if out is None else CaseWriter(out, WITNESS_COLUMNS)
    witnesses = find_witnesses(scheme)
    rows = _witness_rows(scheme, witnesses.found)
    if writer is None:
        print_table(WITNESS_COLUMNS, rows)
    else:
        with writer:
            writer.write_rows(rows)
    names = {row.code: row.name for row in scheme.drgs}
    for one in witnesses.missing:
        print(f"{' '.join(f'病组 {one.code} {names[one.code]}'.split())}：{one.reason}", file=sys.stderr)
    unproven = sum(not one.proven for one in witnesses.missing)
    print(
        f"{len(witnesses.found)}个病组有见证病例，{len(witnesses.missing) - unproven}个不可达，{unproven}个未能判定",
        file=sys.stderr,
    )
    return 0


def _witness_rows(scheme: Scheme, found: Mapping[str, Case]) -> list[tuple[str, ...]]:
    """The cases as rows; reference and kernel must both give each its group."""
    if not found:
        return []
    grouper = ReferenceGrouper(scheme)
    cells = {code: [_cell(getattr(case, column)) for column in CASE_COLUMNS] for code, case in found.items()}
    columns = dict(zip(CASE_COLUMNS, zip(*cells.values(), strict=True), strict=True))
    table = pa.table({name: pa.array(texts, pa.string()) for name, texts in columns.items()})
    by_kernel = group_table(compile_scheme(scheme), table)["drg"].to_pylist()
    rows = []
    for (code, case), drg in zip(found.items(), by_kernel, strict=True):
        result = grouper.group(case)
        if not code == result.drg == drg:
            raise ContractBroken(
                f"witness of {code}: reference {result.drg}, kernel {drg}. This is an error of the program."
            )
        rows.append((*cells[code], result.mdc, result.adrg, result.drg))
    return rows


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return CODE_SEPARATOR.join(value)
    return f"{value:f}" if not isinstance(value, str | int) else str(value)
