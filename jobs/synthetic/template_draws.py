"""Draws code combinations that meet a rule: what each of its terms needs, looked up once, then filled at random."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from grouper.rules.nodes import Comparison, CountIn, Field, InSets, Rule, Scalar
from grouper.rules.parse import parse_rule
from grouper.scheme import RuleRow, Scheme
from jobs.synthetic.settings import CodeLimit, ProvinceSettings
from jobs.synthetic.template import Template
from jobs.synthetic.terms import WIDEST, Bounds, Term, fields_read, terms_of

_DIAGNOSES = (Field.ZYZD, Field.QTZD)
_PROCEDURES = (Field.ZYSS, Field.QTSS)


class TemplateMaker:
    """Draws templates of one scheme. All choices come from the generator that is handed in."""

    def __init__(self, scheme: Scheme, settings: ProvinceSettings, generator: np.random.Generator) -> None:
        """Reads the rules of the MDCs."""
        self._scheme = scheme
        self._limits = settings.code_limits
        self._excluded = settings.templates.excluded_principals
        self._generator = generator
        self._members: dict[tuple[bool, tuple[str, ...], tuple[str, ...]], frozenset[str]] = {}
        self._mdc_rules = {row.code: parse_rule(row.rule) for row in scheme.mdcs}
        self._all_principals = self._principals_of(self._mdc_rules.values())

    def candidates(self, row: RuleRow, wanted: int) -> list[Template]:
        """At most `wanted` different templates of an ADRG, in turn from each of its terms; not all may reach it."""
        terms = terms_of(self._mdc_rules[row.mdc], parse_rule(row.rule))
        ready = [(term, self._needs(term, True), self._needs(term, False)) for term in terms]
        made: dict[tuple[str, tuple[str, ...], tuple[str, ...]], Template] = {}
        for turn in range(wanted if ready else 0):
            template = self._draw(row, *ready[turn % len(ready)])
            if template is not None:
                made.setdefault((template.principal, template.others, template.procedures), template)
        return list(made.values())

    def _principals_of(self, rules: Iterable[Rule]) -> frozenset[str]:
        sets = {name for rule in rules for read, name in fields_read(rule) if read is Field.ZYZD}
        return frozenset().union(*(self._scheme.sets[name].diagnoses for name in sets))

    def _codes(self, condition: InSets | CountIn, diagnoses: bool) -> frozenset[str]:
        levels = condition.complications if isinstance(condition, InSets) else ()
        key = (diagnoses, condition.sets, levels)
        if key not in self._members:
            sets = [self._scheme.sets[name] for name in condition.sets]
            codes = frozenset().union(*(one.diagnoses if diagnoses else one.procedures for one in sets))
            if levels:
                codes |= {code for code, entry in self._scheme.complications.items() if entry.level.value in levels}
            self._members[key] = codes
        return self._members[key]

    def _needs(self, term: Term, diagnoses: bool) -> _Needs:
        """What the term asks of the codes of one system, looked up once."""
        first, further = _DIAGNOSES if diagnoses else _PROCEDURES
        mine = [one for one in term.codes if first in one.fields or further in one.fields]
        barred = frozenset().union(*(self._codes(one, diagnoses) for one in mine if _bars(one)))
        needs = [(one, self._codes(one, diagnoses) - barred) for one in mine if _needed(one)]
        principal = [codes for one, codes in needs if one.fields == (first,)]
        principal = principal or [codes for one, codes in needs if first in one.fields][:1]
        if diagnoses:
            found = frozenset.intersection(*(principal or [self._all_principals - barred]))
            usable = [code for code in found if not code.startswith(self._excluded)]
        else:
            usable = list(frozenset.intersection(*principal)) if principal else []
        further_needs = tuple((_needed(one), frozenset(one.fields), codes, sorted(codes)) for one, codes in needs)
        return _Needs(first, further, tuple(sorted(usable)), further_needs)

    def _draw(self, row: RuleRow, term: Term, diagnoses: _Needs, procedures: _Needs) -> Template | None:
        codes = self._fill(diagnoses)
        operations = self._fill(procedures)
        if not codes or operations is None:
            return None
        return _limited(Template(row.mdc, row.code, codes[0], codes[1:], operations, term.bounds), self._limits)

    def _fill(self, needs: _Needs) -> tuple[str, ...] | None:
        """Codes that meet the needs, the principal one first; empty where none is needed, None where none is found."""
        if not needs.principals:
            return None if needs.further else ()
        chosen = [needs.principals[self._generator.integers(len(needs.principals))]]
        for number, fields, codes, ordered in needs.further:
            places = enumerate(chosen)
            have = sum(code in codes and (needs.first if x == 0 else needs.others) in fields for x, code in places)
            for _ in range(number - have):
                left = ordered if not codes.intersection(chosen) else [code for code in ordered if code not in chosen]
                if not left:
                    return None
                chosen.append(left[self._generator.integers(len(left))])
        return tuple(chosen)


@dataclass(frozen=True)
class _Needs:
    """What a term asks of one code system: possible principal codes, and (number, fields, codes, codes in order)."""

    first: Field
    others: Field
    principals: tuple[str, ...]
    further: tuple[tuple[int, frozenset[Field], frozenset[str], list[str]], ...]


def _bars(condition: InSets | CountIn) -> bool:
    if isinstance(condition, InSets):
        return condition.negated
    return condition.comparison in (Comparison.LT, Comparison.LE)


def _needed(condition: InSets | CountIn) -> int:
    """How many codes the condition asks for."""
    if isinstance(condition, InSets):
        return 0 if condition.negated else 1
    number = int(condition.number)
    return {Comparison.GT: number + 1, Comparison.GE: number, Comparison.EQ: number}.get(condition.comparison, 0)


def _limited(template: Template, limits: Sequence[CodeLimit]) -> Template | None:
    """The template within what its principal diagnosis says of sex and age; None where that cannot be."""
    for limit in limits:
        if not limit.covers(template.principal):
            continue
        bounds = dict(template.bounds)
        for scalar, low, high in (
            (Scalar.XB, limit.sex_low, limit.sex_high),
            (Scalar.NL, limit.age_low, limit.age_high),
        ):
            if low <= WIDEST[scalar].low and high >= WIDEST[scalar].high:
                continue
            old = template.bounds.get(scalar, WIDEST[scalar])
            bounds[scalar] = Bounds(max(old.low, low), min(old.high, high), old.holes)
            if bounds[scalar].empty:
                return None
        template = replace(template, bounds=bounds)
    if Scalar.XSRTL in template.bounds or Scalar.XSRTZ in template.bounds:  # days and weight are those of infants
        if template.bounds.get(Scalar.NL, WIDEST[Scalar.NL]).low > 0:
            return None
        template = replace(template, bounds={**template.bounds, Scalar.NL: Bounds(0, 0)})
    return template
