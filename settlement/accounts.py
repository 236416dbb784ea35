"""The chart of accounts (科目) and the kinds of entries (分录) of the ledger, each with the article that it rests on.

An account is `class:owner:insutype:year`; every clearing year has books of its own. Both voices of the ledger fill in
these tables and know no account and no article themselves. docs/ledger.md explains them.
"""

from __future__ import annotations

from dataclasses import dataclass

AREA, HOSPITAL, INSURED = "area", "fixmedins_code", "insu_admdvs"  # columns of a row that may own an account
SEPARATOR = ":"


@dataclass(frozen=True, slots=True)
class AccountClass:
    """A class of accounts; `closing` says what stands on such an account when the year is settled.

    `always`: people are shown the class also where nothing was booked on it.
    """

    name: str
    title: str
    owner: str
    closing: str
    always: bool = True


@dataclass(frozen=True, slots=True)
class EntryKind:
    """A kind of entry: a positive amount goes from the first class to the second, a negative one the other way."""

    name: str
    title: str
    from_class: str
    to_class: str
    article: str
    from_owner: str = ""  # where it is not the owner of the class

    @property
    def payer(self) -> str:
        """The column that owns the account from which the money comes."""
        return self.from_owner or ACCOUNTS[self.from_class].owner

    @property
    def payee(self) -> str:
        """The column that owns the account to which the money goes."""
        return ACCOUNTS[self.to_class].owner


@dataclass(frozen=True, slots=True)
class StatementItem:
    """A line of a hospital's annual statement: what entries of some kinds do to its payable account.

    The name is the column of `HOSPITAL_YEAR`; `sign` turns the line's amount into that column, where deductions are
    positive. `beside`: settled beside the clearing amount of article 34(五). `gain`: the title where the line adds.
    `always`: the line stands there with an amount of 0 too.
    """

    name: str
    title: str
    sign: int
    entries: tuple[str, ...]
    article: str
    beside: bool = False
    gain: str = ""
    always: bool = True

    def title_of(self, amount_fen: int) -> str:
        """The title of a line of this amount."""
        return self.gain if self.gain and amount_fen > 0 else self.title


CHART = (
    AccountClass("fund", "统筹基金", AREA, "negative: all that the area's pooled fund bore"),
    AccountClass("pool", "DRG预算", AREA, "0: what the hospitals do not get is reserve or residue"),
    AccountClass("reserve", "区域调节金", AREA, "what sharing and second distribution left, with cap excess put there"),
    AccountClass("residue", "尾差", AREA, "what rounded amounts leave (OP-02), or a common value moves (OP-03)"),
    AccountClass("payable", "应付医疗机构", HOSPITAL, "the final amount; negative: owed by the hospital"),
    AccountClass("withheld", "月度暂留", HOSPITAL, "0: released into the year"),
    AccountClass("deposit", "质量保证金", HOSPITAL, "0: returned to the hospital or kept by the fund"),
    AccountClass("owed_before", "上年应退抵扣", HOSPITAL, "what was set off of the debts of the year before", False),
    AccountClass("cash", "已拨付", HOSPITAL, "what the months paid"),
    AccountClass("clearing", "异地清算往来", AREA, "the area's net position; positive: it receives"),
    AccountClass("drugs", "谈判药品补偿", HOSPITAL, "due for negotiated drugs, and not taken into the final amount"),
    # Memorandum (备查): what hospitals claimed and write off. No entry joins these accounts with one that holds money.
    AccountClass("claim", "记账统筹基金", HOSPITAL, "0, or negative: surplus that is kept; above 0 would be arrears"),
    AccountClass("written_off", "核销", HOSPITAL, "what the hospital writes off; never negative"),
    AccountClass("memorandum", "备查对方", AREA, "what the two others of the memorandum come to, with the sign turned"),
)
MEMORANDUM = frozenset({"claim", "written_off", "memorandum"})
# Books beside the clearing: what the jobs `prepay` and `incentives` move is no part of the final amount, and what
# `drugs` moves only where the area takes it in (`drugs_cleared`).
RULE_CHART = (
    AccountClass(
        "advance", "预付金", HOSPITAL, "negative: paid in advance and not yet back; 0 once the year has ended"
    ),
    AccountClass("incentive", "激励约束", HOSPITAL, "what case sharing and growth come to; negative: taken off"),
    AccountClass("sharing", "病例调剂资金", AREA, "what cases gave and no case was helped with; never negative"),
)
ACCOUNTS = {one.name: one for one in (*CHART, *RULE_CHART)}

