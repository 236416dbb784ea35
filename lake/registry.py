"""The registry of a clearing year in the lake: taken in from a folder, read back by area, fingerprinted by area."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lake.errors import InputProblem, MissingParameters
from lake.province_folder import ProvinceFolder, read_province_folder
from lake.province_schema import LAYOUTS
from lake.runs import RunBook
from lake.store import Lake, at_once
from lake.tables.base import Table
from lake.tables.registry import HOSPITALS, REGISTRY

PROVINCE = "province"  # area of runs that concern all cities
REGISTRY_FILES = tuple(table.name for table in REGISTRY)
_MAY_LACK = {name for table in REGISTRY for name in LAYOUTS[table.name].may_lack}


@dataclass(frozen=True)
class Registry:
    """The registry of one year as Arrow tables by name; small (hospitals, budgets), so it is held in the driver."""

    year: int
    tables: dict[str, pa.Table]

    @cached_property
    def area_of(self) -> dict[str, str]:
        """Hospital -> treating area."""
        hospitals = self.tables["hospitals"]
        return dict(zip(hospitals["fixmedins_code"].to_pylist(), hospitals["area"].to_pylist(), strict=True))

    @property
    def areas(self) -> list[str]:
        """Treating areas with hospitals."""
        return sorted(set(self.area_of.values()))

    def content_mark(self) -> str:
        """Hash of all rows of all tables."""
        marks = [sorted(map(str, _known(table).to_pylist())) for _, table in sorted(self.tables.items())]
        return hashlib.sha256(str(marks).encode("utf-8")).hexdigest()[:20]

    def fingerprint(self, name: str, area: str) -> str:
        """Hash of the rows of a table that concern an area (by hospital where it has no area; the calendar: all)."""
        table = _known(self.tables[name])
        if "area" in table.column_names:
            table = table.filter(pc.equal(table["area"], area))
        elif "fixmedins_code" in table.column_names:
            mine = pa.array([code for code, of in self.area_of.items() if of == area], pa.string())
            table = table.filter(pc.is_in(table["fixmedins_code"], value_set=mine))
        rows = sorted("\t".join(str(value) for value in row.values()) for row in _known(table).to_pylist())
        return hashlib.sha256("\n".join(rows).encode("utf-8")).hexdigest()[:20]


def _known(table: pa.Table) -> pa.Table:
    """Without columns that no file need have and none fills: what an older program took in keeps its fingerprint."""
    empty = [name for name in table.column_names if name in _MAY_LACK and table[name].null_count == table.num_rows]
    return table.drop_columns(empty)


def year_of(folder: ProvinceFolder) -> int:
    """The clearing year that a registry folder is for: the year of its budgets."""
    periods = pc.unique(pc.utf8_slice_codeunits(folder.budgets["period"], 0, 4)).to_pylist()
    if len(periods) != 1:
        raise InputProblem(
            f"{folder.path / 'budgets.csv'}: a registry is for one clearing year, its budgets name "
            f"{', '.join(sorted(periods)) or 'none'}; give each year a folder of its own"
        )
    return int(periods[0])


def read_registry(path: Path) -> Registry:
    """The registry of a folder. Raises `InputProblem` naming file, line, field, value and remedy."""
    folder = read_province_folder(path, only=REGISTRY_FILES, registry=True)
    return Registry(year_of(folder), {table.name: folder.table(table.name) for table in REGISTRY})


def write_registry(lake: Lake, registry: Registry, note: str) -> dict[str, int]:
    """Replace the registry of a year by this one; gives table -> version."""
    frames = {
        table: registry_frame(lake, registry, table).withColumn("year", F.lit(registry.year)).coalesce(1)
        for table in REGISTRY
    }
    return lake.replace_each(frames, f"year = {registry.year}", note)


def load_registry(runs: RunBook, year: int) -> Registry:
    """The registry of a year as last taken in. Raises `MissingParameters` where it never was."""
    run = runs.last("registry", PROVINCE, str(year))
    if run is None:
        years = ", ".join(runs.periods("registry", PROVINCE)) or "none"
        raise MissingParameters(
            f"the lake has no registry of {year} (years that it has: {years}): give another --year, or take it in "
            "with `dianshu ingest LANDING`, which reads LANDING/registry (hospitals, budgets, ...)"
        )
    outputs = run.outputs

    def read(table: Table) -> pa.Table:
        rows = runs.lake.table(table, outputs[table.name])
        return rows.filter(pc.equal(rows["year"], year)).drop_columns("year")

    tables = at_once([partial(read, table) for table in REGISTRY])
    return Registry(year, {table.name: rows for table, rows in zip(REGISTRY, tables, strict=True)})


def hospital_areas(lake: Lake) -> dict[str, str]:
    """Every hospital ever registered -> its treating area (the newest year's)."""
    rows = lake.table(HOSPITALS).sort_by("year")
    return dict(zip(rows["fixmedins_code"].to_pylist(), rows["area"].to_pylist(), strict=True))


def newest_hospitals(lake: Lake) -> DataFrame:
    """Every hospital ever registered, as in its newest year: a hospital that has closed still has history."""
    newest = Window.partitionBy("fixmedins_code").orderBy(F.col("year").desc())
    ranked = lake.read(HOSPITALS).withColumn("rank", F.row_number().over(newest))
    return ranked.where(F.col("rank") == 1).drop("rank", "year")


def registry_frame(lake: Lake, registry: Registry, table: Table) -> DataFrame:
    """A table of the registry as a small frame, read once: it is the driver's copy, not the file's."""
    return lake.spark.createDataFrame(registry.tables[table.name], StructType(table.schema.fields[:-1]))
