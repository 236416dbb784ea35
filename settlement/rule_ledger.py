"""Books beside the clearing: prepayment, incentives and drugs as movements of money (policy/002 articles 24, 35-37).

The rows are `LEDGER` like those of the settlement, with the kinds and accounts of settlement/accounts.py. They are no
part of the final amount: their accounts stand beside the payable one. The plain voice is
settlement/reference/rule_ledger.py.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from settlement.accounts import AREA, HOSPITAL, HOSPITAL_COLUMNS, INSURED
from settlement.ledger import account_name, as_rows
from settlement.ledger_views import differing, legs, of_class, stated
from settlement.month import ACCOUNT

_MONTH_LENGTH = len("YYYY-MM")


def prepay_ledger(paid: DataFrame, recovered: DataFrame, published: DataFrame) -> DataFrame:
    """What was paid in advance, set against months, and returned at the year's end: `LEDGER`.

    Args:
        paid: `PREPAYMENTS`; booked in the month of the last day for the payment.
        recovered: `RECOVERIES`.
        published: `PUBLICATION`, there once the year has ended.
    """
    return as_rows(
        reduce(
            DataFrame.unionByName,
            [
                _part(paid, "prepayment", F.col("paid_fen"), F.substring("pay_by", 1, _MONTH_LENGTH)),
                _part(recovered, "prepayment_offset", F.col("offset_fen"), F.col("month")),
                _part(published, "prepayment_returned", F.col("returned_fen"), F.col("year").cast("string")),
            ],
        )
    )


def incentive_ledger(shares: DataFrame, growth: DataFrame) -> DataFrame:
    """What ordinary cases give and get, summed by hospital, and growth's reward or restraint: `LEDGER`.

    `CASE_SHARES` and `GROWTH_RESULTS`, each with the year.
    """
    year = F.col("year").cast("string")
    return as_rows(
        reduce(
            DataFrame.unionByName,
            [
                _part(shares, "case_surplus_given", F.col("given_fen"), year),
                _part(shares, "case_deficit_aid", F.col("aid_fen"), year),
                _part(growth, "growth_incentive", F.col("adjustment_fen"), year),
            ],
        )
    )


def drug_ledger(paid: DataFrame) -> DataFrame:
    """Compensation for negotiated drugs, summed by hospital: `LEDGER`. `DRUG_COMPENSATION` with the year."""
    return as_rows(_part(paid, "drug_compensation", F.col("compensation_fen"), F.col("year").cast("string")))


def _part(rows: DataFrame, entry: str, amount: Column, period: Column) -> DataFrame:
    return rows.select(
        *ACCOUNT,
        F.lit(None).cast("string").alias(INSURED),
        period.alias("period"),
        F.lit(entry).alias("entry"),
        amount.cast("bigint").alias("signed"),
    )


def advances(ledger: DataFrame) -> DataFrame:
    """`ACCOUNT` with paid_fen, offset_fen, returned_fen, and what is still out: the balance of the advance account."""
    return _hospitals(ledger, "advance").withColumn("outstanding_fen", -F.col("balance_fen")).drop("balance_fen")


def incentives(ledger: DataFrame) -> DataFrame:
    """`ACCOUNT` with given_fen, aid_fen, growth_fen, and balance_fen: what they come to."""
    return _hospitals(ledger, "incentive")


def drugs(ledger: DataFrame) -> DataFrame:
    """`ACCOUNT` with paid_fen, cleared_fen (in the ledger of `settle`), and balance_fen: what is due beside."""
    return _hospitals(ledger, "drugs")


def claims(ledger: DataFrame) -> DataFrame:
    """`ACCOUNT` with claim_fen, refused_fen, received_fen, write_off_fen, and what was received above the claim.

    The last is `surplus_fen`: the balance of the claim account with the sign turned.
    """
    return _hospitals(ledger, "claim").withColumn("surplus_fen", -F.col("balance_fen")).drop("balance_fen")


def _hospitals(ledger: DataFrame, class_name: str) -> DataFrame:
    mine = legs(ledger.where(F.col(HOSPITAL).isNotNull())).where(of_class(class_name))
    zero = F.lit(0).cast("bigint")
    figures = [
        F.sum(F.when(F.col("entry").isin(*entries), F.col("change_fen") * sign).otherwise(zero)).alias(f"{name}_fen")
        for name, (sign, entries) in HOSPITAL_COLUMNS[class_name].items()
    ]
    return mine.groupBy(*ACCOUNT).agg(*figures, F.sum("change_fen").alias("balance_fen"))


def prepay_differences(ledger: DataFrame, paid: DataFrame, published: DataFrame) -> DataFrame:
    """Accounts that close otherwise than the tables say; empty for every right ledger.

    What was paid in advance is out (on advance and cash, one against the other) until it is published; then nothing is.
    """
    advance, cash = (account_name(F.lit(name), F.col(HOSPITAL)) for name in ("advance", "cash"))
    amount = F.col("paid_fen")
    said = stated(paid, (advance, -amount), (cash, amount)).unionByName(
        stated(published, (advance, amount), (cash, -amount))
    )
    return differing(ledger, said, "advance", "cash")


def drug_differences(ledger: DataFrame, paid: DataFrame) -> DataFrame:
    """Hospitals' drug accounts that close otherwise than `DRUG_COMPENSATION` says; empty for every right ledger."""
    mine = account_name(F.lit("drugs"), F.col(HOSPITAL))
    return differing(ledger, stated(paid, (mine, F.col("compensation_fen"))), "drugs")


def incentive_differences(ledger: DataFrame, shares: DataFrame, growth: DataFrame) -> DataFrame:
    """Accounts that close otherwise than the tables say, and pools of cases that give more than they got."""
    mine = account_name(F.lit("incentive"), F.col(HOSPITAL))
    net = F.col("given_fen") - F.col("aid_fen")
    said = stated(shares, (mine, -net), (account_name(F.lit("sharing"), F.col(AREA)), net)).unionByName(
        stated(growth, (mine, F.col("adjustment_fen")))
    )
    pools = legs(ledger).where(of_class("sharing")).groupBy("account").agg(F.sum("change_fen").alias("change_fen"))
    return differing(ledger, said, "incentive", "sharing").unionByName(pools.where("change_fen < 0"))