# In the order in which they are booked.
ENTRIES = (
    EntryKind("budget", "年度预算", "fund", "pool", "policy/002 article 8"),
    EntryKind("reserve_from_budget", "预算内预留调节金", "pool", "reserve", "policy/002 article 9"),
    EntryKind("reserve_beside_budget", "预算外预留调节金", "fund", "reserve", "policy/002 article 9"),
    EntryKind("month_amount", "月度预结算", "pool", "payable", "policy/002 article 31(三)"),
    EntryKind("month_withheld", "月度支付比例以外暂留", "payable", "withheld", "policy/000 article 21"),
    EntryKind("month_deposit", "预留质量保证金", "payable", "deposit", "policy/002 article 31(四)"),
    EntryKind("month_audit", "审核扣款", "payable", "fund", "policy/001 article 25(二)"),
    EntryKind("month_paid", "月度拨付", "payable", "cash", "policy/002 article 31(四)"),
    EntryKind("month_deferred", "月度负数留待清算", "withheld", "payable", "policy/002 article 34(五)"),
    EntryKind("owed_before", "抵扣上年应退", "payable", "owed_before", "policy/002 article 34(五)"),
    EntryKind("month_amount_reversed", "冲回月度预结算", "payable", "pool", "policy/002 article 32(三)"),
    EntryKind("month_withheld_released", "月度暂留转入清算", "withheld", "payable", "policy/000 article 21"),
    EntryKind("month_deferred_settled", "月度负数转入清算", "payable", "withheld", "policy/002 article 34(五)"),
    EntryKind("year_amount", "年度应结算金额", "pool", "payable", "policy/002 article 32(三)"),
    EntryKind("year_audit", "审核扣款补记", "payable", "fund", "policy/002 article 34(五)"),
    EntryKind("residue", "尾差", "pool", "residue", "policy/002 article 32(三)"),
    EntryKind("deposit_returned", "返还质量保证金", "deposit", "payable", "policy/002 article 32(四)"),
    EntryKind("deposit_kept", "不予返还质量保证金", "deposit", "fund", "policy/002 article 32(四)"),
    EntryKind("assessment_adjustment", "考核系数调整", "fund", "payable", "policy/002 article 33"),
    EntryKind("cap_excess", "超封顶线不付", "payable", "fund", "policy/002 article 34.2"),
    EntryKind("cap_excess_shared", "超封顶线转入二次分配", "payable", "reserve", "policy/002 article 34.2"),
    EntryKind("surplus_not_kept", "结余不留用", "payable", "fund", "policy/002 article 34.1"),
    EntryKind("surplus_kept", "结余留用加付", "fund", "payable", "policy/002 article 34(五)"),
    EntryKind("deficit_share", "超支分担", "reserve", "payable", "policy/002 article 34.3"),
    EntryKind("deficit_share_by_fund", "超支分担（另列风险储备金）", "fund", "payable", "policy/002 article 34.3"),
    EntryKind("new_technique", "新技术补偿", "fund", "payable", "policy/002 article 23"),
    EntryKind("second_distribution", "二次分配", "reserve", "payable", "policy/002 article 9"),
    EntryKind("drugs_cleared", "谈判药品补偿计入清算", "drugs", "payable", "policy/002 article 37"),
    EntryKind("claim", "记账统筹基金", "memorandum", "claim", "policy/002 article 34.1"),
    EntryKind("claim_refused", "记账冲减：审核扣款", "claim", "memorandum", "policy/002 article 34(五)"),
    EntryKind("claim_paid", "记账冲减：清算支付", "claim", "memorandum", "policy/002 article 34(五)"),
    EntryKind("write_off", "核销", "claim", "written_off", "policy/002 article 40"),
    EntryKind("in_province", "省内异地清算", "clearing", "clearing", "policy/003 article 31", INSURED),
    EntryKind("cross_province", "跨省异地清算", "clearing", "clearing", "policy/004 二(四)", INSURED),
)
RULE_ENTRIES = (
    EntryKind("drug_compensation", "谈判药品补偿", "fund", "drugs", "policy/002 article 37"),
    EntryKind("prepayment", "拨付预付金", "advance", "cash", "policy/002 article 24"),
    EntryKind("prepayment_offset", "预付金冲抵结算金额", "cash", "advance", "policy/000 article 19"),
    EntryKind("prepayment_returned", "预付金交回支出户", "cash", "advance", "policy/000 article 19"),
    EntryKind("case_surplus_given", "病例结余调剂", "incentive", "sharing", "policy/002 article 35"),
    EntryKind("case_deficit_aid", "病例超支分担", "sharing", "incentive", "policy/002 article 35"),
    EntryKind("growth_incentive", "增长激励约束", "fund", "incentive", "policy/002 article 36"),
)
ENTRY = {one.name: one for one in (*ENTRIES, *RULE_ENTRIES)}

