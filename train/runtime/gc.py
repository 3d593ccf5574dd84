"""Makes garbage collections rare while a command runs.

Importing jax and tracing programs allocates hundreds of thousands of objects, nearly all of which live on; with the
default thresholds every few hundred of them trigger a collection. At exit python collects once more, although the
memory is freed anyway.
"""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["rare_gc"]

_OBJECTS, _TIMES = 1_000_000, 20


@contextmanager
def rare_gc() -> Iterator[None]:
    """Raises the thresholds of the garbage collector and skips the collection at exit; for commands only.

    >>> before = gc.get_threshold()
    >>> with rare_gc():
    ...     gc.get_threshold()[0] > before[0]
    True
    >>> gc.get_threshold() == before
    True
    """
    before = gc.get_threshold()
    atexit.unregister(gc.freeze)  # registered once, however many commands a process runs
    atexit.register(gc.freeze)
    gc.set_threshold(max(before[0], _OBJECTS) if before[0] else 0, _TIMES, _TIMES)
    try:
        yield
    finally:
        gc.set_threshold(*before)
