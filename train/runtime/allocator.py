"""Settings of glibc's allocator: freed memory is kept for the next step; what the compiler frees is returned.

XLA on the CPU allocates its temporaries at every call. glibc returns large blocks to the kernel at once, which then
clears the same pages again and again: a step of a convolutional network takes half as long again
(python -m benchmarks.lowerings --only allocator).
"""

import ctypes
import sys
from typing import Any

__all__ = ["give_back_freed_memory", "keep_freed_memory"]

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4  # of glibc's malloc.h


def keep_freed_memory() -> bool:
    """Makes glibc's malloc keep freed memory, for this process; does nothing with another C library.

    For commands only: a library must not decide how much memory a program keeps.

    Returns:
        Whether it took effect.
    """
    mallopt = _of_glibc("mallopt")
    if mallopt is None:
        return False
    settings = ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, 2**31 - 1), (_TOP_PAD, 1 << 28))
    return all(mallopt(name, value) for name, value in settings)


def give_back_freed_memory() -> bool:
    """Returns the memory that this process has freed to the kernel, once.

    Called between compilation and the first step: a compiler leaves about as much freed memory as it used, in pieces
    too small for the large arrays of a step, so that the process would grow to the sum of both.

    Returns:
        Whether the C library supports it.
    """
    trim = _of_glibc("malloc_trim")
    if trim is None:
        return False
    trim(0)
    return True


def _of_glibc(name: str) -> Any:
    """Returns a function of glibc's malloc; None on other systems and with another C library."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError, TypeError):
        return None
