"""What can go wrong in a run, each with the exit code that the command line ends with."""

import sys

__all__ = ["BadInput", "CheckpointUnusable", "DataUnavailable", "RunFailed", "ZooError", "warn"]


class ZooError(Exception):
    """An error that a person can act on: its text says what happened, where, what was expected and what to do."""

    exit_code = 1


class RunFailed(ZooError):
    """The run itself failed: the loss is no number any more, the disk is full."""


class BadInput(ZooError, ValueError):
    """A wrong flag, name, value or pairing."""

    exit_code = 2


class CheckpointUnusable(ZooError):
    """A saved model or checkpoint is damaged, or belongs to something else."""

    exit_code = 3


class DataUnavailable(ZooError):
    """A data file is missing or damaged, or cannot be fetched."""

    exit_code = 4


def warn(text: str) -> None:
    """Tells a person what does not end the run."""
    print(f"warning: {text}", file=sys.stderr)
