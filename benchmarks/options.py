"""Compares the compiler options that are chosen with those that were tried, on one program per kind, by turns."""

import math
import statistics
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from zoo import mlp
from zoo.layers import Layer, batch_norm, conv, lstm_cell, scan
from zoo.train.runtime.compile import OFFLOADED, compiler_options, offloading

from .timed import timed

__all__ = ["BOUND", "KINDS", "Found", "compare", "faster"]

BOUND = 1.3
"""A choice is wrong if others are faster by more than this."""

TRIED: dict[str, tuple[str, ...] | None] = {
    "XLA's defaults": None,
    "all to YNNPACK": OFFLOADED,
    "reductions and products to YNNPACK": OFFLOADED[:2],
    "reductions to YNNPACK": OFFLOADED[:1],
    "nothing to YNNPACK": (),
}


class Found(NamedTuple):
    """Milliseconds of the chosen options, and how many times faster each of the tried ones is.

    The two ratios are the median of all turns and that of the shortest turns; options that are compiled to the same
    program are not listed.
    """

    ms: float
    times: dict[str, tuple[float, float]]

    def __str__(self) -> str:
        ratios = ", ".join(
            f"{name} {median:.2f} (shortest {least:.2f})" for name, (median, least) in self.times.items()
        )
        if math.isnan(self.ms):
            return "this jaxlib knows no such options"
        return f"chosen {self.ms:.2f} ms; times as fast: {ratios or 'all tried are the same program'}"


def faster(found: Found, bound: float = BOUND) -> list[str]:
    """Returns the tried options that are faster by more than the bound, by both ratios.

    >>> faster(Found(2.0, {"one": (1.5, 1.4), "other": (1.5, 0.9)}))
    ['one']
    """
    return [name for name, ratios in found.times.items() if min(ratios) > bound]


def compare(f: Callable, args: tuple, turns: int) -> Found:
    """Measures a function with the chosen options and with every other set that jaxlib knows."""
    if offloading(*OFFLOADED) is None:  # this jaxlib knows no such options: there is one program
        return Found(math.nan, {})
    lowered = jax.jit(f).lower(*args)
    chosen = lowered.compile(compiler_options(jax.make_jaxpr(f)(*args)))
    programs, seen = {"chosen": chosen}, {chosen.as_text()}
    for name, operations in TRIED.items():
        options = None if operations is None else offloading(*operations)
        if options is None and operations is not None:
            continue  # not known to this jaxlib
        program = lowered.compile(options)
        if program.as_text() not in seen:
            seen.add(program.as_text())
            programs[name] = program
    ours, *others = timed([partial(program, *args) for program in programs.values()], turns)
    ratios = [
        (statistics.median(a / b for a, b in zip(ours, each, strict=True)), min(ours) / min(each)) for each in others
    ]
    return Found(statistics.median(ours), dict(zip(list(programs)[1:], ratios, strict=True)))


def _gradient(layer: Layer, *shape: int) -> tuple[Callable, tuple]:
    """Makes the gradient of a layer's sum of squares with respect to its parameters and its input."""
    x = jax.random.normal(jax.random.key(0), shape)
    params, state = jax.jit(layer.init)(jax.random.key(1), x)  # eagerly, each operation would be compiled

    def loss(params: Any, x: jax.Array) -> jax.Array:
        return jnp.sum(layer.apply(params, state, x, jax.random.key(2))[0] ** 2)

    return jax.grad(loss, (0, 1)), (params, x)


KINDS: dict[str, Callable[[], tuple[Callable, tuple]]] = {
    "convolutions of 16 channels at 32x32": lambda: _gradient(conv(16, 3), 32, 32, 32, 16),
    "convolutions of 64 channels at 8x8": lambda: _gradient(conv(64, 3), 32, 8, 8, 64),
    "small products in loops": lambda: _gradient(scan(lstm_cell(128), output="last"), 64, 28, 28),
    "large products": lambda: _gradient(mlp(10, hidden=(512, 256)), 128, 784),
    "reductions": lambda: _gradient(batch_norm(), 64, 32, 32, 16),
}
"""A program of each kind: the function and its arguments."""
