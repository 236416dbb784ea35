from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from matplotlib.figure import Figure

from lake.plots import benchmark_points_figure, variation_figure


def points(rows: list[tuple[str, str | None, str, int]]) -> pa.Table:
    values = [None if value is None else Decimal(value) for _, value, _, _ in rows]
    return pa.table(
        {
            "drg": pa.array([row[0] for row in rows], pa.string()),
            "benchmark_points": pa.array(values, pa.decimal128(38, 12)),
            "stable_text": pa.array([row[2] for row in rows], pa.string()),
            "cases": pa.array([row[3] for row in rows], pa.int64()),
        }
    )


def detail(costs: list[tuple[list[int], list[int], bool]]) -> pa.Table:
    columns: dict[str, list[Any]] = {
        "cases": [len(all_) for all_, _, _ in costs],
        "kept": [len(kept) for _, kept, _ in costs],
        "all_total": [sum(all_) for all_, _, _ in costs],
        "all_squares": [Decimal(sum(one * one for one in all_)) for all_, _, _ in costs],
        "kept_total": [sum(kept) for _, kept, _ in costs],
        "kept_squares": [Decimal(sum(one * one for one in kept)) for _, kept, _ in costs],
        "stable": [stable for _, _, stable in costs],
    }
    types = {name: pa.decimal128(38, 0) if name.endswith("squares") else pa.int64() for name in columns}
    types["stable"] = pa.bool_()
    return pa.table({name: pa.array(values, types[name]) for name, values in columns.items()})


def texts(figure: Figure) -> str:
    found = [text.get_text() for axes in figure.axes for text in axes.texts]
    for axes in figure.axes:
        found += [axes.get_xlabel(), axes.get_ylabel()]
        legend = axes.get_legend()
        found += [text.get_text() for text in legend.get_texts()] if legend else []
    return "\n".join(found)


def png(figure: Figure) -> bytes:
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


GROUPS = [("AB10", "250", "unstable", 5), ("BR11", "79.1234", "stable", 90), ("GB11", "120", "stable", 5)]
COSTS = [([1, 2, 30], [1, 2], True), ([5, 5], [5, 5], False), ([1, 9, 50], [1, 9, 50], False)]


def test_points_are_sorted_and_told_apart() -> None:
    figure = benchmark_points_figure(points([*GROUPS, ("ZZ99", None, "unstable", 0)]))
    axes = figure.axes[0]
    drawn = {dots.get_label(): dots.get_xydata().tolist() for dots in axes.lines if dots.get_linestyle() == "None"}
    assert drawn == {
        "stable: 2 groups, 95.0% of the cases": [[1.0, 79.1234], [2.0, 120.0]],
        "unstable: 1 group, 5.0% of the cases": [[3.0, 250.0]],
    }
    assert axes.get_yscale() == "log"
    assert "1 group not shown" in texts(figure)
    assert "largest\nAB10  250.0" in texts(figure)
    assert "smallest\nBR11  79.1" in texts(figure)


def test_variation_before_and_after() -> None:
    figure = variation_figure(detail(COSTS), "City")
    left = figure.axes[0]
    ((before, after),) = left.lines[0].get_xydata().tolist()
    assert before == pytest.approx((3 * 905 - 33**2) ** 0.5 / 33)
    assert after == pytest.approx(1 / 3)
    ((unchanged_before, unchanged_after),) = left.lines[1].get_xydata().tolist()
    assert unchanged_before == unchanged_after
    assert "1 group not shown" in texts(figure)
    assert "stable: 1 group" in texts(figure)


def test_nothing_to_show_is_no_error() -> None:
    assert png(benchmark_points_figure(points([])))
    assert png(variation_figure(detail([])))
    assert "1 group not shown" in texts(benchmark_points_figure(points([("AB10", "0", "stable", 1)])))


def test_labels_need_no_chinese_font_and_pictures_are_the_same_every_time() -> None:
    for make, table in ((benchmark_points_figure, points(GROUPS)), (variation_figure, detail(COSTS))):
        assert texts(make(table)).isascii()  # type: ignore[operator]
        assert png(make(table)) == png(make(table))  # type: ignore[operator]
