"""Set-up of a machine: checks Java and fetches Delta's jars into the project's cache, quietly, once.

`python -m lake.prepare` is what `make setup` runs after the environment is there.
"""

from __future__ import annotations

import os
import subprocess
import sys

from lake.errors import EnvironmentProblem
from lake.session import check_java, delta_coordinates, fetched_jars, project_cache

_FETCH = "from lake.session import build_session; build_session('prepare', 'test').stop()"


def prepare() -> None:
    """Check Java; fetch the jars where neither the cache nor `DIANSHU_JARS` has them. Raises `EnvironmentProblem`."""
    check_java()
    if os.environ.get("DIANSHU_JARS") or fetched_jars():
        return
    print(
        f"dianshu: fetching {delta_coordinates()} and what it needs from Maven Central (90 MB, once)", file=sys.stderr
    )
    project_cache().mkdir(parents=True, exist_ok=True)
    answer = subprocess.run([sys.executable, "-c", _FETCH], capture_output=True, text=True, check=False)
    if answer.returncode != 0 or not fetched_jars():
        raise EnvironmentProblem(
            f"Delta's jar {delta_coordinates()} could not be fetched from Maven Central (no network?). Behind a closed "
            "network put the jars into a folder and set DIANSHU_JARS to it. The end of what Spark said:\n"
            + "\n".join(answer.stderr.strip().splitlines()[-5:])
        )


if __name__ == "__main__":
    try:
        prepare()
    except EnvironmentProblem as problem:
        print(f"dianshu: {problem}", file=sys.stderr)
        sys.exit(problem.exit_code)
