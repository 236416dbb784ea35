"""One ledger (资金分录): every movement of money of a settlement as a row from one account to another.

Accounts, kinds of entries and their articles are those of settlement/accounts.py; settlement/reference/ledger.py is the
plain voice. What the ledger says in turn is in settlement/ledger_views.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from settlement.accounts import AREA, ENTRY, HOSPITAL, INSURED, SEPARATOR
from settlement.case_points import CROSS_PROVINCE, IN_PROVINCE
from settlement.money import conformed
from settlement.policies import with_policies
from settlement.policy import Policy
from settlement.readings import ExcessTo
from settlement.results import LEDGER
from settlement.settle import Settlement
from settlement.sums import period_text

KEY = ("area", "year", "period", "entry", "insutype", "fixmedins_code", "insu_admdvs")
_YEAR_LENGTH = len("YYYY")


def ledger_rows(settlement: Settlement, policies: Mapping[str, Policy]) -> DataFrame:
    """Every movement of money of a settled province: `LEDGER`. `policies`: by area, those it was settled by.

    Several figures of one key (the months that the year takes back) are one row; a negative sum goes the other way and
    a zero is left out.
    """
    parts = (
        _of_pools(settlement.pools),
        _of_months(settlement.hospital_month),
        _of_years(settlement.hospital_year, policies),
        _of_matrix(settlement.matrix),
    )
    return as_rows(reduce(DataFrame.unionByName, parts))


def as_rows(signed: DataFrame) -> DataFrame:
    """Movements, `KEY` and `signed` (fen; negative: the other way), as `LEDGER`. Those of one key are one row."""
    moved = signed.groupBy(*KEY).agg(F.sum("signed").alias("signed"))
    kinds = moved.where(F.col("signed") != 0).select("*", _kind().alias("_kind"))
    payer, payee = _account("from_class", "payer"), _account("to_class", "payee")
    forward = F.col("signed") > 0
    booked = kinds.select(
        *KEY,
        F.when(forward, payer).otherwise(payee).alias("from_account"),
        F.when(forward, payee).otherwise(payer).alias("to_account"),
        F.abs("signed").alias("amount_fen"),
        F.col("_kind.article").alias("article"),
    )
    return conformed(booked, {field.name: field.dataType for field in LEDGER.fields})


def _kind() -> Column:
    """The kind of the row's entry, as a struct."""
    names = ("from_class", "payer", "to_class", "payee", "article")
    pairs = [
        part
        for kind in ENTRY.values()
        for part in (F.lit(kind.name), F.struct(*[F.lit(getattr(kind, name)).alias(name) for name in names]))
    ]
    return F.element_at(F.create_map(*pairs), F.col("entry"))


def account_name(class_name: Column, owner: Column) -> Column:
    """The name of an account of the row's insurance and year."""
    return F.concat_ws(SEPARATOR, class_name, owner, F.col("insutype"), F.col("year").cast("string"))


def _account(class_name: str, owner: str) -> Column:
    column = F.col(f"_kind.{owner}")
    owned = F.when(column == HOSPITAL, F.col(HOSPITAL)).when(column == INSURED, F.col(INSURED)).otherwise(F.col(AREA))
    return account_name(F.col(f"_kind.{class_name}"), owned)


def _entry(name: str, signed: Column | str, period: Column | str = "period") -> Column:
    amount = F.col(signed) if isinstance(signed, str) else signed
    when = F.col(period) if isinstance(period, str) else period
    return F.struct(when.alias("period"), F.lit(name).alias("entry"), amount.cast("bigint").alias("signed"))


def _booked(rows: DataFrame, *entries: Column) -> DataFrame:
    """One row for each entry of each row, with `KEY`; who is not concerned is null."""
    absent = F.lit(None).cast("string")
    parties = [F.col(name) if name in rows.columns else absent.alias(name) for name in (HOSPITAL, INSURED)]
    each = rows.select("area", "year", "insutype", *parties, F.explode(F.array(*entries)).alias("_entry"))
    return each.select("area", "year", "insutype", HOSPITAL, INSURED, "_entry.*")


def _of_pools(pools: DataFrame) -> DataFrame:
    """Budget, reserve and residue of the year; the months' budgets divide the year's and move no money."""
    inside = F.col("budget_fen") - F.col("budget_used_fen")
    return _booked(
        pools.where(F.length("period") == _YEAR_LENGTH),
        _entry("budget", "budget_fen"),
        _entry("reserve_from_budget", inside),
        _entry("reserve_beside_budget", F.col("carried_or_reserve_fen") - inside),
        _entry("residue", "residue_fen"),
    )


