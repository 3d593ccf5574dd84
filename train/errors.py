"""Errors of a run, each with the exit code of the command line."""

import re
import sys

__all__ = ["BadInput", "CheckpointUnusable", "DataUnavailable", "RunFailed", "ZooError", "escaped", "warn"]

# Of ASCII all but tab and line feed, those of Latin-1, and those that reverse the direction of a line.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


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


def escaped(text: str) -> str:
    r"""Returns a text with its control characters written out: in a terminal they could hide or forge what it shows.

    >>> print(escaped("cat\x1b[2J"))
    cat\x1b[2J
    """
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def warn(text: str) -> None:
    """Prints a warning to stderr; the run continues."""
    print(f"warning: {escaped(text)}", file=sys.stderr)
