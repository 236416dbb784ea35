"""The one place that builds a Spark session.

Local mode with Delta is the embedded default. A running session (notebook) is taken as it is; under `spark-submit` the
submitter's settings come first; with `SPARK_REMOTE` the session is that of a Spark Connect server. Settings come from
`conf/engine/*.yaml`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path

import yaml
from pyspark.sql import SparkSession

from lake.errors import EnvironmentProblem

SUPPORTED_JAVA = (17, 21)
_JAVA_OPTIONS = "spark.driver.extraJavaOptions"


def project_cache() -> Path:
    """Folder for downloaded jars: `DIANSHU_CACHE`, else `.cache` beside the project (or in the working folder)."""
    given = os.environ.get("DIANSHU_CACHE")
    if given:
        return Path(given)
    root = Path(__file__).resolve().parent.parent
    return (root if (root / "pyproject.toml").exists() else Path.cwd()) / ".cache"


def engine_settings(profile: str, blocks: tuple[str, ...] = ("spark", "always")) -> dict[str, str]:
    """Spark settings of `conf/engine/<profile>.yaml` (`local`, `test`), each a plain string."""
    text = resources.files("conf").joinpath("engine", f"{profile}.yaml").read_text(encoding="utf-8")
    loaded = yaml.safe_load(text)
    return {str(name): str(value) for block in blocks for name, value in loaded[block].items()}


def check_java() -> None:
    """Refuse early, in words, where Spark would fail with a stack trace."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if not java or (home and not Path(java).exists()):
        raise EnvironmentProblem(
            "Java was not found. Spark needs a Java 17 runtime: install one (Debian: apt-get install "
            "openjdk-17-jre-headless) or point JAVA_HOME at it."
        )
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)(?:\.(\d+))?', answer.stderr + answer.stdout)
    major = int(found.group(1)) if found else 0
    if major not in SUPPORTED_JAVA:
        shown = found.group(0) if found else (answer.stderr or answer.stdout).strip()[:200]
        raise EnvironmentProblem(
            f"{java} is Java {shown!r}; Spark 4 needs Java 17 or 21. Install a Java 17 runtime and point JAVA_HOME "
            "at it."
        )


def delta_coordinates() -> str:
    """The pinned Maven coordinates of Delta's jar, from `conf/engine/delta.yaml`."""
    text = resources.files("conf").joinpath("engine", "delta.yaml").read_text(encoding="utf-8")
    return str(yaml.safe_load(text)["coordinates"])


def _offline_jars(folder: Path) -> list[Path]:
    jars = sorted(folder.glob("*.jar"))
    if not any(jar.name.startswith(("delta-spark", "io.delta_delta-spark")) for jar in jars):
        raise EnvironmentProblem(
            f"DIANSHU_JARS={folder} holds no delta-spark jar. Put the jars of {delta_coordinates()} and of what it "
            "needs (delta-storage) there, or unset DIANSHU_JARS to fetch them from Maven Central."
        )
    return jars


def fetched_jars() -> list[Path]:
    """Delta's jars in the project's cache; empty before they were fetched."""
    jars = sorted((project_cache() / "ivy" / "jars").glob("*.jar"))
    return jars if any(jar.name.startswith("io.delta_delta-spark") for jar in jars) else []


def _with_delta(builder: SparkSession.Builder) -> SparkSession.Builder:
    given = os.environ.get("DIANSHU_JARS")
    if given:
        jars = _offline_jars(Path(given))
    elif fetched_jars():
        jars = fetched_jars()  # fetched before: no resolution, no network
    else:
        ivy = str(project_cache() / "ivy")
        return builder.config("spark.jars.packages", delta_coordinates()).config("spark.jars.ivy", ivy)
    return builder.config("spark.jars", ",".join(str(jar) for jar in jars))


def _submitted_session(app_name: str, profile: str) -> SparkSession:
    """Under spark-submit Java is running already: master, memory and jars are the submitter's; ours is what results
    depend on (time zone, ANSI arithmetic, Delta).
    """
    builder = SparkSession.builder.appName(app_name)
    for name, value in engine_settings(profile, ("always",)).items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    if "delta-spark" not in session.sparkContext.getConf().get("spark.jars", ""):
        raise EnvironmentProblem(
            f"spark-submit was started without Delta's jars: add --packages {delta_coordinates()}, or --jars with the "
            "jars themselves"
        )
    session.sparkContext.setLogLevel("ERROR")
    return session


def _quiet_logs() -> str:
    """Java option that names the packaged log settings; none where the package is not a folder on this machine."""
    file = Path(str(resources.files("conf").joinpath("engine", "log4j2.properties")))
    return f"-Dlog4j2.configurationFile={file.as_uri()}" if file.exists() else ""


def build_session(
    app_name: str = "dianshu", profile: str = "local", settings: dict[str, str] | None = None
) -> SparkSession:
    """The session of this process: the running one (spark-submit, notebook) or a new local one with Delta.

    Raises `EnvironmentProblem` when Java is missing or too old, or when Delta's jars cannot be had.
    """
    running = SparkSession.getActiveSession()
    if running is not None:
        return running
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    if os.environ.get("SPARK_REMOTE"):
        return SparkSession.builder.appName(app_name).getOrCreate()
    if os.environ.get("PYSPARK_GATEWAY_PORT"):
        return _submitted_session(app_name, profile)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    check_java()
    builder = _with_delta(SparkSession.builder.appName(app_name))
    chosen = {**engine_settings(profile), **(settings or {})}
    chosen[_JAVA_OPTIONS] = f"{chosen.get(_JAVA_OPTIONS, '')} {_quiet_logs()}".strip()
    for name, value in chosen.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except Exception as problem:
        if "unresolved dependency" in str(problem) or "JAVA_GATEWAY_EXITED" in str(problem):
            raise EnvironmentProblem(
                f"Spark could not start; most often Delta's jar {delta_coordinates()} could not be fetched from Maven "
                "Central (no network?). Behind a closed network put the jars into a folder and set DIANSHU_JARS to it. "
                f"Spark said: {str(problem).splitlines()[0]}"
            ) from problem
        raise
    session.sparkContext.setLogLevel("ERROR")
    return session
