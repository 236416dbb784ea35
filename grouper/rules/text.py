"""From a rule's meaning back to writing: canonical rule language, and a Chinese sentence for people."""

from __future__ import annotations

from decimal import Decimal

from grouper.rules.nodes import And, Compare, Comparison, Constant, CountIn, Field, InSets, Not, Or, Rule, Scalar

FIELD_ZH = {
    Field.ZYZD: "主要诊断",
    Field.QTZD: "其他诊断",
    Field.ZYSS: "主要手术",
    Field.QTSS: "其他手术",
}
SCALAR_ZH = {
    Scalar.NL: ("年龄", "岁"),
    Scalar.XB: ("性别", ""),
    Scalar.XSRTL: ("日龄", "天"),
    Scalar.XSRTZ: ("出生体重", "克"),
    Scalar.ZYTS: ("住院天数", "天"),
    Scalar.LYFS: ("离院方式", ""),
    Scalar.ICUSC: ("重症监护时长", "小时"),
}
COMPARISON_ZH = {
    Comparison.LT: "小于",
    Comparison.LE: "不大于",
    Comparison.GT: "大于",
    Comparison.GE: "不小于",
    Comparison.EQ: "等于",
    Comparison.NE: "不等于",
}
LEVEL_ZH = {"MCC": "严重并发症或合并症（MCC）", "CC": "并发症或合并症（CC）"}
SEX_ZH = {Decimal(1): "男", Decimal(2): "女"}


def number_text(number: Decimal) -> str:
    """A number without exponent and without needless zeros."""
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def rule_text(rule: Rule) -> str:
    """Canonical rule language; `parse_rule` of it gives the same rule. A true constant is ''."""
    match rule:
        case Constant(value):
            return "" if value else "0"
        case InSets(fields, sets, complications, negated):
            return f"{_braced(fields)} {'not in' if negated else 'in'} {_braced((*complications, *sets))}"
        case CountIn(sets, fields, comparison, number):
            return f"length({_braced(sets)} ∩ {_braced(fields)}) {comparison} {number_text(number)}"
        case Compare(scalar, comparison, number):
            return f"{scalar} {comparison} {number_text(number)}"
        case Not(operand):
            return f"not {_bracketed(operand, (And, Or))}"
        case And(operands):
            return " and ".join(_bracketed(operand, (And, Or)) for operand in operands)
        case Or(operands):
            return " or ".join(_bracketed(operand, (Or,)) for operand in operands)


def rule_text_zh(rule: Rule) -> str:
    """The rule as a Chinese sentence for doctors and clerks."""
    match rule:
        case Constant(value):
            return "恒成立（兜底）" if value else "恒不成立"
        case InSets(fields, sets, complications, negated):
            asked = [LEVEL_ZH[level] for level in complications]
            if sets:
                asked.append(f"集合{'、'.join(sets)}内的编码")
            verb = "没有属于" if negated else "有属于"
            return f"{_fields_zh(fields)}{verb}{'或'.join(asked)}的"
        case CountIn(sets, fields, comparison, number):
            many = f"{COMPARISON_ZH[comparison]}{number_text(number)}"
            return f"{_fields_zh(fields)}属于集合{'、'.join(sets)}的不同编码个数{many}"
        case Compare(scalar, comparison, number):
            return _compare_zh(scalar, comparison, number)
        case Not(operand):
            return f"并非（{rule_text_zh(operand)}）"
        case And(operands):
            return "，且".join(_bracketed_zh(operand) for operand in operands)
        case Or(operands):
            return "，或".join(_bracketed_zh(operand) for operand in operands)


def _compare_zh(scalar: Scalar, comparison: Comparison, number: Decimal) -> str:
    name, unit = SCALAR_ZH[scalar]
    value = SEX_ZH.get(number, number_text(number)) if scalar is Scalar.XB else number_text(number)
    return f"{name}{COMPARISON_ZH[comparison]}{value}{unit}"


def _braced(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else "{" + ", ".join(names) + "}"


def _bracketed(rule: Rule, kinds: tuple[type, ...]) -> str:
    text = rule_text(rule)
    return f"({text})" if isinstance(rule, kinds) else text


def _bracketed_zh(rule: Rule) -> str:
    text = rule_text_zh(rule)
    return f"（{text}）" if isinstance(rule, And | Or) else text


def _fields_zh(fields: tuple[Field, ...]) -> str:
    return "或".join(FIELD_ZH[field] for field in fields)
