"""Command `why`: one case's path from the rule's text to its money, in Chinese."""

from __future__ import annotations

import argparse
from decimal import Decimal
from fractions import Fraction

from grouper.explain import explain_lines
from jobs.context import add_lake_arguments, open_context
from jobs.shell import run_job
from lake.case_file import CaseFile, read_case_file
from lake.case_value import CaseValue, ValueOf
from lake.errors import ContractBroken
from serving.terms import CLASS, INSURANCE, SCOPE, yuan
from settlement.case_points import BY_ITEM
from settlement.policy import PointValueKind
from settlement.readings import Combine
from settlement.reference.elements import Coefficient, RulerSource
from settlement.reference.exact import fixed
from settlement.reference.points import TCM_ARTICLE, PointsExplanation

NAME = "why"
RULER = {
    RulerSource.LEVEL_MEAN: "级别次均费用（判定标准）",
    RulerSource.YEAR_LEVEL_MEAN: "当年级别次均费用（判定标准）",
    RulerSource.GROUP_MEAN_TIMES_COEFFICIENT: "病组次均费用 × 级别系数（判定标准）",
    RulerSource.GROUP_MEAN: "病组次均费用（判定标准）",
    RulerSource.NONE: "",
}
REVIEW = {
    "refused": "未通过，按一般规则支付",
    "over_quota": "超出比例，按一般规则支付",
    "no_ground": "不符合申报条件，按一般规则支付",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dianshu why`."""
    parser.add_argument("setl_id", metavar="SETL_ID")
    add_lake_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print the case's path."""
    context = open_context(args, NAME)
    file = read_case_file(context.runs, context.registry, args.setl_id)
    check_voices(file)
    print("\n".join([*case_lines(file), *group_lines(file), *point_lines(file), *money_lines(file)]))
    return 0


def check_voices(file: CaseFile) -> None:
    """What is explained must be what was settled. Raises `ContractBroken` where the two voices differ."""
    if file.points is None:
        return
    shown = (file.points.points, file.points.uplift)
    stored = (Fraction(file.scored.points), Fraction(file.scored.uplift))
    if shown != stored or file.points.case_class.value != file.scored["class"]:
        raise ContractBroken(
            f"case {file.case.setl_id}: settled as {file.scored['class']} with {_sum(stored)} points, "
            f"explained as {file.points.case_class.value} with {_sum(shown)}. This is an error of the program."
        )


def _sum(points: tuple[Fraction, Fraction]) -> str:
    return " + ".join(_plain(part) for part in points)


def case_lines(file: CaseFile) -> list[str]:
    """The case itself and its findings."""
    case = file.case
    lines = [
        f"【病例】{case.setl_id}  就医地 {case.area}  医疗机构 {case.fixmedins_code}  参保地 {case.insu_admdvs}",
        f"  险种 {INSURANCE.get(case.insutype, case.insutype)}  出院 {case.dscg_date}  结算 {case.setl_date}  "
        f"上传 {case.upload_date}",
        f"  医疗总费用 {yuan(case.cost_fen)} 元  其中特需 {yuan(case.special_cost_fen)} 元  "
        f"统筹基金 {yuan(case.fund_fen)} 元",
    ]
    if not file.findings:
        return [*lines, "  质控：没有发现问题"]
    return lines + [
        f"  质控 {one.rule}（{'不能入组' if one.severity == 'block' else '提示'}）：{one.message}"
        for one in file.findings
    ]


def group_lines(file: CaseFile) -> list[str]:
    """The group with every rule that was tried."""
    lines = ["", f"【分组】方案 {file.parameters.scheme_version[:16]}"]
    if file.case.blocked:
        return [*lines, f"  因质控规则 {file.case.blocked} 不参加分组（0000）"]
    return lines + ["  " + line for line in explain_lines(file.trace, file.scheme.code_names)]


def point_lines(file: CaseFile) -> list[str]:
    """Class and points, with the figures they came from."""
    scored, points = file.scored, file.points
    lines = ["", f"【点数】核心要素 {scored.set_id}（第{file.parameters.version}版，发布人 {file.parameters.who}）"]
    if points is None:
        return [
            *lines,
            f"  {CLASS[scored['class']]}：{file.case.fixmedins_code} 不在 {file.case.area} 的机构名册中，没有点数",
        ]
    lines.append(f"  范围 {SCOPE[scored.scope]}  类别 {CLASS[scored['class']]}  依据 {points.article}")
    figures = points.figures
    for label, value in (
        ("所有病组次均费用 M", figures.all_mean),
        ("病组基准点数 B", figures.benchmark_points),
        (RULER[figures.ruler.source] if figures.ruler else "", figures.ruler.value if figures.ruler else None),
        ("高倍率界限（高于）", figures.high_bound),
        ("低倍率界限（不高于）", figures.low_bound),
    ):
        if value is not None:
            lines.append(f"  {label} = {_plain(value)}")
    if figures.coefficient is not None:
        k = figures.coefficient
        lines.append(f"  调节系数 K = {coefficient_text(k)}（{k.source.value}）")
    if points.review in REVIEW:
        lines.append(f"  特例单议申请：{REVIEW[points.review]}")
    lines.append(f"  点数 = {points.formula} = {scored.points.normalize():f}")
    if figures.tcm_share is not None:
        lines.append(f"  中治率 = {_percent(figures.tcm_share)}（中医药治疗费用 ÷ 医疗总费用，依据 {TCM_ARTICLE}）")
    if points.uplift:
        lines.append(f"  年度清算增加点数 = {points.uplift_formula} = {scored.uplift.normalize():f}（月度预结算不计）")
    if points.deadline is not None:
        lines.append(f"  清单上传时限 {points.deadline}{_lateness(points)}")
    if points.pay_month != points.case.month:
        lines.append(f"  计入月份 {points.pay_month}")
    return lines


def coefficient_text(k: Coefficient) -> str:
    """K of its parts, and the limits where they bind the whole of it."""
    multiplied = k.combine is Combine.MULTIPLY
    parts = (
        f"{_plain(k.level_part)} × (1 + {_plain(k.add_on)})"
        if multiplied
        else f"{_plain(k.level_part)} + {_plain(k.add_on)}"
    )
    return (
        parts if k.limits is None else f"{parts}，限于 {_plain(k.limits[0])}～{_plain(k.limits[1])} = {_plain(k.value)}"
    )


def _lateness(points: PointsExplanation) -> str:
    """What follows for the month where the list came after its deadline (policy/002 article 30)."""
    if points.deadline is None or points.case.upload_date <= points.deadline:
        return ""
    return (
        f"，超过时限，清单到达后计入 {points.pay_month} 月度结算" if points.in_month else "，超过时限，不纳入月度结算"
    )


def money_lines(file: CaseFile) -> list[str]:
    """The point value, what the case brings, and the hospital's amount that it is part of."""
    scored, point, hospital = file.scored, file.value, file.hospital
    lines = ["", f"【金额】{file.case.month[:4]}年度"]
    fund = f"统筹基金发生额 {yuan(scored.fund_fen)} 元"
    if scored["class"] in BY_ITEM:
        return [*lines, f"  本病例按项目付费（{CLASS[scored['class']]}），从预算中应付{fund}"]
    if not scored.in_year and file.points is not None and file.points.deadline is not None:
        return [*lines, f"  本病例清单超过时限，不计入年度清算，{fund}"]
    if not scored.in_year or point is None:
        return [*lines, f"  本病例不按点数付费（{CLASS[scored['class']]}），{fund}"]
    yearly = scored.points + scored.uplift
    share = yearly * point.value - yuan(scored.cost_fen - scored.fund_fen)
    own = file.item_costs.get(file.case.fixmedins_code, 0)
    lines += [
        value_line(point, file.parameters.policy.point_value_kind),
        f"  本病例 = {yearly.normalize():f} × V −（{yuan(scored.cost_fen)} − {yuan(scored.fund_fen)}）"
        f" ≈ {share.quantize(Decimal('0.01'))} 元",
    ]
    if hospital is not None and scored.scope == "local":
        lines.append(
            f"  所在医疗机构 = {hospital.points.normalize():f} × V −（{_less_items(hospital.cost_fen, own)} − "
            f"{yuan(hospital.fund_fen)}） = {yuan(hospital.amount_fen)} 元；最终应拨付 {yuan(hospital.final_fen)} 元"
        )
    elif scored.scope != "local" and file.parameters.policy.out_of_area_apply_caps:
        lines.append("  参保地全年应付：按医疗机构合计，以其统筹基金发生额 × 级别封顶线为限（policy/002 article 34.2）")
    return lines


_WHOSE = {ValueOf.POOL: "", ValueOf.COMMON: "（各险种同一点值）", ValueOf.OWN: "（异地病例单独点值）"}
_SET = {PointValueKind.FIXED: "固定费率", PointValueKind.ELASTIC: "弹性费率，增量部分达到上限"}


def value_line(point: CaseValue, kind: PointValueKind) -> str:
    """The point value: what it shares out, or by which rate it is set."""
    if point.is_set:
        return f"  点值 V = {point.value} 元/点（{_SET[kind]}，policy/001 article 17）"
    cost = _less_items(point.cost_fen, point.item_cost_fen)
    return (
        f"  点值 V{_WHOSE[point.kind]} =（{cost} − {yuan(point.fund_fen)} + {yuan(point.used_fen)}）÷ "
        f"{point.points.normalize():f} = {point.value} 元/点"
    )


def _less_items(cost_fen: int, item_fen: int) -> str:
    """A cost in yuan, less that of cases that are paid by item, where there are any."""
    return f"{yuan(cost_fen)} − 按项目付费病例 {yuan(item_fen)}" if item_fen else f"{yuan(cost_fen)}"


def _percent(share: Fraction) -> str:
    return f"{fixed(share * 100, 2)}%"


def _plain(number: Fraction) -> str:
    text = f"{Decimal(number.numerator) / Decimal(number.denominator):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


if __name__ == "__main__":
    run_job(NAME, add_arguments, run)
