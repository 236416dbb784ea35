"""Expressions of the quality rules (清单质控规则), one for each id of `conf/quality/rules.yaml`.

An expression stands on the columns of the table `lists` and on four more that `lake.quality.with_occurrences` adds:
the principal codes and three flags. It gives an array of occurrences (rule, field, value), empty where all is well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F

from lake.errors import InputProblem

OCCURRENCE = "struct<rule:string,field:string,value:string>"
MAIN_CODES = "_main_codes"
PRINCIPAL_KNOWN, REPEATED, HOSPITAL_KNOWN = "_principal_known", "_repeated", "_hospital_known"


@dataclass(frozen=True)
class Rule:
    """A rule as `rules.yaml` has it. `block_fields`: fields whose occurrences block although the rule only warns."""

    id: str
    kind: str
    severity: str
    field: str
    text: str
    source: str
    block_fields: tuple[str, ...]
    params: Mapping[str, Any]

    def param(self, name: str) -> Any:
        """A parameter's value. Raises `InputProblem` where the file does not give it."""
        if name not in self.params:
            raise InputProblem(f"rules.yaml: {self.id} needs params: {name} with unit and value")
        return self.params[name]


def _occurrence(rule: Rule, field: Column | str, value: Column) -> Column:
    name = F.lit(field) if isinstance(field, str) else field
    return F.struct(
        F.lit(rule.id).alias("rule"), name.alias("field"), F.coalesce(value.cast("string"), F.lit("")).alias("value")
    )


def _nothing() -> Column:
    return F.array().cast(f"array<{OCCURRENCE}>")


def _where(condition: Column, occurrences: Column) -> Column:
    """The occurrences where the condition is true; none where it is false or unknown."""
    return F.when(condition, occurrences).otherwise(_nothing())


def _found(rule: Rule, condition: Column, field: str, value: Column | None = None) -> Column:
    """One occurrence where the condition is true."""
    return _where(condition, F.array(_occurrence(rule, field, F.lit("") if value is None else value)))


def _blank(value: Column) -> Column:
    return value.isNull() | (F.trim(value) == "")


def _western(diagnosis: Column) -> Column:
    return F.coalesce(diagnosis["diag_type"], F.lit("1")) == "1"  # 1 西医诊断; a missing type is taken for it


def main_codes() -> Column:
    """Codes of the western diagnoses that are marked as principal (西医主要诊断), as an array; empty where none is."""
    mains = F.filter("diseinfo", lambda one: _western(one) & (one["maindiag_flag"] == "1") & ~_blank(one["diag_code"]))
    return F.coalesce(F.transform(mains, lambda one: one["diag_code"]), F.array().cast("array<string>"))


def main_code() -> Column:
    """The principal diagnosis, null where there is none; the first where there are several."""
    return F.get(F.col(MAIN_CODES), F.lit(0))


def _yuan(fen: Column) -> Column:
    return (fen.cast("decimal(22,2)") / F.lit(100)).cast("decimal(22,2)").cast("string")


def _sum(array: str, amount: str, keep: Callable[[Column], Column] | None = None) -> Column:
    """Sum of a node's amounts in fen; null where it does not fit 64 bits."""
    rows = F.filter(array, keep) if keep else F.col(array)
    return F.aggregate(
        rows,
        F.lit(0).cast("bigint"),
        lambda total, one: F.try_add(total, F.coalesce(one[amount], F.lit(0).cast("bigint"))),
    )


def _age_in_days() -> Column:
    """Age in days of a child under one year (年龄不足1周岁), given or from birth and admission; null for others."""
    days = F.coalesce(F.col("age_days"), F.datediff(F.col("adm_time").cast("date"), F.col("brdy")))
    return F.when(F.coalesce(F.col("age"), F.lit(0)) < 1, days)


