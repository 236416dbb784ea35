"""The city by hand that reads the law otherwise, settled by Spark: the tables as they are written."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from lake.province_frames import text_rows
from settlement.frames import STAYS, StaysByRule
from settlement.present import settlement_text
from settlement.reference.text import TABLES
from settlement.settle import settle_province
from tests.golden.annotated import read_annotated, table
from tests.golden.stays_of_readings import CITY, FOLDER, case_rules, province, stays
from tests.property.test_settlement_voices import province_frames


@pytest.mark.spark
def test_spark_settles_to_what_is_written(spark: SparkSession) -> None:
    city = province()
    known = [(one.setl_id, one.days, one.tcm_cost_fen, int(one.tcm_place), int(one.day_care)) for one in stays()]
    by_rule = StaysByRule(spark.createDataFrame(known, STAYS), {CITY: case_rules()})
    settled = settle_province(
        province_frames(spark, city), city.policies, lambda _, frame: frame.localCheckpoint(), by_rule
    )
    texts = settlement_text(settled)
    sections = read_annotated(FOLDER / "by_hand.yaml")
    for name, columns in TABLES.items():
        section = "cases" if name == "case_points" else name
        written = table([row for row in sections.get(section, []) if row.key[0] != "pool"], columns)
        assert sorted(text_rows(texts[name], columns)) == written, name
