"""Figures of a measurement (测算图): benchmark points by group, and the spread of costs before and after trimming.

Labels are English, groups are named by their codes: no package that we install ships a font with Chinese characters,
and a fresh machine has none, so Chinese text would come out as empty boxes. Matplotlib brings DejaVu Sans; with it the
same numbers give the same picture everywhere. Values become floats here, for drawing only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.style
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from lake.measurement import coefficient_of_variation

_LABELLED = 5  # groups named at either end


@dataclass(frozen=True)
class _Look:
    """How a class of groups is drawn; told apart by shape as well as by colour."""

    name: str
    colour: str
    marker: str
    size: float


_STABLE = _Look("stable", "#5BA3CF", "o", 3.8)
_UNSTABLE = _Look("unstable", "#B8460A", "^", 5.6)  # fewer and drawn last: they must not drown among the others


def benchmark_points_figure(points: pa.Table, title: str = "") -> Figure:
    """Benchmark points (基准点数) of all groups from the smallest to the largest, on a log scale.

    `points`: one row a group with `drg`, `benchmark_points`, `stable_text` (stable, unstable) and `cases`
    (`lake.measurement.points_table`). Groups without points, or with 0, are left out and counted.
    """
    rows = points.select(["drg", "benchmark_points", "stable_text", "cases"]).to_pylist()
    shown = sorted(
        (row for row in rows if row["benchmark_points"] and row["benchmark_points"] > 0),
        key=lambda row: (row["benchmark_points"], row["drg"]),
    )
    with matplotlib.style.context("default"):
        figure, (axes,) = _canvas(title or "Benchmark points by group", (10, 5.6), 1)
        for look in (_STABLE, _UNSTABLE):
            places = [place for place, row in enumerate(shown) if row["stable_text"] == look.name]
            values = [float(shown[place]["benchmark_points"]) for place in places]
            _dots(axes, [place + 1 for place in places], values, look, _share(shown, places, look))
        if shown:
            axes.axhline(100, color="0.35", linewidth=1, linestyle="--", zorder=1)
            axes.text(0.995, 100, "100 = mean cost of all cases ", transform=axes.get_yaxis_transform(), **_NOTE)
            _name_the_ends(axes, [(row["drg"], float(row["benchmark_points"])) for row in shown])
            axes.legend(loc="upper left", frameon=False)
            _log_axis(axes.yaxis, axes.set_yscale)
        axes.set_xlabel(_counted("groups, from the smallest points to the largest", len(rows) - len(shown)))
        axes.set_ylabel("benchmark points (log scale)")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def variation_figure(detail: pa.Table, title: str = "") -> Figure:
    """Coefficient of variation (变异系数) of each group's costs before and after trimming (裁剪).

    `detail`: rows of one area of `settlement.elements.measurement_detail`. Groups whose costs do not vary (one case)
    are left out and counted: they have no place on a log scale.
    """
    rows = detail.to_pylist()
    pairs = [(_cv(row, "cases", "all"), _cv(row, "kept", "kept"), bool(row["stable"])) for row in rows]
    shown = [(before, after, stable) for before, after, stable in pairs if before and after]
    with matplotlib.style.context("default"):
        figure, (left, right) = _canvas(title or "Spread of costs before and after trimming", (11, 5.2), 2)
        for look in (_STABLE, _UNSTABLE):
            mine = [(before, after) for before, after, stable in shown if stable == (look is _STABLE)]
            label = f"{look.name}: {_groups(len(mine))}"
            _dots(left, [before for before, _ in mine], [after for _, after in mine], look, label)
        _before_and_after(left, [value for before, after, _ in shown for value in (before, after)])
        left.set_xlabel(_counted("CV before trimming (log scale)", len(rows) - len(shown)))
        left.set_ylabel("CV after trimming (log scale)")
        _histogram(right, [before for before, _, _ in shown], [after for _, after, _ in shown])
    return figure


_NOTE: dict[str, Any] = {"ha": "right", "va": "bottom", "fontsize": 9, "color": "0.35"}


def _canvas(title: str, size: tuple[float, float], panels: int) -> tuple[Figure, list[Axes]]:
    """A figure of its own (pyplot would keep every figure in memory), with the title at the left."""
    figure = Figure(figsize=size)
    figure.subplots_adjust(left=0.08 if panels == 1 else 0.065, right=0.985, bottom=0.1, top=0.92, wspace=0.16)
    figure.suptitle(title, x=0.01, y=0.985, ha="left", fontsize=13, fontweight="bold")
    axes = [figure.add_subplot(1, panels, place + 1) for place in range(panels)]
    for one in axes:
        one.spines[["top", "right"]].set_visible(False)
        one.grid(axis="y", color="0.92", linewidth=0.8)
        one.set_axisbelow(True)
    return figure, axes


def _dots(axes: Axes, across: Sequence[float], up: Sequence[float], look: _Look, label: str) -> None:
    axes.plot(
        across,
        up,
        linestyle="",
        marker=look.marker,
        markersize=look.size,
        color=look.colour,
        markeredgecolor="white",
        markeredgewidth=0.3,
        label=label,
        zorder=3,
    )


def _share(rows: Sequence[dict[str, Any]], places: Sequence[int], look: _Look) -> str:
    cases, mine = sum(int(row["cases"] or 0) for row in rows), sum(int(rows[place]["cases"] or 0) for place in places)
    return f"{look.name}: {_groups(len(places))}, {mine / cases if cases else 0:.1%} of the cases"


def _name_the_ends(axes: Axes, ranked: Sequence[tuple[str, float]]) -> None:
    """Codes of the cheapest and the dearest groups, at the lower right, where a rising curve never is."""
    count = min(_LABELLED, len(ranked) // 2)
    note: dict[str, Any] = {"fontsize": 8.5, "color": "0.25", "transform": axes.transAxes, "linespacing": 1.35}
    lowest = [f"{code}  {value:,.1f}" for code, value in ranked[:count]]
    highest = [f"{code}  {value:,.1f}" for code, value in reversed(ranked[len(ranked) - count :])]
    axes.text(0.82, 0.03, "\n".join(["smallest", *lowest]), ha="right", va="bottom", **note)
    axes.text(0.98, 0.03, "\n".join(["largest", *highest]), ha="right", va="bottom", **note)


def _counted(label: str, left_out: int) -> str:
    return f"{label}; {_groups(left_out)} not shown" if left_out else label


def _groups(count: int) -> str:
    return f"{count:,} group{'' if count == 1 else 's'}"


def _cv(row: dict[str, Any], count: str, prefix: str) -> float | None:
    return coefficient_of_variation(row[count], int(row[f"{prefix}_total"]), int(row[f"{prefix}_squares"]))


def _log_axis(axis: Any, set_scale: Any) -> None:
    """Log scale with plain numbers at 1, 2 and 5 instead of powers of ten."""
    set_scale("log")
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))


def _before_and_after(axes: Axes, values: Sequence[float]) -> None:
    if not values:
        return
    _log_axis(axes.xaxis, axes.set_xscale)
    _log_axis(axes.yaxis, axes.set_yscale)
    low, high = min(values) / 1.15, max(values) * 1.15
    axes.plot([low, high], [low, high], color="0.35", linewidth=1, linestyle="--", label="unchanged", zorder=1)
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.legend(loc="upper left", frameon=False)


def _histogram(axes: Axes, before: Sequence[float], after: Sequence[float]) -> None:
    """Both distributions over the same classes of a tenth; the last class takes all that is larger."""
    axes.set_xlabel("CV")
    axes.set_ylabel("groups")
    if not before:
        return
    largest = int(max(*before, *after) * 10) + 1
    top = max(5, min(25, largest))
    if largest > top:
        axes.set_xlabel("CV (last class: all larger ones)")
    edges = [place / 10 for place in range(top + 1)]
    clipped = [[min(value, edges[-1] - 0.05) for value in values] for values in (before, after)]
    axes.hist(clipped[0], edges, color="0.82", label=f"before, median {_median(before):.2f}")
    axes.hist(
        clipped[1],
        edges,
        histtype="step",
        color="#0B5A8F",
        linewidth=1.8,
        label=f"after, median {_median(after):.2f}",
    )
    axes.set_xlim(0, edges[-1])
    axes.margins(y=0.2)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(loc="upper right", frameon=False)


def _median(values: Sequence[float]) -> float:
    ranked = sorted(values)
    return (ranked[(len(ranked) - 1) // 2] + ranked[len(ranked) // 2]) / 2
