"""A whole synthetic province: files drawn side by side, registry and manifest, put in place at the end."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from grouper.scheme import Scheme
from jobs.synthetic.faults import Fault
from jobs.synthetic.lists import Slice, draw, to_landing
from jobs.synthetic.manifest import MANIFEST, FileEntry, Manifest, Request
from jobs.synthetic.registry import write_registry
from jobs.synthetic.settings import ProvinceSettings
from jobs.synthetic.sizes import slices_of
from jobs.synthetic.sums import SliceSums, sums_of
from jobs.synthetic.tables import SchemeTables, build_tables, seeded
from jobs.synthetic.templates import make_templates
from jobs.synthetic.writer import arrow_schema, sha256_of, whole_folder, write_parquet
from lake.tables.lists import LANDING

# Starting a process takes seconds; below this many cases one alone is faster.
CASES_PER_WORKER = 250_000


@dataclass(frozen=True)
class Plan:
    """What every worker holds: settings, the areas' tables, where and in which schema to write."""

    folder: Path
    seed: int
    first_year: int
    settings: ProvinceSettings
    tables: Mapping[str, SchemeTables]
    schema: pa.Schema


def generate_province(
    out: Path,
    *,
    seed: int,
    cases_per_year: int,
    years: Sequence[int],
    settings: ProvinceSettings,
    schemes: Mapping[str, Scheme],
    progress: Callable[[str], None],
    workers: int = 1,
) -> Manifest:
    """Write the landing files of a province into `out`; the same arguments give the same bytes.

    Args:
        out: new folder, or one that an earlier call made. It appears, or is replaced, when all is written.
        seed: of all draws.
        cases_per_year: over all areas.
        years: settlement years; the last one is the year that gets budgets, deductions and reviews.
        settings: what the province is like.
        schemes: by area; all areas of the settings.
        progress: is told what happens, a line each.
        workers: processes that draw; the result does not depend on it.

    Raises:
        InputProblem: `out` holds something else.
    """
    schemes = {area.code: schemes[area.code] for area in settings.areas}
    fingerprints = {area: scheme.fingerprint for area, scheme in schemes.items()}
    request = Request.of(seed, cases_per_year, years, settings.fingerprint, fingerprints)
    found = Manifest.read(out)
    if found and found.describes(out, request):
        progress(f"{out} already holds this province ({found.rows} rows); nothing to do")
        return found
    with whole_folder(out, MANIFEST) as scratch:
        tables = scheme_tables(schemes, settings, seed, progress)
        plan = Plan(scratch, seed, min(years), settings, tables, arrow_schema(LANDING))
        sums, files = _write_lists(plan, slices_of(settings, years, cases_per_year), workers, progress)
        rows = write_registry(scratch / "registry", settings, seed, max(years), sums, schemes, tables)
        files += [_entry(scratch, f"registry/{name}", count, 0) for name, count in rows.items()]
        manifest = _manifest(request, tables, sums, files)
        manifest.write(scratch)
    progress(f"{out}: {manifest.cases} cases in {manifest.rows} rows")
    return manifest


def scheme_tables(
    schemes: Mapping[str, Scheme], settings: ProvinceSettings, seed: int, progress: Callable[[str], None]
) -> dict[str, SchemeTables]:
    """What the cases of each area are drawn from; areas with the same scheme share it."""
    made: dict[str, SchemeTables] = {}
    for scheme in schemes.values():
        mark = scheme.fingerprint
        if mark not in made:
            templates = make_templates(scheme, settings, seeded(seed, "templates", mark))
            made[mark] = build_tables(scheme, templates, settings, seed)
            progress(f"scheme {mark[:12]}: {len(templates)} templates of {len(made[mark].adrgs)} ADRGs")
    return {area: made[scheme.fingerprint] for area, scheme in schemes.items()}


def _write_lists(
    plan: Plan, pieces: Sequence[Slice], workers: int, progress: Callable[[str], None]
) -> tuple[list[SliceSums], list[FileEntry]]:
    sums, files, said = [], [], ("", "")
    useful = 1 + sum(piece.count for piece in pieces) // CASES_PER_WORKER
    with _map(plan, min(workers, useful)) as run:
        for one, entry in run(pieces):
            if said != (one.piece.area, one.piece.month[:4]):
                said = (one.piece.area, one.piece.month[:4])
                progress(f"lists of area {said[0]}, year {said[1]}")
            sums.append(one)
            files.append(entry)
    return sums, files


Run = Callable[[Sequence[Slice]], Iterator[tuple[SliceSums, FileEntry]]]


@contextmanager
def _map(plan: Plan, workers: int) -> Iterator[Run]:
    """Runs slices in order, here or in `workers` fresh processes (spawned: no thread or lock is inherited)."""
    if workers <= 1:
        yield lambda pieces: (_write_slice(plan, piece) for piece in pieces)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker, initargs=(plan,))
    try:
        yield lambda pieces: pool.map(_work, pieces, chunksize=1)
    finally:
        pool.shutdown(cancel_futures=True)


_plan: Plan | None = None


def _start_worker(plan: Plan) -> None:
    global _plan
    pa.set_cpu_count(1)
    _plan = plan


def _work(piece: Slice) -> tuple[SliceSums, FileEntry]:
    assert _plan is not None
    return _write_slice(_plan, piece)


def _write_slice(plan: Plan, piece: Slice) -> tuple[SliceSums, FileEntry]:
    tables = plan.tables[piece.area]
    drawn = draw(tables, plan.settings, plan.seed, piece, plan.first_year)
    landing = to_landing(drawn, tables, plan.settings, piece, plan.schema)
    path = f"lists/area={piece.area}/month={piece.month}/part-{piece.part:04d}.parquet"
    write_parquet(landing, plan.folder / path)
    return sums_of(drawn, plan.settings, plan.seed, piece), _entry(plan.folder, path, landing.num_rows, piece.count)


def _entry(folder: Path, path: str, rows: int, cases: int) -> FileEntry:
    return FileEntry(path, rows, cases, (folder / path).stat().st_size, sha256_of(folder / path))


def _manifest(
    request: Request, tables: Mapping[str, SchemeTables], sums: Sequence[SliceSums], files: Sequence[FileEntry]
) -> Manifest:
    lists = [entry for entry in files if entry.path.startswith("lists/")]
    return Manifest(
        request=request.as_json(),
        cases=sum(entry.cases for entry in lists),
        rows=sum(entry.rows for entry in lists),
        faults={fault.value: sum(one.faults[fault.value] for one in sums) for fault in Fault},
        templates={area: {"adrgs": len(one.adrgs), "templates": len(one.principal)} for area, one in tables.items()},
        files=tuple(files),
    )
