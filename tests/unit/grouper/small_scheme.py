"""A scheme of a few rows, and its csv folder as text that a test may spoil."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "mdc.csv": "MDC编码,MDC名称,MDC规则,排序\nB,神经,ZYZD in DI_B,2\nA,先期,,1\n",
    "adrg.csv": (
        "ADRG编码,ADRG名称,ADRG规则,所属MDC编码,MDC内排序\n"
        "AA1,移植,ZYSS in OP_A,A,1\nBB1,手术,{ZYSS，QTSS} in OP_B,B,1\nBQY,歧义,ZYSS in OP_A,B,2\nBR1,内科,XB = 1,B,3\n"
    )
    .replace("，", ", ")
    .replace("{ZYSS, QTSS} in OP_B", '"{ZYSS, QTSS} in OP_B"'),
    "drg.csv": (
        "DRG编码,DRG名称,DRG规则,所属ADRG编码,所属MDC编码,排序\n"
        "AA19,移植,,AA1,A,1\nBB11,手术伴,QTZD in MCC,BB1,B,1\nBB15,手术,,BB1,B,2\nBQY,歧义,,BQY,B,1\n"
        "BR11,内科伴,QTZD in CC,BR1,B,1\nBR15,内科,NL > 17,BR1,B,2\n"
    ),
    "code_set.csv": (
        "集合编号,ICD编码,ICD名称,类型编号\n"
        "DI_B,I60.000,出血,DI\nDI_B,I61.x00,脑出血,DI\nOP_A,37.5100,心脏移植,OP\nOP_B,01.2400,开颅,OP\n"
    ),
    "cc.csv": "疾病编码,疾病名称,排除表,类型\nA41.900,脓毒症,1,MCC\nE11.900,糖尿病,2,CC\n",
    "exclusion.csv": "集合编号,ICD编码,ICD名称\n1,I61.x00,脑出血\n2,I99.x00,其他\n",
}


def write_files(folder: Path, **changes: str | bytes | None) -> Path:
    """Write the csv folder; `mdc="..."` replaces a file, None leaves it out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        content = changes.get(name.removesuffix(".csv"), text)
        if content is not None:
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def spoiled(name: str, old: str, new: str) -> dict[str, str]:
    """One file with one text replaced; fails where the text is not in it."""
    text = FILES[f"{name}.csv"]
    assert old in text
    return {name: text.replace(old, new, 1)}
