"""The synthetic province under the grouper: most cases have a group."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from grouper.compile import compile_scheme
from grouper.scheme import Scheme
from grouper.tables import group_table
from grouper.workbook import read_scheme
from jobs.synthetic.manifest import Manifest
from jobs.synthetic.settings_file import read_settings
from tests.unit.jobs.generated import DEMO, YEARS, Generate, landing, principal


def grouped_shares(table: pa.Table, scheme: Scheme) -> Counter[str]:
    """Outcomes of the kernel over landing rows."""
    listed = table.to_pylist()
    cases = pa.table(
        {
            "principal_diagnosis": pa.array([principal(row) for row in listed], pa.string()),
            "other_diagnoses": pa.array(
                [[one["diag_code"] for one in row["diseinfo"] if one["maindiag_flag"] == "0"] for row in listed],
                pa.list_(pa.string()),
            ),
            "procedures": pa.array(
                [[one["oprn_oprt_code"] for one in row["oprninfo"]] for row in listed], pa.list_(pa.string())
            ),
            **{
                name: table[column]
                for name, column in (
                    ("sex", "gend"),
                    ("age", "age"),
                    ("age_days", "age_days"),
                    ("birth_weight", "nwb_bir_wt"),
                    ("los", "act_ipt_days"),
                    ("discharge_way", "dscg_way"),
                    ("icu_hours", "icu_hours"),
                )
            },
        }
    )
    return Counter(group_table(compile_scheme(scheme), cases)["outcome"].to_pylist())


def test_most_cases_are_grouped(made: tuple[Path, Manifest], scheme: Scheme) -> None:
    table = landing(made[0])
    outcomes = grouped_shares(table, scheme)
    assert outcomes["grouped"] > 0.93 * table.num_rows
    assert outcomes["ungrouped"] > 0


@pytest.mark.slow
def test_most_cases_are_grouped_by_a_published_scheme(shared: Path, generate: Generate, tmp_path: Path) -> None:
    published = read_scheme(shared / "schemes" / "chs_drg_20")
    areas = [area.code for area in read_settings(DEMO).areas]
    generate(tmp_path / "out", cases_per_year=2000, years=YEARS[-1:], schemes=dict.fromkeys(areas, published))
    table = landing(tmp_path / "out")
    outcomes = grouped_shares(table, published)
    assert outcomes["grouped"] > 0.93 * table.num_rows
    assert outcomes["ambiguous"] > 0
