"""Ctrl-C and SIGTERM: the first ends the run in good order, the second at once."""

import signal
import threading
from types import FrameType

__all__ = ["Stop"]


class Stop:
    """A flag that a signal sets and every loop polls: `with Stop() as stop: ... if stop.requested`.

    The second signal falls to python's own handler. Outside the main thread, where signals cannot be caught,
    it never asks for anything.
    """

    def __init__(self):
        self.requested: int = 0  # the number of the signal, 0 for none
        self._before: dict = {}

    def __enter__(self) -> "Stop":
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
