"""Freed memory is kept, not handed back and asked for again at every training step.

XLA on the CPU allocates its temporaries anew at each call. glibc gives large blocks back to the kernel at once, which
then clears the same pages again and again: a convolutional network's step takes half as long again
(python -m benchmarks.lowerings --only allocator).
"""

import ctypes
import sys

__all__ = ["keep_freed_memory"]

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4  # of glibc's malloc.h


def keep_freed_memory() -> bool:
    """Tells glibc's malloc to keep what is freed, for this process; elsewhere does nothing.

    For commands, whose process is their own: it is not a library's business how much memory a program keeps.

    Returns:
        Whether it took effect.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # another C library
        return False
    settings = ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, 2**31 - 1), (_TOP_PAD, 1 << 28))
    return all(mallopt(name, value) for name, value in settings)
