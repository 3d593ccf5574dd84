"""Memory of a model that answers: what a batch of inputs needs, and how few of them need less."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import jax

from ..runs.out_of_memory import OutOfMemory, explained, ran_out
from ..trained.model import Trained, load
from ..units import format_bytes
from .export.answer import answer, example

__all__ = ["explain_out_of_memory", "needed_to_answer", "out_of_memory_to_answer"]

_BATCH = 1000  # inputs that the commands take at once; of fewer all
_FEWER = (100, 10, 1)


def explain_out_of_memory(run: str, work: Callable[[], Any]) -> Any:
    """What a command does with the model of a run; where there is not the memory for it, that is explained.

    Args:
        run: the model.
        work: is done once.

    Raises:
        OutOfMemory: with what a batch needs, and what one of fewer inputs would.
    """
    return explained(work, partial(out_of_memory_to_answer, run=run))


def out_of_memory_to_answer(error: BaseException, run: str) -> OutOfMemory:
    """The error to raise in place of one that `is_exhausted`."""
    try:
        trained = load(run)
        size, *less = (needed_to_answer(trained, count) for count in (_BATCH, *_FEWER))
    except Exception:  # it does not matter why: it is the error before it that the person must hear of
        size, less = None, [None] * len(_FEWER)
    lines = [
        f"  {n:,} inputs: {'unknown' if it is None else format_bytes(it)}" for n, it in zip(_FEWER, less, strict=True)
    ]
    advice = ["give fewer files, rows or samples at a time; in Python zoo.load(RUN).predict(x[:100])"]
    if jax.default_backend() != "cpu":
        advice.append("JAX_PLATFORMS=cpu computes in the memory of the machine, slower")
    return ran_out(error, f"a batch of {_BATCH:,} inputs", size, [*lines, *advice])


def needed_to_answer(trained: Trained, count: int) -> int | None:
    """Bytes that a batch of so many inputs needs: parameters, inputs, answers, and what is forgotten between."""
    x = jax.ShapeDtypeStruct((count, *trained.input_shape), example(trained)[1])
    sizes = jax.jit(answer(trained)).lower(x).compile().memory_analysis()
    if sizes is None:
        return None
    held = sum(leaf.nbytes for leaf in jax.tree.leaves((trained.params, trained.state)))
    given = math.prod(x.shape) * x.dtype.itemsize
    return held + given + sizes.temp_size_in_bytes + sizes.output_size_in_bytes
