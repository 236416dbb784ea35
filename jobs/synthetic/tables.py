"""Templates as arrays: what a worker needs to draw the cases of a scheme without a loop over cases."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grouper.rules.nodes import Field, Rule, Scalar
from grouper.rules.parse import parse_rule
from grouper.scheme import Complication, Scheme
from jobs.synthetic.settings import MdcProfile, ProvinceSettings
from jobs.synthetic.template import Template
from jobs.synthetic.terms import fields_read
from lake.errors import InputProblem

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]

_BOUNDED = (Scalar.NL, Scalar.XB, Scalar.XSRTL, Scalar.XSRTZ)
CC, MCC = 1, 2


@dataclass(frozen=True)
class Ragged:
    """Lists of numbers, one behind the other: list i is values[offsets[i]:offsets[i + 1]]."""

    offsets: Ints
    values: Ints

    @staticmethod
    def of(lists: Sequence[Sequence[int]]) -> Ragged:
        """From Python lists."""
        lengths = np.array([0, *(len(one) for one in lists)], dtype=np.int32)
        return Ragged(np.cumsum(lengths, dtype=np.int32), np.array([x for one in lists for x in one], dtype=np.int32))

    def padded(self, rows: Ints, width: int) -> Ints:
        """The lists of `rows` as a matrix of `width` columns, -1 where a list has ended."""
        if not len(self.values):
            return np.full((len(rows), width), -1, dtype=np.int32)
        lengths = np.diff(self.offsets)[rows]
        columns = np.arange(width, dtype=np.int32)
        places = np.minimum(self.offsets[rows][:, None] + columns, len(self.values) - 1)
        return np.where(columns < lengths[:, None], self.values[places], np.int32(-1))

    @property
    def longest(self) -> int:
        """Length of the longest list."""
        return int(np.diff(self.offsets).max(initial=0))


@dataclass(frozen=True)
class SchemeTables:
    """All that is drawn from for one scheme. Arrays by template unless said; `bounds[scalar]` is (low, high)."""

    cumulative: Floats
    principal: Ints
    others: Ragged
    procedures: Ragged
    mdc: Ints
    surgical: NDArray[np.bool_]
    bounds: dict[str, tuple[Ints, Ints]]
    infant: NDArray[np.bool_]
    mean_cost: Floats
    mean_stay: Floats
    diagnoses: tuple[str, ...]
    procedure_codes: tuple[str, ...]
    pool: Ints
    common: int
    """So many of the pool's first codes are the common conditions of adults."""
    pool_cumulative: Floats
    severity: NDArray[np.int8]
    """By principal diagnosis and place in the pool: 0, CC or MCC, exclusions applied."""
    procedure_pool: Ints
    adrgs: tuple[str, ...]


def zipf(count: int, exponent: float) -> Floats:
    """Weights 1, 1/2^e, 1/3^e, ... that sum to 1."""
    weights = 1.0 / np.arange(1, count + 1) ** exponent
    share: Floats = weights / weights.sum()
    return share


