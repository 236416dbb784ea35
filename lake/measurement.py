"""Figures about a measurement, for people: they steer no money. Exact until the last step, then shown as floats."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

import pyarrow as pa
import pyarrow.compute as pc


def coefficient_of_variation(count: int, total: int, squares: int) -> float | None:
    """Population CV of a group's costs; None where the mean is 0."""
    if count == 0 or total == 0:
        return None
    return sqrt(max(Fraction(count * squares - total * total, total * total), Fraction(0)))


def metrics(detail: pa.Table) -> dict[str, float]:
    """Groups, cases, stable share, trimmed share, mean CV before and after, share of variance explained (RIV).

    `detail`: rows of `settlement.elements.measurement_detail` of one area.
    """
    rows = detail.to_pylist()
    cases = sum(row["cases"] for row in rows)
    kept = sum(row["kept"] for row in rows)
    stable = [row for row in rows if row["stable"]]
    found = {
        "groups": float(len(rows)),
        "cases": float(cases),
        "stable_share_of_groups": float(Fraction(len(stable), len(rows))),
        "stable_share_of_cases": float(Fraction(sum(row["cases"] for row in stable), cases)),
        "trimmed_share": float(Fraction(cases - kept, cases)),
        "cv_before": _weighted_cv(rows, "cases", "all_total", "all_squares"),
        "cv_after": _weighted_cv(rows, "kept", "kept_total", "kept_squares"),
        "variance_explained": _explained(rows),
    }
    return {name: value for name, value in found.items() if value is not None}


def _weighted_cv(rows: list[dict], count: str, total: str, squares: str) -> float:
    """Mean CV of the groups, weighted by their cases."""
    pairs = [(row[count], coefficient_of_variation(row[count], int(row[total]), int(row[squares]))) for row in rows]
    known = [(number, value) for number, value in pairs if value is not None]
    return sum(number * value for number, value in known) / sum(number for number, _ in known)


def _explained(rows: list[dict]) -> float | None:
    """1 - variance within groups / total variance, on the cases kept."""
    count = sum(row["kept"] for row in rows)
    total = sum(int(row["kept_total"]) for row in rows)
    squares = sum(int(row["kept_squares"]) for row in rows)
    whole = squares - Fraction(total * total, count)
    between = sum(Fraction(int(row["kept_total"]) ** 2, row["kept"]) for row in rows if row["kept"])
    if whole == 0:
        return None
    return float(1 - (squares - between) / whole)


def points_table(elements: pa.Table) -> pa.Table:
    """One row a group: benchmark points, mean, cases, kept, stable, level means and coefficients as columns."""
    rows: dict[str, dict] = {}
    for row in elements.to_pylist():
        if row["drg"] is None:
            continue
        name = row["kind"] if row["level"] is None else f"{row['kind']}_{row['level']}"
        rows.setdefault(row["drg"], {"drg": row["drg"]})[name] = row["value"]
    names = ["drg", "benchmark_points", "stable", "cases", "kept", "group_mean"]
    names += [f"{kind}_{level}" for kind in ("level_mean", "level_coefficient") for level in (3, 2, 1)]
    columns = {name: [rows[drg].get(name) for drg in sorted(rows)] for name in names}
    table = pa.table(
        {name: pa.array(values, None if name == "drg" else pa.decimal128(38, 12)) for name, values in columns.items()}
    )
    return table.append_column(
        "stable_text", pc.if_else(pc.equal(table["stable"], pa.scalar(1, pa.decimal128(38, 12))), "stable", "unstable")
    )
