"""Settle a province given as files.

IN holds hospitals.csv, elements.csv, elements_given.csv, cases.csv, reviews.csv, budgets.csv, audit.csv, calendar.csv
and policy.yaml; OUT gets case_points.csv, pools.csv, hospital_month.csv, hospital_year.csv, matrix.csv and net.csv.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from jobs.measure_files import REFERENCE, add_folder_arguments
from lake.places import check_folder_place
from lake.province_folder import (
    SETTLING,
    ProvinceFolder,
    check_settleable,
    frames,
    pools_without_budget,
    read_province_folder,
    write_tables,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Rows = Sequence[tuple[str, ...]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the job."""
    add_folder_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Read, settle, write the six tables: all of them or none."""
    from settlement.reference.text import TABLES

    check_folder_place(args.out)
    folder = read_province_folder(args.folder, SETTLING)
    check_settleable(folder)
    for area, insutype in pools_without_budget(folder):
        print(
            f"settle-files: budgets.csv has no budget of the year for area {area}, insutype {insutype}, which has "
            "cases: it counts as 0.00",
            file=sys.stderr,
        )
    settled = _by_reference(folder) if args.engine == REFERENCE else _by_spark(folder)
    write_tables(args.out, {f"{name}.csv": (TABLES[name], settled[name]) for name in TABLES})
    return 0


def _by_reference(folder: ProvinceFolder) -> Mapping[str, Rows]:
    from lake.province_plain import plain_province
    from settlement.reference.settle import settle

    return settle(plain_province(folder))


def _by_spark(folder: ProvinceFolder) -> Mapping[str, Rows]:
    from lake.province_frames import text_rows
    from lake.session import build_session
    from settlement.frames import ProvinceFrames
    from settlement.present import settlement_text
    from settlement.reference.text import TABLES
    from settlement.settle import settle_province

    inputs = ProvinceFrames(**frames(build_session("dianshu-settle-files"), folder))
    settlement = settle_province(inputs, folder.policies, _kept)
    texts = settlement_text(settlement)
    return {name: text_rows(texts[name], columns) for name, columns in TABLES.items()}


def _kept(_: str, frame: DataFrame) -> DataFrame:
    """A step that several tables are made of is calculated once."""
    return frame.localCheckpoint()


if __name__ == "__main__":
    from jobs.shell import run_job

    run_job("settle-files", add_arguments, run)
