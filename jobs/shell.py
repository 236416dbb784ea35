"""How a job ends: exit codes, and messages instead of stack traces."""

from __future__ import annotations

import argparse
import errno
import os
import select
import sys
from collections.abc import Callable

from jobs.arguments import Parser, check_words
from lake.errors import DianshuError, InputProblem

# What a machine says of a place that the caller named: no fault of the program, whoever runs into it.
_PLACES = {errno.ENAMETOOLONG, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ELOOP}
_LONGEST = 200  # characters of a path in a message

INTERRUPTED = 130
NOBODY_READS = 141


def guarded(action: Callable[[], int]) -> int:
    """Run an action; a known problem becomes its message on stderr and its exit code (docs/jobs.md).

    Where the reader of stdout goes away (`dianshu ... | head`), the command ends without a word.
    """
    try:
        code = action()
        return code if _delivered() else NOBODY_READS
    except BrokenPipeError:
        if not _nobody_reads():
            raise
        return NOBODY_READS
    except DianshuError as problem:
        print(f"dianshu: {problem}", file=sys.stderr)
        return problem.exit_code
    except OSError as problem:
        if problem.errno not in _PLACES or not problem.filename:
            raise
        print(
            f"dianshu: {_shown(problem.filename)}: {problem.strerror}; give a place that can be used", file=sys.stderr
        )
        return InputProblem.exit_code
    except KeyboardInterrupt:
        print("dianshu: interrupted; tables are at their last published version", file=sys.stderr)
        return INTERRUPTED


def _shown(path: str | bytes) -> str:
    text = os.fsdecode(path)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]}...{text[-_LONGEST // 2 :]}"


def _delivered() -> bool:
    """Hand over what was printed; false where nobody reads any more."""
    if sys.stdout is None:
        return True
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _print_nowhere()
        return False
    return True


def _nobody_reads() -> bool:
    """Whether stdout is a pipe whose reader is gone; what is still printed goes nowhere then."""
    try:
        stdout = sys.stdout.fileno()
    except (AttributeError, OSError, ValueError):
        return False
    poll = select.poll()
    poll.register(stdout, 0)
    gone = any(event & select.POLLERR for _, event in poll.poll(0))
    if gone:
        _print_nowhere()
    return gone


def _print_nowhere() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run_job(
    name: str,
    add_arguments: Callable[[argparse.ArgumentParser], None],
    run: Callable[[argparse.Namespace], int],
) -> None:
    """Entry of `spark-submit jobs/NAME.py ARGUMENTS`."""
    parser = Parser(prog=name)
    add_arguments(parser)
    args = parser.parse_args()

    def checked() -> int:
        check_words(sys.argv[1:])
        return run(args)

    sys.exit(guarded(checked))
