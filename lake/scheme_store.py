"""Scheme versions in the lake: imported once, whole and unchangeable; and which city uses which from when."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from grouper.compile import CompiledScheme, compile_scheme
from grouper.errors import SchemeProblem
from grouper.scheme import Scheme
from grouper.workbook import read_scheme, write_scheme
from lake.errors import MissingParameters, UsageProblem
from lake.moments import moment_after
from lake.store import Lake
from lake.tables.schemes import SCHEME_USE, SCHEMES

SHOWN_MARK = 16  # characters of a fingerprint, as `scheme list` shows it


@dataclass(frozen=True)
class SchemeVersion:
    """A row of `schemes` without its document."""

    scheme_id: str
    fingerprint: str
    overlay_of: str | None
    source: str


def pack(scheme: Scheme) -> bytes:
    """The six sheets as CSV in one zip; the same scheme gives the same bytes."""
    buffer = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        write_scheme(scheme, Path(folder))
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(Path(folder).iterdir()):
                archive.writestr(zipfile.ZipInfo(file.name, (1980, 1, 1, 0, 0, 0)), file.read_bytes())
    return buffer.getvalue()


@lru_cache(maxsize=64)
def unpack(document: bytes) -> Scheme:
    """The scheme of a stored document."""
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(io.BytesIO(document)) as archive:
            archive.extractall(folder)
        return read_scheme(Path(folder))


def import_scheme(lake: Lake, scheme: Scheme, scheme_id: str, source: str, overlay_of: str | None = None) -> str:
    """Store a scheme version, once; gives its fingerprint."""

    def missing(known: pa.Table) -> list[tuple]:
        there = zip(known["scheme_id"].to_pylist(), known["fingerprint"].to_pylist(), strict=True)
        if (scheme_id, scheme.fingerprint) in there:
            return []
        row = (
            scheme_id,
            scheme.fingerprint,
            overlay_of,
            source,
            len(scheme.mdcs),
            len(scheme.adrgs),
            len(scheme.drgs),
            bytearray(pack(scheme)),
            bytearray(compile_scheme(scheme).to_bytes()),
            moment_after(known, "imported_at"),
        )
        return [row]

    lake.extend(SCHEMES, missing, f"import scheme {scheme_id} {scheme.fingerprint}")
    return scheme.fingerprint


def list_schemes(lake: Lake) -> list[SchemeVersion]:
    """All versions, by name and time of import."""
    return _versions(lake.table(SCHEMES))


def _versions(rows: pa.Table) -> list[SchemeVersion]:
    ordered = rows.sort_by([("scheme_id", "ascending"), ("imported_at", "ascending")])
    names = ("scheme_id", "fingerprint", "overlay_of", "source")
    return [SchemeVersion(*row.values()) for row in ordered.select(names).to_pylist()]


def load_scheme(lake: Lake, version: str) -> Scheme:
    """A scheme by fingerprint (or its first characters) or by name (the newest version of it).

    Raises `MissingParameters` where there is none, `UsageProblem` for the beginning of several.
    """
    rows = lake.table(SCHEMES)
    found = _named(_versions(rows), version)
    if found is None:
        raise MissingParameters(f"no scheme {version!r} in the lake {lake.root}: `dianshu scheme import PATH --id ID`")
    return unpack(rows.filter(pc.equal(rows["fingerprint"], found.fingerprint))["document"][0].as_py())


def find_version(lake: Lake, name: str) -> SchemeVersion:
    """A version by fingerprint (or its first characters) or by name (the newest version of it).

    Raises `UsageProblem` where there is none, or for the beginning of several.
    """
    found = _named(list_schemes(lake), name)
    if found is None:
        raise UsageProblem(f"no scheme {name!r} in the lake; `dianshu scheme list` shows them")
    return found


def _named(known: Sequence[SchemeVersion], name: str) -> SchemeVersion | None:
    """The newest version of a name, else the one whose fingerprint begins so; `known` by name and time of import."""
    named = [one for one in known if one.scheme_id == name]
    matching = named or [one for one in known if one.fingerprint.startswith(name)]
    if not named and len({one.fingerprint for one in matching}) > 1:
        shown = ", ".join(sorted({one.fingerprint[:SHOWN_MARK] for one in matching}))
        raise UsageProblem(f"{name!r} begins the fingerprints of several schemes ({shown}); give more of it, or a name")
    return matching[-1] if matching else None


def load_compiled(lake: Lake, versions: Iterable[str]) -> dict[str, CompiledScheme]:
    """Schemes by fingerprint, ready to group: read all at once, and not compiled again.

    Raises `MissingParameters` for a version that is not in the lake.
    """
    wanted = sorted(set(versions))
    rows = lake.table(SCHEMES)
    kept = rows.filter(pc.is_in(rows["fingerprint"], value_set=pa.array(wanted, pa.string())))
    forms = dict(zip(kept["fingerprint"].to_pylist(), kept["compiled"].to_pylist(), strict=True))
    return {version: _compiled(lake, version, forms.get(version) or b"") for version in wanted}


def _compiled(lake: Lake, version: str, form: bytes) -> CompiledScheme:
    try:
        return CompiledScheme.from_bytes(form)
    except SchemeProblem:  # stored by an older program, or not at all: the document says it all
        return compile_scheme(load_scheme(lake, version))


def use_scheme(lake: Lake, uses: Mapping[str, SchemeVersion], from_date: date) -> None:
    """Record that areas use scheme versions from a day on; nothing is written where that was said already.

    What was said for other days does not count: a version that is in force on the day only because an earlier row
    reaches so far would be pushed out by a later row for a day in between.
    """

    def unsaid(known: pa.Table) -> list[tuple]:
        said = known.filter(pc.equal(known["from_date"], pa.scalar(from_date, pa.date32()))).sort_by("recorded_at")
        present = dict(zip(said["area"].to_pylist(), said["fingerprint"].to_pylist(), strict=True))
        now = moment_after(known, "recorded_at")
        return [
            (area, from_date, version.scheme_id, version.fingerprint, now)
            for area, version in sorted(uses.items())
            if present.get(area) != version.fingerprint
        ]

    lake.extend(SCHEME_USE, unsaid, f"use schemes from {from_date}")


def schemes_in_use(lake: Lake, areas: Iterable[str], day: date) -> dict[str, str]:
    """Area -> fingerprint of the scheme that cases discharged on `day` take.

    Raises `MissingParameters` for areas without one.
    """
    wanted = sorted(set(areas))
    rows = lake.table(SCHEME_USE)
    begun = rows.filter(pc.less_equal(rows["from_date"], pa.scalar(day, pa.date32())))
    in_order = begun.sort_by([("from_date", "ascending"), ("recorded_at", "ascending")])
    found = dict(zip(in_order["area"].to_pylist(), in_order["fingerprint"].to_pylist(), strict=True))
    missing = [area for area in wanted if area not in found]
    if missing:
        raise MissingParameters(
            f"no grouping scheme for area(s) {', '.join(missing)} on {day}: "
            "`dianshu scheme use ID --city AREA --from DATE`"
        )
    return {area: found[area] for area in wanted}
