"""How a job ends: exit codes, and messages instead of stack traces."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from lake.errors import DianshuError

INTERRUPTED = 130


def guarded(action: Callable[[], int]) -> int:
    """Run an action; a known problem becomes its message on stderr and its exit code (docs/jobs.md)."""
    try:
        return action()
    except DianshuError as problem:
        print(f"dianshu: {problem}", file=sys.stderr)
        return problem.exit_code
    except KeyboardInterrupt:
        print("dianshu: interrupted; tables are at their last published version", file=sys.stderr)
        return INTERRUPTED


def run_job(
    name: str,
    add_arguments: Callable[[argparse.ArgumentParser], None],
    run: Callable[[argparse.Namespace], int],
) -> None:
    """Entry of `spark-submit jobs/NAME.py ARGUMENTS`."""
    parser = argparse.ArgumentParser(prog=name)
    add_arguments(parser)
    args = parser.parse_args()
    sys.exit(guarded(lambda: run(args)))
