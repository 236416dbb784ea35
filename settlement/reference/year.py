"""Annual clearing of hospitals (年度清算, policy/002 articles 32 to 34)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType

from settlement.policy import Policy
from settlement.readings import NewTechBase
from settlement.reference.claims import write_off
from settlement.reference.exact import to_fen
from settlement.reference.inputs import Hospital, Province
from settlement.reference.month import NO_OPENINGS, Account, HospitalMonth
from settlement.reference.points import CaseClass, PointsExplanation
from settlement.reference.pools import PoolPeriod
from settlement.reference.scope import Places
from settlement.reference.sums import NOTHING, Sums
from settlement.reference.year_steps import Figures, PoolYear, Standing, take_steps
from settlement.year_order import TERMS

NO_DRUGS: Mapping[Account, int] = MappingProxyType({})


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
    negotiated_drugs_fen: int
    new_technique_fund_fen: int
    owed_before_fen: int = 0
    lines: tuple[StatementLine, ...] = field(init=False)
    clearing_fen: int = field(init=False)
    final_fen: int = field(init=False)
    write_off_fen: int = field(init=False)

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
            StatementLine("negotiated_drugs", self.negotiated_drugs_fen, "policy/002 article 37"),
            *self._set_off(),
        )
        object.__setattr__(self, "lines", clearing + beside)
        object.__setattr__(self, "clearing_fen", sum(line.amount_fen for line in clearing))
        object.__setattr__(self, "final_fen", sum(line.amount_fen for line in clearing + beside))
        object.__setattr__(self, "write_off_fen", write_off(self.claim_fen, self.audit_fen, self.received_fen))

    def _set_off(self) -> tuple[StatementLine, ...]:
        """What was set against the payments of the year does not come back with its clearing (OP-54)."""
        owed = StatementLine("owed_before", -self.owed_before_fen, "policy/002 article 34(五)")
        return (owed,) if self.owed_before_fen else ()

    @property
    def claim_fen(self) -> int:
        """The pooled fund booked for the cases of the clearing and for new techniques (articles 34.1 and 23)."""
        return self.sums.fund_fen + self.new_technique_fund_fen

    @property
    def received_fen(self) -> int:
        """What the months paid, and the final amount; what is set off for the year before was due for this one."""
        return self.paid_fen + self.final_fen + self.owed_before_fen


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
    new_technique_fund: Mapping[str, int]
    drugs: Mapping[str, int]
    owed: Mapping[str, int]
    budget_fen: int
    reserve_fen: int


def settle_hospital_years(
    province: Province,
    places: Places,
    points: Iterable[PointsExplanation],
    pools: Iterable[PoolPeriod],
    months: Iterable[HospitalMonth],
    corrected: Iterable[Account] = (),
    drugs: Mapping[Account, int] = NO_DRUGS,
    owed: Mapping[Account, int] = NO_OPENINGS,
) -> list[HospitalYear]:
    """A row where a hospital has cases in the pool, a month's row, a correction of a closed one, a new technique,
    compensation for drugs that is part of the final amount (`drugs`, fen), or owes something from the year before
    (`owed`, fen).
    """
    years = {(pool.area, pool.insutype): pool for pool in pools if pool.period == province.year}
    by_account: dict[Account, list[HospitalMonth]] = defaultdict(list)
    for month in months:
        by_account[month.fixmedins_code, month.insutype].append(month)
    several = list(points)
    techniques, technique_funds = new_technique_pay(province, several), _new_technique_funds(several)
    inside = {(code, pool.insutype) for pool in years.values() for code in pool.by_hospital}
    accounts = inside | by_account.keys() | techniques.keys() | drugs.keys() | owed.keys() | set(corrected)
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
            new_technique_fund={code: technique_funds[code, insutype] for code in codes},
            drugs={code: drugs.get((code, insutype), 0) for code in codes},
            owed={code: owed.get((code, insutype), 0) for code in codes},
            budget_fen=pool.budget_fen if pool else 0,
            reserve_fen=pool.carried_or_reserve_fen if pool else 0,
        )
        rows += _clear_pool(insutype, inputs, province.policies[area])
    return rows


def new_technique_pay(province: Province, points: Iterable[PointsExplanation]) -> dict[Account, int]:
    """新技术: each case's fund by item, or its cost without 特需 (OP-65), times the rate, rounded by case (policy/002
    article 23).
    """
    pay: dict[Account, int] = defaultdict(int)
    for one in points:
        if one.case_class is CaseClass.NEW_TECHNIQUE:
            policy = province.policies[one.area]
            base = one.case.paid_cost_fen if policy.new_tech_base is NewTechBase.COST else one.case.fund_fen
            pay[one.case.fixmedins_code, one.case.insutype] += to_fen(base * Fraction(policy.new_tech_rate))
    return dict(pay)


def _new_technique_funds(points: Iterable[PointsExplanation]) -> dict[Account, int]:
    funds: dict[Account, int] = defaultdict(int)
    for one in points:
        if one.case_class is CaseClass.NEW_TECHNIQUE:
            funds[one.case.fixmedins_code, one.case.insutype] += one.case.fund_fen
    return funds


def _audit_of_year(province: Province, insutype: str) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for audit in province.audit:
        if audit.insutype == insutype and audit.month[:4] == province.year:
            sums[audit.fixmedins_code] += audit.amount_fen
    return sums


def _clear_pool(insutype: str, inputs: _YearInputs, policy: Policy) -> list[HospitalYear]:
    standing = {hospital.fixmedins_code: _standing(hospital, inputs, policy) for hospital in inputs.hospitals}
    pool = PoolYear(standing, inputs.budget_fen, inputs.reserve_fen, policy)
    terms = {TERMS[step].name: figures for step, figures in take_steps(pool).items()}
    return [_year_row(insutype, one, inputs, terms) for one in standing.values()]


def _standing(hospital: Hospital, inputs: _YearInputs, policy: Policy) -> Standing:
    """F' is the fund of the cases, net of the audit sums where the area reads it so (OP-72)."""
    code = hospital.fixmedins_code
    refused = inputs.audit.get(code, 0) if policy.fund_net_of_violations else 0
    sums = inputs.sums.get(code, NOTHING)
    return Standing(
        hospital=hospital,
        amount_fen=inputs.amounts.get(code, 0),
        fund_fen=sums.fund_fen - refused,
        points=sums.points,
        held_fen=inputs.deposits[code],
    )


def _year_row(insutype: str, one: Standing, inputs: _YearInputs, terms: Mapping[str, Figures]) -> HospitalYear:
    code = one.hospital.fixmedins_code
    return HospitalYear(
        fixmedins_code=code,
        insutype=insutype,
        sums=inputs.sums.get(code, NOTHING),
        amount_fen=one.amount_fen,
        ratio=Fraction(one.amount_fen, one.fund_fen) if one.fund_fen > 0 else None,
        deposit_held_fen=one.held_fen,
        audit_fen=inputs.audit.get(code, 0),
        paid_fen=inputs.paid[code],
        new_technique_fen=inputs.new_technique[code],
        negotiated_drugs_fen=inputs.drugs[code],
        new_technique_fund_fen=inputs.new_technique_fund[code],
        owed_before_fen=inputs.owed[code],
        **{f"{name}_fen": figures[code] for name, figures in terms.items()},
    )
