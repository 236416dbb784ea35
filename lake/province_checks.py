"""Checks across the cells and files of a province folder: keys, references, one year, elements that make sense."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.province_csv import Faults, TextTable, shown
from lake.province_schema import ELEMENT_KINDS, FileLayout


@dataclass(frozen=True)
class Loaded:
    """One file after the tests of its cells: text, typed values (null where faulty) and its layout."""

    layout: FileLayout
    text: TextTable
    values: pa.Table

    def report(self, faulty: pa.Array, field: str, remedy: str, faults: Faults) -> None:
        """Note each row where `faulty` holds, with its line and the text of the field."""
        if not pc.any(faulty).as_py():
            return
        rows = np.flatnonzero(faulty.to_numpy(zero_copy_only=False)).tolist()
        first = rows[: faults.room()]
        cells = self.text.columns[field]
        for row, line in zip(first, self.text.lines(first), strict=True):
            faults.add(f"{self.text.name} line {line}: {field} = {shown(cells[row].as_py())}: {remedy}")
        faults.count += len(rows) - len(first)


def check_folder(loaded: Mapping[str, Loaded], faults: Faults, cases_elsewhere: bool = False) -> None:
    """All checks between rows and files; every fault is noted. `cases_elsewhere`: the cases are not in this folder."""
    for file in loaded.values():
        check_key(file, faults)
    for name in ("cases", "history"):
        if name in loaded:
            _check_special_cost(loaded[name], faults)
    _check_hospitals(loaded, faults)
    _check_reviews(loaded, faults, cases_elsewhere)
    _check_year(loaded, faults)
    for name in ("elements", "elements_given"):
        if name in loaded:
            _check_elements(loaded[name], faults)


def check_key(file: Loaded, faults: Faults) -> None:
    """Rows with the key of an earlier row are faults."""
    if not file.layout.key or file.values.num_rows < 2:
        return
    columns = [file.text.columns[name] for name in file.layout.key]
    key = columns[0] if len(columns) == 1 else pc.binary_join_element_wise(*columns, "\x1f")
    codes = pc.dictionary_encode(key).indices.to_numpy(zero_copy_only=False)
    firsts = np.unique(codes, return_index=True)[1]
    if len(firsts) == len(codes):
        return
    again = np.ones(len(codes), dtype=bool)
    again[firsts] = False
    what = " and ".join(file.layout.key)
    field = file.layout.key[-1] if len(columns) > 1 else file.layout.key[0]
    file.report(pa.array(again), field, f"an earlier row has the same {what}; keep one of them", faults)


def _check_special_cost(file: Loaded, faults: Faults) -> None:
    cost, special = file.values["cost_fen"], file.values["special_cost_fen"]
    above = pc.fill_null(pc.greater(special, cost), False).combine_chunks()
    file.report(
        above, "special_cost", "the special-need part (特需) is more than the cost; correct one of them", faults
    )


def _check_known(file: Loaded, field: str, known: pa.Array, remedy: str, faults: Faults) -> None:
    cells = file.text.columns[field]
    unknown = pc.and_(pc.not_equal(cells, ""), pc.invert(pc.is_in(cells, value_set=known)))
    file.report(unknown, field, remedy, faults)


def _check_hospitals(loaded: Mapping[str, Loaded], faults: Faults) -> None:
    known = loaded["hospitals"].text.columns["fixmedins_code"] if "hospitals" in loaded else pa.array([], pa.string())
    remedy = "this hospital is not in hospitals.csv; add it there or correct the code"
    for name in ("cases", "history", "audit", "elements", "elements_given"):
        if name in loaded:
            _check_known(loaded[name], "fixmedins_code", known, remedy, faults)


def _check_reviews(loaded: Mapping[str, Loaded], faults: Faults, cases_elsewhere: bool) -> None:
    if "reviews" not in loaded or cases_elsewhere:
        return
    known = loaded["cases"].text.columns["setl_id"] if "cases" in loaded else pa.array([], pa.string())
    remedy = "no case of cases.csv has this setl_id; add the case or drop the application"
    _check_known(loaded["reviews"], "setl_id", known, remedy, faults)


def _check_year(loaded: Mapping[str, Loaded], faults: Faults) -> None:
    """A folder settles one year: that of the budgets, else of the cases."""
    fields = [("budgets", "period"), ("cases", "setl_date"), ("audit", "month")]
    present = [(loaded[name], field) for name, field in fields if name in loaded and loaded[name].values.num_rows]
    if not present:
        return
    first, field = present[0]
    year = _most_common_year(first, field)
    for file, field in present:
        other = pc.and_(pc.is_valid(_typed(file, field)), pc.not_equal(_years(file, field), year))
        remedy = f"outside the year {year} of {first.text.name}; a folder settles one year, give other years their own"
        file.report(other, field, remedy, faults)


def _typed(file: Loaded, field: str) -> pa.Array:
    return file.values[field].combine_chunks()


def _years(file: Loaded, field: str) -> pa.Array:
    return pc.utf8_slice_codeunits(file.text.columns[field], 0, 4)


def _most_common_year(file: Loaded, field: str) -> str:
    counts = pc.value_counts(_years(file, field).filter(pc.is_valid(_typed(file, field)))).to_pylist()
    best = min(counts, key=lambda row: (-row["counts"], row["values"]), default={"values": ""})
    return str(best["values"])


def _check_elements(file: Loaded, faults: Faults) -> None:
    kinds = file.text.columns["kind"]
    for column in ("drg", "level", "fixmedins_code"):
        needing = [kind for kind, (columns, _) in ELEMENT_KINDS.items() if column in columns]
        others = [kind for kind in ELEMENT_KINDS if kind not in needing]
        empty = pc.equal(file.text.columns[column], "")
        file.report(
            pc.and_(_kind_in(kinds, needing), empty), column, f"must be filled where kind is {_words(needing)}", faults
        )
        filled = pc.and_(_kind_in(kinds, others), pc.invert(empty))
        file.report(filled, column, "must be empty for this kind", faults)
    flags = [kind for kind, (_, flag) in ELEMENT_KINDS.items() if flag]
    _check_values(
        file, flags, lambda value: pc.invert(pc.is_in(value, value_set=_numbers(0, 1, value.type))), "0 or 1", faults
    )
    rest = [kind for kind in ELEMENT_KINDS if kind not in [*flags, "all_mean", "add_on"]]
    _check_values(file, rest, lambda value: pc.less(value, _numbers(0, 0, value.type)[0]), "not negative", faults)
    above_zero = "more than 0, it is divided by"
    _check_values(
        file, ["all_mean"], lambda value: pc.less_equal(value, _numbers(0, 0, value.type)[0]), above_zero, faults
    )


def _check_values(
    file: Loaded, kinds: list[str], wrong: Callable[[pa.Array], pa.Array], rule: str, faults: Faults
) -> None:
    value = file.values["value"].combine_chunks()
    faulty = pc.and_(_kind_in(file.text.columns["kind"], kinds), pc.fill_null(wrong(value), False))
    file.report(faulty, "value", f"must be {rule} where kind is {_words(kinds)}", faults)


def _kind_in(kinds: pa.Array, wanted: list[str]) -> pa.Array:
    return pc.is_in(kinds, value_set=pa.array(wanted, pa.string()))


def _numbers(first: int, second: int, kind: pa.DataType) -> pa.Array:
    return pc.cast(pa.array([first, second], pa.int64()), kind)


def _words(words: list[str]) -> str:
    return ", ".join(words)
