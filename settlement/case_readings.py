"""What of the readings (settlement/readings.py) the scoring of cases asks: a constant where all areas read alike.

Where they differ the word stands with the case, in a column of the field's name; so a province of one mind has no
column more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pyspark.sql import Column
from pyspark.sql import functions as F

from settlement.policy import Policy
from settlement.readings import CountFrom, UploadCalendar

_NAMES = (
    "upload_count_from",
    "upload_calendar",
    "abnormal_year_end",
    "period_case_date",
    "month_no_data",
    "review_pay",
)


@dataclass(frozen=True)
class CaseReadings:
    """The readings of all areas of a run."""

    policies: Mapping[str, Policy]

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields in which areas differ; they have to stand with the cases."""
        return tuple(name for name in _NAMES if len(self._words(name)) > 1)

    def any(self, name: str, word: StrEnum) -> bool:
        """Whether any area reads so."""
        return word in self._words(name)

    def reads(self, name: str, word: StrEnum) -> Column:
        """Whether the case's area reads so."""
        if name in self.columns:
            return F.col(name) == word.value
        return F.lit(self.any(name, word))

    def day_counts(self) -> list[tuple[UploadCalendar, CountFrom]]:
        """The ways to count the days for the upload (OP-12), in a fixed order; at least one."""
        ways = {(one.upload_calendar, one.upload_count_from) for one in self.policies.values()}
        return sorted(ways) or [(UploadCalendar.NATIONAL, CountFrom.DAY_AFTER)]

    def _words(self, name: str) -> set[StrEnum]:
        return {getattr(policy, name) for policy in self.policies.values()}
