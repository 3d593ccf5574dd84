"""The devices, and the speed of their matrix products and of their memory: what a training step is compared with."""

import statistics
import time
from argparse import Namespace
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.backend import get_backend

from ..page import where

__all__ = ["PRECISIONS", "limits"]

PRECISIONS = {"float32": (jnp.float32, "highest"), "default": (jnp.float32, None), "bf16": (jnp.bfloat16, None)}
"""Type and precision of matrix products by name; jax's own is TF32 on recent NVIDIA GPUs."""


def limits(row: str, args: Namespace) -> dict[str, Any]:
    """Returns devices and versions ("device"), or measures a limit: products in a precision, or "copy" of memory."""
    if row == "device":
        device = jax.devices()[0]
        memory = (device.memory_stats() or {}).get("bytes_limit")
        about = {"platform": device.platform, "devices": [each.device_kind for each in jax.devices()]}
        return {**where(), **about, "memory": memory, "backend": get_backend().platform_version}
    size = 512 if args.tiny else 8192
    if row == "copy":
        x = jnp.zeros(2 * size * size, jnp.float32)  # more than any cache holds, unless tiny
        seconds = _seconds(jax.jit(lambda x: x + 1), args.seconds, x)
        return {"gb_per_s": 2e-9 * x.nbytes / seconds}
    dtype, precision = PRECISIONS[row]
    # Random numbers: a product of zeros takes less power, and so less time.
    x = jax.random.normal(jax.random.key(0), (size, size), dtype)
    seconds = _seconds(jax.jit(lambda x: jnp.matmul(x, x, precision=precision)), args.seconds, x)
    return {"tflops": 2e-12 * size**3 / seconds}


def _seconds(run: Callable, duration: float, x: jax.Array) -> float:
    """Measures the seconds of a call, as the median of groups of calls that are longer than their start."""
    jax.block_until_ready(run(x))
    began, calls, times = time.perf_counter(), 1, []
    while (now := time.perf_counter()) < began + duration or len(times) < 3:
        for _ in range(calls):
            y = run(x)
        jax.block_until_ready(y)
        taken = time.perf_counter() - now
        times.append(taken / calls)
        calls = calls if taken > 0.02 else 2 * calls
    return statistics.median(times[len(times) // 2 :])