def seeded(seed: int, *names: object) -> np.random.Generator:
    """A generator that depends on the seed and the names only, whatever process or order asks for it."""
    digest = hashlib.sha256("\x1f".join(map(str, (seed, *names))).encode("utf-8")).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def build_tables(scheme: Scheme, templates: Sequence[Template], settings: ProvinceSettings, seed: int) -> SchemeTables:
    """Arrays of a scheme's templates, with weights, means and the pools of further codes."""
    generator = seeded(seed, "tables", scheme.fingerprint)
    profiles = {profile.mdc: profile for profile in settings.mdcs}
    if missing := sorted({one.mdc for one in templates} - set(profiles)):
        raise InputProblem(f"profile.csv has no row for MDC {', '.join(missing)} of the scheme; add one for each")
    common, pool = _diagnosis_pool(scheme, settings, generator)
    procedure_pool = _procedure_pool(scheme)
    principals = sorted({one.principal for one in templates})
    needed = sorted({code for one in templates for code in one.others})
    diagnoses = tuple(dict.fromkeys([*principals, *pool, *needed]))
    codes = tuple(dict.fromkeys([*procedure_pool, *sorted({code for one in templates for code in one.procedures})]))
    diagnosis_id = {code: place for place, code in enumerate(diagnoses)}
    procedure_id = {code: place for place, code in enumerate(codes)}
    means = [_means(one, profiles[one.mdc], settings, seed) for one in templates]
    return SchemeTables(
        cumulative=np.cumsum(_weights(templates, profiles, settings, generator)),
        principal=np.array([diagnosis_id[one.principal] for one in templates], dtype=np.int32),
        others=Ragged.of([[diagnosis_id[code] for code in one.others] for one in templates]),
        procedures=Ragged.of([[procedure_id[code] for code in one.procedures] for one in templates]),
        mdc=np.array([list(profiles).index(one.mdc) for one in templates], dtype=np.int32),
        surgical=np.array([bool(one.procedures) for one in templates]),
        bounds={
            scalar.value: (
                np.array([one.bound(scalar).low for one in templates], dtype=np.int32),
                np.array([one.bound(scalar).high for one in templates], dtype=np.int32),
            )
            for scalar in _BOUNDED
        },
        infant=np.array([one.bound(Scalar.NL).high == 0 for one in templates]),
        mean_cost=np.array([cost for cost, _ in means]),
        mean_stay=np.array([stay for _, stay in means]),
        diagnoses=diagnoses,
        procedure_codes=codes,
        pool=np.array([diagnosis_id[code] for code in pool], dtype=np.int32),
        common=common,
        pool_cumulative=np.cumsum(zipf(len(pool), settings.coding.pool_zipf)),
        severity=_severity(scheme, principals, pool),
        procedure_pool=np.array([procedure_id[code] for code in procedure_pool], dtype=np.int32),
        adrgs=tuple(dict.fromkeys(one.adrg for one in templates)),
    )


def _weights(
    templates: Sequence[Template],
    profiles: dict[str, MdcProfile],
    settings: ProvinceSettings,
    generator: np.random.Generator,
) -> Floats:
    """Share of each template: its MDC's, split into ambiguous, surgical and medical, then Zipf by ADRG and template."""
    weights = np.zeros(len(templates))
    for mdc, profile in profiles.items():
        mine = [place for place, one in enumerate(templates) if one.mdc == mdc]
        plain = [place for place in mine if not templates[place].ambiguous]
        paid = 1 - settings.templates.ambiguous_share
        parts = (
            (settings.templates.ambiguous_share, [place for place in mine if templates[place].ambiguous]),
            (paid * profile.surgical_share, [place for place in plain if templates[place].procedures]),
            (paid * (1 - profile.surgical_share), [place for place in plain if not templates[place].procedures]),
        )
        present = sum(share for share, places in parts if places)
        for share, places in parts:
            if places and present:
                weights[places] = profile.share * share / present * _inside(places, templates, settings, generator)
    if not weights.sum():
        raise InputProblem("profile.csv gives no MDC of the scheme a share above 0; correct the column share")
    share_of: Floats = weights / weights.sum()
    return share_of


def _inside(
    places: Sequence[int], templates: Sequence[Template], settings: ProvinceSettings, generator: np.random.Generator
) -> Floats:
    adrgs = list(dict.fromkeys(templates[place].adrg for place in places))
    by_adrg = dict(zip(adrgs, generator.permutation(zipf(len(adrgs), settings.templates.zipf_adrg)), strict=True))
    counts = {adrg: sum(templates[place].adrg == adrg for place in places) for adrg in adrgs}
    rank = dict.fromkeys(adrgs, 0)
    weights = []
    for place in places:
        adrg = templates[place].adrg
        weights.append(by_adrg[adrg] * zipf(counts[adrg], settings.templates.zipf_template)[rank[adrg]])
        rank[adrg] += 1
    return np.array(weights)


