"""`make bench`: cases/s and peak memory of each step of the main job at two sizes, and how the time grows.

Each step is a process of its own, as a scheduler would start it: session start-up is in the figures. Peak memory is
that of the whole process tree (driver, JVM, Python workers), sampled ten times a second.

    python -m tests.bench.main --sizes 1000000 4000000 --out docs/benchmarks.md

The page keeps what stands outside its marked part: the figures of the other benchmarks, each with its command.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from jobs.synthetic.settings_file import read_settings
from tests.conftest import ROOT

STEPS = ("generate", "ingest", "group", "benchmark", "points", "settle")
HISTORY = 3  # of four years of cases, three are history
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Measured:
    """One step at one size."""

    seconds: float
    peak_mib: int
    cases: int

    @property
    def rate(self) -> float:
        """Cases a second, of the cases that the step reads."""
        return self.cases / self.seconds


def tree_memory(root: int) -> int:
    """Resident bytes of a process and all its descendants.

    A child of Java that is still Java has not begun its own program yet (one is started for each file that is written):
    it is in its parent's memory, which is not counted twice.
    """
    parents, sizes = {}, {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            sizes[int(entry.name)] = int((entry / "statm").read_text().split()[1]) * _PAGE
        except (OSError, IndexError):
            continue
        parents[int(entry.name)] = int(fields[1])
    total, level = 0, {root}
    while level:
        total += sum(sizes.get(pid, 0) for pid in level if not (_is_java(pid) and _is_java(parents.get(pid, 0))))
        level = {pid for pid, parent in parents.items() if parent in level}
    return total


def _is_java(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/exe").readlink().name == "java"
    except OSError:
        return False


def measure(command: list[str]) -> tuple[float, int]:
    """Seconds and peak MiB of a command; its failure is ours."""
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    peak = 0
    errors: list[str] = []
    reader = threading.Thread(target=lambda: errors.extend(process.stderr or ()), daemon=True)
    reader.start()
    while process.poll() is None:
        peak = max(peak, tree_memory(process.pid))
        time.sleep(0.1)
    reader.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n" + "".join(errors[-20:]))
    return time.monotonic() - began, peak >> 20


def commands(folder: Path, cases: int, year: int, cities: list[str]) -> dict[str, list[list[str]]]:
    """The command lines of each step for `cases` cases over four years; the last of a step is measured."""
    dianshu = [sys.executable, "-m", "jobs.cli"]
    landing, lake = str(folder / "landing"), ["--lake", str(folder / "lake")]
    scheme = str(ROOT / "conf" / "demo" / "scheme")
    uses = [word for city in cities for word in ("--city", city)]
    a_year = str(cases // (HISTORY + 1))
    of_year = ["--year", str(year), *lake]
    use = [*dianshu, "scheme", "import", scheme, "--id", "demo", "--from", f"{year - HISTORY}-01-01", *uses, *lake]
    publish = [*dianshu, "publish", *of_year, "--who", "bench", "--why", "bench"]
    return {
        "generate": [[*dianshu, "generate", "--out", landing, "--cases", a_year, "--schemes", scheme, "--quiet"]],
        "ingest": [[*dianshu, "ingest", landing, *lake]],
        "group": [use, [*dianshu, "group", "--with-history", *of_year]],
        "benchmark": [[*dianshu, "benchmark", *of_year]],
        "points": [publish, [*dianshu, "points", *of_year]],
        "settle": [[*dianshu, "settle", *of_year]],
    }


def run_size(cases: int, year: int, cities: list[str]) -> dict[str, Measured]:
    """All steps at one size, in a scratch lake."""
    folder = Path(tempfile.mkdtemp(prefix="dianshu-bench-"))
    a_year = cases // (HISTORY + 1)
    read = {"benchmark": a_year * HISTORY, "points": a_year, "settle": a_year}
    found = {}
    try:
        for step, lines in commands(folder, cases, year, cities).items():
            for line in lines[:-1]:
                measure(line)
            seconds, peak = measure(lines[-1])
            found[step] = Measured(seconds, peak, read.get(step, cases))
            shown = found[step]
            print(f"{cases:>10,} {step:<10} {seconds:7.1f} s {shown.rate:10,.0f} cases/s {peak:6,} MiB", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return found


def table(sizes: list[int], found: dict[int, dict[str, Measured]]) -> str:
    """The figures as one Markdown table."""
    small, large = sizes[0], sizes[-1]
    head = ["step", *[f"{size:,}: s / cases/s / MiB" for size in sizes], f"time x at {large // small}x data"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for step in STEPS:
        cells = [
            f"{one.seconds:.1f} / {one.rate:,.0f} / {one.peak_mib:,}" for one in (found[size][step] for size in sizes)
        ]
        ratio = found[large][step].seconds / found[small][step].seconds
        lines.append("| " + " | ".join([step, *cells, f"{ratio:.2f}"]) + " |")
    return "\n".join(lines)


def machine() -> str:
    """Size of the machine."""
    memory = os.sysconf("SC_PHYS_PAGES") * _PAGE / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {platform.system()}"


def main() -> None:
    """Measure and print; with --out also keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000_000, 4_000_000])
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    settings = read_settings(ROOT / "conf" / "demo")
    cities = [area.code for area in settings.areas]
    sizes = sorted(args.sizes)
    found = {size: run_size(size, settings.year, cities) for size in sizes}
    text = table(sizes, found)
    print(f"\n{machine()}\n\n{text}")
    if args.out:
        args.out.write_text(replaced(args.out.read_text(encoding="utf-8"), f"{machine()}.\n\n{text}"), encoding="utf-8")


_BEGIN, _END = "<!-- steps: written by make bench -->", "<!-- end of steps -->"


def replaced(page: str, steps: str) -> str:
    """The page with its part about the steps written anew; the figures of the other benchmarks stay."""
    before, rest = page.split(_BEGIN)
    after = rest.split(_END)[1]
    return f"{before}{_BEGIN}\n{steps}\n{_END}{after}"


if __name__ == "__main__":
    main()
