"""A sheet whose columns are known: found by their header text, never by position; headers vary between editions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from grouper.cells import Row, Sheet
from grouper.errors import Fault, Report, SchemeProblem, refuse

HEADERS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "MDC": {
        "code": ("MDC编码", "MDC"),
        "name": ("MDC名称",),
        "rule": ("MDC规则",),
        "order": ("排序", "MDC排序"),
    },
    "ADRG": {
        "code": ("ADRG编码", "ADRG"),
        "name": ("ADRG名称",),
        "rule": ("ADRG规则",),
        "mdc": ("所属MDC编码", "所属MDC"),
        "order": ("MDC内排序", "排序"),
    },
    "DRG": {
        "code": ("DRG编码", "DRG"),
        "name": ("DRG名称",),
        "rule": ("DRG规则",),
        "adrg": ("所属ADRG编码", "所属ADRG"),
        "mdc": ("所属MDC编码", "所属MDC"),
        "order": ("排序", "ADRG内排序"),
    },
    "集合": {
        "set": ("集合编号",),
        "code": ("ICD编码", "疾病编码"),
        "name": ("ICD名称", "疾病名称"),
        "kind": ("类型编号", "类型"),
    },
    "CC": {
        "code": ("疾病编码", "ICD编码"),
        "name": ("疾病名称", "ICD名称"),
        "exclusion": ("排除表",),
        "level": ("类型", "类型编号"),
    },
    "排除表": {
        "set": ("集合编号", "排除表"),
        "code": ("ICD编码", "疾病编码"),
        "name": ("ICD名称", "疾病名称"),
    },
    "编码映射": {
        "kind": ("system", "类型编号", "类型"),
        "clinical": ("clinical_code", "国临版编码"),
        "code": ("code", "医保版编码"),
        "note": ("note", "备注"),
    },
    "灰码": {
        "kind": ("system", "类型编号", "类型"),
        "code": ("code", "医保版编码", "ICD编码"),
    },
    "编码目录": {
        "kind": ("system", "类型编号", "类型"),
        "code": ("code", "ICD编码", "医保版编码"),
        "name": ("name", "ICD名称"),
    },
}
OPTIONAL = frozenset({"name", "note"})
_HEADER_ROWS = 10  # a header stands in one of the first rows; before it only titles
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.0*)?")


@dataclass(frozen=True, slots=True)
class SheetTable:
    """A sheet whose columns are known: `places` gives the position of each meaning.

    `report` gets the problems of cells; the usual one raises, another may collect.
    """

    sheet: Sheet
    places: Mapping[str, int]
    headers: Mapping[str, str]
    body: list[Row]
    report: Report = field(default=refuse, compare=False)

    @classmethod
    def of(
        cls, sheet: Sheet, further: Mapping[str, tuple[str, ...]] | None = None, report: Report = refuse
    ) -> SheetTable:
        """Find the columns of a sheet, and `further` ones beside those of the national layout.

        Raises:
            SchemeProblem: a column that is needed is missing, or stands twice.
        """
        wanted = {**(further or {}), **HEADERS[sheet.name]}
        best: tuple[int, list[str]] = (0, list(wanted))
        for index, (number, cells) in enumerate(sheet.rows[:_HEADER_ROWS]):
            places, headers = _find_columns(sheet, number, cells, wanted)
            missing = [meaning for meaning in wanted if meaning not in places and meaning not in OPTIONAL]
            if not missing:
                return cls(sheet, places, headers, [row for row in sheet.rows[index + 1 :] if any(row[1])], report)
            if len(missing) < len(best[1]):
                best = (number, missing)
        number, missing = best
        raise SchemeProblem(
            f"no column with the header {' or '.join(wanted[missing[0]])}",
            file=sheet.file,
            sheet=sheet.name,
            row=number,
            remedy=f"The sheet needs the headers {', '.join(variants[0] for variants in wanted.values())}; "
            "if they look garbled, save the file as UTF-8.",
            fault=Fault.HEADER,
        )

    def cells(self, *meanings: str) -> Iterator[tuple[int, tuple[str, ...]]]:
        """(row number, cells of these columns); a row too short has empty cells."""
        places = [self.places.get(meaning, -1) for meaning in meanings]
        widest = max(places)
        taken = itemgetter(*places) if len(places) > 1 and min(places) >= 0 else None
        for number, cells in self.body:
            if taken is not None and widest < len(cells):
                yield number, taken(cells)
            else:
                width = len(cells)
                yield number, tuple(cells[place] if 0 <= place < width else "" for place in places)

    def require(self, number: int, meaning: str, value: str) -> bool:
        """Report an empty cell; whether it is filled."""
        if not value:
            empty = self.problem("the cell is empty", number, meaning, "", "Fill it or delete the row.", Fault.EMPTY)
            self.report(empty)
        return bool(value)

    def sort_number(self, number: int, text: str) -> int:
        """A sort number out of its cell; 0 where a problem was reported."""
        if not _WHOLE_NUMBER.fullmatch(text):
            message = "the sort number is no whole number"
            self.report(self.problem(message, number, "order", text or "(empty)", "Write 1, 2, 3, ...", Fault.VALUE))
            return 0
        return int(text.partition(".")[0])

    def problem(
        self, message: str, row: int, meaning: str, value: str, remedy: str, fault: Fault = Fault.VALUE
    ) -> SchemeProblem:
        """An error that names the place."""
        header = self.headers.get(meaning, "")
        return SchemeProblem(
            message,
            file=self.sheet.file,
            sheet=self.sheet.name,
            row=row,
            column=header,
            value=value,
            remedy=remedy,
            fault=fault,
        )


def _find_columns(
    sheet: Sheet, number: int, cells: Sequence[str], wanted: Mapping[str, tuple[str, ...]]
) -> tuple[dict[str, int], dict[str, str]]:
    texts = ["".join(unicodedata.normalize("NFKC", cell).split()).upper() for cell in cells]
    places: dict[str, int] = {}
    headers: dict[str, str] = {}
    for meaning, variants in wanted.items():
        for variant in variants:
            count = texts.count(variant.upper())
            if count > 1:
                raise SchemeProblem(
                    f"the header {variant} stands {count} times",
                    file=sheet.file,
                    sheet=sheet.name,
                    row=number,
                    remedy="Delete the column that is not meant.",
                    fault=Fault.HEADER,
                )
            if count:
                places[meaning] = texts.index(variant.upper())
                headers[meaning] = variant
                break
    return places, headers
