"""A small province as a folder of files: read, checked, typed.

The layout is a format of the product: hospitals, history, base groups, elements, cases, reviews, budgets, audit sums,
calendar and policy, with which a province is measured and settled without a lake. A missing file is an empty one.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
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
    "pools_without_budget",
    "read_province_folder",
    "table_bytes",
    "write_table",
    "write_tables",
]

MEASURING = ("hospitals", "history", "base_groups")
SETTLING = tuple(name for name in LAYOUTS if name != "history")
_ALIKE = 0.9  # how much a name must be like that of a missing file to be taken for it
_WITH_AREAS = ("hospitals", "base_groups", "elements", "elements_given", "budgets")


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
    if not any(_is_there(path / name) for name in _file_names()):
        raise InputProblem(f"{path} holds none of the files of a province: {', '.join(_file_names())}")
    faults = Faults()
    expected = [LAYOUTS[name].file for name in LAYOUTS if name in only]
    _check_names(path, expected if registry else [*expected, province_policy.FILE], faults)
    wanted = [name for name in LAYOUTS if name in only and _is_there(path / LAYOUTS[name].file)]
    loaded = {name: file for name in wanted if (file := load_file(path, LAYOUTS[name], faults)) is not None}
    if len(loaded) == len(wanted):  # references into a file that could not be read would all look wrong
        check_folder(loaded, faults, cases_elsewhere=registry)
    faults.raise_if_any(path)
    tables = {name: loaded[name].values if name in loaded else _empty(name) for name in LAYOUTS}
    if registry:
        return ProvinceFolder(path=path, policies={}, **tables)
    policies = province_policy.read_policies(
        path / province_policy.FILE, _areas(tables), lambda: _areas_elsewhere(path, tables, only)
    )
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


def pools_without_budget(folder: ProvinceFolder) -> list[tuple[str, str]]:
    """Area and insurance of local cases that the year has no budget for: it counts as 0.00, which should be said."""
    area_of = dict(zip(*(folder.hospitals[name].to_pylist() for name in ("fixmedins_code", "area")), strict=True))
    budgets = folder.budgets.filter(pc.equal(pc.utf8_length(folder.budgets["period"]), len("YYYY"))).to_pylist()
    kinds = folder.cases.group_by(["fixmedins_code", "insu_admdvs", "insutype"]).aggregate([]).to_pylist()
    pools = {(area_of[one["fixmedins_code"]], one["insu_admdvs"], one["insutype"]) for one in kinds}
    local = {(treating, insutype) for treating, insured, insutype in pools if treating == insured}
    return sorted(local - {(row["area"], row["insutype"]) for row in budgets})


def _check_names(path: Path, files: Collection[str], faults: Faults) -> None:
    """A missing file is an empty one, so one whose name is misspelled would count as empty without a word."""
    missing = [name for name in files if not _is_there(path / name)]
    strange = {file.name for file in path.iterdir()} - set(_file_names())
    for name in sorted(strange):
        for meant in get_close_matches(name.lower(), missing, n=1, cutoff=_ALIKE):
            faults.add(
                f"{name}: no file of a province is called so, and {meant} is missing; rename it, or take it away"
            )


def _file_names() -> list[str]:
    return [*(layout.file for layout in LAYOUTS.values()), province_policy.FILE]


def _empty(name: str) -> pa.Table:
    return arrow_schema(LAYOUTS[name].frame).empty_table()


def load_file(path: Path, layout: FileLayout, faults: Faults, handed_in: bool = False) -> Loaded | None:
    """One file of a folder with its cells tested and converted; None where its form is wrong (noted).

    `handed_in`: a file out of somebody's spreadsheet, see `read_text_table`.
    """
    text = read_text_table(path / layout.file, layout.required, faults, handed_in, layout.may_lack)
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


def _is_there(file: Path) -> bool:
    """A link that leads nowhere is there too: it is no empty file, and reading it says so."""
    return os.path.lexists(file)


def _areas(tables: dict[str, pa.Table]) -> set[str]:
    return {area for name in _WITH_AREAS for area in pc.unique(tables[name]["area"]).to_pylist()}


def _areas_elsewhere(path: Path, tables: dict[str, pa.Table], read: Collection[str]) -> set[str]:
    """Areas that insured persons come from, and those of files that this job does not read, as far as they can be."""
    found = set(pc.unique(tables["cases"]["insu_admdvs"]).to_pylist())
    for name in (*_WITH_AREAS, "cases"):
        layout = LAYOUTS[name]
        if name in read or not _is_there(path / layout.file):
            continue
        with suppress(InputProblem):
            text = read_text_table(path / layout.file, layout.required, Faults(), may_lack=layout.may_lack)
            column = "insu_admdvs" if name == "cases" else "area"
            found |= set(pc.unique(text.columns[column]).to_pylist()) if text else set()
    return found
