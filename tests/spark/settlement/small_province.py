"""Frames of a few rows for tests of single rules; amounts in yuan as text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from settlement.policy import Policy, read_policy
from tests.spark.settlement.province_files import SCHEMAS, padded

AREA = "419001"
BANDS = (("200", "3"), ("300", "2.5"), ("500", "2"), (None, "1.5"))
VALUES: dict[str, Any] = {
    "rounding.mean_dp": 4,
    "rounding.points_dp": 4,
    "rounding.coef_dp": 4,
    "rounding.value_dp": "exact",
    "trim.first": "quantile",
    "trim.lo": "0.025",
    "trim.hi": "0.975",
    "trim.min_n": 25,
    "trim.middle_lo": "0.1",
    "trim.middle_hi": "0.9",
    "stable.min_n": 5,
    "stable.max_cv": "1",
    "cv.ddof": 0,
    "level_coef.min": "0.4",
    "level_coef.max": "1.8",
    "level_coef.missing_primary": "0.6",
    "level_coef.missing_max": "1",
    "base_group.coefficient": "0.8",
    "outlier.bands": [{"up_to": bound, "multiple": multiple} for bound, multiple in BANDS],
    "outlier.low_ratio": "0.5",
    "upload.deadline_days": 5,
    "special_review.quota_drg": "0.05",
    "new_tech.rate": "0.90",
    "month.pay_ratio": "1.0",
    "deposit.rate": "0.05",
    "reserve.share": "0",
    "reserve.deduct_before_points": True,
    "cap.level": {"3": "1.04", "2": "1.08", "1": "1.10"},
    "surplus.keep_share": "1.0",
    "deficit.tiers": [],
    "deficit.max_share_of_budget": "0.05",
    "second_distribution.enabled": False,
    "out_of_area.pool": "treating_value",
}


def policy(**changes: Any) -> Policy:
    """The default values with some changed; `cv__ddof=1` changes `cv.ddof`."""
    return read_policy({**VALUES, **{name.replace("__", "."): value for name, value in changes.items()}})


def fen(yuan: str) -> int:
    return int(Decimal(yuan).scaleb(2))


def frame(spark: SparkSession, name: str, rows: list[tuple[Any, ...]]) -> DataFrame:
    return spark.createDataFrame([padded(row, name) for row in rows], SCHEMAS[name])


def hospitals(spark: SparkSession, *levels: int) -> DataFrame:
    """One hospital a level: H3, H2, H1."""
    one = Decimal("1.000000")
    return frame(spark, "hospitals", [(f"H{level}", AREA, level, 0, one, one) for level in levels])


def elements(spark: SparkSession, *rows: tuple[str, str | None, int | str | None, str]) -> DataFrame:
    """Rows of kind, drg, level (a number) or hospital (text), value."""
    typed = []
    for kind, drg, place, value in rows:
        level, hospital = (None, place) if isinstance(place, str) else (place, None)
        typed.append((AREA, kind, drg, level, hospital, Decimal(value)))
    return frame(spark, "elements", typed)


def case(number: int, **given: Any) -> tuple[Any, ...]:
    """A local, punctual case of hospital H3 settled on Tuesday 2025-03-04; `cost` in yuan."""
    day = date(2025, 3, 4)
    values = {
        "setl_id": f"S{number:03d}",
        "fixmedins_code": "H3",
        "insu_admdvs": AREA,
        "insutype": "310",
        "setl_date": day,
        "dscg_date": day,
        "upload_date": day,
        "drg": "RW15",
        "cost": "10000.00",
        "special_cost": "0.00",
        "fund": "2000.00",
        "recognition": 0,
        "new_tech": 0,
        **given,
    }
    return tuple(fen(value) if name in ("cost", "special_cost", "fund") else value for name, value in values.items())
