"""Scheme versions in the lake: imported once, whole and unchangeable; and which city uses which from when."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from grouper.compile import CompiledScheme, compile_scheme
from grouper.errors import SchemeProblem
from grouper.scheme import Scheme
from grouper.workbook import read_scheme, write_scheme
from lake.errors import MissingParameters, UsageProblem
from lake.moments import moment_after
from lake.store import Lake
from lake.tables.schemes import SCHEME_USE, SCHEMES


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
    same = (F.col("fingerprint") == scheme.fingerprint) & (F.col("scheme_id") == scheme_id)

    def missing(known: DataFrame) -> list[tuple]:
        if not known.where(same).isEmpty():
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
    rows = lake.read_or_empty(SCHEMES).orderBy("scheme_id", "imported_at").drop("document", "compiled").collect()
    return [SchemeVersion(row.scheme_id, row.fingerprint, row.overlay_of, row.source) for row in rows]


def load_scheme(lake: Lake, version: str) -> Scheme:
    """A scheme by fingerprint (or its first characters) or by name (the newest version of it)."""
    matching = lake.read_or_empty(SCHEMES).where(
        F.col("fingerprint").startswith(version) | (F.col("scheme_id") == version)
    )
    row = matching.orderBy(F.col("imported_at").desc(), "fingerprint").select("document").first()
    if row is None:
        raise MissingParameters(f"no scheme {version!r} in the lake {lake.root}: `dianshu scheme import PATH --id ID`")
    return unpack(bytes(row.document))


def find_version(lake: Lake, name: str) -> SchemeVersion:
    """A version by fingerprint (or its first characters) or by name (the newest version of it).

    Raises `UsageProblem` where there is none.
    """
    known = list_schemes(lake)
    named = [one for one in known if one.scheme_id == name]
    matching = named or [one for one in known if one.fingerprint.startswith(name)]
    if not matching:
        raise UsageProblem(f"no scheme {name!r} in the lake; `dianshu scheme list` shows them")
    return matching[-1]


def load_compiled(lake: Lake, versions: Iterable[str]) -> dict[str, CompiledScheme]:
    """Schemes by fingerprint, ready to group: read all at once, and not compiled again.

    Raises `MissingParameters` for a version that is not in the lake.
    """
    wanted = sorted(set(versions))
    kept = lake.read_or_empty(SCHEMES).where(F.col("fingerprint").isin(wanted))
    forms = {row.fingerprint: bytes(row.compiled) for row in kept.select("fingerprint", "compiled").collect()}
    return {version: _compiled(lake, version, forms.get(version, b"")) for version in wanted}


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

    def unsaid(known: DataFrame) -> list[tuple]:
        said = known.where(F.col("area").isin(sorted(uses)) & (F.col("from_date") == from_date))
        present = {row.area: row.fingerprint for row in sorted(said.collect(), key=lambda row: row.recorded_at)}
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
    rows = (
        lake.read_or_empty(SCHEME_USE).where(F.col("area").isin(wanted) & (F.col("from_date") <= F.lit(day))).collect()
    )
    found: dict[str, str] = {}
    for row in sorted(rows, key=lambda row: (row.from_date, row.recorded_at)):
        found[row.area] = row.fingerprint
    missing = [area for area in wanted if area not in found]
    if missing:
        raise MissingParameters(
            f"no grouping scheme for area(s) {', '.join(missing)} on {day}: "
            "`dianshu scheme use ID --city AREA --from DATE`"
        )
    return found
