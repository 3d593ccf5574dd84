"""Ctrl-C and SIGTERM: the first ends the run in good order, the second at once."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["StopFlag", "exit_within"]

_PATIENCE = 8.0  # seconds; schedulers and people kill after ten


class StopFlag:
    """A flag that a signal sets and every loop polls: `with Stop() as stop: ... if stop.requested`.

    The second signal falls to python's own handler. Outside the main thread, where signals cannot be caught,
    it never asks for anything.
    """

    def __init__(self):
        self.requested: int = 0  # the number of the signal, 0 for none
        self._before: dict = {}

    def __enter__(self) -> "StopFlag":
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._catch) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *error) -> None:
        self._restore()

    @property
    def exit_code(self) -> int:
        """What a command that was stopped ends with: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + self.requested

    def _catch(self, number: int, frame: FrameType | None) -> None:
        self.requested = number
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}


@contextmanager
def exit_within(patience: float = _PATIENCE) -> Iterator[None]:
    """For a command: whatever runs in the block, a signal ends it with 128 + n, after this many seconds at the most.

    Python hears of a signal only between two of its own steps, and a program may compile for minutes. A thread is
    told by the system itself. What lies on the disk is whole at every moment, so that the process may just end.
    """
    if threading.current_thread() is not threading.main_thread() or os.name == "nt":
        yield
        return
    ears, mouth = os.pipe()
    os.set_blocking(mouth, False)
    before, mouth_before = signal.signal(signal.SIGTERM, _terminated), signal.set_wakeup_fd(mouth)
    over = threading.Event()
    threading.Thread(target=_watch, args=(ears, over, patience), daemon=True).start()
    try:
        yield
    finally:
        over.set()
        signal.set_wakeup_fd(mouth_before)
        signal.signal(signal.SIGTERM, before)
        os.close(mouth)  # the thread reads the end, and closes its own


def _watch(ears: int, over: threading.Event, patience: float) -> None:
    number = 0
    while number not in (signal.SIGINT, signal.SIGTERM):
        heard = os.read(ears, 1)
        if not heard:
            os.close(ears)
            return
        number = heard[0]
    if over.wait(patience):
        os.close(ears)
        return
    print(f"not stopped within {patience:g} s: ended at once; what was saved is whole", file=sys.stderr, flush=True)
    os._exit(128 + number)


def _terminated(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
