"""How long a scheme takes from its file to an engine that groups, and how much memory.

Usage: python -m tests.bench.scheme_compile [FOLDER ...]

Without folders all of ../shared/schemes and the demonstration scheme. Three ways are measured, each in a process of its
own, the start of Python and its imports left out: the workbook (one is written where the folder has none), the document
in which the lake keeps a scheme, and the compiled tables that workers get. `ready` is when the first case is grouped.
Seconds are those of the clock and, behind them, of the processor (the clock also counts who else works on the machine);
an aim is held against the processor's. Peak memory is that of the whole process, Python and its libraries included.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import pyarrow as pa

from grouper.compile import CompiledScheme, compile_scheme
from grouper.sheets import CSV_FILES
from grouper.tables import group_table
from grouper.workbook import read_scheme
from tests.conftest import ROOT

WAYS = {"workbook": 10.0, "document": 1.0, "compiled": 1.0}  # aims in seconds
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def write_workbook(folder: Path, path: Path) -> Path:
    """The csv folder as a workbook with inline text, as the national one is."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        sheets, relations = [], []
        for number, (name, file) in enumerate(CSV_FILES.items(), start=1):
            sheets.append(f'<sheet name="{name}" sheetId="{number}" r:id="rId{number}"/>')
            target = f"worksheets/sheet{number}.xml"
            relations.append(f'<Relationship Id="rId{number}" Type="{_RELATIONS}/worksheet" Target="{target}"/>')
            archive.writestr(f"xl/{target}", "".join(_sheet_xml(folder / file)))
        book = f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{"".join(sheets)}</sheets></workbook>'
        archive.writestr("xl/workbook.xml", book)
        listed = f'<Relationships xmlns="{_PACKAGE}">{"".join(relations)}</Relationships>'
        archive.writestr("xl/_rels/workbook.xml.rels", listed)
    return path


def _sheet_xml(path: Path) -> Iterator[str]:
    yield f'<worksheet xmlns="{_MAIN}"><sheetData>'
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for number, row in enumerate(csv.reader(stream), start=1):
            cells = "".join(f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>' for cell in row)
            yield f'<row r="{number}">{cells}</row>'
    yield "</sheetData></worksheet>"


def prepare(folder: Path, scratch: Path) -> dict[str, Path]:
    """The three files of a scheme."""
    from lake.scheme_store import pack

    book = folder / "workbook.xlsx"
    scheme = read_scheme(folder)
    files = {way: scratch / f"{folder.name}.{way}" for way in WAYS}
    files["workbook"] = book if book.is_file() else write_workbook(folder, scratch / f"{folder.name}.xlsx")
    files["document"].write_bytes(pack(scheme))
    files["compiled"].write_bytes(compile_scheme(scheme).to_bytes())
    return files


def measure(way: str, path: Path) -> dict[str, float]:
    """Seconds until ready and peak MiB, in this process."""
    unpack = None
    if way == "document":
        from lake.scheme_store import unpack
    case = pa.table({"principal_diagnosis": ["I50.900"], "other_diagnoses": [""], "procedures": [""]})
    began, worked = time.perf_counter(), time.process_time()
    if way == "compiled":
        compiled = CompiledScheme.from_bytes(path.read_bytes())
    else:
        compiled = compile_scheme(unpack(path.read_bytes()) if unpack else read_scheme(path))
    group_table(compiled, case)
    seconds, processor = time.perf_counter() - began, time.process_time() - worked
    return {"seconds": seconds, "processor": processor, "mib": peak_memory()}


def peak_memory() -> float:
    """Peak MiB of this process since its program was started; `getrusage` would count the parent's before that."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) / 1024


def measured_apart(way: str, path: Path) -> dict[str, float]:
    """`measure` in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.scheme_compile", "--way", way, str(path)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(answer.stdout)
    return found


def main() -> int:
    """Measure and print; 1 where an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.way:
        print(json.dumps(measure(args.way, args.folders[0])))
        return 0
    published = sorted(path.parent for path in (ROOT.parent / "shared" / "schemes").glob("*/mdc.csv"))
    folders = args.folders or [ROOT / "conf" / "demo" / "scheme", *published]
    missed = 0
    print("| scheme | " + " | ".join(f"{way}: s / CPU s / MiB (aim {aim:g} s)" for way, aim in WAYS.items()) + " |")
    print("|---|" + "---:|" * len(WAYS))
    with tempfile.TemporaryDirectory() as scratch:
        for folder in folders:
            found = {way: measured_apart(way, path) for way, path in prepare(folder, Path(scratch)).items()}
            missed += sum(one["processor"] >= WAYS[way] for way, one in found.items())
            cells = [f"{one['seconds']:.2f} / {one['processor']:.2f} / {one['mib']:,.0f}" for one in found.values()]
            print(f"| {folder.name} | " + " | ".join(cells) + " |", flush=True)
    print(f"\n{missed} of {len(folders) * len(WAYS)} aims missed")
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main())
