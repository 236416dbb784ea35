"""A hospital's statement of a year as an Excel workbook in Chinese: from points to payment, line by line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from serving.beside import DUE, due_statements
from serving.city_year import CityYear
from serving.corrections import CORRECTIONS, CORRECTIONS_NOTE, correction_columns, correction_rows
from serving.hospital_money import CARRIED, CORRECTION_MONEY, MONTH_MONEY
from serving.hospital_year import MEASURES, HospitalYear
from serving.readings import payment_note, reading_notes, returned_share
from serving.statement import FINAL, StatementRow, article_text, hospital_claims, hospital_statements
from serving.terms import CLASS, INSURANCE, SCOPE, yuan
from serving.workbook import Sheet, SheetColumn
from settlement.readings import AbnormalYearEnd, NoData
from settlement.reference.exact import to_fen

_INSURANCE = SheetColumn("险种", "insurance", "text", 10)
FEN = 100  # of a yuan
LEVEL_NAMES = {3: "三级", 2: "二级及以下", 1: "基层"}


@dataclass(frozen=True)
class StatementFrame:
    """What all statements of a city have in common.

    `runs`: title -> id of the calculations; `registry`: hospital -> its row of the year's registry.
    """

    city: CityYear
    name: str
    runs: Mapping[str, str]
    registry: Mapping[str, Mapping[str, Any]]


def hospital_sheets(hospital: HospitalYear, frame: StatementFrame) -> list[Sheet]:
    """The sheets of a hospital's workbook; the same results give the same sheets."""
    return [
        _cover(hospital, frame),
        _amounts(hospital, frame.city),
        _statement(hospital),
        _beside(hospital),
        _claims(hospital),
        _months(hospital, frame.city.parameters.policy_values),
        _corrections(hospital, frame.city.year),
        _classes(hospital),
    ]


def _insurance(row: Mapping[str, Any]) -> str:
    return INSURANCE.get(row["insutype"], row["insutype"])


def _cover(hospital: HospitalYear, frame: StatementFrame) -> Sheet:
    city, parameters = frame.city, frame.city.parameters
    own = frame.registry[hospital.code]
    lines = [
        ("医疗机构编号", hospital.code),
        ("级别", LEVEL_NAMES.get(own["level"], str(own["level"]))),
        ("考核系数", _plain(own["assessment"])),
        ("质量保证金返还比例", _plain(returned_share(own, parameters.policy_values))),
        *([("年终评价得分", _plain(own["score"]))] if own.get("score") is not None else []),
        ("就医地", f"{frame.name}（{city.area}）"),
        ("清算年度", str(city.year)),
        ("核心要素版本", f"第{parameters.version}版 {parameters.set_id}"),
        ("发布人", parameters.who),
        ("发布说明", parameters.why),
        ("分组方案指纹", parameters.scheme_version),
        *frame.runs.items(),
        ("金额单位", "元，精确到分；点数保留政策规定的小数位"),
        ("点数到金额", "应结算金额＝本院点数×点值−（本院医疗总费用−本院统筹基金发生额）＋舍入"),
        ("年度清算单", "由资金分录逐笔汇总：各行金额相加，累计到最后一行即最终应拨付；负数为应退回"),
        ("核销", "记账统筹基金−审核扣款−清算支付的正数余额：医疗机构核销财务账目，不作医保欠费（第四十条）"),
        ("月度", f"{payment_note(parameters.policy_values)}；{_late(parameters.policy_values)}"),
        ("点数构成", "全部病例，一个不少；“清算”各列合计即本院点数、医疗总费用和统筹基金发生额"),
        *reading_notes(parameters.policy_values),
        ("依据", "按病组(DRG)付费管理办法第十七至十九条、第三十一至三十四条、第四十条"),
    ]
    columns = [SheetColumn("项目", "item", "text", 20), SheetColumn("内容", "content", "text", 96)]
    rows = [{"item": item, "content": content} for item, content in lines]
    return Sheet("说明", "本工作簿由点数（Dianshu）生成", columns, rows)


def _late(values: Mapping[str, Any]) -> str:
    """What becomes of lists that come after their deadline (OP-14, OP-50)."""
    if values.get("month.no_data") == NoData.ON_ARRIVAL:
        return "超时限上传的病例计入清单到达的月份"
    at_year_end = {
        AbnormalYearEnd.FEE_FOR_SERVICE.value: "超时限上传的病例年终按项目付费",
        AbnormalYearEnd.UNPAID.value: "超时限上传的病例不予支付",
    }
    return at_year_end.get(values.get("abnormal.year_end", ""), "超时限上传的病例只计入年度")


def _plain(number: Decimal | None) -> str:
    return "" if number is None else f"{number.normalize():f}"


