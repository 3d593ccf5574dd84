"""Errors of a run, each with the exit code of the command line."""

import sys

__all__ = ["BadInput", "CheckpointUnusable", "DataUnavailable", "RunFailed", "ZooError", "warn"]


class ZooError(Exception):
    """Base class of errors whose text states what happened, where, what was expected and what to do."""

    exit_code = 1


class RunFailed(ZooError):
    """Failure of the run itself: the loss is not finite, the disk is full."""


class BadInput(ZooError, ValueError):
    """Invalid flag, name, value or combination."""

    exit_code = 2


class CheckpointUnusable(ZooError):
    """Saved model or checkpoint that is damaged or belongs to something else."""

    exit_code = 3


class DataUnavailable(ZooError):
    """Data file that is missing, damaged or cannot be downloaded."""

    exit_code = 4


def warn(text: str) -> None:
    """Prints a warning to stderr; the run continues."""
    print(f"warning: {text}", file=sys.stderr)
