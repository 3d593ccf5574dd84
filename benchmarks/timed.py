"""Times several forms of a program in one process, called in turns."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import jax

__all__ = ["timed"]


def timed(forms: Sequence[Callable[[], Any]], turns: int) -> list[list[float]]:
    """Measures the milliseconds of each form in every turn, after one compiling call each.

    >>> [len(each) for each in timed([lambda: 1, lambda: 2], turns=3)]
    [3, 3]
    """
    times: list[list[float]] = [[] for _ in forms]
    for call in forms:
        jax.block_until_ready(call())
    for _ in range(turns):
        for call, kept in zip(forms, times, strict=True):
            began = time.perf_counter()
            jax.block_until_ready(call())
            kept.append(1000 * (time.perf_counter() - began))
    return times
