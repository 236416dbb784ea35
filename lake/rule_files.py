"""The CSV files that rules are decided on beside the lake's data: budgets, add-ons, weights, drugs."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lake.errors import InputProblem
from lake.province_cells import CODE, MONEY_POSITIVE, RATIO, one_of
from lake.province_checks import check_key
from lake.province_csv import Faults
from lake.province_folder import load_file
from lake.province_schema import Column, FileLayout
from settlement import rule_frames
from settlement.addons import GROUNDS, KINDS

_AREA, _INSURANCE = Column("area", CODE, "area"), Column("insutype", CODE, "insutype")
_HOSPITAL, _GROUP = Column("fixmedins_code", CODE, "fixmedins_code"), Column("drg", CODE, "drg")
_BUDGET_MONEY = ("inpatient", "last_inpatient", "last_spending", "reserve", "out_of_area", "other")


def _without(frame: StructType, *names: str) -> StructType:
    return StructType([field for field in frame.fields if field.name not in names])


LAYOUTS: dict[str, FileLayout] = {
    "budget": FileLayout(
        "budget inputs",
        _without(rule_frames.BUDGET_INPUTS, "year"),
        (
            _AREA,
            _INSURANCE,
            *[Column(name, MONEY_POSITIVE, f"{name}_fen") for name in _BUDGET_MONEY],
            Column("growth", RATIO, "growth"),
            Column("last_total", MONEY_POSITIVE, "last_total_fen", optional=True),
        ),
        ("area", "insutype"),
    ),
    "add_ons": FileLayout(
        "add-ons",
        _without(rule_frames.ADD_ONS, "area"),
        (
            _HOSPITAL,
            _GROUP,
            Column("ground", one_of(*GROUNDS), "ground"),
            Column("kind", one_of(*KINDS), "kind"),
            Column("value", RATIO, "value"),
        ),
        ("fixmedins_code", "drg", "ground"),
    ),
    "weights": FileLayout(
        "weight proposals",
        rule_frames.WEIGHT_PROPOSALS,
        (_AREA, _GROUP, Column("weight", RATIO, "proposed")),
        ("area", "drg"),
    ),
    "drugs": FileLayout(
        "drug items",
        rule_frames.DRUG_USES,
        (
            Column("setl_id", CODE, "setl_id"),
            Column("code", CODE, "code"),
            Column("amount", MONEY_POSITIVE, "amount_fen"),
        ),
    ),
}


@dataclass(frozen=True)
class RuleFile:
    """The rows of one file in its frame's schema; money in fen."""

    rows: pa.Table
    schema: StructType

    def frame(self, spark: SparkSession) -> DataFrame:
        """The file as a frame."""
        return spark.createDataFrame(self.rows, self.schema)

    def mark(self, column: str, of: Collection[str]) -> str:
        """Hash of the rows whose `column` is one of these."""
        chosen = self.rows.filter(pc.is_in(self.rows[column], value_set=pa.array(sorted(of), pa.string())))
        return hashlib.sha256(str(sorted(map(str, chosen.to_pylist()))).encode("utf-8")).hexdigest()[:20]


def read_rule_file(path: Path, name: str, known: Mapping[str, Collection[str]]) -> RuleFile:
    """Read and check a file of `LAYOUTS`.

    Args:
        path: the file.
        name: which file it is.
        known: column -> the codes that it may hold (areas, hospitals).

    Raises `InputProblem` with file, line, field, value and what to do.
    """
    if not path.is_file():
        raise InputProblem(f"{path} is not there; give the CSV file (docs/rules.md says which columns it has)")
    layout = LAYOUTS[name]
    faults = Faults()
    named = FileLayout(path.name, layout.frame, layout.columns, layout.key)
    loaded = load_file(path.parent, named, faults, handed_in=True)
    if loaded is not None:
        check_key(loaded, faults)
        for column, codes in known.items():
            unknown = pc.invert(pc.is_in(loaded.text.columns[column], value_set=pa.array(sorted(codes), pa.string())))
            loaded.report(unknown, column, "not in the registry of the year; correct the code", faults)
    faults.raise_if_any(path.parent)
    if loaded is None:
        raise InputProblem(f"{path}: cannot be read")
    return RuleFile(loaded.values, layout.frame)
