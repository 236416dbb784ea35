"""A city's year as an Excel workbook in Chinese: how the amounts came about, from points to payment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from serving.beside import DUE, TITLES, dues
from serving.city_year import CityYear
from serving.corrections import CORRECTIONS, CORRECTIONS_NOTE, correction_columns, correction_rows
from serving.hospital_money import CARRIED, CORRECTION_MONEY, MONTH_MONEY, OWED_MONEY, YEAR_MONEY
from serving.readings import payment_note, reading_notes
from serving.statement import FINAL, article_text, class_balances, entry_sums, hospital_statements, ledger_rows
from serving.terms import CLASS, INSURANCE, LEVELS, SCOPE, yuan
from serving.workbook import Sheet, SheetColumn, update_workbook
from settlement.accounts import OWED_BEFORE
from settlement.case_points import BY_ITEM
from settlement.reference.ledger import LedgerRow
from settlement.reference.rule_ledger import hospital_figures

_HOSPITAL = SheetColumn("医疗机构编号", "fixmedins_code", "text", 17)
_INSURANCE = SheetColumn("险种", "insurance", "text", 8)
RECEIVED = "已拨付与最终应拨付"


def write_city_book(path: Path, city: CityYear, name: str) -> bool:
    """Write the workbook of a city's year, whose bytes are the same for the same results; whether it said else."""
    ledger = ledger_rows(city.ledger)
    years = [_hospital_years(city), _statements(ledger), _beside([*ledger, *ledger_rows(city.beside)]), _claims(ledger)]
    months = [_hospital_months(city), _corrections(city)]
    books = [_entries(ledger), _balances(ledger)]
    cases = [_classes(city), _elements(city), _matrix(city)]
    return update_workbook(path, [_cover(city, name), _pools(city), *years, *months, *cases, *books])


def _rows(table: pa.Table, money: tuple[tuple[str, str], ...]) -> list[dict[str, Any]]:
    rows = []
    for row in table.to_pylist():
        amounts = {key: yuan(row[f"{key}_fen"]) for _, key in money}
        rows.append({**row, **amounts, "insurance": INSURANCE.get(row["insutype"], row["insutype"])})
    return rows


def _total(rows: list[dict[str, Any]], label: str, keys: list[str]) -> dict[str, Any]:
    return {label: "合计", **{key: sum((row[key] for row in rows if row[key] is not None), Decimal(0)) for key in keys}}


def _money_columns(money: tuple[tuple[str, str], ...]) -> list[SheetColumn]:
    return [SheetColumn(header, key, "money", 18) for header, key in money]


def _cover(city: CityYear, name: str) -> Sheet:
    parameters = city.parameters
    lines = [
        ("就医地", f"{name}（{city.area}）"),
        ("清算年度", str(city.year)),
        ("核心要素版本", f"第{parameters.version}版 {parameters.set_id}"),
        ("发布人", parameters.who),
        ("发布说明", parameters.why),
        ("分组方案指纹", parameters.scheme_version),
        ("计算编号", city.run_id),
        ("金额单位", "元，精确到分；点数保留政策规定的小数位"),
        ("汇总", "职工与居民分开；各医疗机构应结算金额与尾差之和等于可用预算"),
        (
            "医疗机构年度",
            "应结算金额−超封顶线−结余不留用＋超支分担＋考核调整−保证金不返还−已拨付−审核扣款＝年度清算金额",
        ),
        *reading_notes(parameters.policy_values),
        ("依据", "按病组(DRG)付费管理办法第十七至十九条、第三十一至三十四条、第四十条"),
    ]
    columns = [SheetColumn("项目", "item", "text", 18), SheetColumn("内容", "content", "text", 96)]
    rows = [{"item": item, "content": content} for item, content in lines]
    return Sheet("说明", "本工作簿由点数（Dianshu）生成", columns, rows)


def _pools(city: CityYear) -> Sheet:
    money = (
        ("医疗总费用", "cost"),
        ("统筹基金发生额", "fund"),
        ("预算", "budget"),
        ("可用预算", "budget_used"),
        ("结转或调节金", "carried_or_reserve"),
        ("尾差", "residue"),
    )
    columns = [
        _INSURANCE,
        SheetColumn("期间", "period", "text", 10),
        SheetColumn("病例数", "cases", "count", 11),
        SheetColumn("点数", "points", "points", 18),
        *_money_columns(money),
        SheetColumn("点值（元/点）", "value", "value", 16),
    ]
    note = "每个险种：全年一行，之后是十二个月。点值＝（医疗总费用−统筹基金发生额＋可用预算）÷点数"
    if any(row["class"] in BY_ITEM for row in city.classes.to_pylist()):
        note += "；按项目付费病例的费用先从医疗总费用中扣除"
    return Sheet("汇总", note, columns, _rows(city.pools, money))


