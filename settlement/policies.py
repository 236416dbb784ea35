"""Policy values of all areas as one small frame, one row an area, so that one run serves 21 areas at once.

Ratios and rates are integers at `RATE_PLACES`. Those that enter long products, the largest CVs and the multiples of
the outlier bands, are structs of `digits` and `places` without trailing zeros, so that 38 digits go further.
An open bound is missing. The frame is broadcast.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from decimal import Decimal
from enum import StrEnum
from typing import Any, get_type_hints

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DataType,
    IntegerType,
    LongType,
    MapType,
    StringType,
    StructField,
    StructType,
)

from settlement.case_rules import CaseRules
from settlement.money import RATE_PLACES, rate_units
from settlement.policy import Band, Policy, Tier
from settlement.policy_values import PolicyProblem
from settlement.reading_values import ReturnStep
from settlement.rule_policy import RulePolicy

_RATE = LongType()
_SHORTENED = ("stable_max_cv", "base_group_max_cv")
_SHORT = StructType([StructField("digits", LongType()), StructField("places", IntegerType())])
_BANDS = ArrayType(StructType([StructField("up_to", _RATE), StructField("multiple", _SHORT)]))
_TIERS = ArrayType(
    StructType([StructField("start", _RATE), StructField("end", _RATE), StructField("fund_share", _RATE)])
)
_KINDS: dict[str, DataType] = {
    "int": IntegerType(),
    "int | None": IntegerType(),
    "bool": BooleanType(),
    "str": StringType(),
    "Decimal": _RATE,
    "Decimal | None": _RATE,
    "tuple[Band, ...]": _BANDS,
    "tuple[Tier, ...]": _TIERS,
    "tuple[ReturnStep, ...]": ArrayType(StructType([StructField("score", _RATE), StructField("share", _RATE)])),
    "tuple[str, ...]": ArrayType(StringType()),
    "tuple[tuple[int, Decimal], ...]": MapType(IntegerType(), _RATE),
    "YearOrder": ArrayType(ArrayType(StringType())),
    "Numbers": MapType(StringType(), _RATE),
}
_CLASSES = (Policy, RulePolicy, CaseRules)
AreaPolicies = Mapping[str, Policy] | Mapping[str, RulePolicy] | Mapping[str, CaseRules]


def _schema(kind: type[Policy] | type[RulePolicy] | type[CaseRules]) -> StructType:
    """One row: an area. Key: area. Columns carry the names of the fields."""
    words = get_type_hints(kind)

    def column(name: str, written: str) -> DataType:
        a_word = isinstance(words[name], type) and issubclass(words[name], StrEnum)
        return _SHORT if name in _SHORTENED else StringType() if a_word else _KINDS[written]

    columns = [StructField(field.name, column(field.name, str(field.type))) for field in fields(kind)]
    return StructType([StructField("area", StringType(), False), *columns])


_MAPS = {field.name for kind in _CLASSES for field in fields(kind) if isinstance(_KINDS.get(str(field.type)), MapType)}


def _units(name: str, number: Decimal) -> int:
    try:
        return rate_units(number)
    except ValueError:
        raise PolicyProblem(f"policy value {name} = {number}: at most {RATE_PLACES} places are kept") from None


def _shortest(name: str, number: Decimal) -> tuple[int, int]:
    digits, places = _units(name, number), RATE_PLACES
    while places and digits % 10 == 0:
        digits, places = digits // 10, places - 1
    return digits, places


def _cell(name: str, value: Any) -> Any:
    if name in _SHORTENED:
        return _shortest(name, value)
    if isinstance(value, Decimal):
        return _units(name, value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Band):
        return (_cell(name, value.up_to), _shortest(name, value.multiple))
    if isinstance(value, ReturnStep):
        return (_cell(name, value.score), _cell(name, value.share))
    if isinstance(value, Tier):
        return (_cell(name, value.start), _cell(name, value.end), _cell(name, value.fund_share))
    if name in _MAPS:
        return {key: _units(name, number) for key, number in value}
    if isinstance(value, tuple):
        return [_cell(name, item) for item in value]
    return value


def policy_frame(policies: AreaPolicies, like: DataFrame) -> DataFrame:
    """The policies as a frame, one row an area, columns as the fields of their class, in the session of `like`.

    Raises `PolicyProblem` where a number has more places than can be held.
    """
    kind = next((type(policy) for policy in policies.values()), Policy)
    rows = [
        (area, *(_cell(field.name, getattr(policy, field.name)) for field in fields(kind)))
        for area, policy in sorted(policies.items())
    ]
    return like.sparkSession.createDataFrame(rows, _schema(kind))


def in_areas(policies: Mapping[str, Policy], chosen: Callable[[Policy], bool]) -> Column:
    """Whether the policy of the row's `area` is one of those chosen: a literal list, so that no join is needed."""
    areas = sorted(area for area, policy in policies.items() if chosen(policy))
    return F.col("area").isin(areas) if areas else F.lit(False)


def with_policies(frame: DataFrame, policies: AreaPolicies, *names: str) -> DataFrame:
    """`frame` with the named policy values of its `area`; an area without a policy is an error that names it."""
    chosen = policy_frame(policies, frame).select("area", *names, F.lit(True).alias("_known"))
    joined = frame.join(F.broadcast(chosen), "area", "left")
    message = F.concat(F.lit("no policy values for area "), F.col("area"), F.lit(": give it a policy"))
    checked = F.when(F.col("_known"), F.col("area")).otherwise(F.raise_error(message).cast("string"))
    return joined.withColumn("area", checked).drop("_known")
