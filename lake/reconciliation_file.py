"""The file that a hospital or bank hands in for reconciliation (对账): amounts by hospital, insurance, period, item."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql.types import LongType, StringType, StructField, StructType

from lake.errors import InputProblem
from lake.province_cells import CODE, MONEY_ANY, PERIOD
from lake.province_checks import Loaded, check_key
from lake.province_csv import Faults
from lake.province_folder import load_file
from lake.province_schema import Column, FileLayout

KEY = ("fixmedins_code", "insutype", "period", "item")
Amounts = dict[tuple[str, str, str, str], int]  # KEY -> fen
LAYOUT = FileLayout(
    "",
    StructType([*[StructField(name, StringType(), False) for name in KEY], StructField("amount_fen", LongType())]),
    (
        Column("fixmedins_code", CODE, "fixmedins_code"),
        Column("insutype", CODE, "insutype"),
        Column("period", PERIOD, "period"),
        Column("item", CODE, "item"),
        Column("amount", MONEY_ANY, "amount_fen"),
    ),
    KEY,
)
_YEAR_LENGTH = len("YYYY")


def read_reconciliation_file(
    path: Path,
    year: int,
    items: Mapping[str, Collection[str]],
    hospitals: Sequence[str] = (),
    periods: Sequence[str] = (),
) -> Amounts:
    """Read and check the file: fixmedins_code, insutype, period, item, amount in yuan.

    Args:
        path: CSV in UTF-8 or GB18030; further columns are not read.
        year: clearing year; another year's period is a fault.
        items: names of items by grain, `month` and `year`.
        hospitals, periods: if given, rows of any other are faults.

    Raises `InputProblem` with up to 20 faults: line, field, value and what to do.
    """
    faults = Faults()
    loaded = load_file(path.parent, replace(LAYOUT, file=path.name), faults, handed_in=True)
    if loaded is not None:
        check_key(loaded, faults)
        _check_rows(loaded, year, items, faults)
        for field, option, chosen in (("fixmedins_code", "--hospital", hospitals), ("period", "--period", periods)):
            if chosen:
                strange = pc.invert(pc.is_in(loaded.text.columns[field], value_set=pa.array(chosen, pa.string())))
                loaded.report(strange, field, f"not one of {option}; drop the row or the option", faults)
    faults.raise_if_any(path)
    if loaded is None or loaded.values.num_rows == 0:
        raise InputProblem(f"{path}: there is no row below the header, so there is nothing to reconcile")
    keys = zip(*[loaded.values[name].to_pylist() for name in KEY], strict=True)
    return dict(zip(keys, loaded.values["amount_fen"].to_pylist(), strict=True))


def _check_rows(loaded: Loaded, year: int, items: Mapping[str, Collection[str]], faults: Faults) -> None:
    other = pc.invert(pc.starts_with(loaded.text.columns["period"], str(year)))
    loaded.report(other, "period", f"not in the clearing year; write {year} or {year}-MM", faults)
    periods = loaded.text.columns["period"].to_pylist()
    names = loaded.text.columns["item"].to_pylist()
    for grain, known in items.items():
        of_grain = [(len(period) == _YEAR_LENGTH) == (grain == "year") for period in periods]
        strange = [inside and name not in known for inside, name in zip(of_grain, names, strict=True)]
        loaded.report(pa.array(strange, pa.bool_()), "item", f"an item of a {grain} is {', '.join(known)}", faults)
