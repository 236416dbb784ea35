"""Checks of settlement lists (清单质控): every rule is a Column, all of them run in one pass.

What a rule is called, how grave it is, what it says and its numbers are data (`conf/quality/rules.yaml`); the
expression of each id stands in `lake/quality_rules.py`. The arrays of occurrences that they give are joined into one
column, which is exploded to findings or asked for the first rule that blocks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lake.errors import InputProblem
from lake.quality_rules import HOSPITAL_KNOWN, MAIN_CODES, PRINCIPAL_KNOWN, REPEATED, RULES, Rule, main_codes
from lake.strict_yaml import read_yaml

FOUND = "occurrences"
SEVERITIES = ("block", "warn")
_FILE_FIELDS = {"since", "rules"}
_RULE_FIELDS = {"kind", "severity", "field", "text", "source"}


def load_rules(file: Path | None = None) -> dict[str, Rule]:
    """The rules of a file, in its order; without a file those of the packaged `conf/quality/rules.yaml`.

    Raises `InputProblem` for a rule without expression, a missing field or an unknown severity.
    """
    source = file if file is not None else resources.files("conf").joinpath("quality", "rules.yaml")
    content = read_yaml("rules.yaml", source.read_bytes())
    if not isinstance(content, dict) or set(content) != _FILE_FIELDS or not isinstance(content["rules"], dict):
        raise InputProblem("rules.yaml: a file of quality rules is a mapping with since and rules (id: rule)")
    return {id_: _read_rule(id_, entry) for id_, entry in content["rules"].items()}


def rules_fingerprint() -> str:
    """Hash of the packaged rules: what findings are determined by, beside the code."""
    content = resources.files("conf").joinpath("quality", "rules.yaml").read_bytes()
    return hashlib.sha256(content).hexdigest()[:20]


def _read_rule(id_: str, entry: Any) -> Rule:
    if id_ not in RULES:
        raise InputProblem(f"rules.yaml: {id_} has no expression; known are {', '.join(RULES)}")
    if not isinstance(entry, dict):
        raise InputProblem(f"rules.yaml: {id_} = {entry!r}: write {', '.join(sorted(_RULE_FIELDS))}")
    missing = sorted(field for field in _RULE_FIELDS if not isinstance(entry.get(field), str))
    unknown = sorted(set(entry) - _RULE_FIELDS - {"block_fields", "params"})
    if missing or unknown:
        raise InputProblem(f"rules.yaml: {id_}: missing text {missing}, unknown fields {unknown}")
    if entry["severity"] not in SEVERITIES:
        raise InputProblem(f"rules.yaml: {id_}: severity = {entry['severity']!r}; known are {', '.join(SEVERITIES)}")
    params = entry.get("params", {})
    for name, param in params.items():
        if not isinstance(param, dict) or set(param) != {"unit", "value"}:
            raise InputProblem(f"rules.yaml: {id_}: {name} = {param!r}; every parameter has unit and value")
    texts = {field: entry[field] for field in _RULE_FIELDS}
    values = {name: param["value"] for name, param in params.items()}
    return Rule(id=id_, **texts, block_fields=tuple(entry.get("block_fields", ())), params=values)


def with_occurrences(
    lists: DataFrame,
    rules: Mapping[str, Rule],
    principal_known: Column | None = None,
    repeated: Column | None = None,
    hospital_known: Column | None = None,
) -> DataFrame:
    """The lists with one more column, `occurrences`: what every rule found, in the order of the rules.

    The three flags are what a list cannot say of itself: whether its principal diagnosis is a known code, whether its
    setl_id stands more than once in the batch, whether its hospital is registered. Left out, they find nothing; a flag
    that is null counts as false.
    """
    flagged = lists.withColumns(
        {
            MAIN_CODES: main_codes(),
            PRINCIPAL_KNOWN: _sure(principal_known, if_left_out=True),
            REPEATED: _sure(repeated, if_left_out=False),
            HOSPITAL_KNOWN: _sure(hospital_known, if_left_out=True),
        }
    )
    found = F.concat(*[RULES[rule.id](rule) for rule in rules.values()])
    return flagged.withColumn(FOUND, found).drop(MAIN_CODES, PRINCIPAL_KNOWN, REPEATED, HOSPITAL_KNOWN)


def _sure(flag: Column | None, if_left_out: bool) -> Column:
    return F.lit(if_left_out) if flag is None else F.coalesce(flag, F.lit(False))


def _blocks(rules: Mapping[str, Rule], rule: Column, field: Column) -> Column:
    grave = rule.isin([one.id for one in rules.values() if one.severity == "block"])
    for one in rules.values():
        if one.block_fields:
            grave = grave | ((rule == one.id) & field.isin(list(one.block_fields)))
    return grave


def block_reason(rules: Mapping[str, Rule], occurrences: str = FOUND) -> Column:
    """The first rule that forbids grouping, from the column of `with_occurrences`; empty text where none does."""
    grave = F.filter(occurrences, lambda one: _blocks(rules, one["rule"], one["field"]))
    # Most lists have no occurrences; and as the array is asked for twice, it stays compiled code of its own.
    first = F.when(F.size(occurrences) > 0, F.get(grave, F.lit(0))["rule"])
    return F.coalesce(first, F.lit(""))


def _message(rules: Mapping[str, Rule]) -> Column:
    texts = F.create_map(*[F.lit(part) for rule in rules.values() for part in (rule.id, rule.text)])
    text = F.replace(texts[F.col("rule")], F.lit("{field}"), F.col("field"))
    return F.replace(text, F.lit("{value}"), F.col("value"))


def findings(checked: DataFrame, rules: Mapping[str, Rule]) -> DataFrame:
    """One row per case, rule and occurrence, from the column of `with_occurrences`.

    Columns: setl_id, fixmedins_code, rule, severity, field, value, message (Chinese), area, month.
    """
    case = ("setl_id", "fixmedins_code", "area", "month")
    # explode would let the optimizer add a filter on the array, and with it a second evaluation of every rule.
    flat = checked.select(*case, F.explode_outer(FOUND).alias("one")).where("one IS NOT NULL").select(*case, "one.*")
    severity = F.when(_blocks(rules, F.col("rule"), F.col("field")), F.lit("block")).otherwise(F.lit("warn"))
    return flat.select(
        "setl_id",
        "fixmedins_code",
        "rule",
        severity.alias("severity"),
        "field",
        "value",
        _message(rules).alias("message"),
        "area",
        "month",
    )


def check_lists(
    lists: DataFrame,
    rules: Mapping[str, Rule] | None = None,
    principal_known: Column | None = None,
    repeated: Column | None = None,
    hospital_known: Column | None = None,
) -> DataFrame:
    """Findings of the lists: `with_occurrences` and `findings` together, with the packaged rules if none are given."""
    used = load_rules() if rules is None else rules
    return findings(with_occurrences(lists, used, principal_known, repeated, hospital_known), used)
