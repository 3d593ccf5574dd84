"""Ends a command of the package on a signal while it is still importing: exit code 128 + n, no traceback.

An exception in the import of a compiled module would become an ImportError or a segmentation fault.
"""

import os
import signal
import sys
from types import FrameType

__all__ = ["ENDING", "exit_at_once", "exit_on_signals", "is_command", "is_ignored"]

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that end a command."""


def is_command() -> bool:
    """Returns whether this process runs `python -m zoo...` or the script `zoo`, and not another program."""
    if sys.argv[:1] == ["-m"]:  # python is looking for the module that it shall run
        return sys.orig_argv[-len(sys.argv)].rpartition("-m")[2].partition(".")[0] == "zoo"
    folder, name = os.path.split(sys.argv[0] if sys.argv else "")
    return name in ("zoo", "zoo.exe") and folder == os.path.dirname(sys.executable)


def exit_on_signals() -> None:
    """Makes signals end the process at once, until other handlers are set."""
    for number in ENDING:
        if not is_ignored(number):
            signal.signal(number, exit_at_once)


def exit_at_once(number: int, frame: FrameType | None = None) -> None:
    """Ends the process with exit code 128 + n; files on disk are complete at every moment, output may be lost."""
    os._exit(128 + number)


def is_ignored(number: int) -> bool:
    """Returns whether the process shall outlive a closed terminal, as `nohup` sets it."""
    return number == getattr(signal, "SIGHUP", None) and signal.getsignal(number) == signal.SIG_IGN