def _hospital_years(city: CityYear) -> Sheet:
    owing = any(city.hospital_year["owed_before_fen"].to_pylist())
    money = (*YEAR_MONEY, *OWED_MONEY) if owing else YEAR_MONEY
    rows = _rows(city.hospital_year, money)
    columns = [
        _HOSPITAL,
        _INSURANCE,
        SheetColumn("点数", "points", "points", 18),
        *_money_columns(money),
        SheetColumn("支付比", "ratio", "percent", 10),
    ]
    total = _total(rows, "fixmedins_code", ["points", *(key for _, key in money)])
    return Sheet("医疗机构年度清算", "每家医疗机构、每个险种一行；单位：元", columns, rows, total)


def _statements(ledger: list[LedgerRow]) -> Sheet:
    rows = [
        {
            "fixmedins_code": code,
            "insurance": INSURANCE.get(insutype, insutype),
            "number": number,
            "title": line.title,
            "article": article_text(line.article),
            "amount": yuan(line.amount_fen),
            "running": yuan(line.running_fen),
        }
        for (code, insutype), lines in hospital_statements(ledger).items()
        for number, line in enumerate(lines, start=1)
    ]
    columns = [
        _HOSPITAL,
        _INSURANCE,
        SheetColumn("行次", "number", "count", 8),
        SheetColumn("项目", "title", "text", 22),
        SheetColumn("依据", "article", "text", 22),
        *_money_columns((("金额", "amount"), ("累计", "running"))),
    ]
    note = "由资金分录汇总：逐行相加，累计到最后一行即最终应拨付（负数为应退回）；单位：元"
    return Sheet("年度清算单", note, columns, rows)


def _beside(ledger: list[LedgerRow]) -> Sheet:
    """One row a hospital and insurance: the final amount, and what is due beside it."""
    rows = [
        {
            "fixmedins_code": code,
            "insurance": INSURANCE.get(insutype, insutype),
            **{name: yuan(fen) for name, fen in figures.items()},
        }
        for (code, insutype), figures in dues(ledger).items()
    ]
    money = ((FINAL, "final"), *((title, name) for name, title in TITLES.items()), (DUE, "due"))
    note = "最终应拨付以外的资金，以各自最近一次计算为准；预付金未收回为负数；各列相加即合计应拨付；单位：元"
    total = _total(rows, "fixmedins_code", [key for _, key in money])
    return Sheet("清算以外", note, [_HOSPITAL, _INSURANCE, *_money_columns(money)], rows, total)


def _claims(ledger: list[LedgerRow]) -> Sheet:
    """One row a hospital and insurance: what it claimed, and what became of it (policy/002 article 40)."""
    rows = [
        {
            "fixmedins_code": code,
            "insurance": INSURANCE.get(insutype, insutype),
            **{name: yuan(fen) for name, fen in figures.items()},
            "surplus": yuan(-figures["balance"]),
        }
        for (code, insutype), figures in sorted(hospital_figures(ledger, "claim").items())
    ]
    money = (
        ("记账统筹基金", "claim"),
        ("审核扣款", "refused"),
        (RECEIVED, "received"),
        ("结余留用", "surplus"),
        ("核销", "write_off"),
    )
    owing = any(row.entry in OWED_BEFORE for row in ledger)
    note = (
        f"核销＝记账统筹基金（含新技术）−审核扣款−{RECEIVED}＋结余留用：医疗机构核销财务账目，"
        f"不作医保欠费（第四十条）；{f'{RECEIVED}含抵扣上年应退；' if owing else ''}单位：元"
    )
    total = _total(rows, "fixmedins_code", [key for _, key in money])
    return Sheet("核销", note, [_HOSPITAL, _INSURANCE, *_money_columns(money)], rows, total)


def _hospital_months(city: CityYear) -> Sheet:
    rows = _rows(city.hospital_month, MONTH_MONEY)
    columns = [
        _HOSPITAL,
        _INSURANCE,
        SheetColumn("月份", "month", "text", 10),
        SheetColumn("点数", "points", "points", 18),
        *_money_columns(MONTH_MONEY),
    ]
    summed = [key for _, key in MONTH_MONEY if key not in CARRIED]
    total = _total(rows, "fixmedins_code", ["points", *summed])
    return Sheet(
        "医疗机构月度预结算",
        f"{payment_note(city.parameters.policy_values)}；单位：元",
        columns,
        rows,
        total,
    )


def _corrections(city: CityYear) -> Sheet:
    rows = correction_rows(city.corrections.to_pylist(), city.year)
    columns = [_HOSPITAL, *correction_columns()]
    total = _total(rows, "fixmedins_code", ["points", *(key for _, key in CORRECTION_MONEY)])
    return Sheet(CORRECTIONS, CORRECTIONS_NOTE, columns, rows, total)