def _means(template: Template, profile: MdcProfile, settings: ProvinceSettings, seed: int) -> tuple[float, float]:
    """Mean cost (yuan) and stay (days): the MDC's, moved by draws that belong to the ADRG and to the template."""
    of_adrg = seeded(seed, "mean", template.adrg).normal(0.0, settings.cost.adrg_sigma)
    codes = (template.adrg, template.principal, *template.procedures)
    of_template = seeded(seed, "mean", *codes).normal(0.0, settings.cost.template_sigma)
    moved = float(np.exp(of_adrg + of_template))
    cost = profile.mean_cost * (profile.surgical_factor if template.procedures else 1.0) * moved
    return cost, profile.mean_stay * moved**0.5


def _rules(scheme: Scheme) -> list[Rule]:
    return [parse_rule(row.rule) for row in (*scheme.mdcs, *scheme.adrgs, *scheme.drgs)]


def _moving(scheme: Scheme, field: Field) -> frozenset[str]:
    """Codes that, as further codes, could move a case to another ADRG: those in sets that rules ask for there.

    Sets that hold most codes of the scheme (all operations) move nothing that the principal code has not moved.
    """
    sets = {name for rule in _rules(scheme) for read, name in fields_read(rule) if read is field}
    members = {name: scheme.sets[name].codes for name in sets}
    everything = frozenset().union(*(one.codes for one in scheme.sets.values()))
    return frozenset().union(*(codes for codes in members.values() if 4 * len(codes) < len(everything)))


def _diagnosis_pool(
    scheme: Scheme, settings: ProvinceSettings, generator: np.random.Generator
) -> tuple[int, list[str]]:
    """Other diagnoses that occur: the common ones and their number, then CC, MCC and plain ones in a random order."""
    coding = settings.coding
    moving = _moving(scheme, Field.QTZD)
    known = sorted(
        frozenset().union(*(one.diagnoses for one in scheme.sets.values())).union(scheme.complications) - moving
    )
    known = [code for code in known if not code.startswith(settings.templates.excluded_principals)]
    known = [code for code in known if not any(limit.covers(code) for limit in settings.code_limits)]
    level = {code: entry.level for code, entry in scheme.complications.items()}
    chosen = []
    for wanted, share in (
        (Complication.CC, coding.pool_cc_share),
        (Complication.MCC, coding.pool_mcc_share),
        (None, 1 - coding.pool_cc_share - coding.pool_mcc_share),
    ):
        codes = [code for code in known if level.get(code) == wanted]
        chosen += [codes[x] for x in generator.permutation(len(codes))[: round(share * coding.pool_size)]]
    mixed = [chosen[place] for place in generator.permutation(len(chosen))]
    first = [next((code for code in known if code.startswith(prefix)), "") for prefix in coding.common_diagnoses]
    first = [code for code in first if code]
    first = list(dict.fromkeys(first))
    return len(first), list(dict.fromkeys([*first, *mixed]))


def _procedure_pool(scheme: Scheme) -> list[str]:
    """Procedures that may stand behind a principal one without moving the case."""
    known = frozenset().union(*(one.procedures for one in scheme.sets.values()))
    return sorted(known - _moving(scheme, Field.QTSS))


def _severity(scheme: Scheme, principals: Sequence[str], pool: Sequence[str]) -> NDArray[np.int8]:
    result = np.zeros((len(principals), len(pool)), dtype=np.int8)
    for place, code in enumerate(pool):
        entry = scheme.complications.get(code)
        if entry is None:
            continue
        excluded = scheme.exclusions.get(entry.exclusion, frozenset())
        counts = np.array([principal not in excluded for principal in principals])
        result[:, place] = counts * (MCC if entry.level is Complication.MCC else CC)
    return result
