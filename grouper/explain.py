"""A trace as Chinese text lines, with each rule's own text: what a hospital or an auditor is shown."""

from __future__ import annotations

from collections.abc import Mapping

from grouper.case import Outcome, Reason
from grouper.edition import CodeReading
from grouper.rules.nodes import Field
from grouper.rules.parse import parse_rule
from grouper.rules.text import FIELD_ZH, rule_text_zh
from grouper.trace import AtomTrace, RuleTrace, Trace

REASON_ZH = {
    Reason.NONE: "",
    Reason.NO_PRINCIPAL_DIAGNOSIS: "缺主要诊断",
    Reason.GREY_PRINCIPAL_DIAGNOSIS: "主要诊断为灰码，不能作为主要诊断",
    Reason.UNKNOWN_PRINCIPAL_DIAGNOSIS: "主要诊断编码不在本分组方案的任何表中",
    Reason.NO_MDC: "没有任何MDC规则成立",
    Reason.NO_RULE_HELD: "已进入MDC，但没有任何病组规则成立",
    Reason.MISSING_SEX: "缺性别，无法判定",
    Reason.MISSING_AGE: "缺年龄，无法判定",
    Reason.MISSING_BIRTH_WEIGHT: "缺出生体重，无法判定",
}


def explain_lines(trace: Trace, code_names: Mapping[str, str] | None = None) -> list[str]:
    """The whole trace in Chinese, one step a line; `code_names` puts names beside codes.

    The result comes first, then the codes that were mapped or are grey, then the complications, then every rule in the
    order in which it was tried.
    """
    names = code_names or {}
    lines = [f"病例 {trace.case.case_id}：{_result(trace)}"]
    lines.extend(f"  {_reading(one, names)}" for one in trace.codes)
    for one in trace.complications:
        fate = f"被排除表{one.exclusion}排除（主要诊断在表内）" if one.struck else "有效"
        lines.append(f"  其他诊断 {_named(one.code, names)} 为{one.level}，{fate}")
    for step in trace.rules:
        lines.extend(_rule_lines(step, names))
    return lines


def _result(trace: Trace) -> str:
    result = trace.result
    if result.outcome is Outcome.UNGROUPED:
        return f"未入组（{result.drg}），原因：{REASON_ZH[result.reason]}"
    kind = "歧义组，不作支付病组" if result.outcome is Outcome.AMBIGUOUS else "已入组"
    return f"{kind}，MDC {result.mdc}，ADRG {result.adrg}，DRG {result.drg}"


def _reading(one: CodeReading, names: Mapping[str, str]) -> str:
    where = FIELD_ZH[one.field]
    fate = "，灰码，不能作为主要诊断" if one.field is Field.ZYZD else "，灰码，不参加分组"
    if one.original == one.code:
        return f"{where} {_named(one.code, names)}{fate}"
    note = f"（备注：{one.note}）" if one.note else ""
    return f"编码映射 {where} {one.original} -> {_named(one.code, names)}{note}{fate if one.grey else ''}"


def _rule_lines(step: RuleTrace, names: Mapping[str, str]) -> list[str]:
    verdict = "成立" if step.held else "因缺失数据无法判定" if step.undecided else "不成立"
    indent = {"MDC": "  ", "ADRG": "    ", "DRG": "      "}[step.sheet]
    title = f"{step.sheet} {step.code}" + (f" {step.name}" if step.name else "")
    lines = [f"{indent}{title}：{verdict}。规则：{step.rule or '（空，恒成立）'}"]
    if step.held or step.undecided:
        lines.append(f"{indent}  含义：{rule_text_zh(parse_rule(step.rule))}")
        lines.extend(f"{indent}  {_atom(atom, names)}" for atom in step.atoms)
    return lines


def _atom(atom: AtomTrace, names: Mapping[str, str]) -> str:
    facts = [
        f"{FIELD_ZH[match.field]} {_named(match.code, names)} 属于集合{'、'.join(match.sets)}" for match in atom.matches
    ]
    facts += [
        f"{_named(one.code, names)} 为{one.level}" + (f"但被排除表{one.exclusion}排除" if one.struck else "")
        for one in atom.complications
    ]
    if atom.missing:
        facts.append("病例缺此值")
    elif atom.value:
        facts.append(f"值为{atom.value}")
    mark = "√" if atom.held else "×"
    return f"{mark} {atom.text}" + (f"：{'；'.join(facts)}" if facts else "")


def _named(code: str, names: Mapping[str, str]) -> str:
    return f"{code}（{names[code]}）" if code in names else code
