"""Errors that people read: each says what is wrong, where, and what to do. Exit codes are in docs/jobs.md."""

from __future__ import annotations


class DianshuError(Exception):
    """Base of all errors that end a job with a message instead of a stack trace."""

    exit_code = 1


class UsageProblem(DianshuError):
    """The command was called with something that cannot be: an unknown city, a year outside the data."""

    exit_code = 2


class InputProblem(DianshuError):
    """A file or table that was given cannot be used; names file, row, field, value and remedy."""

    exit_code = 3


class MissingParameters(DianshuError):
    """A calculation needs a parameter set, scheme or budget that has not been published."""

    exit_code = 4


class ContractBroken(DianshuError):
    """A table failed its data contract at the border; nothing was published."""

    exit_code = 5


class ConcurrentRun(DianshuError):
    """Another run wrote the same slice meanwhile; this one gave way."""

    exit_code = 6


class EnvironmentProblem(DianshuError):
    """Java, jars or network are missing on this machine."""

    exit_code = 7
