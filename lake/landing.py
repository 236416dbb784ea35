"""Deliveries on disk: one folder a treating area and settlement month, `lists/area=AAAAAA/month=YYYY-MM/*.parquet`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import ArrayType, DataType, StringType, StructField, StructType

from lake.errors import InputProblem
from lake.tables.lists import LANDING, LANDING_ALSO

if TYPE_CHECKING:
    import pyarrow as pa

_AREA = re.compile(r"area=(\d{6})")
_MONTH = re.compile(r"month=(\d{4}-(?:0[1-9]|1[0-2]))")
_PLACE = (StructField("area", StringType()), StructField("month", StringType()))
_SCHEMA = StructType([*LANDING.fields, *LANDING_ALSO.fields, *_PLACE])
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Slice:
    """What was delivered for one area and month."""

    area: str
    month: str
    files: tuple[Path, ...]

    def fingerprint(self) -> str:
        """SHA-256 over names and contents of the files."""
        digest = hashlib.sha256()
        for file in self.files:
            digest.update(file.name.encode("utf-8"))
            with file.open("rb") as stream:
                while block := stream.read(_BLOCK):
                    digest.update(block)
        return digest.hexdigest()[:20]


def lists_folder(landing: Path) -> Path:
    """The folder of the lists in a delivery. Raises `InputProblem` where there is none."""
    root = landing / "lists"
    if not root.is_dir():
        raise InputProblem(f"{landing}: there is no folder lists/ in it; give the folder of the delivery")
    return root


def find_slices(
    landing: Path, cities: Collection[str] | None = None, months: Collection[str] | None = None
) -> list[Slice]:
    """The slices of a delivery, by area and month. Raises `InputProblem` for folders that are none."""
    root = lists_folder(landing)
    slices = []
    for area_folder in _delivered(root):
        area = _AREA.fullmatch(area_folder.name)
        if not area or not area_folder.is_dir():
            raise InputProblem(
                f"{area_folder}: folders here are called area=NNNNNN (treating area, 6 digits); rename it"
            )
        for month_folder in _delivered(area_folder):
            month = _MONTH.fullmatch(month_folder.name)
            if not month or not month_folder.is_dir():
                raise InputProblem(f"{month_folder}: folders here are called month=YYYY-MM; rename it")
            if (cities and area.group(1) not in cities) or (months and month.group(1) not in months):
                continue
            slices.append(Slice(area.group(1), month.group(1), _parquet_files(month_folder)))
    for city in sorted(set(cities or ()) - {one.area for one in slices}):
        raise InputProblem(f"{root}: nothing was delivered for area {city} (--city); known areas are its folders")
    for missing in sorted(set(months or ()) - {one.month for one in slices}):
        raise InputProblem(f"{root}: nothing was delivered for month {missing} (--month); known months are its folders")
    return slices


def _delivered(folder: Path) -> list[Path]:
    """What lies in a folder, but for marks of whoever wrote it (`_SUCCESS`, `.DS_Store`)."""
    return sorted(place for place in folder.iterdir() if not place.name.startswith((".", "_")))


def _parquet_files(folder: Path) -> tuple[Path, ...]:
    files = _delivered(folder)
    if not files:
        raise InputProblem(f"{folder}: no file was delivered; deliver the month again, or take the folder away")
    strange = [file.name for file in files if file.suffix != ".parquet"]
    if strange:
        raise InputProblem(f"{folder / strange[0]}: a delivery holds Parquet files; convert it or take it away")
    for file in files:
        _check_parquet(file)
    return tuple(files)


def _check_parquet(file: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(file)
    except (pa.ArrowInvalid, OSError) as problem:
        raise InputProblem(f"{file} cannot be read as Parquet ({problem}); deliver it again") from problem
    missing = [name for name in LANDING.names if name not in schema.names]
    if missing:
        raise InputProblem(
            f"{file}: column(s) {', '.join(missing)} missing; a delivery has all columns of lake/tables/lists.py, "
            "empty where there is nothing to say"
        )
    for field in (field for field in _SCHEMA if field.name in schema.names):
        found = schema.field(field.name).type
        if not _fits(found, field.dataType):
            wanted = "text" if field.dataType == StringType() else "a list of structs of text"
            raise InputProblem(
                f"{file}: column {field.name} is of type {found}; all is delivered as text, so write it as {wanted}"
            )


def _fits(found: pa.DataType, wanted: DataType) -> bool:
    """Whether a column is text, or a list of structs of text; fields that are left out are empty."""
    import pyarrow.types as kinds

    if isinstance(wanted, ArrayType):
        return (kinds.is_list(found) or kinds.is_large_list(found)) and _fits(found.value_type, wanted.elementType)
    if isinstance(wanted, StructType):
        return kinds.is_struct(found) and all(
            _fits(one.type, wanted[one.name].dataType) for one in found if one.name in wanted.names
        )
    if kinds.is_dictionary(found):
        return _fits(found.value_type, wanted)
    return bool(kinds.is_string(found) or kinds.is_large_string(found))


def read_landing(spark: SparkSession, landing: Path, slices: Collection[Slice]) -> DataFrame:
    """The rows of the slices, all text, with area and month of their folder."""
    paths = [str(file) for one in slices for file in one.files]
    return spark.read.schema(_SCHEMA).option("basePath", str(landing / "lists")).parquet(*paths)
