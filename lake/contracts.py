"""Data contracts at the borders of the lake (数据契约), checked by Great Expectations.

Great Expectations on Spark runs one job an expectation and turns decimals into floats. So one Spark aggregation makes a
profile of a table first: counts, extremes and types, as whole numbers and text in a single row. The suite, built from
`conf/quality/contracts.yaml`, is validated on that row. Its data docs are left out: they load scripts from the web.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lake.errors import ContractBroken, EnvironmentProblem, InputProblem
from lake.strict_yaml import read_yaml

_FIELDS = {"title", "source", "columns", "unique", "not_null", "allowed", "between", "conditions"}
_EXACT = 2**53  # Great Expectations keeps bounds as floats: whole numbers beyond this would lose digits


@dataclass(frozen=True)
class Contract:
    """What must hold of one table. `between`: lowest and highest of whole-number columns (None: open)."""

    name: str
    title: str
    columns: Mapping[str, str]
    unique: tuple[str, ...]
    not_null: tuple[str, ...]
    allowed: Mapping[str, tuple[Any, ...]]
    between: Mapping[str, tuple[int | None, int | None]]
    conditions: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Clause:
    """One expectation on one value of the profile: a number within bounds, or a type that fits a pattern."""

    metric: str
    text: str
    at_least: int | None = None
    at_most: int | None = None
    pattern: str | None = None


@dataclass(frozen=True)
class Failure:
    """An expectation that did not hold."""

    metric: str
    text: str
    observed: Any

    def __str__(self) -> str:
        """`missing setl_id = 3: ...`."""
        return f"{self.metric} = {self.observed}: {self.text}"


@dataclass(frozen=True)
class ContractResult:
    """Outcome of a suite: the profile it looked at, how many expectations there were, and which failed, in order."""

    suite: str
    expectations: int
    failures: tuple[Failure, ...]
    profile: Mapping[str, Any]

    @property
    def success(self) -> bool:
        """Whether all held."""
        return not self.failures


def load_contracts(file: Path | None = None) -> dict[str, Contract]:
    """The contracts of a file, by name; without a file the packaged `conf/quality/contracts.yaml`."""
    source = file if file is not None else resources.files("conf").joinpath("quality", "contracts.yaml")
    content = read_yaml("contracts.yaml", source.read_bytes())
    if not isinstance(content, dict) or not isinstance(content.get("suites"), dict):
        raise InputProblem("contracts.yaml: a file of contracts is a mapping with suites (name: contract)")
    return {name: _read_contract(name, entry) for name, entry in content["suites"].items()}


def validate(rows: DataFrame, suite: str | Contract) -> ContractResult:
    """Check a table against a suite: one Spark job, then Great Expectations on the profile.

    Raises `InputProblem` for an unknown suite. Columns that are not there fail their type; what needs them is left out.
    """
    contract = suite if isinstance(suite, Contract) else _named(suite)
    clauses = _clauses(contract)
    profile = _profile(rows, contract)
    failed = _unmet(contract.name, [clause for clause in clauses if profile[clause.metric] is not None], profile)
    return ContractResult(contract.name, len(clauses), tuple(failed), profile)


def require(rows: DataFrame, suite: str | Contract) -> ContractResult:
    """`validate`, and raise `ContractBroken` with the failed expectations if any failed."""
    result = validate(rows, suite)
    if not result.success:
        broken = "\n".join(f"  - {failure}" for failure in result.failures)
        raise ContractBroken(
            f"table {result.suite} breaks its contract in {len(result.failures)} of {result.expectations} points, of "
            f"{result.profile['rows']} rows; nothing was published:\n{broken}\n"
            "Correct the input and run again; the contract is conf/quality/contracts.yaml."
        )
    return result


def without(suite: str, names: Collection[str]) -> Contract:
    """The contract of a table where a reading of the law leaves out bounds of these columns, or these conditions."""
    contract = _named(suite)
    between, conditions = (
        {name: of for name, of in clauses.items() if name not in names}
        for clauses in (contract.between, contract.conditions)
    )
    return replace(contract, between=between, conditions=conditions)  # type: ignore[arg-type]


def _named(suite: str) -> Contract:
    contracts = load_contracts()
    if suite not in contracts:
        raise InputProblem(f"contracts.yaml has no suite {suite!r}; known are {', '.join(contracts)}")
    return contracts[suite]


def _read_contract(name: str, entry: Any) -> Contract:
    if not isinstance(entry, dict) or not isinstance(entry.get("columns"), dict) or set(entry) - _FIELDS:
        raise InputProblem(
            f"contracts.yaml: {name} needs columns (name: type); fields are {', '.join(sorted(_FIELDS))}"
        )
    allowed = {column: tuple(values) for column, values in entry.get("allowed", {}).items()}
    conditions = {key: (rule["sql"], rule["text"]) for key, rule in entry.get("conditions", {}).items()}
    between = {key: (rule.get("at_least"), rule.get("at_most")) for key, rule in entry.get("between", {}).items()}
    named = {*entry.get("unique", ()), *entry.get("not_null", ()), *allowed, *between}
    unknown = sorted(named - set(entry["columns"]))
    if unknown:
        raise InputProblem(f"contracts.yaml: {name}: {unknown[0]} is checked, but not among its columns; add its type")
    for column, bounds in between.items():
        if any(bound is not None and not (isinstance(bound, int) and abs(bound) <= _EXACT) for bound in bounds):
            raise InputProblem(f"contracts.yaml: {name}: bounds {bounds} of {column} must be whole, at most {_EXACT}")
    return Contract(
        name=name,
        title=entry.get("title", name),
        columns=entry["columns"],
        unique=tuple(entry.get("unique", ())),
        not_null=tuple(entry.get("not_null", ())),
        allowed=allowed,
        between=between,
        conditions=conditions,
    )


def _clauses(contract: Contract) -> list[Clause]:
    """The suite as a list, in the order in which people read it."""
    clauses = [
        Clause(f"type of {column}", f"列 {column} 的类型须为 {kind}", pattern=rf"^{re.escape(kind)}([(<].*)?$")
        for column, kind in contract.columns.items()
    ]
    if contract.unique:
        clauses.append(Clause("repeated keys", f"{'、'.join(contract.unique)} 不得重复", at_most=0))
    clauses += [Clause(f"missing {column}", f"{column} 不得为空", at_most=0) for column in contract.not_null]
    clauses += [
        Clause(f"outside {column}", f"{column} 只能取 {'、'.join(map(str, values))}", at_most=0)
        for column, values in contract.allowed.items()
    ]
    for column, (least, most) in contract.between.items():
        if least is not None:
            clauses.append(Clause(f"least {column}", f"{column} 不得小于 {least}", at_least=least))
        if most is not None:
            clauses.append(Clause(f"most {column}", f"{column} 不得大于 {most}", at_most=most))
    return clauses + [Clause(f"against {key}", text, at_most=0) for key, (_, text) in contract.conditions.items()]


def _profile(rows: DataFrame, contract: Contract) -> dict[str, Any]:
    """One job: whole numbers by metric; None where the column is not there or the table is empty."""
    types = {column: rows.schema[column].dataType.simpleString() for column in rows.columns}
    profile: dict[str, Any] = {f"type of {column}": types.get(column, "not there") for column in contract.columns}
    asked = {name: measure for name, (needs, measure) in _measures(contract).items() if needs <= set(types)}
    counted = rows.agg(*[measure.alias(f"m{place}") for place, measure in enumerate(asked.values())]).first()
    assert counted is not None, "an aggregation without groups gives one row"
    known = dict(zip(asked, counted, strict=True))
    if "keys" in known:
        known["repeated keys"] = known.pop("whole keys") - known.pop("keys")
    return (
        {clause.metric: known.get(clause.metric) for clause in _clauses(contract)} | profile | {"rows": known["rows"]}
    )


def _measures(contract: Contract) -> dict[str, tuple[set[str], Column]]:
    """Aggregates by metric, with the columns they need."""
    measures: dict[str, tuple[set[str], Column]] = {"rows": (set(), F.count(F.lit(1)))}
    if contract.unique:
        key = F.when(_all_there(contract.unique), F.struct(*contract.unique))
        measures["whole keys"] = (set(contract.unique), F.count(key))
        measures["keys"] = (set(contract.unique), F.countDistinct(key))
    for column in contract.not_null:
        measures[f"missing {column}"] = ({column}, F.count_if(F.col(column).isNull()))
    for column, values in contract.allowed.items():
        measures[f"outside {column}"] = ({column}, F.count_if(~F.col(column).isin(*values)))
    for column in contract.between:
        measures[f"least {column}"] = ({column}, F.min(column))
        measures[f"most {column}"] = ({column}, F.max(column))
    for key_, (sql, _) in contract.conditions.items():
        held = F.coalesce(F.expr(sql), F.lit(False))
        measures[f"against {key_}"] = (set(contract.columns), F.count_if(~held))
    return measures


def _all_there(columns: tuple[str, ...]) -> Column:
    there = F.lit(True)
    for column in columns:
        there = there & F.col(column).isNotNull()
    return there


@cache
def _great_expectations() -> tuple[Any, Any]:
    """The library and one context in memory, without telemetry, files or progress bars. Slow to import, hence late."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations among its own dependencies
        try:
            import great_expectations as gx
        except SystemExit as exit_:  # PySpark takes a program without a file (python -c) for its own doctests
            raise EnvironmentProblem(
                "Great Expectations cannot be loaded from `python -c` or standard input: PySpark ends such a program. "
                "Put the program into a file, or use the command line `dianshu`."
            ) from exit_
        from great_expectations.data_context.types.base import ProgressBarsConfig

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return gx, context


def _expectation(gx: Any, clause: Clause) -> Any:
    meta = {"metric": clause.metric}
    if clause.pattern is not None:
        return gx.expectations.ExpectColumnValuesToMatchRegex(column=clause.metric, regex=clause.pattern, meta=meta)
    return gx.expectations.ExpectColumnValuesToBeBetween(
        column=clause.metric, min_value=clause.at_least, max_value=clause.at_most, meta=meta
    )


def _unmet(suite: str, clauses: list[Clause], profile: Mapping[str, Any]) -> list[Failure]:
    import pandas as pd

    gx, context = _great_expectations()
    frame = pd.DataFrame({clause.metric: [profile[clause.metric]] for clause in clauses})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        batch = context.data_sources.pandas_default.read_dataframe(frame)
        expectations = [_expectation(gx, clause) for clause in clauses]
        outcome = batch.validate(gx.ExpectationSuite(suite, expectations=expectations))
    held = {one.expectation_config.meta["metric"] for one in outcome.results if one.success}
    return [Failure(one.metric, one.text, profile[one.metric]) for one in clauses if one.metric not in held]