def code_pattern(codes: list[str]) -> str:
    """A regular expression for ICD-10 beginnings and ranges of them: `C60`, `C60-C63`, `S31.2-S31.3`.

    Raises `InputProblem` for a range whose ends differ in more than their last digits.
    """
    beginnings: list[str] = []
    for item in codes:
        first, _, last = item.partition("-")
        stem = re.fullmatch(r"([A-Z]\d\d\.|[A-Z])(\d+)", first)
        end = re.fullmatch(r"([A-Z]\d\d\.|[A-Z])(\d+)", last or first)
        if not stem or not end or stem[1] != end[1] or len(stem[2]) != len(end[2]) or int(stem[2]) > int(end[2]):
            raise InputProblem(
                f"rules.yaml: {item!r} is no ICD-10 beginning or range; write C60, C60-C63 or S31.2-S31.3"
            )
        width = len(stem[2])
        beginnings += [f"{stem[1]}{number:0{width}d}" for number in range(int(stem[2]), int(end[2]) + 1)]
    return f"^(?:{'|'.join(re.escape(beginning) for beginning in beginnings)})"


def _no_code(rule: Rule, node: str, field: str) -> Column:
    """Positions (from 1) of the rows of a node that have no code."""
    count = F.coalesce(F.size(node), F.lit(0))
    places = F.when(count > 0, F.sequence(F.lit(1), count))
    empty = F.filter(places, lambda place: _blank(F.get(F.col(node), place - 1)[field]))
    occurrences = F.transform(empty, lambda place: _occurrence(rule, f"{node}.{field}", place))
    return _where(F.exists(F.col(node)[field], _blank), occurrences)


def _missing_codes(rule: Rule) -> Column:
    return F.concat(_no_code(rule, "diseinfo", "diag_code"), _no_code(rule, "oprninfo", "oprn_oprt_code"))


def _missing_identity(rule: Rule) -> Column:
    no_age = F.col("age").isNull() & F.col("age_days").isNull() & F.col("brdy").isNull()
    return F.concat(_found(rule, _blank(F.col("gend")), "gend"), _found(rule, no_age, "age"))


def _repeated_codes(rule: Rule) -> Column:
    western = F.filter("diseinfo", lambda one: _western(one) & ~_blank(one["diag_code"]))
    codes = F.transform(western, lambda one: one["diag_code"])
    again = F.filter(F.array_distinct(codes), lambda code: F.size(F.filter(codes, lambda other: other == code)) > 1)
    all_codes = F.col("diseinfo")["diag_code"]
    several = F.size(F.array_distinct(all_codes)) < F.size(all_codes)  # cheap, and false for most lists
    return _where(several, F.transform(again, lambda code: _occurrence(rule, "diag_code", code)))


def _outside(rule: Rule, value: Column) -> Column:
    return (value < F.lit(rule.param("lowest")).cast("decimal(8,2)")) | (
        value > F.lit(rule.param("highest")).cast("decimal(8,2)")
    )


def _newborn_without_weight(rule: Rule) -> Column:
    days = _age_in_days()
    newborn = days.between(F.lit(0), F.lit(rule.param("newborn_days")))
    return _found(rule, newborn & F.col("nwb_bir_wt").isNull(), "nwb_bir_wt", days)


def _wrong_sex(rule: Rule, sex: str) -> Column:
    wrong = (F.col("gend") == sex) & main_code().rlike(code_pattern(rule.param("codes")))
    return _found(rule, wrong, "diag_code", main_code())


def _two_amounts(total: Column, other: Column) -> Column:
    return F.concat(_yuan(total), F.lit("/"), _yuan(other))


def _items_differ(rule: Rule) -> Column:
    total, items = F.col("medfee_sumamt_fen"), _sum("iteminfo", "item_sumamt_fen")
    differ = (F.size("iteminfo") > 0) & (F.abs(F.try_subtract(items, total)) > F.lit(rule.param("tolerance")))
    return _found(rule, differ, "medfee_sumamt", _two_amounts(total, items))


