"""Checks the flags `--distributed`, `--processes` and `--process`. Imports no jax."""

import re

from ..errors import BadInput

__all__ = ["EXAMPLE", "check_distributed"]

EXAMPLE = "--distributed 10.0.0.1:1234 --processes 2 --process 0"
"""Flags of one process of several, for messages."""

_HOW = f"for example {EXAMPLE}"


def check_distributed(distributed: str | None, processes: int | None, process: int | None) -> None:
    """Raises BadInput if the three flags do not describe one process of several."""
    if distributed in (None, "auto", "off"):
        for flag, value in (("--processes", processes), ("--process", process)):
            if value is not None:
                raise BadInput(f"{flag} {value} goes with the address of process 0, {_HOW}")
        return
    found = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[\w.-]+):(\d{1,5})", str(distributed))
    if not found or not 0 < int(found[2]) < 65536:
        raise BadInput(f"--distributed must be auto, off, or host and port of process 0, got {distributed!r}; {_HOW}")
    if processes is None or process is None:
        missing = "--processes" if processes is None else "--process"
        raise BadInput(f"--distributed {distributed} needs {missing} as well, {_HOW}")
    if processes < 1 or not 0 <= process < processes:
        raise BadInput(f"--process {process} of --processes {processes}: processes are counted from 0; {_HOW}")
