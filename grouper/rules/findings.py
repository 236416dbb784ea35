"""A finding of lint: what sort, how bad, where, and what to do about it, in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from grouper.errors import Fault


class Kind(StrEnum):
    """What is wrong or odd, beside what keeps a scheme from being read (`grouper.errors.Fault`)."""

    ADDED_ADRG = "adrg_not_national"
    MISSING_ADRG = "national_adrg_missing"
    UNKNOWN_CODE = "code_not_in_catalogue"
    EMPTY_SET = "empty_set"
    UNUSED_SET = "unused_set"
    UNWRITABLE_SET = "unwritable_set_number"
    EMPTY_EXCLUSION = "empty_exclusion_table"
    UNUSED_EXCLUSION = "unused_exclusion_table"
    NO_NAME = "group_without_name"
    CHILDLESS = "no_group_below"
    NEVER = "rule_never_holds"
    ALWAYS = "rule_always_holds"
    UNREACHABLE = "unreachable_group"


class Severity(StrEnum):
    """How bad: an error must be mended before the scheme is used, a warning judged, a note may stay."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


_NATIONAL = "ADRG全国一致，本地只调整DRG细分组"
_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE
_ABOUT: Mapping[Fault | Kind, tuple[Severity, str]] = {
    Fault.FILE: (_E, "重新导出或另存该文件后再检查"),
    Fault.SHEET: (_E, "补齐MDC、ADRG、DRG、集合、CC、排除表六张表"),
    Fault.HEADER: (_E, "按国家分组方案的表头书写；显示为乱码时另存为UTF-8"),
    Fault.EMPTY: (_E, "填写此单元格，或删除此行"),
    Fault.VALUE: (_E, "改为此列允许的值"),
    Fault.DUPLICATE: (_E, "编码应唯一：删除其中一行，或改名"),
    Fault.PARENT: (_E, "补上所属的行，或改正此单元格"),
    Fault.SYNTAX: (_E, "按规则语言改正规则"),
    Fault.UNKNOWN_SET: (_E, "在集合表补上此集合，或改正集合编号（区分大小写）"),
    Fault.CODE_MAP: (_E, "编码一步映射到位，且不得既映射又列为灰码"),
    Kind.ADDED_ADRG: (_E, f"{_NATIONAL}：将其并入国家ADRG后在其下细分"),
    Kind.MISSING_ADRG: (_E, f"{_NATIONAL}：补上此ADRG"),
    Kind.UNKNOWN_CODE: (_W, "核对编码；确有此编码的，补入目录"),
    Kind.EMPTY_SET: (_W, "补上集合的编码，或从规则中去掉此集合"),
    Kind.UNUSED_SET: (_N, "不用的可删除"),
    Kind.UNWRITABLE_SET: (_W, "集合编号以字母或下划线开头，由字母、数字、“_”“.”“-”组成"),
    Kind.EMPTY_EXCLUSION: (_N, "核对排除表编号；确无排除的可不改"),
    Kind.UNUSED_EXCLUSION: (_N, "不用的可删除"),
    Kind.NO_NAME: (_N, "补上病组名称"),
    Kind.CHILDLESS: (_W, "在其下补上病组，或删除此行"),
    Kind.NEVER: (_W, "核对规则中的条件"),
    Kind.ALWAYS: (_N, "确为兜底的，规则留空"),
    Kind.UNREACHABLE: (_W, "核对规则与排序；可用 dianshu scheme witness 查看被哪些病组收尽"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: `sheet`, `row` (0: none to blame) and `code` (a group, a set, a text) say where, `message` what."""

    kind: Fault | Kind
    sheet: str
    code: str
    message: str
    row: int = 0

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return _ABOUT[self.kind][0]

    @property
    def remedy(self) -> str:
        """What to do, in Chinese."""
        return _ABOUT[self.kind][1]

    @property
    def is_error(self) -> bool:
        """Whether the scheme must not be used with it."""
        return self.severity is Severity.ERROR
