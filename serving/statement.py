"""A hospital's annual statement (年度清算单) and a city's books, from the ledger alone.

The lines are those of policy/002 article 34(五) and of what is settled beside it; each carries the running total, and
the last running total is the final amount. A figure that is not in the ledger cannot be in a statement.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from settlement.accounts import CHART, CLAIM_COLUMNS, ENTRIES, OWED_BEFORE, SEPARATOR, STATEMENT
from settlement.reference.ledger import LedgerRow
from settlement.reference.ledger_views import balances, statements
from settlement.reference.rule_ledger import hospital_figures
from settlement.reference.year import StatementLine
from settlement.results import LEDGER

CLEARING, FINAL = "年度清算金额", "最终应拨付"
SURPLUS_KEPT = "结余留用（清算支付多于记账）"
_CLAIM_TITLES = {
    "claim": "记账统筹基金（含新技术）",
    "refused": "审核扣款",
    "received": "月度已拨付与最终应拨付",
    "write_off": "核销",
}
_OWED = "（含抵扣上年应退）"  # that was due too (OP-54)
_ARTICLES = {kind.name: kind.article for kind in ENTRIES}
_ITEMS = {item.name: item for item in STATEMENT}


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A line of a statement for people; fen. A sum (年度清算金额, 最终应拨付) has no amount of its own."""

    title: str
    article: str
    amount_fen: int | None
    running_fen: int


@dataclass(frozen=True, slots=True)
class EntrySum:
    """All entries of a kind that go one way: their number and sum (fen)."""

    insutype: str
    title: str
    from_title: str
    to_title: str
    rows: int
    amount_fen: int
    article: str


def ledger_rows(table: pa.Table) -> list[LedgerRow]:
    """The rows of the lake's table `ledger`."""
    return [LedgerRow(**row) for row in table.select(LEDGER.names).to_pylist()]


def hospital_statements(rows: Iterable[LedgerRow]) -> dict[tuple[str, str], tuple[StatementRow, ...]]:
    """The statement of every hospital and insurance of a year's ledger, by these two, in their order."""
    return {key: tuple(_with_sums(lines)) for key, lines in sorted(statements(rows).items())}


def _with_sums(lines: Iterable[StatementLine]) -> Iterator[StatementRow]:
    running, summed = 0, False
    for line in lines:
        item = _ITEMS[line.item]
        if item.beside and not summed:
            summed = True
            yield StatementRow(CLEARING, "policy/002 article 34(五)", None, running)
        running += line.amount_fen
        yield StatementRow(item.title_of(line.amount_fen), line.article, line.amount_fen, running)
    yield StatementRow(FINAL, "policy/002 article 34(五)", None, running)


def hospital_claims(rows: Iterable[LedgerRow]) -> dict[tuple[str, str], tuple[StatementRow, ...]]:
    """What became of the claim of every hospital and insurance: a line each, down to 0 (policy/002 article 40)."""
    several = list(rows)
    owing = {(row.fixmedins_code, row.insutype) for row in several if row.entry in OWED_BEFORE}
    claims = sorted(hospital_figures(several, "claim").items())
    return {key: tuple(_down_to_nothing(figures, key in owing)) for key, figures in claims}


def _down_to_nothing(figures: Mapping[str, int], owing: bool) -> Iterator[StatementRow]:
    running = 0
    for name, (sign, entries) in CLAIM_COLUMNS.items():
        amount = sign * figures[name]
        running += amount
        with_owed = _OWED if owing and name == "received" else ""
        yield StatementRow(f"{_CLAIM_TITLES[name]}{with_owed}", _ARTICLES[entries[0]], amount, running)
    surplus = -figures["balance"]
    yield StatementRow(SURPLUS_KEPT, "policy/002 article 34.1", surplus, running + surplus)


def entry_sums(rows: Iterable[LedgerRow]) -> list[EntrySum]:
    """The ledger by insurance, kind of entry and direction, in the order of booking."""
    sums: dict[tuple[str, str, str, str], list[int]] = defaultdict(list)
    for row in rows:
        classes = (row.from_account.split(SEPARATOR)[0], row.to_account.split(SEPARATOR)[0])
        sums[row.insutype, row.entry, *classes].append(row.amount_fen)
    order = {kind.name: number for number, kind in enumerate(ENTRIES)}
    titles = {one.name: one.title for one in CHART}
    return [
        EntrySum(
            insutype,
            ENTRIES[order[entry]].title,
            titles[payer],
            titles[payee],
            len(amounts),
            sum(amounts),
            ENTRIES[order[entry]].article,
        )
        for (insutype, entry, payer, payee), amounts in sorted(
            sums.items(), key=lambda one: (one[0][0], order[one[0][1]], one[0][2:])
        )
    ]


def class_balances(rows: Iterable[LedgerRow]) -> dict[str, dict[str, int]]:
    """What stands on each class of accounts (Chinese title) by insurance, in the order of the chart. All sum to 0."""
    left: dict[str, dict[str, int]] = {one.title: {} for one in CHART}
    titles = {one.name: one.title for one in CHART}
    for name, balance in balances(rows).items():
        class_name, _, insutype, _ = name.split(SEPARATOR)
        by_insurance = left[titles[class_name]]
        by_insurance[insutype] = by_insurance.get(insutype, 0) + balance
    return {one.title: left[one.title] for one in CHART if one.always or left[one.title]}


def article_text(article: str) -> str:
    """`policy/002 article 34.2` as 文件002第34条第2项."""
    text = re.sub(r"article (\d+)", r"第\1条", re.sub(r"policy/(\d+) ", r"文件\1", article))
    return re.sub(r"条\.(\d+)", r"条第\1项", text)
