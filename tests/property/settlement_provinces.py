"""Random small provinces that take every branch of the settlement, and their union.

Areas, hospitals and cases carry the prefix of their province, so that many provinces can be settled as one.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import fields, replace
from fractions import Fraction
from random import Random
from typing import Any

from settlement.policy import Policy, read_policy
from settlement.reference.inputs import (
    Audit,
    BaseGroup,
    Budget,
    Case,
    Day,
    Element,
    HistoryCase,
    Hospital,
    Province,
    Review,
)
from settlement.year_order import YearOrder, YearStep, read_order
from tests.property.reading_choices import READINGS

YEAR = 2025
INSURANCE = ("310", "390")
GROUPS = ("GA11", "GB12", "GC13", "GD14", "GE15", "GF16")
CALENDAR = tuple(
    Day(datetime.date(YEAR, month, day), working)
    for month, day, working in (
        (1, 1, False),
        (1, 26, True),
        (5, 1, False),
        (5, 2, False),
        (10, 1, False),
        (10, 11, True),
    )
)
TIERS: tuple[list[dict[str, str | None]], ...] = (
    [],
    [{"from": "0", "to": None, "fund_share": "0.9"}],
    [
        {"from": "0", "to": "0.05", "fund_share": "0.6"},
        {"from": "0.05", "to": "0.15", "fund_share": "0.4"},
        {"from": "0.15", "to": None, "fund_share": "0.1"},
    ],
)
BANDS = [
    {"up_to": "200", "multiple": "3"},
    {"up_to": "300", "multiple": "2.5"},
    {"up_to": "500", "multiple": "2"},
    {"up_to": None, "multiple": "1.5"},
]
# Each value with the ones that may stand in its place; the first of each is the usual one.
CHOICES: dict[str, tuple[Any, ...]] = {
    "rounding.mean_dp": (4, 2),
    "rounding.points_dp": (4,),
    "rounding.coef_dp": (4, 3),
    "rounding.value_dp": ("exact", 4, 2, 0),
    "trim.first": ("quantile", "none"),
    "trim.lo": ("0.025", "0.1"),
    "trim.hi": ("0.975", "0.9"),
    "trim.min_n": (25, 6),
    "trim.middle_lo": ("0.1", "0.25"),
    "trim.middle_hi": ("0.9", "0.75"),
    "stable.min_n": (5, 3),
    "stable.max_cv": ("1", "0.5"),
    "cv.ddof": (0, 1),
    "level_coef.min": ("0.4", "0.8"),
    "level_coef.max": ("1.8", "1.2"),
    "level_coef.missing_primary": ("0.6", "1.2"),
    "level_coef.missing_max": ("1", "0.9"),
    "base_group.coefficient": ("0.8", "1.1"),
    "outlier.bands": (BANDS,),
    "outlier.low_ratio": ("0.5", "0.3"),
    "upload.deadline_days": (5, 0, 2),
    "special_review.quota_drg": ("0.05", "0.5", "0"),
    "new_tech.rate": ("0.90", "0.333"),
    "month.pay_ratio": ("1.0", "0.9", "0.777"),
    "deposit.rate": ("0.05", "0", "0.033"),
    "reserve.share": ("0.05", "0", "0.3"),
    "reserve.deduct_before_points": (True, False),
    "cap.level": ({"3": "1.04", "2": "1.08", "1": "1.10"}, {"3": "9", "2": "9", "1": "9"}),
    "surplus.keep_share": ("1.0", "0.7", "0"),
    "deficit.tiers": TIERS,
    "deficit.max_share_of_budget": ("0.05", "0.9"),
    "second_distribution.enabled": (False, True),
    "out_of_area.pool": ("treating_value", "joint", "own"),
    "point_value.kind": ("floating", "floating", "floating", "fixed", "elastic", "elastic"),
    "point_value.fixed": ({"310": "88.123456", "390": "100"}, {"310": "0", "390": "12345.6789"}),
    "point_value.elastic_split": ("0.8", "0.7"),
    "point_value.elastic_max": ("none", "120.5", "1.23456789"),
    "clearing.order": (
        [["cap", "surplus", "deficit", "assessment", "deposit"], "second_distribution"],
        [["cap", "surplus", "deficit"], ["assessment", "second_distribution"], "deposit"],
        [["assessment", "deficit"], ["cap", "surplus"], ["deposit", "second_distribution"]],
    ),
}


def random_policy(random: Random) -> Policy:
    """Policy values, each the usual one or another; readings are the usual one more often."""
    values = {key: random.choice((several[0], *several)) for key, several in CHOICES.items()}
    readings = {key: random.choice((*several[:1] * 4, *several)) for key, several in READINGS.items()}
    return read_policy(values | readings)


def random_order(random: Random) -> YearOrder:
    """Any permitted order of the steps of the year, with any steps in one entry."""
    while True:
        steps = random.sample([step.value for step in YearStep], len(YearStep))
        cuts = sorted(random.sample(range(1, len(steps)), random.randrange(len(steps))))
        entries = [steps[start:end] for start, end in zip([0, *cuts], [*cuts, len(steps)], strict=True)]
        with suppress(ValueError):
            return read_order(entries)


def random_province(seed: int, cases: int, prefix: str = "99") -> Province:
    """Two areas with two to four hospitals each, `cases` cases, elements, budgets, audit sums, reviews, history.

    Patients are insured in these, in a third area of the province without hospitals, and elsewhere.
    """
    random = Random(seed)
    areas = [f"{prefix}{number:02d}" for number in (1, 2)]
    hospitals = tuple(_hospital(random, area, number) for area in areas for number in range(random.randint(2, 4)))
    elements = tuple(element for area in areas for element in _elements(random, area))
    home = f"{prefix}03"
    insured = [*areas, home, f"X{prefix}"]
    rows = tuple(_case(random, hospitals, elements, f"S{prefix}-{number:04d}", insured) for number in range(cases))
    return Province(
        hospitals=hospitals,
        history=tuple(_history(random, hospitals)),
        base_groups=tuple(BaseGroup(area, drg) for area in areas for drg in GROUPS if random.random() < 0.2),
        elements=elements,
        elements_given=tuple(element for hospital in hospitals for element in _given(random, hospital)),
        cases=rows,
        reviews=tuple(_review(random, case) for case in rows if random.random() < 0.3),
        budgets=(*(budget for area in areas for budget in _budgets(random, area)), Budget(home, "310", str(YEAR), 0)),
        audit=tuple(_audit(random, hospitals)),
        calendar=CALENDAR,
        policies={area: random_policy(random) for area in (*areas, home)},
    )


def united(parts: Iterable[Province]) -> Province:
    """Provinces with different prefixes as one; the calendar is the same in all."""
    several = list(parts)
    joined: dict[str, Any] = {
        field.name: tuple(row for part in several for row in getattr(part, field.name))
        for field in fields(Province)
        if field.name not in ("policies", "calendar")
    }
    policies = {area: policy for part in several for area, policy in part.policies.items()}
    return Province(policies=policies, calendar=CALENDAR, **joined)


def shuffled(province: Province, seed: int) -> Province:
    """The same rows in another order."""
    random = Random(seed)
    names = [field.name for field in fields(Province) if field.name != "policies"]
    return replace(
        province, **{name: tuple(random.sample(rows := getattr(province, name), len(rows))) for name in names}
    )


def _hospital(random: Random, area: str, number: int) -> Hospital:
    return Hospital(
        fixmedins_code=f"H{area}{number}",
        area=area,
        level=random.choice((1, 2, 3)),
        suspended=random.random() < 0.1,
        assessment=Fraction(random.choice(("1", "1.02", "0.9333", "0"))),
        deposit_return=Fraction(random.choice(("1", "0.8", "0"))),
        score=random.choice((None, Fraction("59.999999"), Fraction("60"), Fraction("80.5"), Fraction("99"))),
    )


def _elements(random: Random, area: str) -> Iterable[Element]:
    yield Element(area, "all_mean", None, None, None, Fraction(random.choice(("10000", "8123.4567"))))
    for drg in GROUPS[:-1]:
        if random.random() < 0.9:
            points = random.choice(("80", "200", "200.0001", "300", "433.3333", "512.5"))
            yield Element(area, "benchmark_points", drg, None, None, Fraction(points))
        yield Element(area, "stable", drg, None, None, Fraction(random.random() < 0.8))
        if random.random() < 0.9:
            yield Element(area, "group_mean", drg, None, None, Fraction(random.choice(("8000", "0", "7777.7777"))))
        if random.random() < 0.15:
            yield Element(area, "base_group", drg, None, None, Fraction(1))
        for level in (1, 2, 3):
            if random.random() < 0.6:
                mean = Fraction(random.choice(("9600", "7200", "6400.1234", "0")))
                yield Element(area, "level_mean", drg, level, None, mean)
            if random.random() < 0.6:
                coefficient = Fraction(random.choice(("1.2", "0.9", "0.4", "1.8")))
                yield Element(area, "level_coefficient", drg, level, None, coefficient)


def _given(random: Random, hospital: Hospital) -> Iterable[Element]:
    area, code = hospital.area, hospital.fixmedins_code
    for drg in GROUPS[:-1]:
        if random.random() < 0.15:
            yield Element(area, "add_on", drg, None, code, Fraction(random.choice(("0.1", "0.2"))))
    first_of_area = code.endswith("0")
    for kind in ("whole_review", "tcm_advantage") if first_of_area else ():
        if random.random() < 0.5:
            yield Element(area, kind, random.choice(GROUPS), None, None, Fraction(1))
    if first_of_area and random.random() < 0.3:
        yield Element(area, "benchmark_points", random.choice(GROUPS), None, None, Fraction("99.9999"))


def _cost(random: Random, area: str, drg: str | None, elements: tuple[Element, ...]) -> int:
    """Mostly a cost at or next to a bound of some outlier test, else any cost."""
    means = [
        element.value * 100
        for element in elements
        if (element.area, element.drg) == (area, drg) and element.kind in ("level_mean", "group_mean")
    ]
    if not means or random.random() < 0.3:
        return random.choice((0, 1, random.randint(1, 5_000_000)))
    times = Fraction(random.choice(("0.3", "0.5", "1", "1.5", "2", "2.5", "3", "4")))
    return max(int(random.choice(means) * times) + random.choice((-1, 0, 0, 1)), 0)


def _case(
    random: Random, hospitals: tuple[Hospital, ...], elements: tuple[Element, ...], setl_id: str, insured: list[str]
) -> Case:
    hospital = random.choice(hospitals)
    drg = random.choice((*GROUPS, *GROUPS, None))
    paid_cost = _cost(random, hospital.area, drg, elements)
    special = random.choice((0, 0, 0, random.randint(0, 100_000)))
    settled = datetime.date(YEAR, random.choice((1, 2, 2, 3, 12)), random.randint(1, 28))
    discharged = settled - datetime.timedelta(days=random.choice((*range(4), *range(4), *range(4), 33)))
    return Case(
        setl_id=setl_id,
        fixmedins_code=hospital.fixmedins_code,
        insu_admdvs=random.choice((hospital.area, hospital.area, *insured)),
        insutype=random.choice(INSURANCE),
        setl_date=settled,
        dscg_date=discharged,
        upload_date=discharged + datetime.timedelta(days=random.choice((0, 1, 5, 6, 7, 8, 9, 12, 40))),
        drg=drg,
        cost_fen=paid_cost + special,
        special_cost_fen=special,
        fund_fen=random.choice((0, paid_cost // 2, paid_cost * 7 // 10, paid_cost)),
        recognition=random.random() < 0.1,
        new_tech=random.random() < 0.1,
    )


def _review(random: Random, case: Case) -> Review:
    applied = case.setl_date + datetime.timedelta(days=random.randint(0, 3))
    points = random.choice((None, None, Fraction("123.45675"), Fraction(0), Fraction(1, 10**8)))
    return Review(case.setl_id, applied, random.choice(("passed", "passed", "refused")), points)


def _budgets(random: Random, area: str) -> Iterable[Budget]:
    for insutype in INSURANCE:
        if random.random() < 0.1:
            continue
        most = random.choice((0, 100_000, 10_000_000, 100_000_000))
        if random.random() < 0.9:
            yield Budget(area, insutype, str(YEAR), random.randint(0, most))
        for month in range(1, 13):
            if random.random() < 0.8:
                yield Budget(area, insutype, f"{YEAR}-{month:02d}", random.randint(0, most // 4))


def _audit(random: Random, hospitals: tuple[Hospital, ...]) -> Iterable[Audit]:
    for hospital in hospitals:
        for insutype in INSURANCE:
            for month in random.sample(range(1, 13), random.choice((0, 1, 3))):
                amount = random.choice((0, 1, random.randint(0, 100_000), random.randint(0, 20_000_000)))
                yield Audit(hospital.fixmedins_code, insutype, f"{YEAR}-{month:02d}", amount)


def _history(random: Random, hospitals: tuple[Hospital, ...]) -> Iterable[HistoryCase]:
    for area in sorted({hospital.area for hospital in hospitals}):
        own = [hospital for hospital in hospitals if hospital.area == area]
        for drg in GROUPS:
            centre = random.choice((0, 1000, 123_456, 900_000))
            for _ in range(random.choice((0, 1, 2, 5, 6, 7, 12, 24, 25, 40))):
                cost = random.choice(
                    (centre, centre, centre * 2, centre * random.randint(1, 12), random.randint(0, 999_999))
                )
                special = random.choice((0, 0, cost // 10))
                code = random.choice(own).fixmedins_code
                yield HistoryCase(
                    code, YEAR - random.randint(1, 3), random.choice((drg,) * 30 + (None,)), cost, special
                )
