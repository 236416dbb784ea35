"""How many cases each file gets: whole numbers that sum to what was asked for."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.synthetic.lists import Slice
from jobs.synthetic.settings import ProvinceSettings


def largest_remainder(total: int, weights: Sequence[float]) -> list[int]:
    """Splits `total` by weights; what rounding down leaves goes to the largest remainders, ties to the first."""
    exact = [total * weight / sum(weights) for weight in weights]
    counts = [int(share) for share in exact]
    order = sorted(range(len(weights)), key=lambda place: (counts[place] - exact[place], place))
    for place in order[: total - sum(counts)]:
        counts[place] += 1
    return counts


def slices_of(settings: ProvinceSettings, years: Sequence[int], cases_per_year: int) -> list[Slice]:
    """All files: by year, area, month, and parts of at most `rows_per_file` cases."""
    weights = [area.share * month for area in settings.areas for month in settings.months]
    counts = largest_remainder(cases_per_year, weights)
    pairs = [(area.code, month) for area in settings.areas for month in range(1, len(settings.months) + 1)]
    return [
        Slice(area, f"{year}-{month:02d}", part, first, min(settings.rows_per_file, count - first))
        for year in years
        for (area, month), count in zip(pairs, counts, strict=True)
        for part, first in enumerate(range(0, count, settings.rows_per_file))
    ]
