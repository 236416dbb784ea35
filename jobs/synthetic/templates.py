"""Case templates of a scheme: for each ADRG, code combinations that the grouper itself puts there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from grouper.compile import CompiledScheme, compile_scheme
from grouper.kernel import group_batch
from grouper.rules.nodes import Scalar
from grouper.scheme import CodeSystem, Scheme
from jobs.synthetic.settings import ProvinceSettings
from jobs.synthetic.template import Template
from jobs.synthetic.template_draws import TemplateMaker
from jobs.synthetic.terms import WIDEST, Bounds

_TRIES = 2  # code draws for each template that is wanted; most of them reach their ADRG
_INFANT = Bounds(0, 0)
_FROM_BIRTH = Bounds(0, WIDEST[Scalar.NL].high)


def make_templates(scheme: Scheme, settings: ProvinceSettings, generator: np.random.Generator) -> list[Template]:
    """Templates of all ADRGs of a scheme, in the scheme's order, at most `templates_per_adrg` each."""
    compiled = compile_scheme(scheme)
    maker = TemplateMaker(scheme, settings, generator)
    wanted = settings.templates.per_adrg
    drawn = [template for row in scheme.adrgs for template in maker.candidates(row, wanted * _TRIES)]
    made: dict[str, list[Template]] = {row.code: [] for row in scheme.adrgs}
    for template, reached in zip(drawn, _reach(compiled, drawn), strict=True):
        if reached and len(made[template.adrg]) < wanted:
            made[template.adrg].append(template)
    return _with_infants(compiled, [template for row in scheme.adrgs for template in made[row.code]])


def _with_infants(compiled: CompiledScheme, templates: Sequence[Template]) -> list[Template]:
    """Templates from birth on (but for newborns), where infants reach the ADRG too and no rule speaks of age."""
    infants = [_aged(template, _INFANT) for template in templates]
    reached = _reach(compiled, infants)
    return [
        _aged(template, _FROM_BIRTH) if Scalar.NL not in template.bounds and good else template
        for template, good in zip(templates, reached, strict=True)
    ]


def _aged(template: Template, ages: Bounds) -> Template:
    return replace(template, bounds={**template.bounds, Scalar.NL: ages})


def _reach(compiled: CompiledScheme, templates: Sequence[Template]) -> NDArray[np.bool_]:
    """Whether the plainest case of each template, at its lowest age, gets into the template's ADRG."""
    groups = group_batch(
        compiled,
        compiled.local_ids(pa.array([one.principal for one in templates], pa.string()), CodeSystem.DIAGNOSIS),
        *_ragged(compiled, CodeSystem.DIAGNOSIS, [one.others for one in templates]),
        *_ragged(compiled, CodeSystem.PROCEDURE, [one.procedures for one in templates]),
        _scalars(templates),
    )
    pairs = zip(groups.adrg().to_pylist(), templates, strict=True)
    return np.array([adrg == template.adrg for adrg, template in pairs], dtype=np.bool_)


def _ragged(
    compiled: CompiledScheme, system: CodeSystem, lists: Sequence[Sequence[str]]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    values = compiled.local_ids(pa.array([code for one in lists for code in one], pa.string()), system)
    return values, np.cumsum([0, *(len(one) for one in lists)])


def _scalars(templates: Sequence[Template]) -> dict[Scalar, NDArray[np.float64]]:
    lowest = {
        scalar: np.array([one.bound(scalar).low for one in templates], dtype=np.float64)
        for scalar in (Scalar.NL, Scalar.XB, Scalar.XSRTL, Scalar.XSRTZ)
    }
    older = lowest[Scalar.NL] > 0
    for scalar in (Scalar.XSRTL, Scalar.XSRTZ):  # the list gives these of infants only
        lowest[scalar][older] = np.nan
    return lowest
