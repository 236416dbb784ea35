"""Base groups that history speaks for (policy/002 article 13, OP-39): both voices find the same."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from settlement.base_groups import base_group_candidates
from settlement.reference import base_groups as plain
from settlement.reference.exact import round_half_up
from tests.property.settlement_provinces import random_province, united
from tests.property.settlement_rules import rule_policy, texts
from tests.property.test_settlement_voices import province_frames

PROVINCES = 60
SEEDS = st.integers(0, 2**32)
FEW = settings(max_examples=1, phases=(Phase.explicit, Phase.generate), deadline=None)


@pytest.mark.slow
@given(seed=SEEDS)
@FEW
def test_both_voices_find_base_groups_alike(spark: SparkSession, seed: int) -> None:
    random = Random(seed)
    whole = united(random_province(seed + number, 0, f"{100 + number}") for number in range(PROVINCES))
    rules = {area: rule_policy(random) for area in whole.policies}
    frames = province_frames(spark, whole)
    found = base_group_candidates(frames.hospitals, frames.history, frames.base_groups, whole.policies, rules)
    expected = plain.base_group_candidates(whole.hospitals, whole.history, whole.base_groups, whole.policies, rules)
    assert texts(found.collect()) == texts(
        (
            *(one.area, one.drg, one.cases, one.primary_cases, one.share and round_half_up(one.share, 6), one.kept),
            *(one.cv_squared and round_half_up(one.cv_squared, 6), one.share_met, one.cv_met, one.cases_met),
            one.finding,
        )
        for one in expected
    )
    assert set(Counter(one.finding for one in expected)) == {"candidate", "listed", "both"}
