"""A small province as a folder of files: read, checked, typed.

The layout is a format of the product: hospitals, history, base groups, elements, cases, reviews, budgets, audit sums,
calendar and policy, with which a province is measured and settled without a lake. A missing file is an empty one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from lake import province_policy
from lake.errors import InputProblem, MissingParameters
from lake.province_cells import convert
from lake.province_checks import Loaded, check_folder
from lake.province_csv import Faults, read_text_table
from lake.province_schema import LAYOUTS, FileLayout, arrow_schema
from lake.province_write import table_bytes, write_table, write_tables
from settlement.policy import Policy

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = [
    "MEASURING",
    "SETTLING",
    "ProvinceFolder",
    "check_settleable",
    "frames",
    "load_file",
    "read_province_folder",
    "table_bytes",
    "write_table",
    "write_tables",
]

MEASURING = ("hospitals", "history", "base_groups")
SETTLING = tuple(name for name in LAYOUTS if name != "history")


@dataclass(frozen=True)
class ProvinceFolder:
    """The rows of a province folder as Arrow tables in the schemas of settlement/frames.py (money in fen).

    Rows stand in the order of their file. `policies` has every area that the files name.
    """

    path: Path
    hospitals: pa.Table
    history: pa.Table
    base_groups: pa.Table
    elements: pa.Table
    elements_given: pa.Table
    cases: pa.Table
    reviews: pa.Table
    budgets: pa.Table
    audit: pa.Table
    calendar: pa.Table
    policies: dict[str, Policy]

    def table(self, name: str) -> pa.Table:
        """The table of this name (`hospitals`, `cases`, ...)."""
        if name not in LAYOUTS:
            raise KeyError(name)
        table: pa.Table = getattr(self, name)
        return table


def read_province_folder(path: Path, only: Collection[str] = tuple(LAYOUTS), registry: bool = False) -> ProvinceFolder:
    """Read and check a province folder.

    Args:
        path: the folder.
        only: the files to read, by name without `.csv` (`MEASURING`, `SETTLING`); the others count as empty.
        registry: the folder is the registry of a lake: cases and policy values lie elsewhere.

    Raises `InputProblem` with up to 20 faults: file, line, field, value and what to do.
    """
    path = Path(path)
    if not path.is_dir():
        raise InputProblem(f"{path} is not a folder; give the folder with hospitals.csv, cases.csv, policy.yaml, ...")
    if not any((path / name).exists() for name in _file_names()):
        raise InputProblem(f"{path} holds none of the files of a province: {', '.join(_file_names())}")
    faults = Faults()
    wanted = [name for name in LAYOUTS if name in only and (path / LAYOUTS[name].file).exists()]
    loaded = {name: file for name in wanted if (file := load_file(path, LAYOUTS[name], faults)) is not None}
    if len(loaded) == len(wanted):  # references into a file that could not be read would all look wrong
        check_folder(loaded, faults, cases_elsewhere=registry)
    faults.raise_if_any(path)
    tables = {name: loaded[name].values if name in loaded else _empty(name) for name in LAYOUTS}
    policies = {} if registry else province_policy.read_policies(path / province_policy.FILE, _areas(tables))
    return ProvinceFolder(path=path, policies=policies, **tables)


def frames(spark: SparkSession, folder: ProvinceFolder, only: Collection[str] = tuple(LAYOUTS)) -> dict[str, DataFrame]:
    """The tables of the folder as DataFrames in the schemas of settlement/frames.py, by name."""
    return {name: spark.createDataFrame(folder.table(name), LAYOUTS[name].frame) for name in LAYOUTS if name in only}


def check_settleable(folder: ProvinceFolder) -> None:
    """Refuse to settle cases of areas without `all_mean`: blank, low and reviewed cases are divided by it.

    Raises `MissingParameters` naming the areas.
    """
    areas = dict(zip(*(folder.hospitals[name].to_pylist() for name in ("fixmedins_code", "area")), strict=True))
    known = {*areas.values(), *folder.budgets["area"].to_pylist()}
    pairs = (
        folder.cases.filter(pc.and_(pc.is_valid(folder.cases["drg"]), pc.equal(folder.cases["new_tech"], 0)))
        .group_by(["fixmedins_code", "insu_admdvs"])
        .aggregate([])
        .to_pylist()
    )
    needing = {areas[pair["fixmedins_code"]] for pair in pairs if pair["insu_admdvs"] in known}
    measured = {
        row["area"]
        for table in (folder.elements, folder.elements_given)
        for row in table.filter(pc.equal(table["kind"], "all_mean")).to_pylist()
    }
    missing = sorted(needing - measured)
    if missing:
        raise MissingParameters(
            f"{folder.path}: area(s) {', '.join(missing)} have cases to settle but no all_mean in elements.csv or "
            "elements_given.csv; measure the area's history first (measure-files) or give the element"
        )


def _file_names() -> list[str]:
    return [*(layout.file for layout in LAYOUTS.values()), province_policy.FILE]


def _empty(name: str) -> pa.Table:
    return arrow_schema(LAYOUTS[name].frame).empty_table()


def load_file(path: Path, layout: FileLayout, faults: Faults) -> Loaded | None:
    """One file of a folder with its cells tested and converted; None where its form is wrong (noted)."""
    text = read_text_table(path / layout.file, [column.name for column in layout.columns], faults)
    if text is None:
        return None
    columns, masks = [], []
    for column in layout.columns:
        values, faulty = convert(text.columns[column.name], column.cell, column.optional)
        columns.append(values)
        masks.append(faulty)
    schema = arrow_schema(layout.frame)
    loose = pa.schema([pa.field(field.name, field.type) for field in schema])
    loaded = Loaded(layout, text, pa.Table.from_arrays(columns, schema=loose))
    for column, faulty in zip(layout.columns, masks, strict=True):
        loaded.report(faulty, column.name, f"write {column.cell.remedy}", faults)
    if any(pc.any(faulty).as_py() for faulty in masks):
        return loaded
    return Loaded(layout, text, pa.Table.from_arrays(columns, schema=schema))


def _areas(tables: dict[str, pa.Table]) -> set[str]:
    named = ("hospitals", "base_groups", "elements", "elements_given", "budgets")
    return {area for name in named for area in pc.unique(tables[name]["area"]).to_pylist()}
