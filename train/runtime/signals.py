"""Handles Ctrl-C, SIGTERM and SIGHUP: the first signal ends the run after the current steps, the second immediately."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["StopFlag", "exit_within"]

_PATIENCE = 8.0  # seconds; schedulers kill after ten
_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


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
            wanted = [number for number in (signal.SIGINT, *_ENDING) if not _ignored(number)]
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
    before = {number: signal.signal(number, _terminated) for number in _ENDING if not _ignored(number)}
    wakeup_before = signal.set_wakeup_fd(write_end)
    over = threading.Event()
    threading.Thread(target=_watch, args=(read_end, over, patience), daemon=True).start()
    try:
        yield
    finally:
        over.set()
        signal.set_wakeup_fd(wakeup_before)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(write_end)  # the thread reads the end of the pipe and closes its own side


def _watch(read_end: int, over: threading.Event, patience: float) -> None:
    number = 0
    while number not in (signal.SIGINT, *_ENDING):
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


def _ignored(number: int) -> bool:
    """Returns whether the process shall outlive a closed terminal, as `nohup` sets it."""
    return number == getattr(signal, "SIGHUP", None) and signal.getsignal(number) == signal.SIG_IGN


def _terminated(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
