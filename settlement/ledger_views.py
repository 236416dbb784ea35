"""What the ledger alone says: the money of the hospitals' months and years, the matrix, the cities' net positions.

Views hold what is not zero; where nothing moved, there is no row. The plain voice is
settlement/reference/ledger_views.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from settlement.accounts import AREA, HOSPITAL, INSURED, MONTH_COLUMNS, OWED_BEFORE, SEPARATOR, YEAR_COLUMNS
from settlement.ledger import account_name
from settlement.month import ACCOUNT
from settlement.policies import with_policies
from settlement.policy import Policy
from settlement.readings import ExcessTo
from settlement.sums import MONTHS, period_text

_CARRIED = ("brought_forward", "carried_forward")
_YEAR_LENGTH = len("YYYY")


def legs(ledger: DataFrame) -> DataFrame:
    """Both sides of every row: its columns but the accounts and the amount, then `account` and `change_fen`."""
    sides = F.array(
        F.struct(F.col("from_account").alias("account"), (-F.col("amount_fen")).alias("change_fen")),
        F.struct(F.col("to_account").alias("account"), F.col("amount_fen").alias("change_fen")),
    )
    each = ledger.select("*", F.explode(sides).alias("_side")).select("*", "_side.*")
    return each.drop("_side", "from_account", "to_account", "amount_fen")


def improper(ledger: DataFrame) -> DataFrame:
    """Rows that are no movement: without an account, from an account to itself, or of no positive amount."""
    proper = (F.col("from_account") != F.col("to_account")) & (F.col("amount_fen") > 0)
    return ledger.where(~F.coalesce(proper, F.lit(False)))


def hospital_years(ledger: DataFrame) -> DataFrame:
    """`ACCOUNT` and the money of `HOSPITAL_YEAR`, from amount to final, as what moved on the payable accounts."""
    summed = _payable(ledger).groupBy(*ACCOUNT).agg(*_columns(YEAR_COLUMNS))
    return summed.where(_moves(*YEAR_COLUMNS))


def hospital_months(ledger: DataFrame) -> DataFrame:
    """`ACCOUNT`, month and the money of `HOSPITAL_MONTH`; what is carried is the balance of the payable account.

    A month in which nothing moved is there as long as something is carried through it. January is brought what the
    year before left to owe.
    """
    moved = _payable(ledger).where(F.length("period") > _YEAR_LENGTH)
    every = F.explode(F.sequence(F.lit(1), F.lit(MONTHS)))
    months = moved.select(*ACCOUNT).distinct().select(*ACCOUNT, every.alias("_slot"))
    empty = months.select(
        *ACCOUNT,
        period_text(F.col("year"), F.col("_slot")).alias("period"),
        F.lit("").alias("entry"),
        F.lit(0).cast("bigint").alias("change_fen"),
    )
    both = moved.select(empty.columns).unionByName(empty)
    owed = F.sum(F.when(F.col("entry").isin(*OWED_BEFORE), F.col("change_fen")).otherwise(0))
    summed = both.groupBy(*ACCOUNT, F.col("period").alias("month")).agg(
        *_columns(MONTH_COLUMNS), F.sum("change_fen").alias("_change"), owed.alias("_owed_before")
    )
    balance = F.sum("_change").over(Window.partitionBy(*ACCOUNT).orderBy("month"))
    carried = summed.withColumn("carried_forward_fen", balance)
    before = F.col("carried_forward_fen") - F.col("_change") + F.col("_owed_before")
    brought = carried.withColumn("brought_forward_fen", before)
    return brought.drop("_change", "_owed_before").where(_moves(*MONTH_COLUMNS, *_CARRIED))


def matrix(ledger: DataFrame) -> DataFrame:
    """The columns of `MATRIX` but the cases: months, adjustment and, as their sum, the year."""
    treating = account_name(F.lit("clearing"), F.col(AREA))
    owed = legs(ledger.where(F.col(INSURED).isNotNull())).where(F.col("account") == treating)
    periods = F.explode(F.array(F.col("period"), F.col("year").cast("string")))
    each = owed.select(
        F.col(INSURED).alias("insured_area"),
        F.col(AREA).alias("treating_area"),
        "insutype",
        F.col("entry").alias("scope"),
        periods.alias("period"),
        "change_fen",
    )
    keys = ("insured_area", "treating_area", "insutype", "scope", "period")
    return each.groupBy(*keys).agg(F.sum("change_fen").alias("amount_fen")).where("amount_fen != 0")


def net(ledger: DataFrame) -> DataFrame:
    """The columns of `NET`: the balances of the clearing accounts by area."""
    owner = F.split_part(F.col("account"), F.lit(SEPARATOR), F.lit(2))
    mine = legs(ledger).where(of_class("clearing")).groupBy(owner.alias("area"))
    return mine.agg(F.sum("change_fen").alias("amount_fen")).where("amount_fen != 0")


def closing_differences(
    ledger: DataFrame, hospital_year: DataFrame, pools: DataFrame, policies: Mapping[str, Policy]
) -> DataFrame:
    """Accounts that do not close with what the tables say; empty for every right ledger.

    Payable: final; cash: paid; owed_before: what was taken of the year before; deposit, withheld and pool: 0; residue:
    that of the year; reserve: what neither deficit shares (OP-11) nor second distribution took of it, and of what is
    above caps (OP-74); drugs: what was taken over into payable; written_off: the write-off; claim: what was received
    above it, and never above 0, which would be arrears (policy/002 article 40).
    Returns account and `change_fen`, ledger less tables.
    """
    claimed = F.col("fund_fen") + F.col("new_technique_fund_fen") - F.col("audit_fen")
    open_claim = claimed - F.col("paid_fen") - F.col("final_fen") - F.col("write_off_fen")
    open_claim = open_claim - F.col("owed_before_fen")
    ruled = with_policies(hospital_year, policies, "cap_excess_to", "reserve_single_fund")
    shares = F.when(F.col("reserve_single_fund"), F.col("deficit_share_fen")).otherwise(0)
    shared = F.col("cap_excess_to") == ExcessTo.SECOND_DISTRIBUTION.value
    added = F.when(shared, F.col("cap_excess_fen")).otherwise(0)
    said = stated(
        ruled,
        (account_name(F.lit("payable"), F.col(HOSPITAL)), F.col("final_fen")),
        (account_name(F.lit("cash"), F.col(HOSPITAL)), F.col("paid_fen")),
        (account_name(F.lit("owed_before"), F.col(HOSPITAL)), F.col("owed_before_fen")),
        (account_name(F.lit("reserve"), F.col(AREA)), added - shares - F.col("second_distribution_fen")),
        (account_name(F.lit("claim"), F.col(HOSPITAL)), open_claim),
        (account_name(F.lit("drugs"), F.col(HOSPITAL)), -F.col("negotiated_drugs_fen")),
        (account_name(F.lit("written_off"), F.col(HOSPITAL)), F.col("write_off_fen")),
    ).unionByName(
        stated(
            pools.where(F.length("period") == _YEAR_LENGTH),
            (account_name(F.lit("reserve"), F.col(AREA)), F.col("carried_or_reserve_fen")),
            (account_name(F.lit("residue"), F.col(AREA)), F.col("residue_fen")),
        )
    )
    books = (
        "payable",
        "cash",
        "owed_before",
        "deposit",
        "withheld",
        "pool",
        "residue",
        "reserve",
        "claim",
        "written_off",
        "drugs",
    )
    claims = legs(ledger).where(of_class("claim")).groupBy("account").agg(F.sum("change_fen").alias("change_fen"))
    return differing(ledger, said, *books).unionByName(claims.where("change_fen > 0"))


def differing(ledger: DataFrame, said: DataFrame, *classes: str) -> DataFrame:
    """Accounts of the classes on which something else stands than is `stated`: account and ledger less statement."""
    booked = legs(ledger).where(of_class(*classes)).select("account", "change_fen")
    both = booked.unionByName(said).groupBy("account").agg(F.sum("change_fen").alias("change_fen"))
    return both.where(F.coalesce(F.col("change_fen") != 0, F.lit(True)))


def stated(rows: DataFrame, *figures: tuple[Column, Column]) -> DataFrame:
    """What tables say of accounts, with the sign turned: account and `change_fen`."""
    structs = [F.struct(name.alias("account"), (-amount).alias("change_fen")) for name, amount in figures]
    return rows.select(F.explode(F.array(*structs)).alias("_one")).select("_one.*")


def of_class(*names: str) -> Column:
    """Whether the row's account is of one of the classes."""
    return F.split_part(F.col("account"), F.lit(SEPARATOR), F.lit(1)).isin(*names)


def _payable(ledger: DataFrame) -> DataFrame:
    return legs(ledger.where(F.col(HOSPITAL).isNotNull())).where(of_class("payable"))


def _columns(columns: Mapping[str, tuple[int, tuple[str, ...]]]) -> list[Column]:
    zero = F.lit(0).cast("bigint")
    return [
        F.sum(F.when(F.col("entry").isin(*entries), F.col("change_fen") * sign).otherwise(zero)).alias(f"{name}_fen")
        for name, (sign, entries) in columns.items()
    ]


def _moves(*names: str) -> Column:
    return reduce(or_, [F.col(f"{name}_fen") != 0 for name in names])
