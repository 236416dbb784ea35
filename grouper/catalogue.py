"""A catalogue of codes (医保版编码目录) as a csv file: which codes there are at all."""

from __future__ import annotations

from pathlib import Path

from grouper.errors import SchemeProblem
from grouper.scheme import CodeSystem
from grouper.sheet_table import SheetTable
from grouper.sheets import read_csv

SHEET = "编码目录"


def read_catalogue(path: Path) -> dict[CodeSystem, frozenset[str]]:
    """Codes by system, out of a csv file with the columns system (DI, OP), code and, if it likes, name.

    Raises:
        SchemeProblem: the file cannot be read, a column is missing, a cell is empty or names no system.
    """
    if not path.is_file():
        raise SchemeProblem("no such file", file=str(path), remedy="Give a csv file with the columns system and code.")
    table = SheetTable.of(read_csv(path, SHEET))
    codes: dict[CodeSystem, set[str]] = {system: set() for system in CodeSystem}
    systems = {system.value: members for system, members in codes.items()}
    for number, (kind, code) in table.cells("kind", "code"):
        table.require(number, "code", code)
        members = systems.get(kind.upper())
        if members is None:
            remedy = "Write DI (diagnoses) or OP (procedures)."
            raise table.problem("no such system of codes", number, "kind", kind or "(empty)", remedy)
        members.add(code)
    return {system: frozenset(members) for system, members in codes.items()}
