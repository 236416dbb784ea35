"""Habits that the code must not fall into, found by walking the syntax trees."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = ("grouper", "settlement", "lake", "serving", "jobs")
# Third-party library -> the only files that may import it.
PLACES = {
    "mlflow": ("lake/tracking.py",),
    "great_expectations": ("lake/contracts.py",),
    "delta": ("lake/store.py",),
    "matplotlib": ("lake/plots.py", "lake/tracking.py", "serving/charts.py"),
    "openpyxl": ("serving/workbook.py",),
}
# Administrative divisions of China have six digits; a year stands alone.
AREA_CODE = re.compile(r"(?<!\d)[1-9]\d{5}(?!\d)")
YEAR = re.compile(r"(?<![\d.])20[12]\d(?!\d)")


def sources(*packages: str) -> Iterator[tuple[Path, ast.Module]]:
    for package in packages:
        for file in sorted((ROOT / package).rglob("*.py")):
            yield file.relative_to(ROOT), ast.parse(file.read_text(encoding="utf-8"))


def floats(tree: ast.AST) -> list[int]:
    """Lines with a float literal, the float type, or a floating column type."""
    lines = []
    for node in ast.walk(tree):
        literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
        named = isinstance(node, ast.Name) and node.id in {"float", "DoubleType", "FloatType"}
        text = (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lower() in {"double", "float"}
        )
        if literal or named or text:
            lines.append(node.lineno)
    return sorted(lines)


def test_no_float_in_settlement() -> None:
    # policy_values.py names the type once, to refuse it.
    found = {str(file): floats(tree) for file, tree in sources("settlement") if floats(tree)}
    assert set(found) <= {"settlement/policy_values.py"}, found
    assert len(found.get("settlement/policy_values.py", [])) <= 1


def test_the_float_walker_sees_floats() -> None:
    assert floats(ast.parse("x = 0.5\ny = float(3)\nz = 'double'\n")) == [1, 2, 3]


def forbidden_calls(tree: ast.AST, names: set[str]) -> list[int]:
    return [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in names]


def test_pure_rooms_never_collect() -> None:
    names = {"collect", "toPandas", "toArrow", "toLocalIterator", "sparkContext", "_jvm"}
    found = {str(file): forbidden_calls(tree, names) for file, tree in sources("grouper", "settlement")}
    assert not {file: lines for file, lines in found.items() if lines}


def test_no_city_and_no_year_in_code() -> None:
    """Docstrings and comments may name documents; values in code may not."""
    found = []
    for file, tree in sources(*PACKAGES):
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node, clean=False)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or id(node) in docstrings:
                continue
            text = str(node.value) if isinstance(node.value, int | str) and not isinstance(node.value, bool) else ""
            example = "like" in text or "write" in text  # an error message that shows how to write a date
            if (YEAR.search(text) or (AREA_CODE.fullmatch(text) and isinstance(node.value, str))) and not example:
                found.append(f"{file}:{node.lineno}: {text[:60]!r}")
    assert not found


@pytest.mark.parametrize("library", sorted(PLACES))
def test_libraries_stay_where_they_belong(library: str) -> None:
    found = []
    for file, tree in sources(*PACKAGES):
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] == library for name in names) and not str(file).startswith(PLACES[library]):
                found.append(f"{file}:{node.lineno}")
    assert not found


def test_files_stay_one_idea() -> None:
    long = [str(file) for file, _ in sources(*PACKAGES) if len((ROOT / file).read_text().splitlines()) > 400]
    assert not long
