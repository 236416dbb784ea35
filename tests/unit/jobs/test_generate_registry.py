"""The registry of the synthetic province: what an agency would hand in."""

from __future__ import annotations

import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path

from jobs.synthetic.manifest import Manifest
from jobs.synthetic.settings import ProvinceSettings
from lake.province_folder import read_province_folder
from tests.unit.jobs.generated import YEARS, Rows, csv_rows


def test_the_registry_is_a_province_folder(made: tuple[Path, Manifest], shared: Path, tmp_path: Path) -> None:
    shutil.copytree(made[0] / "registry", tmp_path / "registry")
    shutil.copy(shared / "provinces" / "p1" / "policy.yaml", tmp_path / "registry")
    # Reviews name lists, which a province folder keeps in cases.csv.
    names = ("hospitals", "budgets", "audit", "calendar", "elements_given", "base_groups")
    folder = read_province_folder(tmp_path / "registry", names)
    assert folder.hospitals.num_rows == len(csv_rows(made[0] / "registry" / "hospitals.csv"))
    assert folder.base_groups.num_rows == 0
    assert {*folder.elements_given["kind"].to_pylist()} == {"add_on", "whole_review"}


def test_budgets_are_a_share_of_the_local_fund(
    made: tuple[Path, Manifest], newest: Rows, settings: ProvinceSettings
) -> None:
    funds: Counter[tuple[str, str, str]] = Counter()
    for row in newest:
        if row["setl_time"].startswith(str(YEARS[-1])) and row["insu_admdvs"] == row["setl_id"][:6]:
            funds[row["setl_id"][:6], row["insutype"], row["setl_time"][:7]] += Decimal(row["fund_pay_sumamt"])  # type: ignore[assignment]
    budgets = csv_rows(made[0] / "registry" / "budgets.csv")
    months = {
        (row["area"], row["insutype"], row["period"]): Decimal(row["amount"])
        for row in budgets
        if len(row["period"]) == 7
    }
    share = Decimal(str(settings.registry.budget_share))
    assert {key: (Decimal(fund) * share).quantize(Decimal("0.01"), "ROUND_DOWN") for key, fund in funds.items()} == {
        key: amount for key, amount in months.items() if amount
    }
    for row in budgets:
        if len(row["period"]) == 4:
            mine = [months[key] for key in months if key[:2] == (row["area"], row["insutype"])]
            assert Decimal(row["amount"]) == sum(mine)


def test_reviews_name_lists_of_the_settlement_year(made: tuple[Path, Manifest], newest: Rows) -> None:
    settled = {row["setl_id"]: row["setl_time"] for row in newest}
    reviews = csv_rows(made[0] / "registry" / "reviews.csv")
    assert reviews
    assert {row["decision"] for row in reviews} == {"passed", "refused"}
    for row in reviews:
        assert settled[row["setl_id"]].startswith(str(YEARS[-1]))
        assert row["applied_on"] > settled[row["setl_id"]]