def _amounts(hospital: HospitalYear, city: CityYear) -> Sheet:
    """From points to the amount, one row an insurance; the columns add up to the fen."""
    pools = {row["insutype"]: row for row in city.yearly_pools.to_pylist()}
    rows = [_amount_row(row, pools.get(row["insutype"]), hospital) for row in hospital.years]
    by_item = bool(hospital.pool_items)
    columns = [
        _INSURANCE,
        SheetColumn("全市医疗总费用", "pool_cost", "money", 16),
        *([SheetColumn("全市按项目付费病例费用", "pool_items", "money", 21)] if by_item else []),
        SheetColumn("全市统筹基金发生额", "pool_fund", "money", 19),
        SheetColumn("全市可用预算", "pool_budget", "money", 16),
        SheetColumn("全市点数", "pool_points", "points", 15),
        SheetColumn("点值（元/点）", "value", "value", 14),
        SheetColumn("本院点数", "points", "points", 16),
        SheetColumn("点数×点值", "worth", "money", 16),
        SheetColumn("本院医疗总费用", "cost", "money", 16),
        *([SheetColumn("本院按项目付费病例费用", "items", "money", 21)] if by_item else []),
        SheetColumn("本院统筹基金发生额", "fund", "money", 19),
        SheetColumn("舍入", "rounding", "money", 9),
        SheetColumn("应结算金额", "amount", "money", 16),
        SheetColumn("支付比", "ratio", "percent", 10),
    ]
    note = (
        "应结算金额＝点数×点值−（本院医疗总费用−本院统筹基金发生额）＋舍入；"
        "浮动点值＝（全市医疗总费用−全市统筹基金发生额＋全市可用预算）÷全市点数；单位：元"
    ) + ("；按项目付费病例的费用先从医疗总费用中扣除，其统筹基金从预算中应付" if by_item else "")
    keys = ("points", "worth", "cost", *(["items"] if by_item else []), "fund", "rounding", "amount")
    return Sheet("点数到金额", note, columns, rows, _sum(rows, keys, "insurance", "合计"))


def _amount_row(row: Mapping[str, Any], pool: Mapping[str, Any] | None, hospital: HospitalYear) -> dict[str, Any]:
    items = hospital.items.get(row["insutype"], 0)
    own = {name: yuan(row[f"{name}_fen"]) for name in ("cost", "fund", "amount")} | {"items": yuan(items)}
    shown = {"insurance": _insurance(row), "points": row["points"], "ratio": row["ratio"], **own}
    if pool is None or pool["value"] is None:
        return shown
    worth = to_fen(Fraction(row["points"]) * Fraction(pool["value"]) * FEN)
    return {
        **shown,
        "pool_cost": yuan(pool["cost_fen"]),
        "pool_items": yuan(hospital.pool_items.get(row["insutype"], 0)),
        "pool_fund": yuan(pool["fund_fen"]),
        "pool_budget": yuan(pool["budget_used_fen"]),
        "pool_points": pool["points"],
        "value": pool["value"],
        "worth": yuan(worth),
        "rounding": yuan(row["amount_fen"] - worth + row["cost_fen"] - items - row["fund_fen"]),
    }


def _statement(hospital: HospitalYear) -> Sheet:
    statements = hospital_statements(hospital.ledger)
    final = sum(lines[-1].running_fen for lines in statements.values())
    note = "逐行相加，累计到最后一行即最终应拨付（负数为应退回）；合计为各险种之和；单位：元"
    total = {"insurance": "合计", "title": FINAL, "running": yuan(final)}
    return Sheet("年度清算单", note, _LINES, _line_rows(statements), total)


def _beside(hospital: HospitalYear) -> Sheet:
    """The final amount, and what drugs, incentives and prepayment add to it."""
    statements = due_statements([*hospital.ledger, *hospital.beside])
    due = sum(lines[-1].running_fen for lines in statements.values())
    total = {"insurance": "合计", "title": DUE, "running": yuan(due)}
    note = "最终应拨付以外的资金，以各自最近一次计算为准；预付金未收回为负数；逐行相加，累计即合计应拨付；单位：元"
    return Sheet("清算以外", note, _LINES, _line_rows(statements), total)


def _claims(hospital: HospitalYear) -> Sheet:
    """What became of the claim: refused, received, written off (policy/002 article 40)."""
    note = (
        "医院记账的统筹基金，减审核扣款、清算支付，余额核销财务账目，不作医保欠费（第四十条）；"
        "清算支付多于记账的为结余留用；逐行相加，累计为零；单位：元"
    )
    return Sheet("核销", note, _LINES, _line_rows(hospital_claims(hospital.ledger)))


_LINES = (
    _INSURANCE,
    SheetColumn("行次", "number", "count", 8),
    SheetColumn("项目", "title", "text", 30),
    SheetColumn("依据", "article", "text", 24),
    SheetColumn("金额", "amount", "money", 18),
    SheetColumn("累计", "running", "money", 18),
)


