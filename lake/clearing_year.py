"""The clearing year that the history of a province folder is measured for."""

from __future__ import annotations

import os
from dataclasses import replace

import pyarrow.compute as pc

from lake.province_csv import Faults
from lake.province_folder import ProvinceFolder, load_file
from lake.province_schema import LAYOUTS
from lake.registry import year_of


def clearing_year(folder: ProvinceFolder) -> int | None:
    """The year of budgets.csv; without budgets, the year after the newest of history.csv (without either, any will do).

    None where no area weighs the years (`history.year_weights`, OP-20): then nothing goes by it, and budgets.csv is
    not looked at.

    Raises `InputProblem` where the budgets name several years.
    """
    if not any(policy.history_year_weights for policy in folder.policies.values()):
        return None
    layout, faults = LAYOUTS["budgets"], Faults()
    budgets = load_file(folder.path, layout, faults) if os.path.lexists(folder.path / layout.file) else None
    faults.raise_if_any(folder.path)
    if budgets is not None and budgets.values.num_rows:
        return year_of(replace(folder, budgets=budgets.values))
    return int(pc.max(folder.history["year"]).as_py() or 0) + 1
