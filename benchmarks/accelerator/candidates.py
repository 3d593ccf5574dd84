"""Measures other forms of a training step against the zoo's own, in one process by turns."""

import statistics
import time
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import jax

from zoo.layers import Layer, lstm_cell, scan

from ..ours import assembled, characters
from ..timed import timed
from ..tries import TRIES, Run, as_it_is, run_of, with_options
from ..workloads import HIDDEN, LARGE, WORKLOADS, Workload, make_data, tiny
from .forms import attention_of_jax, cudnn_lstm, hoisted_lstm, padded_channels, replaced

__all__ = ["FORMS", "candidates", "workload"]

_CALL = 0.1  # seconds of one call
_MOST = 500  # steps of one call


def workload(name: str, precision: str, small: bool) -> Workload:
    """Returns a workload in a precision."""
    work = replace((WORKLOADS | LARGE)[name], precision=precision)
    return tiny(work) if small else work


def _recurrent(make: Callable[[int], Layer], work: Workload) -> Run:
    """Replaces the recurrent layer of `characters`."""
    hidden = work.sizes.get("hidden", HIDDEN)
    return run_of(assembled(work, make_data(work), characters(hidden, make(hidden)))[0])


def _unrolled(steps: int, hidden: int) -> Layer:
    return scan(lstm_cell(hidden), return_carry=True, unroll=steps)


def _in_place_of(module: str, name: str, by: Any, work: Workload) -> Run:
    with replaced(module, name, by):
        return as_it_is(work)


def _not_donated(work: Workload) -> Run:
    advance = assembled(work, make_data(work))[0]
    return run_of(advance, lambda programs, _: jax.jit(programs.many.__wrapped__))


_attention = partial(_in_place_of, "zoo.layers.attention", "attended")

FORMS: Mapping[str, Callable[[Workload], Run]] = {
    "single steps": TRIES["a call for every step in place of the loop"],
    "not donated": _not_donated,
    "bf16": lambda work: as_it_is(replace(work, precision="bf16")),
    "hoisted": partial(_recurrent, hoisted_lstm),
    "cudnn": partial(_recurrent, cudnn_lstm),
    "unroll 4": partial(_recurrent, partial(_unrolled, 4)),
    "unroll 16": partial(_recurrent, partial(_unrolled, 16)),
    "jax attention": partial(_attention, attention_of_jax("xla")),
    "cudnn attention": partial(_attention, attention_of_jax("cudnn")),
    "channels of 8": partial(_in_place_of, "zoo.layers.conv", "convolve", padded_channels),
    # Options of XLA's compiler for GPUs.
    "latency hiding": partial(with_options, {"xla_gpu_enable_latency_hiding_scheduler": True}),
    "more autotuning": partial(with_options, {"xla_gpu_exhaustive_tiling_search": True}),
    "no autotuning": partial(with_options, {"xla_gpu_autotune_level": 0}),
    "no triton products": partial(with_options, {"xla_gpu_enable_triton_gemm": False}),
    "no command buffers": partial(with_options, {"xla_gpu_enable_command_buffer": ""}),
}
"""Forms by name; each makes the program of a workload, compiled or not."""


def candidates(row: str, args: Namespace) -> dict[str, Any]:
    """Measures one form: milliseconds of a step as it is and changed, and their ratio by turns.

    Args:
        row: `WORKLOAD: FORM` or `WORKLOAD: FORM, bf16`.
        args: flags of the worker.
    """
    name, _, form = row.partition(": ")
    form, half = form.removesuffix(", bf16"), form.endswith(", bf16")
    place = name, "bf16" if half else "default", args.tiny
    work, (before, steps) = workload(*place), _before(*place, args.seconds)
    times = timed([partial(before, steps), partial(FORMS[form](work), steps)], 3 + int(args.seconds / (2 * _CALL)))
    ratios = [a / b for a, b in zip(*times, strict=True)]
    ms, changed = (statistics.median(each) / steps for each in times)
    return {"ms": ms, "changed": changed, "times": statistics.median(ratios)}


@lru_cache(maxsize=1)
def _before(name: str, precision: str, small: bool, seconds: float) -> tuple[Run, int]:
    """Returns the step as it is, and the number of steps of a call; the forms of a workload share it."""
    run = as_it_is(workload(name, precision, small))
    jax.block_until_ready(run(1))
    began = time.perf_counter()
    jax.block_until_ready(run(2))
    each = (time.perf_counter() - began) / 2
    return run, max(1, min(_MOST, int(min(_CALL, seconds / 4) / each)))
