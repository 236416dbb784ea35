"""What a synthetic province is like: areas, hospitals, people, money, faults. All of it is data; see conf/demo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class AreaSettings:
    """A treating area (就医地统筹区): its share of the cases, price level, hospitals by level, name of its scheme."""

    code: str
    name: str
    share: float
    price: float
    hospitals: Mapping[int, int]
    scheme: str


@dataclass(frozen=True)
class MdcProfile:
    """How the cases of a major diagnostic category are: share, mean cost in yuan, stay in days, ages."""

    mdc: str
    share: float
    surgical_share: float
    mean_cost: float
    surgical_factor: float
    sigma: float
    mean_stay: float
    mean_age: float
    age_spread: float
    child_share: float


@dataclass(frozen=True)
class CodeLimit:
    """Principal diagnoses from `first` to `last` (compared on as many characters) occur in these sexes and ages."""

    first: str
    last: str
    sex_low: int
    sex_high: int
    age_low: int
    age_high: int
    source: str

    def covers(self, code: str) -> bool:
        """Whether the code lies in the range."""
        return self.first <= code[: len(self.first)] and code[: len(self.last)] <= self.last


@dataclass(frozen=True)
class InsuranceSettings:
    """An insurance type (险种): share of the insured, fund type of its pool, fund share of the cost by level."""

    code: str
    share: float
    fund_pay_type: str
    fund_share: Mapping[int, float]
    deductible: Mapping[int, float]


@dataclass(frozen=True)
class CostSettings:
    """What moves the cost of a case from its template's mean. Factors multiply; rates are shares of the cases."""

    adrg_sigma: float
    template_sigma: float
    year_growth: float
    level_factor: Mapping[int, float]
    cc_factor: float
    mcc_factor: float
    old_age_from: int
    old_age_factor: float
    very_dear_rate: float
    very_dear_factor: tuple[float, float]
    very_cheap_rate: float
    very_cheap_factor: tuple[float, float]
    special_rate: float
    special_share: tuple[float, float]
    lowest_yuan: float
    out_of_area_fund_factor: float
    fund_jitter: tuple[float, float]


@dataclass(frozen=True)
class ItemShare:
    """A fee item type (med_chrgitm_type): its weight in medical and surgical cases, and how often it occurs."""

    code: str
    medical: float
    surgical: float
    occurs: float


@dataclass(frozen=True)
class CodingSettings:
    """Diagnoses and procedures beyond what the template needs."""

    common_diagnoses: tuple[str, ...]
    pool_size: int
    pool_zipf: float
    pool_cc_share: float
    pool_mcc_share: float
    mean_others: float
    others_at_birth: float
    others_by_year: float
    most_others: int
    mean_procedures: float
    most_procedures: int


@dataclass(frozen=True)
class StaySettings:
    """Days between admission, discharge, settlement and upload; how stays end; intensive care."""

    sigma: float
    longest: int
    settled_late_rate: float
    settled_late_most: int
    upload_days: Mapping[int, float]
    upload_late_rate: float
    upload_late_most: int
    ways: Mapping[str, float]
    icu_rate: float
    icu_surgical_rate: float
    icu_mcc_factor: float
    icu_mean_hours: float


@dataclass(frozen=True)
class RegistrySettings:
    """What the agency hands in: budgets, audit deductions, reviews, negotiated elements, days off."""

    budget_share: float
    audit_rate: float
    audit_share: float
    review_rate: float
    review_passed: float
    review_wait_most: int
    suspended_rate: float
    assessments: tuple[str, ...]
    deposit_returns: tuple[str, ...]
    add_ons: int
    add_on_values: tuple[str, ...]
    calendar: Mapping[str, int]


@dataclass(frozen=True)
class PopulationSettings:
    """Who the patients are, where profile and rules leave it open; how uneven hospitals of a level are."""

    female_share: float
    adult_from: int
    oldest: int
    birth_weight: float
    birth_weight_spread: float
    zipf_hospital: float


@dataclass(frozen=True)
class TemplateSettings:
    """How many code combinations an ADRG has, and how often each occurs."""

    per_adrg: int
    zipf_adrg: float
    zipf_template: float
    ambiguous_share: float
    excluded_principals: tuple[str, ...]


@dataclass(frozen=True)
class FlagSettings:
    """Shares of the cases with mutual recognition of tests (互认) and with a new technique (新技术)."""

    recognition_rate: float
    new_tech_rate: float


@dataclass(frozen=True)
class FaultTexts:
    """What planted faults look like; and the one 入院病情 that all diagnoses have."""

    unknown_code: str
    unreadable_money: str
    unreadable_date: str
    unknown_hospital: str
    items_surplus_yuan: int
    admission_condition: str


@dataclass(frozen=True)
class ProvinceSettings:
    """A whole synthetic province: province.yaml, profile.csv and code_limits.csv. `fingerprint` is of their bytes.

    `year` and `cases_per_year` are what is made where nobody asks for another size.
    """

    year: int
    cases_per_year: int
    areas: tuple[AreaSettings, ...]
    outside: tuple[str, ...]
    residence: Mapping[str, float]
    insurances: tuple[InsuranceSettings, ...]
    months: tuple[float, ...]
    level_share: Mapping[int, float]
    level_share_surgical: Mapping[int, float]
    population: PopulationSettings
    templates: TemplateSettings
    coding: CodingSettings
    cost: CostSettings
    items: tuple[ItemShare, ...]
    stay: StaySettings
    flags: FlagSettings
    faults: Mapping[str, float]
    fault_texts: FaultTexts
    registry: RegistrySettings
    rows_per_file: int
    mdcs: tuple[MdcProfile, ...]
    code_limits: tuple[CodeLimit, ...]
    fingerprint: str