def _line_rows(statements: Mapping[tuple[str, str], Sequence[StatementRow]]) -> list[dict[str, Any]]:
    return [
        {
            "insurance": INSURANCE.get(insutype, insutype),
            "number": number,
            "title": line.title,
            "article": article_text(line.article),
            "amount": yuan(line.amount_fen),
            "running": yuan(line.running_fen),
        }
        for (_, insutype), lines in statements.items()
        for number, line in enumerate(lines, start=1)
    ]


def _months(hospital: HospitalYear, values: Mapping[str, Any]) -> Sheet:
    booked = _booked(hospital)
    rows = [
        {
            **row,
            **{key: yuan(row[f"{key}_fen"]) for _, key in MONTH_MONEY},
            "booked": yuan(booked.get((row["insutype"], row["month"]))),
            "insurance": _insurance(row),
        }
        for row in hospital.months
    ]
    keys = ("points", *(key for _, key in MONTH_MONEY if key not in CARRIED), "booked")
    columns = [
        _INSURANCE,
        SheetColumn("月份", "month", "text", 10),
        SheetColumn("点数", "points", "points", 16),
        *[SheetColumn(header, key, "money", 17) for header, key in MONTH_MONEY],
        SheetColumn("其中：记入的更正", "booked", "money", 17),
    ]
    note = f"{payment_note(values)}；其中记入的更正：已关账月份的变化对本月应付的净影响，明细见月度更正；单位：元"
    return Sheet("月度", note, columns, *_with_sums(rows, keys, "month"))


def _booked(hospital: HospitalYear) -> dict[tuple[str, str], int]:
    """By insurance and month: what corrections booked in it change of what is due; fen."""
    net: dict[tuple[str, str], int] = defaultdict(int)
    for row in hospital.corrections:
        net[row["insutype"], row["booked_in"]] += row["gross_fen"] - row["deposit_fen"] - row["audit_fen"]
    return dict(net)


def _corrections(hospital: HospitalYear, year: int) -> Sheet:
    rows = correction_rows(hospital.corrections, year)
    keys = ("points", *(key for _, key in CORRECTION_MONEY))
    return Sheet(CORRECTIONS, CORRECTIONS_NOTE, correction_columns(), rows, _sum(rows, keys, "insurance", "合计"))


def _classes(hospital: HospitalYear) -> Sheet:
    rows = [_class_row(row) for row in hospital.classes]
    keys = tuple(f"{prefix}{name.removesuffix('_fen')}" for prefix in ("", "counted_") for name in MEASURES)
    columns = [
        _INSURANCE,
        SheetColumn("就医范围", "scope", "text", 12),
        SheetColumn("病例类别", "class", "text", 16),
        *_measures("", ""),
        *_measures("counted_", "清算"),
    ]
    by_points = "按点数付费" if not hospital.pool_items else "按点数付费或在预算内按项目付费"
    note = f"“清算”各列：本统筹区基金池内、{by_points}的病例；未入组、跨省和新技术病例没有点数；单位：例、点、元"
    return Sheet("点数构成", note, columns, *_with_sums(rows, keys, "class"))


def _class_row(row: Mapping[str, Any]) -> dict[str, Any]:
    money = {name.removesuffix("_fen"): yuan(fen) for name, fen in row.items() if name.endswith("_fen")}
    names = {"scope": SCOPE.get(row["scope"], row["scope"]), "class": CLASS.get(row["class"], row["class"])}
    return {**row, **money, **names, "insurance": _insurance(row)}


def _measures(prefix: str, title: str) -> list[SheetColumn]:
    return [
        SheetColumn(f"{title}病例数", f"{prefix}cases", "count", 11),
        SheetColumn(f"{title}点数", f"{prefix}points", "points", 16),
        SheetColumn(f"{title}医疗总费用", f"{prefix}cost", "money", 17),
        SheetColumn(f"{title}统筹基金发生额", f"{prefix}fund", "money", 19),
    ]


def _with_sums(
    rows: Sequence[dict[str, Any]], keys: Sequence[str], label: str
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows with a sum (小计) behind each insurance where there are several, and the sum of all."""
    shown: list[dict[str, Any]] = []
    insurances = list(dict.fromkeys(row["insurance"] for row in rows))
    for insurance in insurances:
        mine = [row for row in rows if row["insurance"] == insurance]
        subtotal = {"insurance": insurance, **_sum(mine, keys, label, "小计")}
        shown += [*mine, subtotal] if len(insurances) > 1 else mine
    return shown, _sum(rows, keys, "insurance", "合计")


def _sum(rows: Iterable[Mapping[str, Any]], keys: Iterable[str], label: str, title: str) -> dict[str, Any]:
    several = list(rows)
    sums = {key: sum((row[key] for row in several if row.get(key) is not None), Decimal(0)) for key in keys}
    return {label: title, **sums}
