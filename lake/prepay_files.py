"""The files that prepayment is decided on: months of the funds, applications, what an area can pay in advance."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession

from lake.errors import InputProblem
from lake.province_cells import CODE, MONEY_ANY, MONEY_POSITIVE, MONTH, SHARE
from lake.province_checks import check_key
from lake.province_csv import Faults
from lake.province_folder import load_file
from lake.province_schema import Column, FileLayout, arrow_schema
from settlement import prepay_frames

_FUND = (Column("area", CODE, "area"), Column("insutype", CODE, "insutype"))
LAYOUTS: dict[str, FileLayout] = {
    "funds": FileLayout(
        "funds.csv",
        prepay_frames.FUNDS,
        (
            *_FUND,
            Column("month", MONTH, "month"),
            Column("income", MONEY_POSITIVE, "income_fen"),
            Column("spending", MONEY_POSITIVE, "spending_fen"),
            Column("balance", MONEY_ANY, "balance_fen"),
        ),
        ("area", "insutype", "month"),
    ),
    "applications": FileLayout(
        "applications.csv",
        prepay_frames.APPLICATIONS,
        (
            Column("fixmedins_code", CODE, "fixmedins_code"),
            Column("insutype", CODE, "insutype"),
            *(Column(mark, SHARE, mark) for mark in prepay_frames.MARKS),
        ),
        ("fixmedins_code", "insutype"),
    ),
    "scales": FileLayout(
        "scales.csv",
        prepay_frames.SCALES,
        (*_FUND, Column("amount", MONEY_POSITIVE, "amount_fen")),
        ("area", "insutype"),
    ),
}


@dataclass(frozen=True)
class PrepayFiles:
    """The rows of the files as Arrow tables in the schemas of settlement/prepay_frames.py; money in fen."""

    tables: Mapping[str, pa.Table]

    def frame(self, spark: SparkSession, name: str) -> DataFrame:
        """A file as a frame."""
        return spark.createDataFrame(self.tables[name], LAYOUTS[name].frame)

    def mark(self, area: str, hospitals: list[str]) -> str:
        """Hash of the rows that concern an area; `hospitals` are its own."""
        digest = hashlib.sha256()
        for name, table in sorted(self.tables.items()):
            key, mine = ("area", [area]) if "area" in table.column_names else ("fixmedins_code", hospitals)
            chosen = table.filter(pc.is_in(table[key], value_set=pa.array(mine, pa.string())))
            digest.update(str((name, sorted(map(str, chosen.to_pylist())))).encode("utf-8"))
        return digest.hexdigest()[:20]


def read_prepay_files(folder: Path, known: Mapping[str, str] | None = None) -> PrepayFiles:
    """Read and check funds.csv, applications.csv and scales.csv (may be missing: no limits).

    `known`: hospital -> area; an application of another hospital is refused (without it: none is).
    Raises `InputProblem` with file, line, field, value and what to do.
    """
    if not folder.is_dir():
        raise InputProblem(f"{folder} is not a folder; give the folder with funds.csv and applications.csv")
    faults = Faults()
    tables = {}
    for name, layout in LAYOUTS.items():
        if not (folder / layout.file).exists():
            if name != "scales":
                raise InputProblem(f"{folder} has no {layout.file}; it is needed (docs/rules.md says what it holds)")
            tables[name] = arrow_schema(layout.frame).empty_table()
            continue
        loaded = load_file(folder, layout, faults, handed_in=True)
        if loaded is None:
            continue
        check_key(loaded, faults)
        if name == "applications" and known is not None:
            codes = pa.array(sorted(known), pa.string())
            unknown = pc.invert(pc.is_in(loaded.text.columns["fixmedins_code"], value_set=codes))
            loaded.report(unknown, "fixmedins_code", "no hospital of last year's registry; correct the code", faults)
        tables[name] = loaded.values
    faults.raise_if_any(folder)
    return PrepayFiles(tables)
