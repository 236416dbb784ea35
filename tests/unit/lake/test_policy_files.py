from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from lake.errors import InputProblem
from lake.policy_files import PolicyBook, load_policies
from settlement.policy import POLICY_KEYS, read_policy

DAY = date(2025, 6, 30)
PACKAGED = Path(__file__).resolve().parents[3] / "conf" / "policy"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the packaged base, without areas."""
    (tmp_path / "areas").mkdir()
    (tmp_path / "base.yaml").write_text((PACKAGED / "base.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


def overlay(
    folder: Path, area: str, values: str, key: str = "reserve.share", unit: str = "ratio", based_on: str = "base"
) -> None:
    text = f"title: t\nbased_on: {based_on}\npolicies:\n  {key}:\n    description: d\n    unit: {unit}\n    source: s\n"
    (folder / "areas" / f"{area}.yaml").write_text(f"{text}    values: {values}\n", encoding="utf-8")


def change_base(folder: Path, old: str, new: str) -> None:
    path = folder / "base.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def problem(folder: Path) -> str:
    with pytest.raises(InputProblem) as caught:
        load_policies(folder)
    return str(caught.value)


@pytest.fixture(scope="module")
def book() -> PolicyBook:
    return load_policies()


def test_base_holds_the_values_of_the_published_province(book: PolicyBook, shared: Path) -> None:
    given = yaml.safe_load((shared / "provinces" / "p1" / "policy.yaml").read_text(encoding="utf-8"))["province"]
    assert book.at("999999", DAY) == read_policy(given)


def test_every_key_has_a_value_in_every_packaged_layer(book: PolicyBook) -> None:
    for area in ("990100", "990200", "990300", "999999"):
        assert set(book.values_at(area, DAY)) == set(POLICY_KEYS)
        assert book.at(area, DAY).deposit_rate == Decimal("0.05")


def test_overlays_change_only_what_they_name(book: PolicyBook) -> None:
    base, first, second = (book.values_at(area, DAY) for area in ("999999", "990100", "990200"))
    changed = {key for key in POLICY_KEYS if base[key] != first[key]}
    assert changed == {"reserve.share", "deficit.tiers", "second_distribution.enabled"}
    assert {key for key in POLICY_KEYS if base[key] != second[key]} == {"month.pay_ratio"}
    assert book.at("990200", DAY).month_pay_ratio == Decimal("0.9")


def test_explain_names_layer_date_and_source(book: PolicyBook) -> None:
    own = book.explain("reserve.share", "990100", DAY)
    assert (own.value, own.file, own.since) == ("0.08", "areas/990100.yaml", date(2020, 1, 1))
    inherited = book.explain("cap.level", "990100", DAY)
    assert inherited.file == "base.yaml"
    assert "article 34.2" in inherited.source
    assert "base.yaml" in str(inherited)


def test_fingerprint_follows_values_not_names(book: PolicyBook) -> None:
    assert book.fingerprint("990300", DAY) == book.fingerprint("999999", DAY)
    assert book.fingerprint("990300", date(2026, 1, 1)) != book.fingerprint("999999", date(2026, 1, 1))


def test_values_change_on_their_from_date_and_null_ends_them(folder: Path) -> None:
    overlay(folder, "990900", "{2021-01-01: '0.06', 2023-01-01: null, 2024-07-01: '0.07'}")
    book = load_policies(folder)
    seen = [
        book.explain("reserve.share", "990900", day).value
        for day in (
            date(2020, 12, 31),
            date(2021, 1, 1),
            date(2022, 12, 31),
            date(2023, 1, 1),
            date(2024, 6, 30),
            date(2024, 7, 1),
        )
    ]
    assert seen == ["0.05", "0.06", "0.06", "0.05", "0.05", "0.07"]


def test_layers_stand_on_layers(folder: Path) -> None:
    overlay(folder, "990800", "{2020-01-01: '0.09'}")
    overlay(folder, "990900", "{2022-01-01: '0.02'}", based_on='"990800"')
    book = load_policies(folder)
    assert book.values_at("990900", date(2021, 1, 1))["reserve.share"] == "0.09"
    assert book.values_at("990900", date(2022, 1, 1))["reserve.share"] == "0.02"


def test_no_value_before_the_first_from_date(book: PolicyBook) -> None:
    with pytest.raises(InputProblem, match=r"base.yaml: policy value .* has no value on 2019-12-31"):
        book.at("990100", date(2019, 12, 31))


def test_unknown_key_is_refused_by_explain(book: PolicyBook) -> None:
    with pytest.raises(InputProblem, match="unknown policy key 'reserve'"):
        book.explain("reserve", "990100", DAY)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ("{2020-01-01: 0.06}", r"reserve.share, from 2020-01-01: 0.06 is a bare number; write it as text: '0.06'"),
        ("{2020-01-01: 6e-2}", r"is a bare number"),
        ("{2020-02-30: '0.06'}", r"'2020-02-30' is no date; write the from-date as YYYY-MM-DD"),
        ("{2020: '0.06'}", r"2020 is no date"),
        ("{20200101: '0.06'}", r"20200101 is no date"),
        ("{2020-01-01: '0.06', 2020-01-01: '0.07'}", r"the key '2020-01-01' stands twice, in lines 8 and 8"),
        ("{2020-01-01: six}", r"from 2020-01-01: policy value reserve.share = 'six' is not a number"),
        ("{2020-01-01: '0.11'}", r"reserve.share from 2020-01-01 = '0.11' is above 0.10 \(policy/000 article 10"),
        ("{2020-01-01: '-0.01'}", r"is below 0 "),
        ("{2020-01-01: yes}", r"= 'yes' is not a number"),
        ("{2020-01-01: 010}", r"= '010' is above 0.10"),
        ("{}", r"values = {}; write at least one from-date"),
        ("0.06", r"values = 0.06; write at least one from-date"),
        ("{2020-01-01: null}", r"from 2020-01-01, is null; a null only ends an earlier value"),
    ],
)
def test_bad_values_are_named(folder: Path, values: str, said: str) -> None:
    overlay(folder, "990900", values)
    message = problem(folder)
    assert message.startswith("areas/990900.yaml")
    assert re.search(said, message), message


@pytest.mark.parametrize("field", ["description", "unit", "source"])
def test_missing_text_is_refused(folder: Path, field: str) -> None:
    overlay(folder, "990900", "{2020-01-01: '0.06'}")
    path = folder / "areas" / "990900.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line for line in lines if not line.strip().startswith(f"{field}:")), encoding="utf-8")
    assert problem(folder) == f"areas/990900.yaml: reserve.share: {field} = None; every value needs its {field} as text"


def test_structure_is_checked(folder: Path) -> None:
    overlay(folder, "990900", "{2020-01-01: '0.06'}", key="reserve.shares")
    assert "areas/990900.yaml: reserve.shares is no policy key; known are" in problem(folder)
    overlay(folder, "990900", "{2020-01-01: '0.06'}\n    value: 3")
    assert "reserve.share: unknown field 'value'" in problem(folder)
    overlay(folder, "990900", "{2020-01-01: '0.06'}\n    at_most: '0.5'")
    assert "unknown field 'at_most'" in problem(folder)
    overlay(folder, "990900", "{2020-01-01: '0.06'}", unit="percent")
    assert "reserve.share is in 'percent', but base.yaml has 'ratio'" in problem(folder)
    overlay(folder, "990900", "{2020-01-01: '0.06'}", based_on="bases")
    assert "areas/990900.yaml: based_on = 'bases', and there is no bases.yaml" in problem(folder)
    overlay(folder, "990900", "{2020-01-01: '0.06'}\nareas: {}")
    assert "unknown field 'areas'" in problem(folder)
    (folder / "areas" / "990900.yaml").write_text("- a\n", encoding="utf-8")
    assert "areas/990900.yaml: a policy file is a mapping" in problem(folder)
    (folder / "areas" / "990900.yaml").write_text("a: [1\n", encoding="utf-8")
    assert problem(folder).startswith("areas/990900.yaml, line 2: ")
    (folder / "areas" / "990900.yaml").write_bytes("title: 演示".encode("gb18030"))
    assert "is not UTF-8" in problem(folder)


def test_circles_are_refused(folder: Path) -> None:
    overlay(folder, "990800", "{2020-01-01: '0.06'}", based_on='"990900"')
    overlay(folder, "990900", "{2020-01-01: '0.06'}", based_on='"990800"')
    assert "based_on goes in a circle (990800 -> 990900 -> 990800)" in problem(folder)


def test_base_is_checked(folder: Path) -> None:
    change_base(folder, "  cv.ddof:", "  cv.dof:")
    assert "base.yaml: cv.dof is no policy key" in problem(folder)


def test_base_must_hold_every_key(folder: Path) -> None:
    path = folder / "base.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("  out_of_area.pool:")] + text[text.index("  # Readings") :], encoding="utf-8")
    assert problem(folder) == "base.yaml: out_of_area.pool missing; base must hold every policy key"


def test_a_broken_value_of_the_base_is_named(folder: Path) -> None:
    change_base(folder, "{2020-01-01: exact}", "{2020-01-01: often}")
    assert problem(folder).startswith("base.yaml: policy value rounding.value_dp = 'often' is not a number")


def test_a_name_stands_for_one_layer(folder: Path) -> None:
    overlay(folder, "990900", "{2020-01-01: '0.06'}")
    (folder / "990900.yaml").write_text(
        (folder / "areas" / "990900.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    assert "the layer 990900 is already 990900.yaml" in problem(folder)


def test_a_folder_without_base_is_refused(tmp_path: Path) -> None:
    assert "there is no base.yaml" in problem(tmp_path)
    assert "is not a folder of policy files" in problem(tmp_path / "nowhere")
