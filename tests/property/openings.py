"""Random openings of a year (OP-46, OP-54): of any pool and any hospital, whether it has cases this year or not."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from settlement import openings as on_spark
from settlement.reference.inputs import Province
from settlement.reference.openings import Openings
from tests.property.settlement_provinces import INSURANCE, YEAR


def random_openings(province: Province, seed: int) -> Openings:
    """A third of the pools is carried something, a third of the hospitals owes something."""
    random = Random(seed)
    areas = sorted(province.policies)
    pools = {(area, insutype): random.randint(1, 10**7) for area in areas for insutype in INSURANCE}
    codes = sorted(hospital.fixmedins_code for hospital in province.hospitals)
    owed = {(code, insutype): random.choice((1, 10**5, 10**8)) for code in codes for insutype in INSURANCE}
    return Openings(
        {key: amount for key, amount in pools.items() if random.random() < 0.3},
        {key: amount for key, amount in owed.items() if random.random() < 0.3},
    )


def united_openings(several: Iterable[Openings]) -> Openings:
    """Those of provinces with different prefixes as one."""
    parts = list(several)
    return Openings(
        {key: amount for part in parts for key, amount in part.pools.items()},
        {key: amount for part in parts for key, amount in part.owed.items()},
    )


def opening_frames(spark: SparkSession, openings: Openings, province: Province) -> on_spark.Openings:
    """The same for the Spark voice."""
    areas = {hospital.fixmedins_code: hospital.area for hospital in province.hospitals}
    pools = [(*key, amount) for key, amount in openings.pools.items()]
    owed = [(areas[code], code, insutype, amount) for (code, insutype), amount in openings.owed.items()]

    def frame(rows: list[tuple], columns: str) -> DataFrame:
        return spark.createDataFrame(rows, columns).withColumn("year", F.lit(YEAR))

    return on_spark.Openings(
        frame(pools, "area string, insutype string, opening_fen bigint"),
        frame(owed, "area string, fixmedins_code string, insutype string, owed_fen bigint"),
    )