_AMOUNT = (
    "month_amount",
    "month_withheld",
    "month_deferred",
    "month_amount_reversed",
    "month_withheld_released",
    "month_deferred_settled",
    "year_amount",
)
# What the year before left to owe is brought into January: it is no change of the month (OP-54).
OWED_BEFORE = ("owed_before",)
# The formula of policy/002 article 34(五), then what is settled beside it. Each entry on a payable account is in one.
STATEMENT = (
    StatementItem("amount", "应结算金额", 1, _AMOUNT, "policy/002 article 32(三)"),
    StatementItem(
        "deposit_not_returned",
        "质量保证金不予返还",
        -1,
        ("month_deposit", "deposit_returned"),
        "policy/002 article 32(四)",
    ),
    StatementItem("assessment_adjustment", "考核系数调整资金", 1, ("assessment_adjustment",), "policy/002 article 33"),
    StatementItem("cap_excess", "超封顶线不付", -1, ("cap_excess", "cap_excess_shared"), "policy/002 article 34.2"),
    StatementItem(
        "surplus_not_kept",
        "结余不留用",
        -1,
        ("surplus_not_kept", "surplus_kept"),
        "policy/002 article 34.1",
        gain="结余留用",
    ),
    StatementItem(
        "deficit_share", "超支分担", 1, ("deficit_share", "deficit_share_by_fund"), "policy/002 article 34.3"
    ),
    StatementItem("paid", "月度已拨付", -1, ("month_paid",), "policy/002 article 34(五)"),
    StatementItem("audit", "年度审核扣款", -1, ("month_audit", "year_audit"), "policy/002 article 34(五)"),
    StatementItem("new_technique", "新技术补偿", 1, ("new_technique",), "policy/002 article 23", beside=True),
    StatementItem("second_distribution", "二次分配", 1, ("second_distribution",), "policy/002 article 9", beside=True),
    StatementItem("negotiated_drugs", "谈判药品补偿", 1, ("drugs_cleared",), "policy/002 article 37", beside=True),
    StatementItem(
        "owed_before", "抵扣上年应退", -1, OWED_BEFORE, "policy/002 article 34(五)", beside=True, always=False
    ),
)
# Columns of `HOSPITAL_MONTH`: sign and kinds of entries on the payable account in the month.
MONTH_COLUMNS: dict[str, tuple[int, tuple[str, ...]]] = {
    "amount": (1, ("month_amount",)),
    "gross": (1, ("month_amount", "month_withheld")),
    "deposit": (-1, ("month_deposit",)),
    "audit": (-1, ("month_audit",)),
    "paid": (-1, ("month_paid",)),
}
# Columns of `HOSPITAL_YEAR` in the same way: the lines of the statement, and its sums.
YEAR_COLUMNS: dict[str, tuple[int, tuple[str, ...]]] = {
    **{item.name: (item.sign, item.entries) for item in STATEMENT},
    "deposit_held": (-1, ("month_deposit",)),
    "clearing": (1, tuple(entry for item in STATEMENT if not item.beside for entry in item.entries)),
    "final": (1, tuple(entry for item in STATEMENT for entry in item.entries)),
}
# What stands on a hospital's claim account, by sign and kinds of entries; `claim` includes new techniques.
CLAIM_COLUMNS: dict[str, tuple[int, tuple[str, ...]]] = {
    "claim": (1, ("claim",)),
    "refused": (-1, ("claim_refused",)),
    "received": (-1, ("claim_paid",)),
    "write_off": (-1, ("write_off",)),
}
# What stands on a hospital's account of a class, by sign and kinds of entries: views of the books beside the clearing.
RULE_COLUMNS: dict[str, dict[str, tuple[int, tuple[str, ...]]]] = {
    "drugs": {
        "paid": (1, ("drug_compensation",)),
        "cleared": (-1, ("drugs_cleared",)),
    },
    "advance": {
        "paid": (-1, ("prepayment",)),
        "offset": (1, ("prepayment_offset",)),
        "returned": (1, ("prepayment_returned",)),
    },
    "incentive": {
        "given": (-1, ("case_surplus_given",)),
        "aid": (1, ("case_deficit_aid",)),
        "growth": (1, ("growth_incentive",)),
    },
}

HOSPITAL_COLUMNS = {"claim": CLAIM_COLUMNS, **RULE_COLUMNS}


def account(class_name: str, owner: str, insutype: str, year: int) -> str:
    """The name of an account."""
    return SEPARATOR.join((class_name, owner, insutype, str(year)))


def account_title(name: str) -> str:
    """An account for people: the Chinese title of its class, then its owner."""
    class_name, owner, *_ = name.split(SEPARATOR)
    return f"{ACCOUNTS[class_name].title} {owner}"
