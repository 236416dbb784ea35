"""Files of rules: read exactly, and refused with file, line, field, value and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from lake.errors import InputProblem
from lake.rule_files import LAYOUTS, read_rule_file

BUDGET = "area,insutype,inpatient,last_inpatient,last_spending,reserve,out_of_area,other,growth,last_total"


def test_a_file_becomes_the_rows_of_its_frame(tmp_path: Path) -> None:
    file = tmp_path / "b.csv"
    file.write_text(f"{BUDGET}\n9901,310,1000.01,900,600,50,100,10,0.05,\n")
    read = read_rule_file(file, "budget", {"area": ["9901"]})
    (row,) = read.rows.to_pylist()
    assert list(row) == LAYOUTS["budget"].frame.names
    assert (row["inpatient_fen"], row["last_total_fen"]) == (100001, None)
    assert read.mark("area", ["9901"]) != read.mark("area", ["9902"]) == read.mark("area", [])


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("budget", f"{BUDGET}\n9902,310,1,1,1,1,1,1,0,\n", r"f\.csv line 2: area = '9902': not in the registry"),
        ("budget", f"{BUDGET}\n9901,310,-1,1,1,1,1,1,0,\n", r"line 2: inpatient = '-1': write yuan"),
        (
            "add_ons",
            "fixmedins_code,drg,ground,kind,value\nH1,A,city,coefficient,1\n",
            r"ground = 'city': write one of",
        ),
        (
            "weights",
            "area,drg,weight\n9901,A,1\n9901,A,2\n",
            r"line 3: drg = 'A': an earlier row has the same area and drg",
        ),
        ("drugs", "setl_id,code\nS1,D1\n", "amount"),
    ],
)
def test_what_is_wrong_is_named(name: str, text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "f.csv"
    file.write_text(text)
    known = {"area": ["9901"]} if name in ("budget", "weights") else {}
    with pytest.raises(InputProblem, match=said):
        read_rule_file(file, name, known)
    with pytest.raises(InputProblem, match="is not there"):
        read_rule_file(tmp_path / "none.csv", name, known)
