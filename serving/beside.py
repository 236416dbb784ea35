"""What a hospital is due beside the clearing (清算以外): negotiated drugs, incentives, and money paid in advance.

The lines begin with the final amount of the clearing and sum to all that is due. They stand on accounts of the ledgers
of the jobs `settle`, `drugs`, `incentives` and `prepay`, read as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from serving.statement import FINAL, StatementRow
from settlement.reference.ledger import LedgerRow
from settlement.reference.ledger_views import hospital_years
from settlement.reference.month import Account
from settlement.reference.rule_ledger import hospital_figures

DUE = "合计应拨付"
# Name, class of accounts, signs of the columns of `HOSPITAL_COLUMNS` that the line sums, title, article.
_LINES = (
    ("drugs", "drugs", {"balance": 1}, "谈判药品补偿（未计入清算）", "policy/002 article 37"),
    ("sharing", "incentive", {"aid": 1, "given": -1}, "病例结余共享、超支分担", "policy/002 article 35"),
    ("growth", "incentive", {"growth": 1}, "增长激励约束", "policy/002 article 36"),
    ("advance", "advance", {"balance": 1}, "预付金未收回", "policy/002 article 24"),
)
TITLES = {name: title for name, _, _, title, _ in _LINES}


def dues(rows: Iterable[LedgerRow]) -> dict[Account, dict[str, int]]:
    """By hospital and insurance: `final`, the figures of `TITLES`, and `due`, their sum; fen.

    `rows`: of all ledgers. Hospitals with nothing beside the clearing are there too.
    """
    several = list(rows)
    finals = {key: figures["final"] for key, figures in hospital_years(several).items()}
    beside = {name: hospital_figures(several, name) for name in dict.fromkeys(line[1] for line in _LINES)}
    found = {}
    for key in sorted({*finals, *(key for of in beside.values() for key in of)}):
        parts = {name: _sum(beside[of].get(key, {}), signs) for name, of, signs, _, _ in _LINES}
        final = finals.get(key, 0)
        found[key] = {"final": final, **parts, "due": final + sum(parts.values())}
    return found


def _sum(figures: Mapping[str, int], signs: Mapping[str, int]) -> int:
    return sum(sign * figures.get(name, 0) for name, sign in signs.items())


def due_statements(rows: Iterable[LedgerRow]) -> dict[Account, tuple[StatementRow, ...]]:
    """The same line by line, with the running total."""
    return {key: tuple(_lines(figures)) for key, figures in dues(rows).items()}


def _lines(figures: Mapping[str, int]) -> Iterator[StatementRow]:
    running = figures["final"]
    yield StatementRow(FINAL, "policy/002 article 34(五)", figures["final"], running)
    for name, _, _, title, article in _LINES:
        running += figures[name]
        yield StatementRow(title, article, figures[name], running)
    yield StatementRow(DUE, "", None, running)
