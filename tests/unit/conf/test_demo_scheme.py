"""The shipped demonstration: a whole scheme, every group reachable, overlays that fit it, a province that adds up."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from grouper.case import Case, Outcome, Reason
from grouper.case_rows import read_cases
from grouper.reference import ReferenceGrouper
from grouper.rules.nodes import CountIn, Not, Rule, Scalar
from grouper.rules.parse import parse_rule, sets_of
from grouper.scheme import CodeSystem, Complication, Scheme
from grouper.workbook import read_scheme
from lake.strict_yaml import read_yaml

DEMO = Path(__file__).resolve().parents[3] / "conf" / "demo"
SCHEME = DEMO / "scheme"
OVERLAYS = ("990200", "990300")
KEYS = {
    "mdc.csv": ("MDC编码",),
    "adrg.csv": ("ADRG编码",),
    "drg.csv": ("DRG编码", "所属ADRG编码"),
    "code_set.csv": ("集合编号", "ICD编码", "类型编号"),
    "cc.csv": ("疾病编码",),
    "exclusion.csv": ("集合编号", "ICD编码"),
}
# ICD-10 and ICD-9-CM-3 of the national insurance edition: four-character category, two more places, an own extension.
ONE_DIAGNOSIS = r"[A-Z][0-9]{2}\.(?:[0-9]{3}|x[0-9]{2})(?:x[0-9]{3})?"
DIAGNOSIS = re.compile(rf"{ONE_DIAGNOSIS}(?:\+[A-Z][0-9]{{2}}(?:\.[0-9])?\*)?")
PROCEDURE = re.compile(r"[0-9]{2}\.(?:[0-9]{4}|[0-9]x[0-9]{2})(?:x[0-9]{3})?")
LOCAL_SCALARS = {Scalar.ZYTS.value, Scalar.LYFS.value, Scalar.ICUSC.value}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    return read_scheme(SCHEME)


@pytest.fixture(scope="module")
def grouper(scheme: Scheme) -> ReferenceGrouper:
    return ReferenceGrouper(scheme)


def rules_of(scheme: Scheme) -> Iterator[tuple[str, Rule]]:
    for row in (*scheme.mdcs, *scheme.adrgs, *scheme.drgs):
        yield row.code, parse_rule(row.rule)


def test_scheme_is_whole(scheme: Scheme) -> None:
    assert "".join(sorted(row.code for row in scheme.mdcs)) == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert [row.code for row in scheme.mdcs[:4]] == ["A", "P", "Y", "Z"]
    assert len(scheme.adrgs) >= 120
    assert len(scheme.drgs) > len(scheme.adrgs)
    assert all(row.name for row in (*scheme.mdcs, *scheme.adrgs, *scheme.drgs))
    assert all(row["ICD名称"] for row in rows_of(SCHEME / "code_set.csv") + rows_of(SCHEME / "exclusion.csv"))


@pytest.mark.parametrize("table", KEYS)
def test_rows_are_unique_and_tidy(table: str) -> None:
    rows = rows_of(SCHEME / table)
    counts = Counter(tuple(row[column] for column in KEYS[table]) for row in rows)
    assert [key for key, count in counts.items() if count > 1] == []
    assert [row for row in rows if any(value != value.strip() for value in row.values())] == []
    content = (SCHEME / table).read_bytes()
    assert b"\r" not in content
    assert content.endswith(b"\n")


def test_every_row_has_its_parent(scheme: Scheme) -> None:
    mdcs = {row.code for row in scheme.mdcs}
    adrgs = {row.code: row for row in scheme.adrgs}
    assert {row.parent for row in scheme.adrgs} == mdcs
    assert {row.parent for row in scheme.drgs} == set(adrgs)
    assert [row.code for row in scheme.drgs if row.mdc != adrgs[row.parent].mdc] == []
    assert [row.code for row in scheme.adrgs if row.code[0] != row.mdc] == []
    assert [row.code for row in scheme.drgs if not row.code.startswith(row.parent)] == []


def test_every_set_is_used_and_has_one_code_system(scheme: Scheme) -> None:
    used = {name for _, rule in rules_of(scheme) for name in sets_of(rule)}
    assert used == set(scheme.sets)
    assert [name for name, members in scheme.sets.items() if not 1 <= len(members.codes) <= 25] == []
    assert [name for name, members in scheme.sets.items() if bool(members.diagnoses) == bool(members.procedures)] == []
    assert 1_500 <= sum(len(members.codes) for members in scheme.sets.values()) <= 3_500


def test_codes_look_like_national_codes(scheme: Scheme) -> None:
    rows = rows_of(SCHEME / "code_set.csv")
    shapes = {CodeSystem.DIAGNOSIS: DIAGNOSIS, CodeSystem.PROCEDURE: PROCEDURE}
    assert [row for row in rows if not shapes[CodeSystem(row["类型编号"])].fullmatch(row["ICD编码"])] == []
    others = set(scheme.complications).union(*scheme.exclusions.values())
    assert [code for code in others if not DIAGNOSIS.fullmatch(code)] == []


def test_a_code_has_one_name() -> None:
    names: dict[str, set[str]] = {}
    for table, code, name in (
        ("code_set.csv", "ICD编码", "ICD名称"),
        ("exclusion.csv", "ICD编码", "ICD名称"),
        ("cc.csv", "疾病编码", "疾病名称"),
    ):
        for row in rows_of(SCHEME / table):
            names.setdefault(row[code], set()).add(row[name])
    assert {code: found for code, found in names.items() if len(found) > 1} == {}


def test_complications_and_their_exclusions(scheme: Scheme) -> None:
    levels = Counter(entry.level for entry in scheme.complications.values())
    assert 150 <= sum(levels.values()) <= 300
    assert levels[Complication.MCC] >= 50
    assert levels[Complication.CC] >= 50
    assert {entry.exclusion for entry in scheme.complications.values()} == set(scheme.exclusions)
    assert 20 <= len(scheme.exclusions) <= 40
    missing = [code for code, entry in scheme.complications.items() if code not in scheme.exclusions[entry.exclusion]]
    assert missing == [], "a complication never counts beside itself as principal diagnosis"


def test_the_rule_language_is_shown_whole(scheme: Scheme) -> None:
    rules = [rule for _, rule in rules_of(scheme)]
    texts = " ".join(row.rule for row in (*scheme.mdcs, *scheme.adrgs, *scheme.drgs))
    words = set(re.findall(r"\w+", texts))
    assert words >= {"NL", "XB", "XSRTL", "XSRTZ", "MCC", "CC"}
    assert words.isdisjoint(LOCAL_SCALARS), "these belong to local schemes"
    assert any(isinstance(rule, CountIn) for rule in rules)
    assert " not in " in texts or any(isinstance(rule, Not) for rule in rules)
    assert sum(row.code[1:] == "QY" for row in scheme.adrgs) >= 5


def test_every_group_is_reached_by_its_example(scheme: Scheme, grouper: ReferenceGrouper) -> None:
    wrong, reached = [], set()
    for case, row in read_cases(SCHEME / "expected.csv"):
        result = grouper.group(case)
        reached.add(result.drg)
        if (result.mdc, result.adrg, result.drg) != (row["mdc"], row["adrg"], row["drg"]):
            wrong.append((case.case_id, row["drg"], result.drg))
    assert wrong == []
    assert reached == {row.code for row in scheme.drgs}


def case(principal: str, *others: str, ops: str = "", sex: int = 1, age: int = 56, **more: int) -> Case:
    return Case(
        "c", sex, age, principal_diagnosis=principal, other_diagnoses=others, procedures=tuple(ops.split()), **more
    )


def newborn(principal: str, *others: str, ops: str = "", weight: int | None = 3200, days: int = 5) -> Case:
    return Case(
        "n", 2, 0, days, weight, principal_diagnosis=principal, other_diagnoses=others, procedures=tuple(ops.split())
    )


SAMPLE = {
    "cerebral infarction, plain": (case("I63.900"), "BR25"),
    "cerebral infarction with sepsis": (case("I63.900", "A41.900"), "BR21"),
    "cerebral infarction with pneumonia": (case("I63.900", "J18.900"), "BR23"),
    "cerebral infarction with atrial fibrillation": (
        case("I63.900", "I48.000"),
        "BR23",
    ),
    "cerebral infarction with cerebral haemorrhage: struck out": (case("I63.900", "I61.900"), "BR25"),
    "thrombolysis": (case("I63.900", ops="99.1008"), "BL15"),
    "cerebral haemorrhage": (case("I61.000"), "BR15"),
    "operation that does not fit the diagnosis": (case("I63.900", ops="47.0100"), "BQY"),
    "pneumonia": (case("J18.900"), "ES35"),
    "pneumonia of a child": (case("J18.900", age=4), "ES32"),
    "pneumonia of a child with sepsis: severity comes first": (case("J18.900", "A41.900", age=4), "ES31"),
    "pneumonia with respiratory failure: struck out": (case("J18.900", "J96.000"), "ES35"),
    "lobectomy for lung cancer": (case("C34.900", ops="32.4100"), "EB15"),
    "asthma of a child": (case("J45.900", age=9), "EX12"),
    "stent for angina": (case("I20.000", ops="36.0700"), "FM15"),
    "stents and balloon in one session": (case("I20.000", ops="36.0700 36.0601 00.6600"), "FM12"),
    "stent with kidney failure": (case("I21.900", "N17.900", ops="36.0700"), "FM11"),
    "coronary angiography": (case("I20.000", ops="88.5500"), "FM39"),
    "ablation of atrial fibrillation": (case("I48.000", ops="37.3401"), "FL19"),
    "ablation of tachycardia": (case("I47.100", ops="37.3401"), "FL29"),
    "hypertension": (case("I10.x00x002"), "FV25"),
    "appendectomy": (case("K35.800x001", ops="47.0100"), "GD25"),
    "appendectomy of a child": (case("K35.800x001", ops="47.0901", age=11), "GD22"),
    "appendectomy with peritonitis": (case("K35.200", ops="47.0100"), "GD15"),
    "cholecystectomy": (case("K80.200x003", ops="51.2300"), "HC25"),
    "two hips in one stay": (case("M16.000", ops="81.5100 81.5200", age=70), "IC21"),
    "hip for a broken femur": (case("S72.000", ops="81.5200", age=70), "IC25"),
    "diabetes with anaemia": (case("E11.900", "D62.x00"), "KS13"),
    "dialysis": (case("N18.500", ops="39.9500"), "LL15"),
    "enlarged prostate": (case("N40.x00", age=70), "MZ15"),
    "enlarged prostate of unknown sex": (Case("c", age=70, principal_diagnosis="N40.x00"), "0000"),
    "myoma, hysterectomy": (case("D25.100x001", ops="68.4100", sex=2, age=45), "NC15"),
    "caesarean": (case("O82.000", ops="74.1x01", sex=2, age=30), "OB15"),
    "vaginal birth": (case("O80.000", sex=2, age=30), "OR15"),
    "newborn with jaundice": (newborn("P59.901"), "PU15"),
    "newborn of 900 g": (newborn("P07.300", weight=900), "PS19"),
    "newborn of unknown weight": (newborn("P07.300", weight=None), "PU15"),
    "newborn with a septal defect": (newborn("Q21.000"), "PV19"),
    "septal defect of a child": (case("Q21.000", age=3), "FV12"),
    "ventilated newborn of 1400 g": (newborn("P22.000", ops="96.7101", weight=1400), "PK11"),
    "liver transplant": (case("K74.600", ops="50.5100"), "AB19"),
    "ECMO": (case("J96.000", ops="39.6500"), "AH11"),
    "chemotherapy with low platelets": (case("Z51.100", "D69.600"), "RU13"),
    "HIV beside another diagnosis": (case("J18.900", "B20.600"), "YR15"),
    "head and chest injured": (case("S06.200", "S27.000"), "ZZ11"),
    "head injured": (case("S06.200"), "BY15"),
    "burn of more than 30%, grafted": (case("T24.200", "T31.300", ops="86.6000"), "WB19"),
    "no diagnosis": (Case("c", 1, 56), "0000"),
}


@pytest.mark.parametrize("what", SAMPLE)
def test_a_case_made_by_hand(what: str, grouper: ReferenceGrouper) -> None:
    given, drg = SAMPLE[what]
    assert grouper.group(given).drg == drg


def test_outcomes_of_cases_without_a_group(grouper: ReferenceGrouper) -> None:
    assert grouper.group(SAMPLE["operation that does not fit the diagnosis"][0]).outcome is Outcome.AMBIGUOUS
    assert grouper.group(SAMPLE["no diagnosis"][0]).reason is Reason.NO_PRINCIPAL_DIAGNOSIS
    assert grouper.group(SAMPLE["enlarged prostate of unknown sex"][0]).reason is Reason.MISSING_SEX


@pytest.mark.parametrize("city", OVERLAYS)
def test_overlay_fits_the_scheme(city: str) -> None:
    for path in sorted((DEMO / "overlays" / city).iterdir()):
        base = {tuple(row[column] for column in KEYS[path.name]): row for row in rows_of(SCHEME / path.name)}
        for row in rows_of(path):
            change = row.pop("变更")
            was = base.get(tuple(row[column] for column in KEYS[path.name]))
            assert list(row) == list(next(iter(base.values()))), path.name
            assert (change == "新增") == (was is None), (path.name, row)
            assert change != "修改" or row != was, (path.name, row)
            assert change != "删除" or row == was, (path.name, row)
            assert change in {"新增", "修改", "删除"}


def test_one_overlay_splits_further_and_one_less() -> None:
    more, less = (
        {row["DRG编码"]: row["变更"] for row in rows_of(DEMO / "overlays" / city / "drg.csv")} for city in OVERLAYS
    )
    net = [sum({"新增": 1, "删除": -1, "修改": 0}[change] for change in rows.values()) for rows in (more, less)]
    assert net[0] > 20
    assert net[1] < -60


def test_the_province_adds_up(scheme: Scheme) -> None:
    province = read_yaml("province.yaml", (DEMO / "province.yaml").read_bytes())
    areas = province["areas"]
    assert len(areas) >= 3
    assert set(province["outside"]).isdisjoint(areas)
    shares = {
        "areas": [area["share"] for area in areas.values()],
        "insurances": [one["share"] for one in province["insurances"].values()],
        "profile": [row["share"] for row in rows_of(DEMO / "profile.csv")],
        **{key: province[key].values() for key in ("residence", "level_share", "level_share_surgical")},
        **{key: province["stay"][key].values() for key in ("upload_days", "ways")},
    }
    sums = {what: sum(Decimal(str(share)) for share in parts) for what, parts in shares.items()}
    assert {what: total for what, total in sums.items() if total != 1} == {}
    assert sum(Decimal(str(weight)) for weight in province["months"]) == 12
    assert len(province["months"]) == 12
    assert {row["mdc"] for row in rows_of(DEMO / "profile.csv")} == {row.code for row in scheme.mdcs}
    schemes = {area["scheme"] for area in areas.values()}
    assert schemes == {"demo", *(f"demo+{city}" for city in OVERLAYS)}


def test_every_key_of_the_province_is_explained() -> None:
    text = (DEMO / "province.yaml").read_text(encoding="utf-8")
    comments = " ".join(line for line in text.splitlines() if "#" in line)
    for block in re.split(r"\n\n", text):
        assert block.startswith("#"), block
    province = read_yaml("province.yaml", text.encode("utf-8"))
    for section in ("population", "templates", "coding", "cost", "stay", "flags", "registry"):
        assert [key for key in province[section] if key not in comments] == [], section


def test_it_says_that_it_is_a_demonstration() -> None:
    readme = (DEMO / "README.md").read_text(encoding="utf-8")
    assert "not be used for payment" in " ".join(readme.split())
    assert "written for this project" in " ".join(readme.split())
    assert "不得用于医保支付" in readme
    assert "演示" in (DEMO / "province.yaml").read_text(encoding="utf-8")
