"""What becomes of freed memory: a command keeps it for its steps; what the compiler leaves behind is handed back.

XLA on the CPU allocates its temporaries anew at each call. glibc gives large blocks back to the kernel at once, which
then clears the same pages again and again: a convolutional network's step takes half as long again
(python -m benchmarks.lowerings --only allocator).
"""

import ctypes
import sys
from typing import Any

__all__ = ["give_back_freed_memory", "keep_freed_memory"]

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4  # of glibc's malloc.h


def keep_freed_memory() -> bool:
    """Tells glibc's malloc to keep what is freed, for this process; elsewhere does nothing.

    For commands, whose process is their own: it is not a library's business how much memory a program keeps.

    Returns:
        Whether it took effect.
    """
    mallopt = _of_glibc("mallopt")
    if mallopt is None:
        return False
    settings = ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, 2**31 - 1), (_TOP_PAD, 1 << 28))
    return all(mallopt(name, value) for name, value in settings)


def give_back_freed_memory() -> bool:
    """Hands back to the kernel, once, what this process has freed; later on nothing changes.

    For the moment between compiling and the first step: a compiler leaves about as much freed memory as it took, in
    pieces that none of a step's large arrays fits into, and a process is as large as both together.

    Returns:
        Whether it could be asked for.
    """
    trim = _of_glibc("malloc_trim")
    if trim is None:
        return False
    trim(0)
    return True


def _of_glibc(name: str) -> Any:
    """A function of glibc's malloc; None on other systems, and with another C library."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError, TypeError):
        return None
