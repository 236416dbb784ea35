"""Monitoring figures (监测指标) of hospitals: CMI, 费用消耗指数, 时间消耗指数, 倍率病例率; policy/001 article 35.

The law names them (also policy/002 article 28), practice gives the formulas. Nothing is paid by them.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from settlement.frames import RATIO
from settlement.money import VALUE_PLACES, divide, from_units, integer, power_of_ten, to_units
from settlement.rule_frames import HOSPITAL_INDICES, INDICES, WIDE_RATIO, typed


def hospital_indices(groups: DataFrame) -> DataFrame:
    """`GROUP_FIGURES` -> `HOSPITAL_INDICES`, a row for each hospital with cases; 6 places, half up.

    cmi: Σ weight x cases ÷ Σ cases. cost_index, time_index: Σ (hospital mean ÷ region mean x cases) ÷ Σ cases, each
    group's term rounded at 12 places; a group that costs the region nothing has no term. high_rate, low_rate: outlier
    cases ÷ cases.
    """
    weighed = to_units(F.col("weight"), RATIO.scale) * F.col("cases")
    summed = groups.groupBy("area", "fixmedins_code").agg(
        F.sum("cases").alias("_cases"),
        F.sum(weighed.cast("decimal(38,0)")).cast("decimal(38,0)").alias("cmi"),
        _terms("cost_fen").alias("cost_index"),
        _terms("days").alias("time_index"),
        F.sum("high_cases").alias("high_rate"),
        F.sum("low_cases").alias("low_rate"),
    )
    places = {"cmi": RATIO.scale, "cost_index": VALUE_PLACES, "time_index": VALUE_PLACES}
    shares = [from_units(_mean(name, places.get(name, 0)), RATIO.scale, WIDE_RATIO).alias(name) for name in INDICES]
    return typed(summed.where("_cases > 0").select("area", "fixmedins_code", *shares), HOSPITAL_INDICES)


def _terms(name: str) -> Column:
    """Σ sum of the hospital ÷ mean of the region, an integer at `VALUE_PLACES`."""
    region = F.col(f"region_{name}")
    above = (integer(F.col(name)) * F.col("region_cases")).cast("decimal(38,0)")
    term = divide(above, F.when(region > 0, region), VALUE_PLACES)
    return F.coalesce(F.sum(term).cast("decimal(38,0)"), integer(0))


def _mean(name: str, places: int) -> Column:
    below = (integer(F.col("_cases")) * power_of_ten(places)).cast("decimal(38,0)")
    return divide(F.col(name), below, RATIO.scale)
