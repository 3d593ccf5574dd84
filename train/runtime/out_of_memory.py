"""Recognises that memory is exhausted and raises an error that explains it in place of jax's own."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import jax

from ..errors import RunFailed
from ..units import format_bytes

__all__ = ["OutOfMemory", "available_memory", "explained", "is_exhausted", "memory_error"]

_TEXTS = ("RESOURCE_EXHAUSTED", "Out of memory", "out of memory")


class OutOfMemory(RunFailed):
    """The device or the machine has less memory than a run needs."""


def is_exhausted(error: BaseException) -> bool:
    """Returns whether an error of python or of XLA means that memory is exhausted.

    The error of XLA has no type of its own; on the CPU jax 0.7.2 does not even give it the status RESOURCE_EXHAUSTED.

    >>> is_exhausted(MemoryError()), is_exhausted(ValueError("Out of memory"))
    (True, False)
    """
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, jax.errors.JaxRuntimeError) and any(text in str(error) for text in _TEXTS)


def available_memory() -> int | None:
    """Returns the bytes of one device, on the CPU those of the machine; None if unknown."""
    device = jax.local_devices()[0]
    if device.platform != "cpu":
        return (device.memory_stats() or {}).get("bytes_limit")
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not on Windows
        return None


def explained(work: Callable[[], Any], explain: Callable[[BaseException], OutOfMemory]) -> Any:
    """Returns the result of `work`; if it exhausts the memory, raises the error that explains it.

    Args:
        work: Function to call.
        explain: Makes the error to raise from the original one; it may compile, as the memory of `work` is free again.

    Raises:
        OutOfMemory: If the memory is exhausted.
    """
    try:
        return work()
    except (MemoryError, RuntimeError) as error:
        if not is_exhausted(error):
            raise
        lost = error.with_traceback(None)  # its frames hold the arrays that fill the memory
    raise explain(lost)


def memory_error(error: BaseException, what: str, size: int | None, lines: Sequence[str]) -> OutOfMemory:
    """Makes the error: what happened, what is needed, what is available and what to try.

    Args:
        error: Original error.
        what: What needs the memory, as "a step".
        size: Bytes that it needs; None if unknown.
        lines: What to try, a line each.
    """
    limit = available_memory()
    where = "the machine" if jax.default_backend() == "cpu" else "the device"
    first = str(error).partition("\n")[0][:200] or "python has no more memory"
    needs = (
        f"{what} needs {'an unknown amount' if size is None else format_bytes(size)}, "
        f"{where} has {'an unknown amount' if limit is None else format_bytes(limit)}. "
        + (f"What {what} needs with:" if size is not None else "Try:")
    )
    return OutOfMemory("\n".join([f"the memory ran out: {first}", needs, *lines]))
