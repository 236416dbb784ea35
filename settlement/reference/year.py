"""Annual clearing of hospitals (年度清算, policy/002 articles 32 to 34)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from settlement.policy import Policy
from settlement.reference.exact import allocate, to_fen
from settlement.reference.inputs import Hospital, Province
from settlement.reference.month import Account, HospitalMonth
from settlement.reference.points import CaseClass, PointsExplanation
from settlement.reference.pools import NOTHING, PoolPeriod, Sums
from settlement.reference.scope import Places


@dataclass(frozen=True, slots=True)
class Sharing:
    """What a hospital may not keep, or is helped with, fen; `deficit_fen` is before the limit of the pool."""

    ratio: Fraction | None = None
    cap_excess_fen: int = 0
    surplus_not_kept_fen: int = 0
    deficit_fen: int = 0


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line of a hospital's annual statement; the lines sum to `final`."""

    item: str
    amount_fen: int
    article: str


@dataclass(frozen=True, slots=True)
class HospitalYear:
    """The annual clearing of a hospital and insurance type; money in fen."""

    fixmedins_code: str
    insutype: str
    sums: Sums
    amount_fen: int
    ratio: Fraction | None
    cap_excess_fen: int
    surplus_not_kept_fen: int
    deficit_share_fen: int
    assessment_adjustment_fen: int
    deposit_held_fen: int
    deposit_not_returned_fen: int
    audit_fen: int
    paid_fen: int
    new_technique_fen: int
    second_distribution_fen: int
    lines: tuple[StatementLine, ...] = field(init=False)
    clearing_fen: int = field(init=False)
    final_fen: int = field(init=False)

    def __post_init__(self) -> None:
        """Write the statement: the clearing formula of article 34(五), then what is settled beside it."""
        clearing = (
            StatementLine("amount", self.amount_fen, "policy/002 article 32(三)"),
            StatementLine("deposit_not_returned", -self.deposit_not_returned_fen, "policy/002 article 32(四)"),
            StatementLine("assessment_adjustment", self.assessment_adjustment_fen, "policy/002 article 33"),
            StatementLine("cap_excess", -self.cap_excess_fen, "policy/002 article 34.2"),
            StatementLine("surplus_not_kept", -self.surplus_not_kept_fen, "policy/002 article 34.1"),
            StatementLine("deficit_share", self.deficit_share_fen, "policy/002 article 34.3"),
            StatementLine("paid", -self.paid_fen, "policy/002 article 34(五)"),
            StatementLine("audit", -self.audit_fen, "policy/002 article 34(五)"),
        )
        beside = (
            StatementLine("new_technique", self.new_technique_fen, "policy/002 article 23"),
            StatementLine("second_distribution", self.second_distribution_fen, "policy/002 article 9"),
        )
        object.__setattr__(self, "lines", clearing + beside)
        object.__setattr__(self, "clearing_fen", sum(line.amount_fen for line in clearing))
        object.__setattr__(self, "final_fen", sum(line.amount_fen for line in clearing + beside))


@dataclass(frozen=True)
class _YearInputs:
    """What the year of a pool rests on, by hospital."""

    hospitals: tuple[Hospital, ...]
    sums: Mapping[str, Sums]
    amounts: Mapping[str, int]
    audit: Mapping[str, int]
    deposits: Mapping[str, int]
    paid: Mapping[str, int]
    new_technique: Mapping[str, int]
    budget_fen: int
    reserve_fen: int


def settle_hospital_years(
    province: Province,
    places: Places,
    points: Iterable[PointsExplanation],
    pools: Iterable[PoolPeriod],
    months: Iterable[HospitalMonth],
    corrected: Iterable[Account] = (),
) -> list[HospitalYear]:
    """A row where a hospital has cases in the pool, a month's row, a correction of a closed one, or a new technique."""
    years = {(pool.area, pool.insutype): pool for pool in pools if pool.period == province.year}
    by_account: dict[Account, list[HospitalMonth]] = defaultdict(list)
    for month in months:
        by_account[month.fixmedins_code, month.insutype].append(month)
    techniques = new_technique_pay(province, points)
    inside = {(code, pool.insutype) for pool in years.values() for code in pool.by_hospital}
    accounts = inside | by_account.keys() | techniques.keys() | set(corrected)
    by_pool: dict[tuple[str, str], set[str]] = defaultdict(set)
    for code, insutype in accounts:
        by_pool[places.hospitals[code].area, insutype].add(code)
    rows: list[HospitalYear] = []
    for (area, insutype), codes in sorted(by_pool.items()):
        pool = years.get((area, insutype))
        inputs = _YearInputs(
            hospitals=tuple(places.hospitals[code] for code in sorted(codes)),
            sums=pool.by_hospital if pool else {},
            amounts=pool.amounts_fen if pool else {},
            audit=_audit_of_year(province, insutype),
            deposits={code: sum(row.deposit_fen for row in by_account[code, insutype]) for code in codes},
            paid={code: sum(row.paid_fen for row in by_account[code, insutype]) for code in codes},
            new_technique={code: techniques.get((code, insutype), 0) for code in codes},
            budget_fen=pool.budget_fen if pool else 0,
            reserve_fen=pool.carried_or_reserve_fen if pool else 0,
        )
        rows += _clear_pool(insutype, inputs, province.policies[area])
    return rows


