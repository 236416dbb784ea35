"""What a local scheme changes of its base, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from grouper.scheme import CcEntry, RuleRow

Key = tuple[str, ...]


class Action(StrEnum):
    """变更 of a row."""

    ADD = "新增"
    CHANGE = "修改"
    DELETE = "删除"


@dataclass(frozen=True, slots=True)
class Change:
    """One changed row. `key` is what names it: (code,) of a rule or a CC, (set, code, type) of a member, (table, code)
    of an exclusion, (system, code) of a mapped or grey code. `row` is the new row of a rule, `entry` the new CC entry,
    `target` what a code is mapped to; a deletion has none of them. `name` is the note of a mapped code.
    """

    action: Action
    sheet: str
    key: Key
    row: RuleRow | None = None
    entry: CcEntry | None = None
    name: str = ""
    target: str = ""
    source_row: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Overlay:
    """What a local scheme changes, in the order of the national sheets; `file` is where it was read from."""

    changes: tuple[Change, ...]
    file: str = field(default="", compare=False)

    def of(self, sheet: str, action: Action) -> Iterator[Change]:
        """The changes of one kind of one sheet."""
        return (one for one in self.changes if one.sheet == sheet and one.action is action)
