"""What a machine without Java, with the wrong Java, or without jars is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from lake import session
from lake.errors import EnvironmentProblem


def java_that_says(folder: Path, text: str) -> None:
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho '{text}' >&2\n", encoding="utf-8")
    java.chmod(0o755)


def test_no_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentProblem, match=r"Java was not found.*JAVA_HOME"):
        session.check_java()


def test_java_home_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))
    with pytest.raises(EnvironmentProblem, match="Java was not found"):
        session.check_java()


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ('openjdk version "17.0.15" 2025-04-15', True),
        ('openjdk version "21.0.2" 2024-01-16', True),
        ('java version "1.8.0_392"', False),
        ('openjdk version "11.0.2" 2019-01-15', False),
        ("something else", False),
    ],
)
def test_java_version(text: str, fits: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    java_that_says(tmp_path, text)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    if fits:
        session.check_java()
    else:
        with pytest.raises(EnvironmentProblem, match="needs Java 17 or 21"):
            session.check_java()


def test_offline_folder_without_delta(tmp_path: Path) -> None:
    (tmp_path / "other.jar").touch()
    with pytest.raises(EnvironmentProblem, match="holds no delta-spark jar"):
        session._offline_jars(tmp_path)


def test_the_python_package_and_the_jar_are_of_one_version() -> None:
    from importlib.metadata import version

    assert session.delta_coordinates().endswith(f":{version('delta-spark')}")
    assert version("pyspark").rsplit(".", 1)[0] in session.delta_coordinates()
