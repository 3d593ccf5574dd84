"""Handles Ctrl-C, SIGTERM and SIGHUP: the first signal ends the run after the current steps, the second immediately.

While modules are imported, a signal ends the process at once (`zoo/_early_exit.py`).
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from zoo._early_exit import ENDING, exit_at_once, is_ignored

__all__ = ["StopFlag", "exit_within", "flush"]

_PATIENCE = 8.0  # seconds; schedulers kill after ten


class StopFlag:
    """Flag that a signal sets and every loop polls: `with StopFlag() as stop: ... if stop.requested`.

    The second signal is handled by the handler of before. Outside the main thread, where signals cannot be caught, the
    flag is never set.
    """

    def __init__(self):
        self.requested: int = 0  # number of the signal, 0 for none
        self._before: dict = {}

    def __enter__(self) -> "StopFlag":
        if threading.current_thread() is threading.main_thread():
            wanted = [number for number in ENDING if not is_ignored(number)]
            self._before = {number: signal.signal(number, self._catch) for number in wanted}
        return self

    def __exit__(self, *error) -> None:
        self._restore()

    def _catch(self, number: int, frame: FrameType | None) -> None:
        self.requested = number
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}


@contextmanager
def exit_within(patience: float = _PATIENCE) -> Iterator[None]:
    """Ends the process with exit code 128 + n at most this many seconds after a signal; for commands.

    A signal raises KeyboardInterrupt or SystemExit, so that what is open is tidied up. Where the exception could not
    pass, in an import or a destructor, the process ends at once.

    Python handles a signal only between two bytecodes, and a program may compile for minutes. Therefore a thread reads
    the signals from a pipe. Files on disk are complete at every moment, so that the process may end anywhere.

    Args:
        patience: Seconds.
    """
    if threading.current_thread() is not threading.main_thread() or os.name == "nt":
        yield
        return
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    before = {number: signal.signal(number, _raise) for number in ENDING if not is_ignored(number)}
    hook, sys.unraisablehook = sys.unraisablehook, _end_unraisable
    wakeup_before = signal.set_wakeup_fd(write_end)
    over = threading.Event()
    threading.Thread(target=_watch, args=(read_end, over, patience), daemon=True).start()
    try:
        yield
    finally:
        over.set()
        sys.unraisablehook = hook
        signal.set_wakeup_fd(wakeup_before)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(write_end)  # the thread reads the end of the pipe and closes its own side


def _watch(read_end: int, over: threading.Event, patience: float) -> None:
    number = 0
    while number not in ENDING:
        received = os.read(read_end, 1)
        if not received:
            os.close(read_end)
            return
        number = received[0]
    if over.wait(patience):
        os.close(read_end)
        return
    print(f"not stopped within {patience:g} s: ended at once; saved files are complete", file=sys.stderr, flush=True)
    os._exit(128 + number)


def flush() -> None:
    """Flushes stdout and stderr, where they are open, before a process ends at once."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # absent or closed
            stream.flush()


def _raise(number: int, frame: FrameType | None) -> None:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            exit_at_once(number)
        frame = frame.f_back
    raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)


def _end_unraisable(unraisable: Any) -> None:
    """Ends the process if the exception of a signal came up in a destructor, where Python would discard it."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        exit_at_once(signal.SIGINT)
    if isinstance(unraisable.exc_value, SystemExit):
        exit_at_once(int(unraisable.exc_value.code or 128) - 128)
    sys.__unraisablehook__(unraisable)