def _parts_differ(rule: Rule) -> Column:
    """Funds and the personal part must make the total. Without payinfo only the pooled fund is known: a lower bound."""
    account = rule.param("personal_account")  # paid from the person's own account: part of the personal part
    funds = _sum("payinfo", "fund_payamt_fen", lambda one: ~F.coalesce(one["fund_pay_type"], F.lit("")).isin(account))
    complete = F.coalesce(F.size("payinfo"), F.lit(0)) > 0
    total = F.col("medfee_sumamt_fen")
    parts = F.try_add(F.when(complete, funds).otherwise(F.col("fund_fen")), F.col("psn_pay_fen"))
    over = F.try_subtract(parts, total)
    differ = (over > F.lit(rule.param("tolerance"))) | (complete & (over < F.lit(-rule.param("tolerance"))))
    return _found(rule, differ, "medfee_sumamt", _two_amounts(total, parts))


def _implausible_amounts(rule: Rule) -> Column:
    total, personal = F.col("medfee_sumamt_fen"), F.col("psn_pay_fen")
    return F.concat(
        _found(rule, total < 0, "medfee_sumamt", _yuan(total)),
        _found(rule, total < personal, "psn_pay", _yuan(personal)),
    )


def _unreadable(rule: Rule) -> Column:
    cells = F.transform("unreadable", lambda cell: _occurrence(rule, cell["field"], cell["value"]))
    return F.coalesce(cells, _nothing())


def _not_payable(rule: Rule) -> Column:
    needed = {"setl_time": "setl_time", "medfee_sumamt": "medfee_sumamt_fen", "fund_pay_sumamt": "fund_fen"}
    return F.concat(*[_found(rule, F.col(column).isNull(), field) for field, column in needed.items()])


RULES: dict[str, Callable[[Rule], Column]] = {
    "QC-101": lambda rule: _found(rule, F.size(MAIN_CODES) == 0, "diseinfo"),
    "QC-102": lambda rule: _found(rule, F.size(MAIN_CODES) > 1, "diseinfo", F.array_join(MAIN_CODES, "、")),
    "QC-103": lambda rule: _found(rule, F.col("dscg_time").isNull(), "dscg_time"),
    "QC-104": _missing_identity,
    "QC-105": lambda rule: _found(rule, _blank(F.col("dscg_way")), "dscg_way"),
    "QC-112": _missing_codes,
    "QC-201": lambda rule: _found(
        rule,
        ~_blank(F.col("dscg_way")) & ~F.col("dscg_way").isin(rule.param("allowed")),
        "dscg_way",
        F.col("dscg_way"),
    ),
    "QC-202": lambda rule: _found(rule, main_code().isNotNull() & ~F.col(PRINCIPAL_KNOWN), "diag_code", main_code()),
    "QC-302": lambda rule: _found(rule, _outside(rule, F.col("nwb_bir_wt")), "nwb_bir_wt", F.col("nwb_bir_wt")),
    "QC-401": lambda rule: _found(
        rule,
        F.col("dscg_time") <= F.col("adm_time"),
        "dscg_time",
        F.concat(F.col("adm_time").cast("string"), F.lit(" - "), F.col("dscg_time").cast("string")),
    ),
    "QC-503": _newborn_without_weight,
    "QC-701": _repeated_codes,
    "QC-702": lambda rule: _found(rule, F.col(REPEATED), "setl_id", F.col("setl_id")),
    "QC-801": lambda rule: _wrong_sex(rule, "2"),
    "QC-802": lambda rule: _wrong_sex(rule, "1"),
    "QC-901": _items_differ,
    "QC-902": _parts_differ,
    "QC-904": _implausible_amounts,
    "QC-991": _unreadable,
    "QC-992": lambda rule: _found(rule, ~F.col(HOSPITAL_KNOWN), "fixmedins_code", F.col("fixmedins_code")),
    "QC-993": _not_payable,
}