def _classes(city: CityYear) -> Sheet:
    money = (("医疗总费用", "cost"), ("统筹基金发生额", "fund"))
    rows = [
        {**row, "scope": SCOPE.get(row["scope"], row["scope"]), "class": CLASS.get(row["class"], row["class"])}
        for row in _rows(city.classes, money)
    ]
    columns = [
        _INSURANCE,
        SheetColumn("就医范围", "scope", "text", 12),
        SheetColumn("病例类别", "class", "text", 16),
        SheetColumn("病例数", "cases", "count", 12),
        SheetColumn("点数", "points", "points", 18),
        *_money_columns(money),
    ]
    total = _total(rows, "insurance", ["cases", "points", "cost", "fund"])
    return Sheet("病例构成", "全部病例，一个不少；未入组、跨省和新技术病例没有点数", columns, rows, total)


def _elements(city: CityYear) -> Sheet:
    columns = [
        SheetColumn("病组", "drg", "text", 10),
        SheetColumn("稳定", "stable", "text", 8),
        SheetColumn("基准点数", "benchmark_points", "points", 14),
        SheetColumn("历史病例数", "cases", "count", 12),
        SheetColumn("裁剪后病例数", "kept", "count", 14),
        SheetColumn("次均费用（元）", "group_mean", "money", 16),
        *[SheetColumn(f"{name}系数", f"level_coefficient_{level}", "ratio", 14) for level, name in LEVELS],
        *[SheetColumn(f"{name}次均费用", f"level_mean_{level}", "money", 16) for level, name in LEVELS],
    ]
    return Sheet(
        "病组核心要素", "由前三年历史测算并发布；点数、系数按第十七、十八条", columns, list(element_rows(city))
    )


def element_rows(city: CityYear) -> Iterator[Mapping[str, Any]]:
    """One row a group: its elements by name, those of a level with the level behind."""
    groups: dict[str, dict[str, Any]] = {}
    for row in city.elements.to_pylist():
        if row["drg"] is None or row["fixmedins_code"] is not None:
            continue
        name = row["kind"] if row["level"] is None else f"{row['kind']}_{row['level']}"
        groups.setdefault(row["drg"], {"drg": row["drg"]})[name] = row["value"]
    for drg in sorted(groups):
        stable = groups[drg].get("stable")
        yield {**groups[drg], "stable": None if stable is None else "是" if stable == 1 else "否"}


def _matrix(city: CityYear) -> Sheet:
    money = (("应付金额", "amount"),)
    rows = [{**row, "scope": SCOPE.get(row["scope"], row["scope"])} for row in _rows(city.matrix, money)]
    columns = [
        SheetColumn("参保地", "insured_area", "text", 10),
        SheetColumn("就医地", "treating_area", "text", 10),
        _INSURANCE,
        SheetColumn("范围", "scope", "text", 12),
        SheetColumn("期间", "period", "text", 18),
        SheetColumn("病例数", "cases", "count", 10),
        *_money_columns(money),
    ]
    return Sheet("异地清算", "参保地应付就医地的金额；adjustment 为全年与各月之差", columns, rows)


def _entries(ledger: list[LedgerRow]) -> Sheet:
    rows = [
        {
            "insurance": INSURANCE.get(one.insutype, one.insutype),
            "title": one.title,
            "from": one.from_title,
            "to": one.to_title,
            "rows": one.rows,
            "amount": yuan(one.amount_fen),
            "article": article_text(one.article),
        }
        for one in entry_sums(ledger)
    ]
    columns = [
        _INSURANCE,
        SheetColumn("事项", "title", "text", 24),
        SheetColumn("付方科目", "from", "text", 18),
        SheetColumn("收方科目", "to", "text", 18),
        SheetColumn("笔数", "rows", "count", 10),
        *_money_columns((("金额", "amount"),)),
        SheetColumn("依据", "article", "text", 22),
    ]
    note = "全年每笔资金从付方到收方，按事项和方向汇总；金额不为负；记账与核销为备查，不是资金；单位：元"
    return Sheet("资金分录", note, columns, rows)


def _balances(ledger: list[LedgerRow]) -> Sheet:
    left = class_balances(ledger)
    insurance = sorted({insutype for balances in left.values() for insutype in balances})
    rows: list[dict[str, Any]] = [
        {"title": title, **{insutype: yuan(balances.get(insutype, 0)) for insutype in insurance}}
        for title, balances in left.items()
    ]
    money = tuple((INSURANCE.get(insutype, insutype), insutype) for insutype in insurance)
    columns = [SheetColumn("科目", "title", "text", 20), *_money_columns(money)]
    note = (
        "年末余额＝收入−支出：应付医疗机构为最终应拨付，DRG预算、月度暂留、质量保证金为零；"
        "记账统筹基金、核销和备查对方为备查，不是资金；合计必为零；单位：元"
    )
    return Sheet("科目余额", note, columns, rows, _total(rows, "title", insurance))
