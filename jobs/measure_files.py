"""Measure the core elements of a province given as files.

IN holds hospitals.csv, history.csv, base_groups.csv and policy.yaml; OUT gets elements.csv. Others are not looked at:
budgets.csv only where the policy weighs the years of history (OP-20), for the year that is measured for.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from lake.clearing_year import clearing_year
from lake.places import check_folder_place
from lake.province_folder import MEASURING, ProvinceFolder, frames, read_province_folder, write_table

SPARK, REFERENCE = "spark", "reference"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the job."""
    add_folder_arguments(parser)


def add_folder_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of both jobs on province folders."""
    parser.add_argument("folder", type=Path, metavar="IN", help="folder with the files of the province")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder for the result; made if it is not there")
    parser.add_argument(
        "--engine",
        choices=(SPARK, REFERENCE),
        default=SPARK,
        help="spark, or the plain-Python reference, which starts no Java (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Read, measure, write elements.csv."""
    from settlement.reference.measuring import ELEMENT_COLUMNS

    check_folder_place(args.out)
    folder = read_province_folder(args.folder, MEASURING)
    measured = _by_reference(folder) if args.engine == REFERENCE else _by_spark(folder)
    write_table(args.out / "elements.csv", ELEMENT_COLUMNS, measured)
    return 0


def _by_reference(folder: ProvinceFolder) -> Iterable[tuple[str, ...]]:
    from lake.province_plain import plain_province
    from settlement.reference.measuring import measure

    province = plain_province(folder)
    return measure(province.hospitals, province.history, province.base_groups, province.policies, clearing_year(folder))


def _by_spark(folder: ProvinceFolder) -> Iterable[tuple[str, ...]]:
    from lake.province_frames import text_rows
    from lake.session import build_session
    from settlement.elements import measure_elements
    from settlement.present import elements_text
    from settlement.reference.measuring import ELEMENT_COLUMNS

    read = frames(build_session("dianshu-measure-files"), folder, MEASURING)
    inputs = (read["hospitals"], read["history"], read["base_groups"])
    elements = measure_elements(*inputs, folder.policies, clearing_year(folder))
    return text_rows(elements_text(elements, folder.policies), ELEMENT_COLUMNS)


if __name__ == "__main__":
    from jobs.shell import run_job

    run_job("measure-files", add_arguments, run)
