"""Statements of both sides of the clearing between areas (异地清算对账单): what an area owes, and what it receives.

A line is a row of `clearing_matrix`: insured area, treating area, insurance, scope, period. The insured area has it as
what it owes, the treating area as what it receives; it is one and the same row, with the run that wrote it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal

import pyarrow as pa

from lake.errors import ContractBroken
from lake.runs import RunBook, read_published
from lake.tables.results import CLEARING_MATRIX
from serving.terms import INSURANCE, SCOPE, yuan
from serving.workbook import Sheet, SheetColumn

OWED, RECEIVED = "应付", "应收"
_YEAR_LENGTH = len("YYYY")


@dataclass(frozen=True, slots=True, order=True)
class ClearingLine:
    """A row of the matrix; fen. The fields before `cases` are its key."""

    insured_area: str
    treating_area: str
    insutype: str
    scope: str
    period: str
    cases: int
    amount_fen: int
    run_id: str

    @property
    def of_year(self) -> bool:
        """A whole year: the sum of its months and its adjustment, not a debt of its own."""
        return len(self.period) == _YEAR_LENGTH


@dataclass(frozen=True, slots=True)
class CounterpartSum:
    """All that two areas have with each other, seen from one of them; fen."""

    counterpart: str
    owed_fen: int
    received_fen: int

    @property
    def net_fen(self) -> int:
        """Received less owed."""
        return self.received_fen - self.owed_fen


@dataclass(frozen=True)
class ClearingStatement:
    """An area's side of the clearing of a year or month; months, adjustment and year of a pair in this order."""

    area: str
    period: str
    owed: tuple[ClearingLine, ...]
    received: tuple[ClearingLine, ...]

    @property
    def owed_fen(self) -> int:
        """All that it owes: months and adjustments."""
        return booked_fen(self.owed)

    @property
    def received_fen(self) -> int:
        """All that it receives."""
        return booked_fen(self.received)

    @property
    def net_fen(self) -> int:
        """Received less owed. The nets of all areas sum to zero."""
        return self.received_fen - self.owed_fen

    def counterparts(self) -> list[CounterpartSum]:
        """One sum a counterpart, by its code."""
        sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for side, lines in enumerate((self.owed, self.received)):
            for line in lines:
                sums[_other(line, side)][side] += 0 if line.of_year else line.amount_fen
        return [CounterpartSum(area, *both) for area, both in sorted(sums.items())]


def _other(line: ClearingLine, side: int) -> str:
    """The counterpart of a line that is owed (side 0) or received (side 1)."""
    return line.insured_area if side else line.treating_area


def booked_fen(lines: Iterable[ClearingLine]) -> int:
    """The sum of months and adjustments; the year's lines are their sum and are not counted twice."""
    return sum(line.amount_fen for line in lines if not line.of_year)


def read_clearing(runs: RunBook, year: int) -> list[ClearingLine]:
    """The matrix of all areas that settled the year, at the versions that their last runs name."""
    slices = [(area, str(year)) for area in runs.areas("settle", str(year))]
    if not slices:
        return []
    rows = read_published(runs, CLEARING_MATRIX, "settle", slices, "year")
    return clearing_lines(rows.orderBy(*CLEARING_MATRIX.keys).toArrow())


def clearing_lines(matrix: pa.Table) -> list[ClearingLine]:
    """The rows of `clearing_matrix` as lines, by key. Raises `ContractBroken` where a year is not its months' sum."""
    names = [field.name for field in fields(ClearingLine)]
    lines = sorted(ClearingLine(**row) for row in matrix.select(names).to_pylist())
    rest: dict[tuple[str, ...], int] = defaultdict(int)
    for line in lines:
        key = (line.insured_area, line.treating_area, line.insutype, line.scope)
        rest[key] += -line.amount_fen if line.of_year else line.amount_fen
    for pair, fen in sorted(rest.items()):
        if fen:
            raise ContractBroken(
                f"clearing_matrix {' '.join(pair)}: months and adjustment are {fen} fen more than the year. "
                "This is an error of the program."
            )
    return lines


def clearing_statement(
    lines: Iterable[ClearingLine], area: str, year: int, month: str | None = None
) -> ClearingStatement:
    """An area's side: all lines of the year (months, adjustment, year), or those of one month."""
    chosen = [line for line in lines if month is None or line.period == month]
    return ClearingStatement(
        area,
        month or str(year),
        tuple(sorted((line for line in chosen if line.insured_area == area), key=_reading_order)),
        tuple(sorted((line for line in chosen if line.treating_area == area), key=_reading_order)),
    )


def _reading_order(line: ClearingLine) -> tuple[object, ...]:
    """By key, the year behind its months and adjustment: a total order, the same on both sides."""
    return (line.insured_area, line.treating_area, line.insutype, line.scope, line.of_year, line.period)


