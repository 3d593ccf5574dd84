"""Python's search for cycles of dead objects, made seldom while a command runs.

Importing jax and tracing programs makes objects by the hundred thousand, nearly all of which stay; with python's own
settings each few hundred of them start a search through the young, and through all now and then. Where the process
ends, python searches through all of them once more, though their memory goes back anyway.
"""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["rare_gc"]

_OBJECTS, _TIMES = 1_000_000, 20


@contextmanager
def rare_gc() -> Iterator[None]:
    """Has the collector wait for more objects, and the end of the process not at all; for commands, whose own it is.

    >>> before = gc.get_threshold()
    >>> with rare_gc():
    ...     gc.get_threshold()[0] > before[0]
    True
    >>> gc.get_threshold() == before
    True
    """
    before = gc.get_threshold()
    atexit.unregister(gc.freeze)  # once is enough, however many commands a process runs
    atexit.register(gc.freeze)
    gc.set_threshold(max(before[0], _OBJECTS) if before[0] else 0, _TIMES, _TIMES)
    try:
        yield
    finally:
        gc.set_threshold(*before)