def _of_months(months: DataFrame) -> DataFrame:
    """The months, and what the year takes back of what they booked for the time being."""
    withheld = F.col("amount_fen") - F.col("gross_fen")
    due = F.col("gross_fen") - F.col("deposit_fen") - F.col("audit_fen") + F.col("brought_forward_fen")
    deferred = F.col("paid_fen") + F.col("carried_forward_fen") - due  # left to the clearing (OP-49)
    january = F.col("month") == period_text(F.col("year"), F.lit(1))
    owed = F.when(january, -F.col("brought_forward_fen")).otherwise(0)  # of the year before (OP-54)
    year = F.col("year").cast("string")
    return _booked(
        months.withColumn("period", F.col("month")),
        _entry("month_amount", "amount_fen"),
        _entry("month_withheld", withheld),
        _entry("month_deposit", "deposit_fen"),
        _entry("month_audit", "audit_fen"),
        _entry("month_paid", "paid_fen"),
        _entry("month_deferred", deferred),
        _entry("owed_before", owed),
        _entry("month_amount_reversed", "amount_fen", year),
        _entry("month_withheld_released", withheld, year),
        _entry("month_deferred_settled", deferred, year),
        _entry("owed_before", -owed, year),  # the year's less that of January
        _entry("year_audit", -F.col("audit_fen"), year),  # the year's audit sums less those of the months
    )


def _of_years(years: DataFrame, policies: Mapping[str, Policy]) -> DataFrame:
    received = F.col("paid_fen") + F.col("final_fen") + F.col("owed_before_fen")
    ruled = with_policies(years, policies, "cap_excess_to", "reserve_single_fund")
    shared = F.col("cap_excess_to") == ExcessTo.SECOND_DISTRIBUTION.value
    nothing = F.lit(0).cast("bigint")
    return _booked(
        ruled.withColumn("period", F.col("year").cast("string")),
        _entry("year_amount", "amount_fen"),
        _entry("year_audit", "audit_fen"),
        _entry("deposit_returned", F.col("deposit_held_fen") - F.col("deposit_not_returned_fen")),
        _entry("deposit_kept", "deposit_not_returned_fen"),
        _entry("assessment_adjustment", "assessment_adjustment_fen"),
        _entry("cap_excess", F.when(~shared, F.col("cap_excess_fen")).otherwise(0)),
        _entry("cap_excess_shared", F.when(shared, F.col("cap_excess_fen")).otherwise(0)),
        _entry("surplus_not_kept", F.greatest("surplus_not_kept_fen", nothing)),
        _entry("surplus_kept", F.greatest(-F.col("surplus_not_kept_fen"), nothing)),
        _entry("deficit_share", F.when(F.col("reserve_single_fund"), F.col("deficit_share_fen")).otherwise(0)),
        _entry("deficit_share_by_fund", F.when(~F.col("reserve_single_fund"), F.col("deficit_share_fen")).otherwise(0)),
        _entry("new_technique", "new_technique_fen"),
        _entry("second_distribution", "second_distribution_fen"),
        _entry("drugs_cleared", "negotiated_drugs_fen"),
        _entry("owed_before", "owed_before_fen"),
        _entry("claim", F.col("fund_fen") + F.col("new_technique_fund_fen")),
        _entry("claim_refused", "audit_fen"),
        _entry("claim_paid", received),
        _entry("write_off", "write_off_fen"),
    )


def _of_matrix(matrix: DataFrame) -> DataFrame:
    """Months and adjustments; the year of the matrix is their sum."""
    debts = matrix.where(F.length("period") != _YEAR_LENGTH).withColumnsRenamed(
        {"insured_area": INSURED, "treating_area": "area"}
    )
    dated = debts.withColumn("year", F.substring("period", 1, _YEAR_LENGTH).cast("int"))
    owed = [
        F.when(F.col("scope") == scope, F.col("amount_fen")).otherwise(0) for scope in (IN_PROVINCE, CROSS_PROVINCE)
    ]
    return _booked(dated, _entry(IN_PROVINCE, owed[0]), _entry(CROSS_PROVINCE, owed[1]))
