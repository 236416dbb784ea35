"""Laws of the ledger on random provinces, by the reference: it nets, it closes, and the tables are views of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.accounts import (
    ACCOUNTS,
    CLAIM_COLUMNS,
    ENTRIES,
    ENTRY,
    MEMORANDUM,
    MONTH_COLUMNS,
    RULE_COLUMNS,
    RULE_ENTRIES,
    STATEMENT,
    YEAR_COLUMNS,
)
from settlement.reference.inputs import Province
from settlement.reference.ledger import LedgerRow, settle_ledger
from settlement.reference.ledger_views import (
    balances,
    hospital_months,
    hospital_years,
    matrix,
    net,
    statements,
)
from settlement.reference.points import CaseClass
from settlement.reference.rule_ledger import hospital_figures
from settlement.reference.settle import Settlement, settle_province
from tests.conftest import ROOT
from tests.property.reading_laws import distributable
from tests.property.settlement_provinces import YEAR, random_province, united

SEEDS = st.integers(0, 2**32)
SIZES = st.integers(0, 60)
CLOSED = ("pool", "deposit", "withheld")


def settled(province: Province) -> tuple[Settlement, list[LedgerRow]]:
    settlement = settle_province(province)
    return settlement, settle_ledger(province, settlement)


def not_zero(rows: dict) -> dict:
    """Rows whose money is not all zero: what moved nothing is in no ledger."""
    return {key: row for key, row in rows.items() if any(row.values())}


def check_views(settlement: Settlement, rows: list[LedgerRow]) -> None:
    """Every figure of the tables, from the ledger alone."""
    months = {
        (row.fixmedins_code, row.insutype, row.month): {
            name: getattr(row, f"{name}_fen") for name in (*MONTH_COLUMNS, "brought_forward", "carried_forward")
        }
        for row in settlement.months
    }
    assert hospital_months(rows) == not_zero(months)
    years = {
        (row.fixmedins_code, row.insutype): {name: getattr(row, f"{name}_fen") for name in YEAR_COLUMNS}
        for row in settlement.years
    }
    assert hospital_years(rows) == not_zero(years)
    shown = statements(rows)
    for row in settlement.years:
        lines = shown.get((row.fixmedins_code, row.insutype))
        assert lines == row.lines if lines else row.final_fen == 0
    owed = {
        (debt.insured_area, debt.treating_area, debt.insutype, debt.scope.value, debt.period): debt.amount_fen
        for debt in settlement.matrix
    }
    assert matrix(rows) == {key: amount for key, amount in owed.items() if amount}
    assert net(rows) == {area: amount for area, amount in settlement.net.items() if amount}


def closing(rows: list[LedgerRow]) -> dict[str, dict[tuple[str, str], int]]:
    """Balances by class, then by owner and insurance."""
    found: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for account, balance in balances(rows).items():
        class_name, owner, insutype, year = account.split(":")
        assert year == str(YEAR)
        found[class_name][owner, insutype] = balance
    return found


@given(SEEDS, SIZES)
def test_the_tables_are_views_of_the_ledger(seed: int, cases: int) -> None:
    check_views(*settled(random_province(seed, cases)))


@given(SEEDS, SIZES)
def test_rows_are_proper_and_all_accounts_sum_to_zero(seed: int, cases: int) -> None:
    _, rows = settled(random_province(seed, cases))
    assert sum(balances(rows).values()) == 0
    assert len({row.key for row in rows}) == len(rows)
    for row in rows:
        kind = ENTRY[row.entry]
        assert row.amount_fen > 0
        assert row.from_account != row.to_account
        assert {row.from_account.split(":")[0], row.to_account.split(":")[0]} == {kind.from_class, kind.to_class}
        assert row.article == kind.article


@given(SEEDS, SIZES)
def test_accounts_close_where_the_law_says(seed: int, cases: int) -> None:
    province = random_province(seed, cases)
    settlement, rows = settled(province)
    left = closing(rows)
    assert not any(balance for name in CLOSED for balance in left[name].values())
    years = {(row.fixmedins_code, row.insutype): row for row in settlement.years}
    for name, figure in (("payable", "final_fen"), ("cash", "paid_fen")):
        expected = {key: getattr(row, figure) for key, row in years.items()}
        assert all(expected[key] == balance for key, balance in left[name].items())
        assert all(left[name].get(key, 0) == amount for key, amount in expected.items())
    areas = {hospital.fixmedins_code: hospital.area for hospital in province.hospitals}
    for pool in (pool for pool in settlement.pools if pool.period == str(YEAR)):
        mine = [row for key, row in years.items() if (areas[key[0]], key[1]) == (pool.area, pool.insutype)]
        to_distribute = distributable(pool.carried_or_reserve_fen, mine, province.policies[pool.area])
        rest = to_distribute - sum(row.second_distribution_fen for row in mine)
        assert left["reserve"].get((pool.area, pool.insutype), 0) == rest >= 0
        assert left["residue"].get((pool.area, pool.insutype), 0) == pool.residue_fen


@given(SEEDS, SIZES)
def test_nothing_of_a_claim_is_left_as_arrears(seed: int, cases: int) -> None:
    """policy/002 article 40: claim = refused in audit + received + written off, less the surplus that is kept."""
    settlement, rows = settled(random_province(seed, cases))
    claims, left = hospital_figures(rows, "claim"), closing(rows)
    techniques: dict[tuple[str, str], int] = defaultdict(int)
    for one in settlement.points:
        if one.case_class is CaseClass.NEW_TECHNIQUE:
            techniques[one.case.fixmedins_code, one.case.insutype] += one.case.fund_fen
    nothing = dict.fromkeys((*CLAIM_COLUMNS, "balance"), 0)
    for row in settlement.years:
        key = (row.fixmedins_code, row.insutype)
        figures = claims.get(key, nothing)
        assert figures["claim"] == row.sums.fund_fen + techniques[key]
        surplus = -figures["balance"]
        assert figures["refused"] + figures["received"] + figures["write_off"] - surplus == figures["claim"]
        assert (figures["refused"], figures["received"]) == (row.audit_fen, row.paid_fen + row.final_fen)
        assert surplus >= 0 <= figures["write_off"] == row.write_off_fen
        assert not (surplus and figures["write_off"])
        assert left["written_off"].get(key, 0) == row.write_off_fen


@given(SEEDS, SIZES)
def test_the_memorandum_moves_no_money(seed: int, cases: int) -> None:
    """Its entries stay among its own accounts, which sum to zero: without them the money is the same."""
    _, rows = settled(random_province(seed, cases))
    for row in rows:
        inside = {name.split(":")[0] in MEMORANDUM for name in (row.from_account, row.to_account)}
        assert len(inside) == 1
    assert sum(sum(closing(rows)[name].values()) for name in MEMORANDUM) == 0


@given(SEEDS, SIZES)
def test_each_class_of_accounts_nets_with_the_others(seed: int, cases: int) -> None:
    """All that the fund bore is with the hospitals, in the reserve or in the residue; cities net among themselves."""
    _, rows = settled(random_province(seed, cases))
    totals = {name: sum(by_owner.values()) for name, by_owner in closing(rows).items()}
    assert totals.pop("clearing", 0) == 0
    fund = totals.pop("fund", 0)
    assert fund == -sum(totals.values())


@given(SEEDS, st.integers(1, 40))
@settings(max_examples=50)
def test_a_case_touches_only_the_rows_of_its_treating_area(seed: int, cases: int) -> None:
    province = random_province(seed, cases)
    added = province.cases[-1]
    area = next(one.area for one in province.hospitals if one.fixmedins_code == added.fixmedins_code)
    reviews = tuple(review for review in province.reviews if review.setl_id != added.setl_id)
    _, before = settled(replace(province, cases=province.cases[:-1], reviews=reviews))
    _, after = settled(province)
    assert [row for row in before if row.area != area] == [row for row in after if row.area != area]


@given(SEEDS, SEEDS)
@settings(max_examples=20)
def test_provinces_apart_have_ledgers_apart(first: int, second: int) -> None:
    parts = [random_province(first, 20, "11"), random_province(second, 20, "22")]
    _, together = settled(united(parts))
    apart = [row for part in parts for row in settled(part)[1]]
    assert together == sorted(apart, key=lambda row: row.key)


def test_every_kind_of_entry_and_both_directions_occur() -> None:
    """What the generator never makes, no property above could notice."""
    seen, turned = set(), set()
    for seed in range(60):
        _, rows = settled(random_province(seed, 60))
        seen |= {row.entry for row in rows}
        payer = {row.entry: row.from_account.split(":")[0] for row in rows}
        turned |= {name for name, class_name in payer.items() if class_name != ENTRY[name].from_class}
    elsewhere = {
        "year_audit",
        "drugs_cleared",
        "owed_before",
    }  # seen in test_closing_laws.py, _drugs_in_final, _openings
    assert seen == {kind.name for kind in ENTRIES} - elsewhere
    assert turned >= {"month_amount", "month_withheld", "year_amount", "residue", "assessment_adjustment"}


def test_the_chart_is_whole() -> None:
    """Each entry names accounts of the chart; each entry on a payable account is in one line of the statement."""
    used = {name for kind in ENTRY.values() for name in (kind.from_class, kind.to_class)}
    assert used == set(ACCOUNTS)
    assert len(ENTRY) == len(ENTRIES) + len(RULE_ENTRIES)
    for name, columns in RULE_COLUMNS.items():
        mine = [kind.name for kind in ENTRY.values() if name in (kind.from_class, kind.to_class)]
        assert sorted(entry for _, entries in columns.values() for entry in entries) == sorted(mine)
    on_payable = sorted(kind.name for kind in ENTRY.values() if "payable" in (kind.from_class, kind.to_class))
    assert sorted(entry for item in STATEMENT for entry in item.entries) == on_payable
    of_claim = sorted(kind.name for kind in ENTRY.values() if "claim" in (kind.from_class, kind.to_class))
    assert sorted(entry for _, entries in CLAIM_COLUMNS.values() for entry in entries) == of_claim
    assert all(kind.article.startswith("policy/") for kind in ENTRY.values())


def test_the_page_names_what_is_booked() -> None:
    """docs/ledger.md has every class with its title, and every kind with its accounts and article."""
    page = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")
    for one in ACCOUNTS.values():
        assert f"| `{one.name}` | {one.title} |" in page
    for kind in ENTRY.values():
        (line,) = [line for line in page.splitlines() if line.startswith(f"| `{kind.name}` | ") and "→" in line]
        article = kind.article.removeprefix("policy/").replace("article ", "§")
        assert article in line
        assert kind.name == "in_province" or f"| {kind.from_class} → {kind.to_class} |" in line
