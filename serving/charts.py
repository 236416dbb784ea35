"""Two figures of a city's settled year: how the point value moves, and how hospitals fare. For people, not for money.

Labels are English for the reason that lake/plots.py gives: no packaged font has Chinese characters.
"""

from __future__ import annotations

import pyarrow as pa
from matplotlib.figure import Figure

INSURANCE = {"310": ("employees (310)", "#1F4E78"), "390": ("residents (390)", "#B8460A")}


def _figure(title: str, size: tuple[float, float]) -> Figure:
    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold")
    return figure


def point_value_figure(pools: pa.Table, title: str = "Point value by month, yuan") -> Figure:
    """Point value (每点费用) of each month and, dashed, of the year, by insurance. `pools`: those of a `CityYear`."""
    figure = _figure(title, (10, 4.2))
    axes = figure.add_subplot()
    place = ("axes fraction", "data")
    for insutype, (label, colour) in INSURANCE.items():
        rows = [row for row in pools.to_pylist() if row["insutype"] == insutype and row["value"] is not None]
        months = [row for row in rows if "-" in row["period"]]
        axes.plot([row["period"][5:] for row in months], [float(row["value"]) for row in months], "o-", color=colour)
        for row in rows:
            if "-" not in row["period"]:
                value = float(row["value"])
                axes.axhline(value, color=colour, linestyle="--", linewidth=1)
                axes.annotate(f"{label}, year {value:.2f}", (0.99, value), xycoords=place, ha="right", va="bottom")
    axes.set_xlabel("month of settlement")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="0.92")
    return figure


def ratio_figure(hospital_year: pa.Table, title: str = "Amount by points over pooled fund, by hospital") -> Figure:
    """DRG预清算支付比 of each hospital against its pooled fund; above 1 it has a surplus, below a deficit."""
    figure = _figure(title, (10, 4.6))
    axes = figure.add_subplot()
    for insutype, (label, colour) in INSURANCE.items():
        rows = [row for row in hospital_year.to_pylist() if row["insutype"] == insutype and row["ratio"] is not None]
        fund = [row["fund_fen"] / 1e6 for row in rows]
        axes.scatter(fund, [float(row["ratio"]) for row in rows], s=26, color=colour, alpha=0.75, label=label)
    axes.axhline(1, color="0.35", linewidth=1, linestyle="--")
    axes.set_xscale("log")
    axes.set_xlabel("pooled fund of the year, 10,000 yuan (log scale)")
    axes.set_ylabel("ratio")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="0.93")
    return figure
