"""Prepayment (预付金), and why: policy/002 article 24, policy/000 article 19, policy/004 二(二), OP-57..OP-60."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from settlement.reference.exact import fixed, round_half_up, to_fen, yuan
from settlement.rule_policy import MonthsBasis, PrepayBasis, Recovery, RulePolicy

Fund = tuple[str, str]  # area, insurance type
Account = tuple[str, str]  # hospital, insurance type
_MONTHS = 12
_PLACES = 6


@dataclass(frozen=True, slots=True)
class FundMonth:
    """A month of a fund; `balance_fen` is the cumulative balance at its end."""

    area: str
    insutype: str
    month: str
    income_fen: int
    spending_fen: int
    balance_fen: int


@dataclass(frozen=True, slots=True)
class Application:
    """A hospital's application, with marks from 0 to 1 by name."""

    fixmedins_code: str
    insutype: str
    marks: Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class LastYear:
    """What a hospital was settled, and its fund by item, last year."""

    settled_fen: int
    fund_fen: int


@dataclass(frozen=True, slots=True)
class FundTest:
    """Whether a fund may pay in advance; `why` is the test with its numbers."""

    area: str
    insutype: str
    balance_fen: int
    spending_fen: int
    months: Fraction | None
    months_needed: Fraction | None
    last_year_fen: int
    forecast_fen: int
    outcome: str
    why: str
    article: str = "policy/002 article 24"


@dataclass(frozen=True, slots=True)
class Prepayment:
    """What became of an application; `why` is the amount with its numbers."""

    area: str
    fixmedins_code: str
    insutype: str
    place: int
    score: Fraction
    base_fen: int
    amount_fen: int
    paid_fen: int
    outcome: str
    pay_by: str
    why: str
    article: str = "policy/000 article 19"


@dataclass(frozen=True, slots=True)
class Published:
    """A line of the year-end publication: paid = set off + returned."""

    area: str
    fixmedins_code: str
    insutype: str
    paid_fen: int
    offset_fen: int
    returned_fen: int


@dataclass(frozen=True, slots=True)
class _Terms:
    """What all applications to a fund are decided by."""

    area: str
    test: FundTest | None
    policy: RulePolicy
    year: int


def months_before(as_of: str) -> list[str]:
    """The twelve months up to `as_of`, YYYY-MM, oldest first."""
    last = int(as_of[:4]) * _MONTHS + int(as_of[5:]) - 1
    return [f"{number // _MONTHS:04d}-{number % _MONTHS + 1:02d}" for number in range(last - _MONTHS + 1, last + 1)]


def check_funds(
    funds: Iterable[FundMonth], policies: Mapping[str, RulePolicy], year: int, as_of: str
) -> dict[Fund, FundTest]:
    """The test of every fund that has a month."""
    by_fund: dict[Fund, dict[str, FundMonth]] = defaultdict(dict)
    for month in funds:
        by_fund[month.area, month.insutype][month.month] = month
    return {fund: _test(fund, months, policies[fund[0]], year, as_of) for fund, months in by_fund.items()}


def _test(fund: Fund, months: Mapping[str, FundMonth], policy: RulePolicy, year: int, as_of: str) -> FundTest:
    rolling = [months[month] for month in months_before(as_of) if month in months]
    last_year = [months[month] for month in months_before(f"{year - 1}-12") if month in months]
    basis = last_year if policy.prepay_months_basis is MonthsBasis.LAST_YEAR else rolling
    spending = sum(month.spending_fen for month in basis)
    balance = months[as_of].balance_fen if as_of in months else 0
    needed = dict(policy.prepay_min_months).get(fund[1])
    before = sum(month.income_fen - month.spending_fen for month in last_year)
    ahead = sum(month.income_fen - month.spending_fen for month in rolling)
    covered = Fraction(balance * _MONTHS, spending) if spending > 0 else None
    outcome, why = "eligible", f"balance {yuan(balance)}, spending {yuan(spending)}, {before=}, {ahead=} fen"
    if min(len(rolling), len(last_year)) < _MONTHS:
        outcome, why = "incomplete", f"{len(rolling)} of the last 12 months, {len(last_year)} of last year are there"
    elif needed is None:
        outcome, why = "no_rule", f"prepay.min_months has no figure for insutype {fund[1]}"
    elif balance * _MONTHS < Fraction(needed) * spending:
        outcome, why = "balance", f"{yuan(balance)} × 12 < {needed} × {yuan(spending)}"
    elif before < 0:
        outcome, why = "last_year_deficit", f"last year {yuan(before)}"
    elif ahead < 0:
        outcome, why = "forecast_deficit", f"twelve months up to {as_of} {yuan(ahead)}"
    return FundTest(
        *fund,
        balance_fen=balance,
        spending_fen=spending,
        months=None if covered is None else round_half_up(covered, _PLACES),
        months_needed=None if needed is None else Fraction(needed),
        last_year_fen=before,
        forecast_fen=ahead,
        outcome=outcome,
        why=why,
    )