def disagreements(one: ClearingStatement, other: ClearingStatement) -> list[ClearingLine]:
    """Lines between two areas that only one of their statements has, or has with other figures; empty: they agree."""
    pairs = ((one, other), (other, one))
    return sorted(
        line
        for payer, payee in pairs
        for line in {line for line in payer.owed if line.treating_area == payee.area}
        ^ {line for line in payee.received if line.insured_area == payer.area}
    )


HEADER = ("参保地", "就医地", "险种", "范围", "期间", "病例数", "金额（元）")


def period_title(period: str) -> str:
    """A period for people: a month as it is, the year and its adjustment in Chinese."""
    year, _, rest = period.partition("-")
    if not rest:
        return f"{year}全年"
    return period if rest.isdigit() else f"{year}年终调整"


def line_cells(line: ClearingLine) -> tuple[str, ...]:
    """A line as cells of `HEADER`: the same text on both sides."""
    return (
        line.insured_area,
        line.treating_area,
        INSURANCE.get(line.insutype, line.insutype),
        SCOPE.get(line.scope, line.scope),
        period_title(line.period),
        str(line.cases),
        f"{yuan(line.amount_fen):,}",
    )


def clearing_sheets(statement: ClearingStatement, name: str, missing: Sequence[str]) -> list[Sheet]:
    """The workbook of an area's side. `missing`: areas that have not settled, whose claims are not in it."""
    cover = [
        ("统筹区", f"{name}（{statement.area}）"),
        ("期间", statement.period),
        ("应付合计", f"{yuan(statement.owed_fen):,} 元"),
        ("应收合计", f"{yuan(statement.received_fen):,} 元"),
        ("净额（应收−应付）", f"{yuan(statement.net_fen):,} 元"),
        ("对账", "每一行即异地清算表的同一行，参保地的应付行与就医地的应收行逐行相同；各统筹区净额之和为零"),
        ("期间说明", "各月与年终调整之和等于全年；合计只计各月与年终调整"),
        *([("未清算的统筹区", f"{'、'.join(missing)}：其应收未列入")] if missing else []),
        ("依据", "003第31条（省内异地）、004二(四)（跨省）"),
    ]
    columns = [SheetColumn("项目", "item", "text", 20), SheetColumn("内容", "content", "text", 96)]
    rows = [{"item": item, "content": content} for item, content in cover]
    return [
        Sheet("说明", "本工作簿由点数（Dianshu）生成", columns, rows),
        _lines_sheet("应付异地", "本地参保人在外地就医，应付就医地；单位：元", statement.owed),
        _lines_sheet("应收异地", "外地参保人在本地就医，应收参保地；单位：元", statement.received),
        _net_sheet(statement),
    ]


def _lines_sheet(title: str, note: str, lines: Sequence[ClearingLine]) -> Sheet:
    columns = [
        SheetColumn("参保地", "insured_area", "text", 12),
        SheetColumn("就医地", "treating_area", "text", 12),
        SheetColumn("险种", "insurance", "text", 10),
        SheetColumn("范围", "scope", "text", 12),
        SheetColumn("期间", "period", "text", 16),
        SheetColumn("病例数", "cases", "count", 12),
        SheetColumn("金额", "amount", "money", 18),
        SheetColumn("清算计算编号", "run_id", "text", 24),
    ]
    rows = [
        {
            "insured_area": line.insured_area,
            "treating_area": line.treating_area,
            "insurance": INSURANCE.get(line.insutype, line.insutype),
            "scope": SCOPE.get(line.scope, line.scope),
            "period": period_title(line.period),
            "cases": line.cases,
            "amount": yuan(line.amount_fen),
            "run_id": line.run_id,
        }
        for line in lines
    ]
    total = {"insured_area": "合计", "period": "不含全年行", "amount": yuan(booked_fen(lines))}
    return Sheet(title, note, columns, rows, total)


def _net_sheet(statement: ClearingStatement) -> Sheet:
    rows = [
        {"counterpart": one.counterpart, **_sums(one.owed_fen, one.received_fen)} for one in statement.counterparts()
    ]
    titles = {"owed": OWED, "received": RECEIVED, "net": "净额"}
    columns = [
        SheetColumn("对方统筹区", "counterpart", "text", 16),
        *[SheetColumn(title, key, "money", 20) for key, title in titles.items()],
    ]
    total = {"counterpart": "合计", **_sums(statement.owed_fen, statement.received_fen)}
    return Sheet("净额", "每个对方统筹区一行；净额＝应收−应付；单位：元", columns, rows, total)


def _sums(owed_fen: int, received_fen: int) -> dict[str, Decimal | None]:
    return {"owed": yuan(owed_fen), "received": yuan(received_fen), "net": yuan(received_fen - owed_fen)}
