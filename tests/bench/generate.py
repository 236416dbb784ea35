"""How many cases a second the synthetic province is drawn and written with, and how much memory that takes.

Usage: python tests/bench/generate.py [--cases 1000000] [--scheme conf/demo/scheme] [--workers 2]

`--cases` is over all years (three of history and the settlement year). Prints the time for the scheme's templates and
the whole time, cases per second, bytes per case and the peak memory of this process and of its largest worker.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

from grouper.workbook import read_scheme
from jobs.synthetic.province import generate_province
from jobs.synthetic.settings_file import read_settings
from lake.settings import history_years

ROOT = Path(__file__).resolve().parent.parent.parent


def peak_mib(who: int) -> float:
    """Peak resident memory in MiB."""
    return resource.getrusage(who).ru_maxrss / 1024


def main() -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--scheme", type=Path, default=ROOT / "conf" / "demo" / "scheme")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    settings, scheme = read_settings(ROOT / "conf" / "demo"), read_scheme(args.scheme)
    years = [*history_years(settings.year), settings.year]
    times: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        began = time.perf_counter()
        manifest = generate_province(
            Path(scratch) / "province",
            seed=1,
            cases_per_year=args.cases // len(years),
            years=years,
            settings=settings,
            schemes={area.code: scheme for area in settings.areas},
            progress=lambda line: times.append(time.perf_counter() - began),
            workers=args.workers,
        )
        whole = time.perf_counter() - began
    size = sum(entry.bytes for entry in manifest.files)
    print(f"templates             {times[0]:8.1f} s")
    print(f"whole                 {whole:8.1f} s for {manifest.cases} cases, {args.workers} workers")
    print(f"speed                 {manifest.cases / whole:8.0f} cases/s")
    print(f"size                  {size / manifest.cases:8.0f} bytes a case, {size / 2**20:.0f} MiB")
    print(f"peak memory           {peak_mib(resource.RUSAGE_SELF):8.0f} MiB here")
    print(f"                      {peak_mib(resource.RUSAGE_CHILDREN):8.0f} MiB in the largest worker")


if __name__ == "__main__":
    main()