def pay_applications(
    applications: Iterable[Application],
    areas: Mapping[str, str],
    last_year: Mapping[Account, LastYear],
    tests: Mapping[Fund, FundTest],
    scales: Mapping[Fund, int],
    policies: Mapping[str, RulePolicy],
    year: int,
) -> list[Prepayment]:
    """What each application gets, in the order of preference of its fund; `areas`: hospital -> area."""
    by_fund: dict[Fund, list[Application]] = defaultdict(list)
    for one in applications:
        if one.fixmedins_code in areas:
            by_fund[areas[one.fixmedins_code], one.insutype].append(one)
    paid: list[Prepayment] = []
    for fund, ones in sorted(by_fund.items()):
        terms, left = _Terms(fund[0], tests.get(fund), policies[fund[0]], year), scales.get(fund)
        weights = dict(terms.policy.prepay_weights)
        scores = {one.fixmedins_code: _score(one, weights) for one in ones}
        ones.sort(key=lambda one: (-scores[one.fixmedins_code], one.fixmedins_code))
        for place, one in enumerate(ones, 1):
            history = last_year.get((one.fixmedins_code, one.insutype), LastYear(0, 0))
            wanted = _wanted(one, place, scores[one.fixmedins_code], history, terms)
            paid.append(_within(wanted, left))
            left = None if left is None else left - paid[-1].paid_fen
    return paid


def _score(one: Application, weights: Mapping[str, object]) -> Fraction:
    return sum((Fraction(str(weights.get(name, 0))) * mark for name, mark in one.marks.items()), Fraction(0))


def _wanted(one: Application, place: int, score: Fraction, history: LastYear, terms: _Terms) -> Prepayment:
    policy, test = terms.policy, terms.test
    base = history.fund_fen if policy.prepay_basis is PrepayBasis.FUND else history.settled_fen
    months = Fraction(policy.prepay_months)
    outcome, why = (test.outcome, test.why) if test else ("incomplete", "the fund has no month")
    amount = to_fen(Fraction(base, _MONTHS) * months) if outcome == "eligible" and base > 0 else 0
    if outcome == "eligible":
        outcome, why = "paid" if amount > 0 else "no_history", f"{yuan(base)} ÷ 12 × {fixed(months, _PLACES)}"
    return Prepayment(
        *(terms.area, one.fixmedins_code, one.insutype, place),
        score=round_half_up(score, _PLACES),
        base_fen=base,
        amount_fen=amount,
        paid_fen=amount,
        outcome=outcome,
        pay_by=f"{terms.year}-{policy.prepay_pay_by}",
        why=why,
    )


def _within(wanted: Prepayment, left: int | None) -> Prepayment:
    """The prepayment within what is left of the area's scale (None: no limit)."""
    if left is None or wanted.amount_fen <= left or not wanted.amount_fen:
        return wanted
    why = f"{wanted.why}; {yuan(max(left, 0))} is left of the scale"
    return replace(wanted, paid_fen=max(left, 0), outcome="paid_in_part" if left > 0 else "scale_used_up", why=why)


def recover(
    paid: Iterable[Prepayment],
    payments: Mapping[Account, Mapping[str, int]],
    policies: Mapping[str, RulePolicy],
    year: int,
) -> list[tuple[str, str, str, int]]:
    """Hospital, insurance, month and fen that are set against the payments of the last months (OP-60)."""
    offsets: list[tuple[str, str, str, int]] = []
    for one in paid:
        policy = policies[one.area]
        if policy.prepay_recovery is not Recovery.OFFSET:
            continue
        left = one.paid_fen
        for number in range(_MONTHS - policy.prepay_offset_months + 1, _MONTHS + 1):
            month = f"{year}-{number:02d}"
            payment = payments.get((one.fixmedins_code, one.insutype), {}).get(month, 0)
            offset = min(left, max(payment, 0))
            left -= offset
            if offset:
                offsets.append((one.fixmedins_code, one.insutype, month, offset))
    return offsets


def publish(paid: Iterable[Prepayment], offsets: Iterable[tuple[str, str, str, int]]) -> list[Published]:
    """The year-end publication: what was paid in advance, set off, and returned by 31 December."""
    by_account: dict[Account, int] = defaultdict(int)
    for code, insutype, _, offset in offsets:
        by_account[code, insutype] += offset
    return [
        Published(one.area, one.fixmedins_code, one.insutype, one.paid_fen, offset, one.paid_fen - offset)
        for one in paid
        if one.paid_fen > 0
        for offset in [by_account[one.fixmedins_code, one.insutype]]
    ]