def new_technique_pay(province: Province, points: Iterable[PointsExplanation]) -> dict[Account, int]:
    """新技术: each case's fund by item times the rate, rounded by case (policy/002 article 23, OP-65)."""
    pay: dict[Account, int] = defaultdict(int)
    for one in points:
        if one.case_class is CaseClass.NEW_TECHNIQUE:
            rate = Fraction(province.policies[one.area].new_tech_rate)
            pay[one.case.fixmedins_code, one.case.insutype] += to_fen(one.case.fund_fen * rate)
    return dict(pay)


def _audit_of_year(province: Province, insutype: str) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for audit in province.audit:
        if audit.insutype == insutype and audit.month[:4] == province.year:
            sums[audit.fixmedins_code] += audit.amount_fen
    return sums


def _clear_pool(insutype: str, inputs: _YearInputs, policy: Policy) -> list[HospitalYear]:
    sharing: dict[str, Sharing] = {}
    for hospital in inputs.hospitals:
        code = hospital.fixmedins_code
        fund = inputs.sums.get(code, NOTHING).fund_fen - inputs.audit.get(code, 0)
        sharing[code] = share(inputs.amounts.get(code, 0), fund, hospital, policy)
    deficits = limit_deficits(
        {code: one.deficit_fen for code, one in sharing.items()}, inputs.budget_fen, inputs.reserve_fen, policy
    )
    left = inputs.reserve_fen - sum(deficits.values())
    second = second_distribution(inputs, sharing, left) if policy.second_distribution else {}
    return [_year_row(insutype, hospital, inputs, sharing, deficits, second) for hospital in inputs.hospitals]


def share(amount: int, fund: int, hospital: Hospital, policy: Policy) -> Sharing:
    """Cap, surplus and deficit of one hospital against F' = `fund`, net of audit sums (policy/002 article 34)."""
    if fund <= 0:
        return Sharing()
    ratio = Fraction(amount, fund)
    if hospital.suspended:
        return Sharing(ratio, cap_excess_fen=max(amount - fund, 0))
    cap = to_fen(fund * Fraction(dict(policy.cap_level)[hospital.level]))
    surplus = max(min(amount, cap) - fund, 0)
    return Sharing(
        ratio,
        cap_excess_fen=max(amount - cap, 0),
        surplus_not_kept_fen=surplus - to_fen(surplus * Fraction(policy.surplus_keep_share)),
        deficit_fen=deficit_share(max(fund - amount, 0), fund, policy),
    )


def deficit_share(deficit: int, fund: int, policy: Policy) -> int:
    """The fund's share of a deficit: of the part in each tier `from·F'` to `to·F'` its `fund_share` (OP-70)."""
    borne = Fraction(0)
    for tier in policy.deficit_tiers:
        upper = Fraction(deficit) if tier.end is None else min(Fraction(deficit), Fraction(tier.end) * fund)
        borne += max(upper - Fraction(tier.start) * fund, Fraction(0)) * Fraction(tier.fund_share)
    return to_fen(borne)


def limit_deficits(deficits: Mapping[str, int], budget: int, reserve: int, policy: Policy) -> dict[str, int]:
    """Shares of a pool, scaled to the share of the budget and the reserve where they exceed it (OP-71)."""
    limit = min(to_fen(budget * Fraction(policy.deficit_max_share_of_budget)), reserve)
    total = sum(deficits.values())
    if total <= limit:
        return dict(deficits)
    return allocate({code: Fraction(deficit * limit, total) for code, deficit in deficits.items()}, limit)


def second_distribution(inputs: _YearInputs, sharing: Mapping[str, Sharing], left: int) -> dict[str, int]:
    """二次分配: the rest of the reserve by points × assessment, not to capped or suspended hospitals (OP-77)."""
    weights = {
        hospital.fixmedins_code: inputs.sums.get(hospital.fixmedins_code, NOTHING).points * hospital.assessment
        for hospital in inputs.hospitals
        if not hospital.suspended and not sharing[hospital.fixmedins_code].cap_excess_fen
    }
    total = sum(weights.values(), Fraction(0))
    if not total:
        return {}
    return allocate({code: weight * left / total for code, weight in weights.items()}, left)


def _year_row(
    insutype: str,
    hospital: Hospital,
    inputs: _YearInputs,
    sharing: Mapping[str, Sharing],
    deficits: Mapping[str, int],
    second: Mapping[str, int],
) -> HospitalYear:
    code = hospital.fixmedins_code
    amount, held, one = inputs.amounts.get(code, 0), inputs.deposits[code], sharing[code]
    return HospitalYear(
        fixmedins_code=code,
        insutype=insutype,
        sums=inputs.sums.get(code, NOTHING),
        amount_fen=amount,
        ratio=one.ratio,
        cap_excess_fen=one.cap_excess_fen,
        surplus_not_kept_fen=one.surplus_not_kept_fen,
        deficit_share_fen=deficits[code],
        assessment_adjustment_fen=to_fen(amount * (hospital.assessment - 1)),
        deposit_held_fen=held,
        deposit_not_returned_fen=to_fen(held * (1 - hospital.deposit_return)),
        audit_fen=inputs.audit.get(code, 0),
        paid_fen=inputs.paid[code],
        new_technique_fen=inputs.new_technique[code],
        second_distribution_fen=second.get(code, 0),
    )
